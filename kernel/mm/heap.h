/* SPDX-License-Identifier: MIT
 * Kernel memory. Typed caches (slabs behind a magazine for each CPU) for objects of one size, and the heap over a row of such caches
 * for sizes known to the caller at both ends. Large blocks come from a mapped range with guard pages.
 * All but large blocks (over HEAP_SLAB_MAX bytes) are callable with any lock below RANK_FRAME held; nothing sleeps. */
#pragma once
#include "abi/status.h"
#include "base/types.h"
#include "kernel/core/cpu.h"
#include "kernel/mm/shadow.h"

#define HEAP_SLAB_MAX 4096u
#define MAGAZINE_ITEMS 30u

struct magazine { uint64_t count; void *items[MAGAZINE_ITEMS]; };

struct cache {
    /* set at creation */
    const char *name;
    uint32_t item_bytes, slab_order, items_per_slab, flags;
    /* each CPU its own */
    struct magazine *magazines[CPU_MAX];
    /* under lock */
    struct spinlock lock;        /* RANK_FRAME */
    uint32_t partial;            /* first slab with a free item, or FRAME_NUMBER_NONE */
    uint32_t slabs, empty_slabs;
    uint64_t taken;              /* items out of the slabs, those in magazines too */
    struct cache *next;          /* all_caches; set at the first slab */
};
#define CACHE_INIT(text, type) {.name = (text), .item_bytes = sizeof(type), .lock = SPINLOCK_INIT(RANK_FRAME), .partial = UINT32_MAX}

void heap_init(void);
enum status cache_allocate_slow(struct cache *c, void **out);
void cache_free_slow(struct cache *c, void *item);

#ifdef MH_CHECK
enum status cache_allocate_checked(struct cache *c, void **out);
void cache_free_checked(struct cache *c, void *item);
static inline enum status cache_allocate(struct cache *c, void *out_item) { return cache_allocate_checked(c, out_item); }
static inline void cache_free(struct cache *c, void *item) { cache_free_checked(c, item); }
#else
/* Contents are whatever the last user left, so of no use to anyone else: initialize all of it. */
static inline enum status cache_allocate(struct cache *c, void *out_item)
{
    struct magazine *m = c->magazines[this_cpu()->number];
    if (unlikely(!m || m->count == 0))
        return cache_allocate_slow(c, (void **)out_item);
    *(void **)out_item = m->items[--m->count];
    return OK;
}
static inline void cache_free(struct cache *c, void *item)
{
    struct magazine *m = c->magazines[this_cpu()->number];
    if (unlikely(!m || m->count == MAGAZINE_ITEMS)) {
        cache_free_slow(c, item);
        return;
    }
    m->items[m->count++] = item;
}
#endif

/* null: out of memory. `size` at heap_free is the one given at allocation; null is free to free. */
void *heap_allocate(size_t size);
void *heap_allocate_zeroed(size_t size);
void heap_free(void *pointer, size_t size);
uint64_t heap_used_bytes(void);
/* Each cache that was ever used. */
void heap_for_each(void (*visit)(const struct cache *c, void *argument), void *argument);
/* Its items in use; exact when no other CPU allocates. */
uint64_t cache_used(const struct cache *c);
