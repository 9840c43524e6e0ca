/* SPDX-License-Identifier: MIT
 * Memory objects. Pages come into being as zeros when first touched; wired ones at creation. A contiguous object is one run of
 * frames, split so that each counts for itself; a window has no pages of its own at all. */
#include "kernel/object/memory_object.h"
#include "base/bits.h"
#include "base/checked.h"
#include "base/string.h"
#include "kernel/core/cpu.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/page_entry.h"
#include "kernel/mm/user_copy.h"

#define MEMORY_BYTES_MAX (1ull << 46)

static struct cache memory_cache = CACHE_INIT("memory object", struct memory_object);

static void memory_destroy(struct object *o)
{
    struct memory_object *m = memory_from_object(o);
    for (uint64_t key = 0, entry; radix_next(&m->pages.pages, key, &key, &entry);) {
        radix_remove(&m->pages.pages, key);
        frame_put(page_frame(entry));
        if (key % 64 == 0)
            preempt_point();
    }
    group_put(m->group);
    cache_free(&memory_cache, m);
}

static const struct object_type memory_type = {.kind = OBJECT_MEMORY, .name = "memory", .destroy = memory_destroy};

static enum status memory_make(uint64_t size_bytes, uint32_t flags, struct memory_object **out)
{
    struct memory_object *m;
    if (size_bytes == 0 || size_bytes > MEMORY_BYTES_MAX)
        return ERR_INVALID;
    TRY(cache_allocate(&memory_cache, &m));
    *m = (struct memory_object){.size_bytes = align_up(size_bytes, PAGE_BYTES), .flags = flags, .group = group_get(group_current())};
    pageable_init(&m->pages, &memory_type);
    *out = m;
    return OK;
}

static enum status page_add_locked(struct memory_object *m, uint64_t page, phys_addr_t frame)
{
    frame_table[frame_number(frame)].state = FRAME_OBJECT;
    return radix_set(&m->pages.pages, page, page_entry(frame, PAGE_DIRTY));
}

static enum status page_make_locked(struct memory_object *m, uint64_t page, phys_addr_t *out)
{
    phys_addr_t frame;
    TRY(group_frame(m->group, FRAME_ZEROED | (m->flags & MEMORY_BELOW_4G ? FRAME_BELOW_4G : 0), FRAME_OBJECT, &frame));
    enum status status = page_add_locked(m, page, frame);
    if (status != OK) {
        frame_put(frame);
        return status;
    }
    *out = frame;
    return OK;
}

static enum status run_page_add(struct memory_object *m, uint64_t page, phys_addr_t frame)
{
    TRY(group_frame_charge(m->group, frame));
    return page_add_locked(m, page, frame);
}

static enum status fill_contiguous(struct memory_object *m)
{
    uint64_t pages = m->size_bytes >> PAGE_BITS;
    uint32_t order = log2_ceiling(pages);
    phys_addr_t run;
    TRY(frame_allocate_run(order, FRAME_ZEROED | (m->flags & MEMORY_BELOW_4G ? FRAME_BELOW_4G : 0), FRAME_OBJECT, &run));
    frame_run_split(run, order);
    enum status status = OK;
    for (uint64_t i = 0; i < 1ull << order; i++) {
        if (i < pages && status == OK)
            status = run_page_add(m, i, phys_add(run, i << PAGE_BITS));
        if (i >= pages || status != OK)
            frame_put(phys_add(run, i << PAGE_BITS));
    }
    m->physical = run;
    return status;
}

static enum status fill_wired(struct memory_object *m)
{
    if (m->flags & MEMORY_CONTIGUOUS)
        return fill_contiguous(m);
    for (uint64_t page = 0; page < m->size_bytes >> PAGE_BITS; page++) {
        phys_addr_t frame;
        TRY(page_make_locked(m, page, &frame));
        preempt_point();
    }
    return OK;
}

enum status memory_create(uint64_t size_bytes, uint32_t flags, struct memory_object **out)
{
    struct memory_object *m;
    if (flags & ~(uint32_t)(MEMORY_WIRED | MEMORY_CONTIGUOUS | MEMORY_BELOW_4G))
        return ERR_INVALID;
    if (flags & MEMORY_CONTIGUOUS)
        flags |= MEMORY_WIRED;
    TRY(memory_make(size_bytes, flags, &m));
    if (flags & MEMORY_WIRED) {
        enum status status = fill_wired(m); /* nobody else knows the object: no lock */
        if (status != OK) {
            object_put(memory_as_object(m));
            return status;
        }
    }
    *out = m;
    return OK;
}

