/* SPDX-License-Identifier: MIT
 * Shootdowns. Each CPU has a box of two counters: `asked` rises with each request, `answered` follows when the CPU has flushed.
 * A request is complete when answered has reached the value that asking made: requests coalesce, nothing is queued, nothing
 * can fill up. A CPU that waits answers its own box, so two that wait for each other both go on.
 *
 * Model: tests/models/tlb.pml. */
#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/tlb.h"

struct shootdown_box {
    uint64_t asked, answered, asked_kernel;
} __attribute__((aligned(64)));
static struct shootdown_box boxes[CPU_MAX];

void shootdown_answer(void)
{
    struct cpu *cpu = this_cpu();
    struct shootdown_box *box = &boxes[cpu->number];
    /* Acquire: the changed entries that the asker wrote before it raised the counter are what we walk from now on. */
    uint64_t asked = __atomic_load_n(&box->asked, __ATOMIC_ACQUIRE);
    if (asked == __atomic_load_n(&box->answered, __ATOMIC_RELAXED))
        return;
    if (__atomic_exchange_n(&box->asked_kernel, 0, __ATOMIC_ACQ_REL))
        mmu_flush_everything();
    else if (cpu->space && __atomic_load_n(&cpu->space->cleared, __ATOMIC_ACQUIRE))
        space_deactivate();
    else
        mmu_flush_user();
    /* Release: the flush comes before the answer that frees the frames. */
    __atomic_store_n(&box->answered, asked, __ATOMIC_RELEASE);
}

static void ask_and_wait(uint64_t cpus_asked, bool kernel)
{
    uint64_t tickets[CPU_MAX];
    for (uint64_t left = cpus_asked; left; left &= left - 1) {
        uint32_t n = (uint32_t)__builtin_ctzll(left);
        if (kernel)
            __atomic_store_n(&boxes[n].asked_kernel, 1, __ATOMIC_RELEASE);
        tickets[n] = __atomic_add_fetch(&boxes[n].asked, 1, __ATOMIC_SEQ_CST);
        arch_send_shootdown(n);
    }
    for (uint64_t left = cpus_asked; left; left &= left - 1) {
        uint32_t n = (uint32_t)__builtin_ctzll(left);
        while (__atomic_load_n(&boxes[n].answered, __ATOMIC_ACQUIRE) < tickets[n]) {
            shootdown_answer();
            arch_pause();
        }
    }
}

static uint64_t online_mask(void)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (cpus[i] && __atomic_load_n(&cpus[i]->online, __ATOMIC_ACQUIRE))
            mask |= 1ull << i;
    return mask;
}

void tlb_flush_cpus(uint64_t mask)
{
    uint64_t self = 1ull << this_cpu()->number;
    if (mask & self)
        mmu_flush_user();
    if (mask & ~self)
        ask_and_wait(mask & ~self, false);
}

void tlb_flush_kernel(void)
{
    mmu_flush_everything();
    uint64_t others = online_mask() & ~(1ull << this_cpu()->number);
    if (others)
        ask_and_wait(others, true);
}

void tlb_batch_flush(struct tlb_batch *b)
{
    if (b->page_count) {
        /* The entries are written before we look who might have read the old ones: a plain store may still be on its way. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        uint64_t cpus_active = __atomic_load_n(&b->space->cpus, __ATOMIC_SEQ_CST), self = 1ull << this_cpu()->number;
        if (cpus_active & self) {
            if (b->page_count <= BATCH_PAGES_MAX)
                for (uint32_t i = 0; i < b->page_count; i++)
                    mmu_flush_page(b->pages[i]);
            else
                mmu_flush_user();
        }
        if (cpus_active & ~self)
            ask_and_wait(cpus_active & ~self, false);
    }
    for (uint32_t i = 0; i < b->frame_count; i++)
        frame_put(frame_address(b->frames[i]));
    b->frame_count = b->page_count = 0;
}
