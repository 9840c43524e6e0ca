/* SPDX-License-Identifier: MIT
 * Making all CPUs forget translations. Change entries under the table's lock, note in the batch what was taken out, drop every
 * spinlock, then flush: only then are the noted frames put. While it waits, a CPU answers others' shootdowns. */
#pragma once
#include "kernel/core/addresses.h"

#define BATCH_FRAMES 48u
#define BATCH_PAGES_MAX 24u /* up to here pages are flushed one by one on this CPU */

struct address_space;
struct tlb_batch {
    struct address_space *space;
    uint32_t frame_count;         /* frames to put after the flush */
    uint32_t page_count;          /* pages whose entry changed; above BATCH_PAGES_MAX: everything is flushed */
    uint32_t frames[BATCH_FRAMES];
    uint64_t pages[BATCH_PAGES_MAX];
};
/* A batch on the stack: the arrays are only read as far as they were written, so they need no zeroing. */
#define TLB_BATCH(name, of_space)                                        \
    __attribute__((uninitialized)) struct tlb_batch name;                \
    tlb_batch_init(&(name), (of_space))
static inline void tlb_batch_init(struct tlb_batch *b, struct address_space *s)
{
    b->space = s;
    b->frame_count = b->page_count = 0;
}
static inline bool tlb_batch_is_full(const struct tlb_batch *b) { return b->frame_count > BATCH_FRAMES - 4; }
static inline void tlb_batch_page(struct tlb_batch *b, uint64_t address)
{
    if (b->page_count < BATCH_PAGES_MAX)
        b->pages[b->page_count] = address;
    b->page_count++;
}
static inline void tlb_batch_frame(struct tlb_batch *b, phys_addr_t p) { b->frames[b->frame_count++] = (uint32_t)(p.value >> PAGE_BITS); }
/* No spinlock held. Leaves the batch empty. */
void tlb_batch_flush(struct tlb_batch *b);

/* All user translations on these CPUs (bit n: CPU n), this one included when named. No spinlock held. */
void tlb_flush_cpus(uint64_t cpus);
/* Kernel translations on all CPUs. No spinlock held. */
void tlb_flush_kernel(void);
void shootdown_answer(void);