enum status memory_create_window(phys_addr_t start, uint64_t size_bytes, bool uncached, struct memory_object **out)
{
    struct memory_object *m;
    if (!is_aligned(start.value, PAGE_BYTES))
        return ERR_INVALID;
    TRY(memory_make(size_bytes, MEMORY_WIRED | MEMORY_CONTIGUOUS, &m));
    m->window = true;
    m->uncached = uncached;
    m->physical = start;
    *out = m;
    return OK;
}

enum status memory_page_locked(struct memory_object *m, uint64_t page, struct page_answer *out)
{
    if (page >= m->size_bytes >> PAGE_BITS)
        return ERR_OUT_OF_RANGE;
    if (m->window) {
        *out = (struct page_answer){.frame = phys_add(m->physical, page << PAGE_BITS), .writable = true, .uncached = m->uncached};
        return OK;
    }
    uint64_t entry = radix_get(&m->pages.pages, page);
    phys_addr_t frame = page_frame(entry);
    if (!entry)
        TRY(page_make_locked(m, page, &frame));
    *out = (struct page_answer){.frame = frame_get(frame), .counted = true, .writable = true};
    return OK;
}

phys_addr_t memory_take_locked(struct memory_object *m, uint64_t page) { return page_frame(radix_remove(&m->pages.pages, page)); }

enum status memory_physical(struct memory_object *m, uint64_t offset, phys_addr_t *out)
{
    if (offset >= m->size_bytes)
        return ERR_OUT_OF_RANGE;
    if (!(m->flags & MEMORY_WIRED))
        return ERR_NOT_SUPPORTED;
    if (m->flags & MEMORY_CONTIGUOUS) {
        *out = phys_add(m->physical, offset);
        return OK;
    }
    GUARD(&m->pages.lock);
    *out = phys_add(page_frame(radix_get(&m->pages.pages, offset >> PAGE_BITS)), offset & (PAGE_BYTES - 1));
    return OK;
}

/* Kernel bytes in or out, page by page; device windows have no kernel address. */
static enum status memory_move(struct memory_object *m, uint64_t offset, char *kernel, size_t length, bool in)
{
    if (!range_fits(offset, length, m->size_bytes))
        return ERR_OUT_OF_RANGE;
    if (m->uncached)
        return ERR_NOT_SUPPORTED;
    while (length) {
        struct page_answer page;
        spin_lock(&m->pages.lock);
        enum status status = memory_page_locked(m, offset >> PAGE_BITS, &page);
        spin_unlock(&m->pages.lock);
        TRY(status);
        uint64_t inside = offset & (PAGE_BYTES - 1);
        size_t part = MIN(length, PAGE_BYTES - inside);
        char *bytes = (char *)phys_to_virt(page.frame) + inside;
        if (in)
            memcpy(bytes, kernel, part);
        else
            memcpy(kernel, bytes, part);
        if (page.counted)
            frame_put(page.frame);
        offset += part;
        kernel += part;
        length -= part;
    }
    return OK;
}

enum status memory_write(struct memory_object *m, uint64_t offset, const void *from, size_t length)
{
    return memory_move(m, offset, (char *)(uint64_t)from, length, true);
}

enum status memory_read(struct memory_object *m, uint64_t offset, void *to, size_t length)
{
    return memory_move(m, offset, to, length, false);
}

enum status memory_io(struct memory_object *m, uint64_t offset, struct user_io *io, bool to_user, uint64_t *out_done)
{
    uint64_t start = offset;
    enum status status = OK;
    if (m->uncached)
        return ERR_NOT_SUPPORTED;
    while (io->left && offset < m->size_bytes && status == OK) {
        struct page_answer page;
        uint64_t inside = offset & (PAGE_BYTES - 1);
        size_t part = MIN(io->left, PAGE_BYTES - inside), done = 0;
        spin_lock(&m->pages.lock);
        status = memory_page_locked(m, offset >> PAGE_BITS, &page);
        spin_unlock(&m->pages.lock);
        if (status != OK)
            break;
        char *bytes = (char *)phys_to_virt(page.frame) + inside;
        status = to_user ? user_io_put(io, bytes, part, &done) : user_io_take(io, bytes, part, &done);
        if (page.counted)
            frame_put(page.frame);
        offset += done;
        preempt_point();
    }
    *out_done = offset - start;
    return offset > start ? OK : status;
}
