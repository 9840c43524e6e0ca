/* SPDX-License-Identifier: MIT
 * Slab caches and the heap over them. A slab is 2^order frames cut into items; struct frame of its first frame is its head: `detail`
 * the first free item (each free item begins with the number of the next), `references` the items in use, next and previous
 * the cache's list of slabs that have a free item. cache.lock guards slabs; a magazine belongs to its CPU. */
#include "kernel/mm/heap.h"
#include "arch/mmu.h"
#include "base/bits.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/kernel_range.h"
#include "kernel/mm/shortage.h"

#define ITEM_NONE 0xffffu
#define CACHE_NO_MAGAZINES 1u
#define RUN_BYTES_MAX (PAGE_BYTES << 4) /* larger blocks are mapped, not contiguous */

static struct cache magazine_cache = {
    .name = "magazine", .item_bytes = sizeof(struct magazine), .flags = CACHE_NO_MAGAZINES,
    .lock = SPINLOCK_INIT(RANK_FRAME), .partial = FRAME_NUMBER_NONE,
};
static struct cache *all_caches;
static struct spinlock all_caches_lock = SPINLOCK_INIT(RANK_FRAME);
static uint64_t slab_frames; /* atomic; relaxed: statistics */

static uint64_t slab_bytes(const struct cache *c) { return PAGE_BYTES << c->slab_order; }

/* At least eight items a slab, if that takes no more than 32 KiB. */
static void cache_set_geometry(struct cache *c)
{
    c->item_bytes = (uint32_t)align_up(MAX(c->item_bytes, 16u), 16) + SHADOW_REDZONE;
    while (c->slab_order < 3 && slab_bytes(c) / c->item_bytes < 8)
        c->slab_order++;
    c->items_per_slab = (uint32_t)(slab_bytes(c) / c->item_bytes);
    GUARD(&all_caches_lock);
    c->next = all_caches;
    /* Release: who walks the list without the lock sees the cache whole. */
    __atomic_store_n(&all_caches, c, __ATOMIC_RELEASE);
}

static uint16_t *item_next(const struct cache *c, uint32_t slab, uint32_t item)
{
    return phys_to_virt(phys_add(frame_address(slab), (uint64_t)item * c->item_bytes));
}

static void partial_push(struct cache *c, uint32_t slab)
{
    struct frame *f = &frame_table[slab];
    f->next = c->partial;
    f->previous = FRAME_NUMBER_NONE;
    if (f->next != FRAME_NUMBER_NONE)
        frame_table[f->next].previous = slab;
    c->partial = slab;
}

static void partial_remove(struct cache *c, uint32_t slab)
{
    struct frame *f = &frame_table[slab];
    if (f->previous == FRAME_NUMBER_NONE)
        c->partial = f->next;
    else
        frame_table[f->previous].next = f->next;
    if (f->next != FRAME_NUMBER_NONE)
        frame_table[f->next].previous = f->previous;
}

static enum status slab_add_locked(struct cache *c)
{
    phys_addr_t p;
    if (!c->items_per_slab)
        cache_set_geometry(c);
    TRY(frame_allocate_run(c->slab_order, group_current()->frame_flags, FRAME_SLAB, &p));
    uint32_t slab = frame_number(p);
    shadow_slab_made(phys_to_virt(p), slab_bytes(c));
    for (uint32_t i = 0; i < c->items_per_slab; i++)
        *item_next(c, slab, i) = (uint16_t)(i + 1 < c->items_per_slab ? i + 1 : ITEM_NONE);
    frame_table[slab].detail = 0;
    frame_table[slab].references = 0;
    partial_push(c, slab);
    c->slabs++;
    c->empty_slabs++;
    __atomic_add_fetch(&slab_frames, 1ull << c->slab_order, __ATOMIC_RELAXED);
    return OK;
}

static enum status item_take_locked(struct cache *c, void **out)
{
    if (c->partial == FRAME_NUMBER_NONE)
        TRY(slab_add_locked(c));
    uint32_t slab = c->partial;
    struct frame *f = &frame_table[slab];
    uint16_t *item = item_next(c, slab, f->detail);
    c->taken++;
    if (f->references++ == 0)
        c->empty_slabs--;
    f->detail = *item;
    if (f->detail == ITEM_NONE)
        partial_remove(c, slab);
    *out = item;
    return OK;
}

static void item_return_locked(struct cache *c, void *item)
{
    uint64_t base = align_down(virt_to_phys(item).value, slab_bytes(c));
    uint32_t slab = frame_number(phys(base));
    struct frame *f = &frame_table[slab];
    DEBUG_ASSERT(f->state == FRAME_SLAB && f->references > 0);
    *(uint16_t *)item = f->detail;
    if (f->detail == ITEM_NONE)
        partial_push(c, slab);
    f->detail = (uint16_t)((virt_to_phys(item).value - base) / c->item_bytes);
    c->taken--;
    if (--f->references > 0)
        return;
    if (c->empty_slabs == 0) { /* one empty slab is kept against back and forth */
        c->empty_slabs++;
        return;
    }
    partial_remove(c, slab);
    c->slabs--;
    __atomic_sub_fetch(&slab_frames, 1ull << c->slab_order, __ATOMIC_RELAXED);
    frame_free_run(phys(base), c->slab_order);
}

static struct magazine *magazine_of(struct cache *c)
{
    struct magazine **m = &c->magazines[this_cpu()->number];
    if (!*m && !(c->flags & CACHE_NO_MAGAZINES) && cache_allocate_slow(&magazine_cache, (void **)m) == OK)
        (*m)->count = 0;
    return *m;
}

