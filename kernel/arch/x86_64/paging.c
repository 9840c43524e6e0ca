/* SPDX-License-Identifier: MIT
 * Four-level page tables (Intel SDM volume 3, 4.5). Lowest tables count their used entries, and so do the tables above them in
 * the user half; kernel tables are made once and stay. */
#include "arch/layout.h"
#include "arch/mmu.h"
#include "asm.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/panic.h"

#define LEVELS 4u
#define KERNEL_HALF 256u
#define TOP_ENTRY_BYTES (1ull << 39)

static phys_addr_t kernel_root;
uint64_t mmu_kernel_area;

static unsigned shift_of(unsigned level) { return PAGE_BITS + 9 * level; }
static unsigned index_at(uint64_t address, unsigned level) { return (unsigned)(address >> shift_of(level)) & (MMU_TABLE_ENTRIES - 1); }
static pte_t *table_at(phys_addr_t table) { return phys_to_virt(table); }

pte_t pte_make(phys_addr_t page, uint32_t flags)
{
    pte_t e = page.value | (flags & (MMU_READ | MMU_WRITE | MMU_EXECUTE) ? PTE_PRESENT : PTE_HELD);
    e |= flags & MMU_WRITE ? PTE_WRITE : 0;
    e |= flags & MMU_EXECUTE ? 0 : PTE_NO_EXECUTE;
    e |= flags & MMU_USER ? PTE_USER : PTE_GLOBAL;
    e |= flags & MMU_UNCACHED ? PTE_CACHE_DISABLE | PTE_WRITE_THROUGH : 0;
    e |= flags & MMU_UNCOUNTED ? PTE_UNCOUNTED : 0;
    return e;
}

pte_t *mmu_find(phys_addr_t root, uint64_t address)
{
    phys_addr_t table = root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        pte_t e = mmu_read(&table_at(table)[index_at(address, level)]);
        if (!(e & PTE_PRESENT) || (e & PTE_LARGE))
            return nullptr;
        table = pte_page(e);
    }
    return &table_at(table)[index_at(address, 0)];
}

pte_t *mmu_upper(phys_addr_t root, uint64_t address)
{
    phys_addr_t table = root;
    for (unsigned level = LEVELS - 1; level > 1; level--) {
        pte_t e = mmu_read(&table_at(table)[index_at(address, level)]);
        if (!(e & PTE_PRESENT))
            return nullptr;
        table = pte_page(e);
    }
    return &table_at(table)[index_at(address, 1)];
}

/* The same translations in smaller pieces: what CPUs remember stays true. */
__attribute__((noinline)) pte_t *mmu_take_apart(pte_t *large, uint64_t address)
{
    pte_t flags = *large & ~(PTE_ADDRESS | PTE_LARGE);
    phys_addr_t run = pte_page(*large), table = mmu_large_split(run);
    for (uint64_t i = 0; i < MMU_TABLE_ENTRIES; i++)
        mmu_write(&table_at(table)[i], (run.value + i * PAGE_BYTES) | flags);
    *mmu_table_used(table) = MMU_TABLE_ENTRIES;
    mmu_write(large, table.value | PTE_PRESENT | PTE_WRITE | PTE_USER);
    return &table_at(table)[index_at(address, 0)];
}

/* The tables from `level` - 1 down. All or none: an upper table without a lower one would be found by nobody who takes tables out. */
__attribute__((noinline)) static enum status make_tables(phys_addr_t table, uint64_t address, unsigned level, pte_t **out)
{
    phys_addr_t made[LEVELS - 1];
    for (unsigned i = 0; i < level; i++) {
        enum status status = mmu_table_allocate(&made[i]);
        if (status != OK) {
            while (i > 0)
                mmu_table_free(made[--i]);
            return status;
        }
    }
    for (; level > 0; level--) {
        mmu_write(&table_at(table)[index_at(address, level)], made[level - 1].value | PTE_PRESENT | PTE_WRITE | PTE_USER);
        ++*mmu_table_used(table);
        table = made[level - 1];
    }
    *out = &table_at(table)[index_at(address, 0)];
    return OK;
}

enum status mmu_find_or_make(phys_addr_t root, uint64_t address, pte_t **out)
{
    phys_addr_t table = root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        pte_t e = table_at(table)[index_at(address, level)];
        if (unlikely(!(e & PTE_PRESENT)))
            return make_tables(table, address, level, out);
        if (unlikely(e & PTE_LARGE)) {
            *out = mmu_take_apart(&table_at(table)[index_at(address, level)], address);
            return OK;
        }
        table = pte_page(e);
    }
    *out = &table_at(table)[index_at(address, 0)];
    return OK;
}

pte_t *mmu_next(phys_addr_t root, uint64_t *address, uint64_t end)
{
    pte_t *large, *e = mmu_next_or_large(root, address, end, &large);
    return unlikely(large) ? mmu_take_apart(large, *address) : e;
}

