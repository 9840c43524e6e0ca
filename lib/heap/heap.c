/* SPDX-License-Identifier: MIT
 * Each block has a header of 16 bytes that says how large it is and that it is in use; blocks up to CLASS_LARGEST come from the list
 * of their class (powers of two and the steps halfway), larger ones are mappings of their own. Lists are filled from regions
 * that are mapped REGION_BYTES at a time and never given back. `lock` guards lists and region; headers belong to the block's owner. */
#include "heap/heap.h"
#include "base/checked.h"
#include "base/string.h"
#include "heap/lock.h"
#include "heap/pages.h"

#define ALIGNMENT 16u
#define CLASS_LARGEST 32768u
#define CLASS_COUNT 21u
#define REGION_BYTES (1u << 20)
#define IN_USE 0x6b6c6f63u
#define FREED 0x65657266u

struct header { uint64_t total_bytes; uint32_t size_class; uint32_t state; }; /* total: with this header */
static_assert(sizeof(struct header) == ALIGNMENT);
struct free_block { struct header header; struct free_block *next; };

static struct heap_lock lock;
static struct free_block *free_lists[CLASS_COUNT];
static uint8_t *region_next;
static size_t region_left;

/* Classes: 32, 48, 64, 96, 128, ... 32768 with headers. */
static size_t class_bytes(uint32_t size_class)
{
    size_t power = (size_t)32 << (size_class / 2);
    return size_class % 2 ? power + power / 2 : power;
}

static uint32_t class_of(size_t total)
{
    uint32_t size_class = 0;
    if (total > 64)
        size_class = 2 * (58 - (uint32_t)__builtin_clzll(total - 1));
    while (class_bytes(size_class) < total)
        size_class++;
    return size_class;
}

/* From the region; what is left of a region too small for the block is given up. */
static struct header *carve_locked(size_t bytes)
{
    if (region_left < bytes) {
        void *region = pages_map(REGION_BYTES);
        if (!region)
            return nullptr;
        region_next = region;
        region_left = REGION_BYTES;
    }
    struct header *h = (struct header *)(void *)region_next;
    region_next += bytes;
    region_left -= bytes;
    return h;
}

static struct header *take_block(uint32_t size_class, bool *out_is_fresh)
{
    heap_lock(&lock);
    struct free_block *b = free_lists[size_class];
    *out_is_fresh = !b;
    if (b)
        free_lists[size_class] = b->next;
    struct header *h = b ? &b->header : carve_locked(class_bytes(size_class));
    heap_unlock(&lock);
    return h;
}

static void *allocate_large(size_t total)
{
    total = align_up(total, PAGES_UNIT);
    struct header *h = pages_map(total);
    if (!h)
        return nullptr;
    *h = (struct header){.total_bytes = total, .size_class = CLASS_COUNT, .state = IN_USE};
    return h + 1;
}

void *heap_allocate(size_t bytes)
{
    uint64_t total;
    if (size_add(bytes, sizeof(struct header), &total) != OK || total > SIZE_MAX / 2)
        return nullptr;
    if (total > CLASS_LARGEST)
        return allocate_large(total);
    uint32_t size_class = class_of(total);
    bool is_fresh;
    struct header *h = take_block(size_class, &is_fresh);
    if (!h)
        return nullptr;
    *h = (struct header){.total_bytes = class_bytes(size_class), .size_class = size_class, .state = IN_USE};
    if (!is_fresh)
        memset(h + 1, 0, bytes);
    return h + 1;
}

void *heap_allocate_array(size_t count, size_t size)
{
    uint64_t bytes;
    return size_multiply(count, size, &bytes) == OK ? heap_allocate(bytes) : nullptr;
}

void *heap_resize(void *block, size_t bytes)
{
    if (!block)
        return heap_allocate(bytes);
    const struct header *h = (const struct header *)block - 1;
    size_t have = h->total_bytes - sizeof *h;
    void *larger = heap_allocate(bytes);
    if (!larger)
        return nullptr;
    memcpy(larger, block, MIN(have, bytes));
    heap_free(block);
    return larger;
}

void heap_free(void *block)
{
    if (!block)
        return;
    struct header *h = (struct header *)block - 1;
    if (h->state != IN_USE)
        __builtin_trap(); /* freed twice, or written over: our own broken promise */
    h->state = FREED;
    if (h->size_class == CLASS_COUNT) {
        pages_unmap(h, h->total_bytes);
        return;
    }
    struct free_block *b = (struct free_block *)h;
    heap_lock(&lock);
    b->next = free_lists[h->size_class];
    free_lists[h->size_class] = b;
    heap_unlock(&lock);
}
