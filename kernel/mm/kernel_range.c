/* SPDX-License-Identifier: MIT
 * The kernel's mapped area, handed out first fit from a list of free pieces in address order; pieces that touch are joined.
 * range_lock guards the list and the tables of the area. Each range has an unmapped page before it. */
#include "kernel/mm/kernel_range.h"
#include "arch/mmu.h"
#include "base/list.h"
#include "base/try.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/tlb.h"

struct piece {
    struct list_node link;
    uint64_t start, end;
};
static struct spinlock range_lock = SPINLOCK_INIT(RANK_PAGE_TABLE);
static struct list_node free_pieces = LIST_INIT(free_pieces);
static struct cache piece_cache = CACHE_INIT("kernel range", struct piece);

static void piece_add(uint64_t start, uint64_t end)
{
    struct piece *p;
    if (cache_allocate(&piece_cache, &p) != OK)
        return; /* the addresses are lost, which there are plenty of; never the memory */
    *p = (struct piece){.start = start, .end = end};
    GUARD(&range_lock);
    struct list_node *after = &free_pieces;
    list_for_each(n, &free_pieces) {
        if (list_entry(n, struct piece, link)->start > start)
            break;
        after = n;
    }
    list_insert_after(after, &p->link);
    struct piece *next = list_entry(p->link.next, struct piece, link);
    if (&next->link != &free_pieces && next->start == p->end) {
        p->end = next->end;
        list_remove(&next->link);
        cache_free(&piece_cache, next);
    }
    if (after != &free_pieces && list_entry(after, struct piece, link)->end == p->start) {
        list_entry(after, struct piece, link)->end = p->end;
        list_remove(&p->link);
        cache_free(&piece_cache, p);
    }
}

static enum status piece_take(uint64_t bytes, uint64_t *out_start)
{
    GUARD(&range_lock);
    list_for_each(n, &free_pieces) {
        struct piece *p = list_entry(n, struct piece, link);
        if (p->end - p->start < bytes)
            continue;
        *out_start = p->start;
        p->start += bytes;
        if (p->start == p->end) {
            list_remove(n);
            cache_free(&piece_cache, p);
        }
        return OK;
    }
    return ERR_NO_MEMORY;
}

void kernel_range_init(void) { piece_add(mmu_kernel_area, mmu_kernel_area + MMU_KERNEL_AREA_BYTES); }

static enum status map_page(uint64_t address, phys_addr_t page, uint32_t flags)
{
    GUARD(&range_lock);
    return mmu_map_kernel(address, page, flags);
}

/* Takes [start, end) out of the tables, forgets it everywhere, then gives the frames (when they are ours) and addresses back. */
static void release(uint64_t start, uint64_t end, bool counted)
{
    phys_addr_t frames[64];
    for (uint64_t at = start; at < end;) {
        uint32_t n = 0;
        for (; at < end && n < ARRAY_LENGTH(frames); at += PAGE_BYTES) {
            GUARD(&range_lock);
            frames[n++] = mmu_unmap_kernel(at);
        }
        tlb_flush_kernel();
        while (counted && n > 0)
            frame_put(frames[--n]);
    }
    piece_add(start - PAGE_BYTES, end);
}

static enum status fill(uint64_t start, uint64_t end, const phys_addr_t *physical, uint32_t flags)
{
    for (uint64_t at = start; at < end; at += PAGE_BYTES) {
        phys_addr_t page;
        enum status s = OK;
        if (physical)
            page = phys_add(*physical, at - start);
        else
            s = frame_allocate(FRAME_ZEROED | group_current()->frame_flags, FRAME_KERNEL, &page);
        if (s == OK) {
            s = map_page(at, page, flags);
            if (s != OK && !physical)
                frame_put(page);
        }
        if (s != OK) {
            if (at > start)
                release(start, at, !physical);
            return s;
        }
    }
    return OK;
}

static enum status range_make(uint64_t bytes, const phys_addr_t *physical, uint32_t flags, uint64_t *out)
{
    uint64_t start;
    if (bytes == 0 || bytes > MMU_KERNEL_AREA_BYTES)
        return ERR_INVALID;
    bytes = align_up(bytes, PAGE_BYTES);
    TRY(piece_take(bytes + PAGE_BYTES, &start));
    start += PAGE_BYTES;
    TRY(fill(start, start + bytes, physical, flags));
    *out = start;
    return OK;
}

enum status kernel_range_allocate(size_t bytes, void **out)
{
    uint64_t start;
    TRY(range_make(bytes, nullptr, MMU_READ | MMU_WRITE, &start));
    *out = (void *)start;
    return OK;
}

enum status kernel_range_map(phys_addr_t start, size_t bytes, uint32_t flags, void **out)
{
    uint64_t at, inside = start.value & (PAGE_BYTES - 1);
    phys_addr_t first = phys(start.value - inside);
    uint32_t mmu = MMU_READ | MMU_WRITE | MMU_UNCOUNTED | (flags & KERNEL_RANGE_UNCACHED ? MMU_UNCACHED : 0);
    TRY(range_make(bytes + inside, &first, mmu, &at));
    *out = (void *)(at + inside);
    return OK;
}

void kernel_range_free(void *pointer, size_t bytes)
{
    release((uint64_t)pointer, (uint64_t)pointer + align_up(bytes, PAGE_BYTES), true);
}

void kernel_range_unmap(void *pointer, size_t bytes)
{
    uint64_t start = align_down((uint64_t)pointer, PAGE_BYTES);
    release(start, align_up((uint64_t)pointer + bytes, PAGE_BYTES), false);
}
