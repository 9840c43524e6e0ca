/* SPDX-License-Identifier: MIT
 * 2 MiB pages for private anonymous memory. Memory starts as single pages; when LARGE_AT pages of an aligned 2 MiB that one mapping covers
 * have been stored to, all of it becomes one page, if frames are plentiful and no other CPU has the space.
 *
 * Always true: a large page has one owner, is writable, and is a run of frames with one reference; the run's first frame says in `next`
 * which empty table waits for the day when it is taken apart, so that this never fails. Who walks a space's tables for another reason
 * than to end it takes it apart first (mmu_next, mmu_find_or_make). Guarded as the tables are: space.lock and table_lock. */
#include "kernel/core/cpu.h"
#include "kernel/mm/space_internal.h"

#define PAGES_LARGE (1u << MMU_LARGE_ORDER)
#define ZERO_PORTION 16u /* pages between preempt points */

static uint64_t large_pages; /* atomic; relaxed: statistics */

uint64_t large_count(void) { return __atomic_load_n(&large_pages, __ATOMIC_RELAXED); }

phys_addr_t mmu_large_split(phys_addr_t run)
{
    phys_addr_t table = frame_address(frame_of(run)->next);
    frame_run_split(run, MMU_LARGE_ORDER);
    __atomic_sub_fetch(&large_pages, 1, __ATOMIC_RELAXED);
    return table;
}

void space_zap_large(struct address_space *s, pte_t *e, struct tlb_batch *batch)
{
    phys_addr_t run = pte_page(mmu_clear(e));
    tlb_batch_frame(batch, frame_address(frame_of(run)->next));
    tlb_batch_frame(batch, run);
    batch->page_count += BATCH_PAGES_MAX + 1;
    s->resident -= PAGES_LARGE;
    __atomic_sub_fetch(&large_pages, 1, __ATOMIC_RELAXED);
}

/* Frames that nobody needs soon: a quarter of all. */
static bool is_plentiful(void)
{
    struct frame_counts counts;
    frame_counts(&counts);
    return counts.free > counts.total / 4 + PAGES_LARGE;
}

/* Every page is ours alone and may be stored to, so that it can move to another frame. */
static bool can_move(const pte_t *entries)
{
    for (uint32_t i = 0; i < PAGES_LARGE; i++) {
        pte_t e = mmu_read(&entries[i]);
        if (pte_is_used(e) && !(pte_is_writable(e) && pte_is_counted(e) && frame_of(pte_page(e))->state == FRAME_ANONYMOUS &&
                                frame_references(pte_page(e)) == 1))
            return false;
    }
    return true;
}

/* The pages of the table above which `upper` stands move into the run, whose other bytes are zero. */
static void move_pages(struct address_space *s, const struct mapping *m, pte_t *upper, phys_addr_t table, phys_addr_t run)
{
    pte_t *entries = phys_to_virt(table);
    for (uint32_t i = 0; i < PAGES_LARGE; i++) {
        pte_t old = mmu_exchange(&entries[i], 0);
        if (!pte_is_used(old))
            continue;
        frame_copy(phys_add(run, (uint64_t)i * PAGE_BYTES), pte_page(old));
        frame_put(pte_page(old));
    }
    s->resident += PAGES_LARGE - *mmu_table_used(table);
    *mmu_table_used(table) = 0;
    frame_of(run)->next = frame_number(table);
    mmu_write(upper, pte_make(run, mmu_flags(m, true)) | PTE_LARGE);
    __atomic_add_fetch(&large_pages, 1, __ATOMIC_RELAXED);
}

/* With both locks held. The table is taken out of the CPU's sight before we look whether another CPU has the space: one that comes later
 * faults, and waits for our lock. */
static bool replace_table(struct address_space *s, uint64_t start, phys_addr_t run)
{
    const struct mapping *m = space_mapping_at(s, start);
    pte_t *upper = mmu_upper(s->root, start);
    if (!m || !large_may_be(m, start) || !upper || !pte_is_present(*upper) || *upper & PTE_LARGE)
        return false;
    phys_addr_t table = pte_page(*upper);
    uint64_t self = 1ull << this_cpu()->number;
    if (this_cpu()->space != s || *mmu_table_used(table) > LARGE_AT * 2 || !can_move(phys_to_virt(table)))
        return false;
    pte_t before = mmu_exchange(upper, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&s->cpus, __ATOMIC_SEQ_CST) != self) {
        mmu_write(upper, before);
        return false;
    }
    mmu_flush_user();
    move_pages(s, m, upper, table, run);
    return true;
}

void space_make_large(struct address_space *s, uint64_t address)
{
    phys_addr_t run;
    uint64_t start = align_down(address, MMU_TABLE_SPAN);
    if (!is_plentiful() || this_cpu()->space != s || __atomic_load_n(&s->cpus, __ATOMIC_RELAXED) != 1ull << this_cpu()->number ||
        frame_allocate_run(MMU_LARGE_ORDER, 0, FRAME_ANONYMOUS, &run) != OK)
        return;
    if (group_run_charge(s->group, run, MMU_LARGE_ORDER) != OK) { /* near its limit: single pages take it further */
        frame_free_run(run, MMU_LARGE_ORDER);
        return;
    }
    for (uint32_t i = 0; i < PAGES_LARGE; i++) {
        frame_zero(phys_add(run, (uint64_t)i * PAGE_BYTES));
        if (i % ZERO_PORTION == ZERO_PORTION - 1)
            preempt_point();
    }
    spin_lock(&s->lock);
    spin_lock(&s->table_lock);
    bool done = replace_table(s, start, run);
    spin_unlock(&s->table_lock);
    spin_unlock(&s->lock);
    if (!done)
        frame_put(run);
}
