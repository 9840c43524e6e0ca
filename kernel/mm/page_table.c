/* SPDX-License-Identifier: MIT
 * Frames for page tables, kept zeroed for each CPU (see page_table.h). A CPU's shelf is its own: interrupts are off. */
#include "kernel/mm/page_table.h"
#include "arch/mmu.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"

#define SHELF_TABLES 24u
#define SHELF_ROOTS 4u

struct shelf {
    uint32_t tables, roots;
    uint32_t table[SHELF_TABLES], root[SHELF_ROOTS];
};
static struct shelf shelves[CPU_MAX];
static uint64_t tables_total; /* atomic; relaxed: statistics */

uint64_t table_count(void) { return __atomic_load_n(&tables_total, __ATOMIC_RELAXED); }

enum status mmu_table_allocate(phys_addr_t *out)
{
    struct shelf *s = &shelves[this_cpu()->number];
    struct group *pays = group_current();
    if (likely(s->tables)) {
        phys_addr_t table = frame_address(s->table[s->tables - 1]);
        TRY(group_frame_charge(pays, table));
        s->tables--;
        frame_table[frame_number(table)].references = 1;
        *out = table;
        return OK;
    }
    TRY(group_frame(pays, FRAME_ZEROED, FRAME_TABLE, out));
    __atomic_add_fetch(&tables_total, 1, __ATOMIC_RELAXED);
    return OK;
}

void mmu_table_free(phys_addr_t table) { frame_put(table); }

uint16_t *mmu_table_used(phys_addr_t table) { return &frame_table[frame_number(table)].detail; }

bool table_keep(phys_addr_t table)
{
    struct shelf *s = &shelves[this_cpu()->number];
    DEBUG_ASSERT(frame_table[frame_number(table)].detail == 0);
    if (s->tables == SHELF_TABLES) {
        __atomic_sub_fetch(&tables_total, 1, __ATOMIC_RELAXED);
        return false;
    }
    s->table[s->tables++] = frame_number(table);
    return true;
}

enum status root_allocate(phys_addr_t *out)
{
    struct shelf *s = &shelves[this_cpu()->number];
    if (likely(s->roots)) {
        *out = frame_address(s->root[--s->roots]);
        return OK;
    }
    TRY(frame_allocate(FRAME_ZEROED | group_current()->frame_flags, FRAME_TABLE, out));
    __atomic_add_fetch(&tables_total, 1, __ATOMIC_RELAXED);
    mmu_copy_kernel_half(*out);
    return OK;
}

void root_free(phys_addr_t root)
{
    struct shelf *s = &shelves[this_cpu()->number];
    DEBUG_ASSERT(frame_table[frame_number(root)].detail == 0);
    if (s->roots < SHELF_ROOTS) {
        s->root[s->roots++] = frame_number(root);
        return;
    }
    memset(phys_to_virt(root), 0, PAGE_BYTES);
    frame_put(root);
}