pte_t *mmu_next_or_large(phys_addr_t root, uint64_t *address, uint64_t end, pte_t **out_large)
{
    uint64_t at = *address;
    *out_large = nullptr;
    while (at < end) {
        phys_addr_t table = root;
        unsigned level = LEVELS - 1;
        for (; level > 0; level--) {
            pte_t e = mmu_read(&table_at(table)[index_at(at, level)]);
            if (!(e & PTE_PRESENT))
                break;
            if (unlikely(e & PTE_LARGE)) {
                *address = at;
                *out_large = &table_at(table)[index_at(at, level)];
                return nullptr;
            }
            table = pte_page(e);
        }
        if (level == 0) {
            *address = at;
            return &table_at(table)[index_at(at, 0)];
        }
        at = align_down(at, 1ull << shift_of(level)) + (1ull << shift_of(level));
    }
    return nullptr;
}

static phys_addr_t table_of(const pte_t *e) { return phys(align_down(virt_to_phys(e).value, PAGE_BYTES)); }

void mmu_fill(pte_t *e, pte_t value)
{
    mmu_write(e, value);
    ++*mmu_table_used(table_of(e));
}

pte_t mmu_clear(pte_t *e)
{
    --*mmu_table_used(table_of(e));
    return mmu_exchange(e, 0);
}

void mmu_count(const pte_t *any, int change)
{
    uint16_t *used = mmu_table_used(table_of(any));
    *used = (uint16_t)(*used + change);
}

unsigned mmu_trim(phys_addr_t root, uint64_t address, phys_addr_t out_tables[3])
{
    phys_addr_t tables[LEVELS] = {[LEVELS - 1] = root};
    unsigned level = LEVELS - 1, taken = 0;
    for (; level > 0; level--) {
        pte_t e = mmu_read(&table_at(tables[level])[index_at(address, level)]);
        if (!(e & PTE_PRESENT))
            break;
        if (unlikely(e & PTE_LARGE))
            return 0;
        tables[level - 1] = pte_page(e);
    }
    for (; level + 1 < LEVELS && *mmu_table_used(tables[level]) == 0; level++) {
        mmu_write(&table_at(tables[level + 1])[index_at(address, level + 1)], 0);
        --*mmu_table_used(tables[level + 1]);
        out_tables[taken++] = tables[level];
    }
    return taken;
}

/* The kernel area gets its top entry now, so that the kernel half of every root can be a copy. */
void mmu_init(uint64_t random)
{
    uint64_t slots = (RANGE_REGION_END - RANGE_REGION_START) / TOP_ENTRY_BYTES, room = TOP_ENTRY_BYTES - MMU_KERNEL_AREA_BYTES;
    mmu_kernel_area = RANGE_REGION_START + (random >> 40) % slots * TOP_ENTRY_BYTES + align_down((random << 12) % room, PAGE_BYTES);
    kernel_root = phys(asm_read_cr3() & PTE_ADDRESS);
    pte_t *top = &table_at(kernel_root)[index_at(mmu_kernel_area, LEVELS - 1)];
    ASSERT(!(*top & PTE_PRESENT));
    phys_addr_t table;
    if (mmu_table_allocate(&table) != OK)
        panic("mmu_init: no frame for the kernel area's table");
    mmu_write(top, table.value | PTE_PRESENT | PTE_WRITE);
    memset(table_at(kernel_root), 0, KERNEL_HALF * sizeof(pte_t)); /* what the early code mapped low is gone */
    mmu_flush_everything();
}

void mmu_init_cpu(void) { asm_write_cr3(kernel_root.value); }
phys_addr_t mmu_kernel_root(void) { return kernel_root; }

void mmu_copy_kernel_half(phys_addr_t root)
{
    memcpy(table_at(root) + KERNEL_HALF, table_at(kernel_root) + KERNEL_HALF, KERNEL_HALF * sizeof(pte_t));
}

enum status mmu_map_kernel(uint64_t address, phys_addr_t page, uint32_t flags)
{
    pte_t *e;
    phys_addr_t table = kernel_root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        e = &table_at(table)[index_at(address, level)];
        if (!(*e & PTE_PRESENT)) {
            phys_addr_t new;
            TRY(mmu_table_allocate(&new));
            mmu_write(e, new.value | PTE_PRESENT | PTE_WRITE);
        }
        table = pte_page(*e);
    }
    e = &table_at(table)[index_at(address, 0)];
    ASSERT(!pte_is_used(*e));
    mmu_write(e, pte_make(page, flags & ~(uint32_t)MMU_USER));
    return OK;
}

phys_addr_t mmu_unmap_kernel(uint64_t address)
{
    pte_t *e = mmu_find(kernel_root, address);
    ASSERT(e && pte_is_used(*e));
    return pte_page(mmu_exchange(e, 0));
}

bool mmu_guards_user_memory(void) { return asm_read_cr4() & CR4_SMAP; }
void mmu_flush_page(uint64_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }
void mmu_flush_user(void) { asm_write_cr3(asm_read_cr3()); }

/* Global translations survive a load of CR3; clearing PGE ends them (SDM 4.10.4.1). */
void mmu_flush_everything(void)
{
    uint64_t cr4 = asm_read_cr4();
    if (cr4 & CR4_PGE) {
        asm_write_cr4(cr4 & ~CR4_PGE);
        asm_write_cr4(cr4);
    } else {
        mmu_flush_user();
    }
}
