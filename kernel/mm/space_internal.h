/* SPDX-License-Identifier: MIT
 * What the files about address spaces (space.c, space_map.c, space_fault.c, space_clone.c) share among themselves. */
#pragma once
#include "arch/mmu.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/mapping_tree.h"
#include "kernel/mm/pageable.h"
#include "kernel/mm/tlb.h"

extern struct cache mapping_cache;

/* large.c */
#define LARGE_AT 32u /* stored pages of a table's 2 MiB after which it is made one page */
static inline bool large_may_be(const struct mapping *m, uint64_t start)
{
    return !m->object && (m->flags & (PROT_WRITE_ | MAP_WIRED_ | MAP_GROWS_DOWN_)) == PROT_WRITE_ && m->start <= start &&
           m->end - start >= MMU_TABLE_SPAN;
}
/* The 2 MiB around `address`, if it can be. No lock held; has preempt points. */
void space_make_large(struct address_space *s, uint64_t address);
void space_zap_large(struct address_space *s, pte_t *e, struct tlb_batch *batch); /* takes it out, table_lock held; four frames of the batch */

static inline uint64_t page_of(const struct mapping *m, uint64_t address) { return m->page + ((address - m->start) >> PAGE_BITS); }
static inline uint32_t mmu_flags(const struct mapping *m, bool writable)
{
    static_assert(PROT_READ_ == MMU_READ && PROT_WRITE_ == MMU_WRITE && PROT_EXECUTE_ == MMU_EXECUTE);
    return (m->flags & PROT_MASK_ & ~(writable ? 0u : MMU_WRITE)) | MMU_USER;
}

/* Private, writable, and no stack: what LIMIT_DATA_BYTES counts. */
static inline bool is_data(uint32_t flags)
{
    return (flags & (PROT_WRITE_ | MAP_SHARED_ | MAP_GROWS_DOWN_)) == PROT_WRITE_;
}
/* `bytes` more (or, negative, less) are mapped so; with space.lock held. */
static inline void space_count(struct address_space *s, uint32_t flags, uint64_t bytes)
{
    s->mapped_bytes += bytes;
    s->data_bytes += is_data(flags) ? bytes : 0;
}

/* The mapping that covers `address`, with space.lock held; the last answer is tried first. */
static inline struct mapping *space_mapping_at(struct address_space *s, uint64_t address)
{
    struct mapping *m = s->last_hit;
    if (likely(m && m->start <= address && address < m->end))
        return m;
    m = mapping_find(&s->mappings, address);
    if (m)
        s->last_hit = m;
    return m;
}

/* Memory for one more mapping of s; a group pays for them by pages, and gets those back at the end of the space. */
enum status mapping_allocate(struct address_space *s, struct mapping **out);
/* Joins the mapping to its object: reference and list. The object's lock is taken. */
void mapping_attach(struct mapping *m, struct pageable *object);
/* Off the object's list; the reference stays for mapping_release. */
void mapping_detach_locked(struct mapping *m);
/* Gives back what a removed mapping holds. No spinlock held: the object may end here. */
void mapping_release(struct mapping *m);

/* Takes out entries of [*at, end) of a space until the batch is full; true: all are out. table_lock is taken inside. */
bool space_zap(struct address_space *s, uint64_t *at, uint64_t end, struct tlb_batch *batch);
/* Unmaps [start, end), with `changes` held (or nobody else there). */
enum status space_unmap_range(struct address_space *s, uint64_t start, uint64_t end);
enum status space_populate(struct address_space *s, uint64_t start, uint64_t end, uint32_t access);
uint64_t space_random(void);
