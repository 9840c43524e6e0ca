/* SPDX-License-Identifier: MIT
 * Kernel stacks: kernel ranges of 16 KiB, whose guard page is the range's own. Freed ones stay mapped on a shelf for each CPU. */
#include "kernel/mm/kernel_stack.h"
#include "arch/mmu.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/mm/kernel_range.h"

#define SHELF_STACKS 15u
struct stack_shelf { uint64_t count, bases[SHELF_STACKS]; };
static struct stack_shelf shelves[CPU_MAX];

enum status kernel_stack_allocate(uint64_t *out_base, uint64_t *out_top)
{
    struct stack_shelf *s = &shelves[this_cpu()->number];
    uint64_t base;
    if (s->count) {
        base = s->bases[--s->count];
    } else {
        void *range;
        TRY(kernel_range_allocate(KERNEL_STACK_BYTES, &range));
        base = (uint64_t)range;
    }
    *out_base = base;
    *out_top = base + KERNEL_STACK_BYTES;
    return OK;
}

void kernel_stack_free(uint64_t base)
{
    struct stack_shelf *s = &shelves[this_cpu()->number];
    if (s->count < SHELF_STACKS)
        s->bases[s->count++] = base;
    else
        kernel_range_free((void *)base, KERNEL_STACK_BYTES);
}

bool kernel_stack_is_guard(uint64_t address)
{
    if (address - mmu_kernel_area >= MMU_KERNEL_AREA_BYTES)
        return false;
    const pte_t *here = mmu_find(mmu_kernel_root(), address), *above = mmu_find(mmu_kernel_root(), address + PAGE_BYTES);
    return (!here || !pte_is_used(mmu_read(here))) && above && pte_is_present(mmu_read(above));
}