enum status cache_allocate_slow(struct cache *c, void **out)
{
    struct magazine *m = magazine_of(c);
    GUARD(&c->lock);
    if (m)
        while (m->count < MAGAZINE_ITEMS / 2 && item_take_locked(c, &m->items[m->count]) == OK)
            m->count++;
    if (m && m->count) {
        *out = m->items[--m->count];
        return OK;
    }
    return item_take_locked(c, out);
}

void cache_free_slow(struct cache *c, void *item)
{
    struct magazine *m = magazine_of(c);
    GUARD(&c->lock);
    if (!m) {
        item_return_locked(c, item);
        return;
    }
    while (m->count > MAGAZINE_ITEMS / 2)
        item_return_locked(c, m->items[--m->count]);
    m->items[m->count++] = item;
}

#ifdef MH_CHECK
static enum status give(struct cache *c, uint64_t size, uint64_t from, void **out)
{
    if (shortage_strikes())
        return ERR_NO_MEMORY;
    TRY(cache_allocate_slow(c, out));
    shadow_item_given(c, *out, size, from);
    return OK;
}

static void take_back(struct cache *c, void *item, uint64_t size, uint64_t from)
{
    if (!shadow_item_wait(&c, &item, size, from))
        cache_free_slow(c, item);
}

enum status cache_allocate_checked(struct cache *c, void **out) { return give(c, 0, (uint64_t)__builtin_return_address(0), out); }
void cache_free_checked(struct cache *c, void *item) { take_back(c, item, 0, (uint64_t)__builtin_return_address(0)); }
#else
static enum status give(struct cache *c, uint64_t size, uint64_t from, void **out)
{
    (void)size, (void)from;
    return cache_allocate(c, out);
}
static void take_back(struct cache *c, void *item, uint64_t size, uint64_t from)
{
    (void)size, (void)from;
    cache_free(c, item);
}
#endif

#define SIZE_CLASS(bytes) {.name = "heap-" #bytes, .item_bytes = (bytes), .lock = SPINLOCK_INIT(RANK_FRAME), .partial = UINT32_MAX}
static struct cache classes[] = {
    SIZE_CLASS(16), SIZE_CLASS(32), SIZE_CLASS(48), SIZE_CLASS(64), SIZE_CLASS(96), SIZE_CLASS(128), SIZE_CLASS(192), SIZE_CLASS(256),
    SIZE_CLASS(384), SIZE_CLASS(512), SIZE_CLASS(768), SIZE_CLASS(1024), SIZE_CLASS(1536), SIZE_CLASS(2048), SIZE_CLASS(4096),
};
static uint8_t class_of[HEAP_SLAB_MAX / 16 + 1]; /* by size in units of 16 bytes, rounded up */

void heap_init(void)
{
    uint32_t class = 0;
    for (uint32_t unit = 0; unit < ARRAY_LENGTH(class_of); unit++) {
        if (unit * 16 > classes[class].item_bytes)
            class++;
        class_of[unit] = (uint8_t)class;
    }
}

static void *large_allocate(size_t size)
{
    void *range;
    if (size > RUN_BYTES_MAX)
        return kernel_range_allocate(size, &range) == OK ? range : nullptr;
    uint32_t order = log2_ceiling((size + PAGE_BYTES - 1) / PAGE_BYTES);
    phys_addr_t p;
    if (frame_allocate_run(order, group_current()->frame_flags, FRAME_KERNEL, &p) == OK)
        return phys_to_virt(p);
    return kernel_range_allocate(size, &range) == OK ? range : nullptr;
}

static void large_free(void *pointer, size_t size)
{
    if ((uint64_t)pointer - mmu_kernel_area < MMU_KERNEL_AREA_BYTES)
        kernel_range_free(pointer, size);
    else
        frame_put(virt_to_phys(pointer));
}

static inline void *allocate(size_t size, uint64_t from)
{
    if (unlikely(size > HEAP_SLAB_MAX))
        return large_allocate(size);
    void *item;
    return give(&classes[class_of[(size + 15) / 16]], size, from, &item) == OK ? item : nullptr;
}

void *heap_allocate(size_t size) { return allocate(size, (uint64_t)__builtin_return_address(0)); }

void *heap_allocate_zeroed(size_t size)
{
    void *p = allocate(size, (uint64_t)__builtin_return_address(0));
    return p ? memset(p, 0, size) : nullptr;
}

void heap_free(void *pointer, size_t size)
{
    if (!pointer)
        return;
    if (unlikely(size > HEAP_SLAB_MAX))
        large_free(pointer, size);
    else
        take_back(&classes[class_of[(size + 15) / 16]], pointer, size, (uint64_t)__builtin_return_address(0));
}

uint64_t heap_used_bytes(void) { return __atomic_load_n(&slab_frames, __ATOMIC_RELAXED) * PAGE_BYTES; }

void heap_for_each(void (*visit)(const struct cache *c, void *argument), void *argument)
{
    for (const struct cache *c = __atomic_load_n(&all_caches, __ATOMIC_ACQUIRE); c; c = c->next)
        visit(c, argument);
}

uint64_t cache_used(const struct cache *c)
{
    uint64_t idle = shadow_items_waiting(c);
    for (uint32_t i = 0; i < cpu_count; i++)
        idle += c->magazines[i] ? c->magazines[i]->count : 0;
    uint64_t taken = __atomic_load_n(&c->taken, __ATOMIC_RELAXED);
    return taken > idle ? taken - idle : 0;
}
