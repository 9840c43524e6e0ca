/* SPDX-License-Identifier: MIT
 * Reading, writing, truncating and syncing a file object through its cached pages. A page is found and pinned under the lock; bytes
 * move without it, since user memory may fault. */
#include "abi/message.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/mm/group.h"
#include "kernel/mm/reclaim.h"
#include "kernel/mm/tlb.h"
#include "kernel/object/file_object.h"

#define DIRTY_SHARE 5u               /* writers wait when one page in so many is dirty */
#define DAY_NS 86400000000000ll

static uint64_t end_page(uint64_t size) { return (size + PAGE_BYTES - 1) >> PAGE_BITS; }
static size_t rest_of_page(uint64_t offset) { return PAGE_BYTES - (offset & (PAGE_BYTES - 1)); }

/* -- read -------------------------------------------------------------------------------------------------------- */

/* The page at `offset` with a reference and how many of its bytes from there exist; ERR_WOULD_BLOCK: ask the server. Zeros for a
 * hole of a memory file. *out_length 0: the end. */
static enum status page_for_read(struct file_object *f, uint64_t offset, phys_addr_t *out_frame, size_t *out_length)
{
    GUARD(&f->pages.lock);
    uint64_t size = f->attributes.size_bytes;
    if (offset >= size) {
        *out_length = 0;
        return OK;
    }
    *out_length = MIN(rest_of_page(offset), size - offset);
    uint64_t *entry = radix_find(&f->pages.pages, offset >> PAGE_BITS);
    if (likely(entry && page_is_present(*entry))) {
        *entry |= PAGE_USED;
        *out_frame = frame_get(page_frame(*entry));
        return OK;
    }
    if (file_is_paged(f))
        return ERR_WOULD_BLOCK;
    *out_frame = frame_get(frame_of_zeros);
    return OK;
}

/* As Linux's relatime: an access is recorded when the last one is not after the last change, or a day old. */
static void touch_access_time(struct file_object *f)
{
    struct file_attributes *a = &f->attributes;
    if (a->access_ns > a->modify_ns && a->access_ns > a->change_ns) {
        static uint64_t reads; /* racy on purpose: the day's check need not see each read */
        if (++reads % 1024)
            return;
        if (file_now() - a->access_ns < DAY_NS)
            return;
    }
    GUARD(&f->pages.lock);
    a->access_ns = file_now();
}

enum status file_read(struct file_object *f, uint64_t offset, struct user_io *io, uint32_t flags, uint64_t *out_done)
{
    uint64_t start = offset;
    enum status status = OK;
    if (unlikely(frame_is_low()))
        reclaim(RECLAIM_BATCH);
    while (io->left && status == OK) {
        phys_addr_t frame;
        size_t length, done;
        status = page_for_read(f, offset, &frame, &length);
        if (status == ERR_WOULD_BLOCK) {
            if (unlikely(frame_is_low())) /* a long read takes many more pages than the batch at its start gave back */
                reclaim(2 * RECLAIM_BATCH);
            status = file_page_wait(f, offset >> PAGE_BITS, false);
            if (status == ERR_OUT_OF_RANGE) /* truncated while we waited: look again, find the end */
                status = OK;
            continue;
        }
        if (status != OK || length == 0)
            break;
        status = user_io_put(io, (const char *)phys_to_virt(frame) + (offset & (PAGE_BYTES - 1)), MIN(length, io->left), &done);
        frame_put(frame);
        offset += done;
        if (io->left >= PAGE_BYTES)
            preempt_point();
    }
    if (offset > start && !(flags & STREAM_NO_ACCESS_TIME))
        touch_access_time(f);
    *out_done = offset - start;
    return offset > start ? OK : status;
}

enum status file_read_cached(struct file_object *f, uint64_t offset, struct user_io *io, uint64_t *out_done)
{
    uint64_t start = offset;
    enum status status = OK;
    while (io->left && status == OK) {
        phys_addr_t frame;
        size_t length, done;
        if (page_for_read(f, offset, &frame, &length) != OK || length == 0)
            break;
        status = user_io_put(io, (const char *)phys_to_virt(frame) + (offset & (PAGE_BYTES - 1)), MIN(length, io->left), &done);
        frame_put(frame);
        offset += done;
    }
    *out_done = offset - start;
    return offset > start ? OK : status;
}

/* -- write ------------------------------------------------------------------------------------------------------- */

/* Too much dirty memory: this writer starts the writing of its own file and waits until some of it is done. */
static enum status wait_for_clean(struct file_object *f)
{
    struct frame_counts counts;
    frame_counts(&counts);
    while (file_dirty_total() > counts.total / DIRTY_SHARE) {
        uint64_t seen = __atomic_load_n(&f->changes, __ATOMIC_ACQUIRE), next = 0;
        enum status status = file_write_out(f, 0, &next);
        if (status == OK)
            continue;
        if (status != ERR_WOULD_BLOCK)
            return status == ERR_NOT_FOUND ? OK : status; /* others' pages are the dirty ones: theirs to wait for */
        TRY(file_wait_change(f, seen, "dirty pages"));
    }
    return OK;
}

/* A present page for a store, pinned. ERR_NOT_FOUND: absent; ERR_WOULD_BLOCK: being read or written out. */
static enum status page_for_write(struct file_object *f, uint64_t page, phys_addr_t *out)
{
    GUARD(&f->pages.lock);
    uint64_t *entry = radix_find(&f->pages.pages, page);
    if (!entry)
        return ERR_NOT_FOUND;
    if (!page_is_present(*entry) || page_state(*entry) == PAGE_WRITING)
        return ERR_WOULD_BLOCK;
    file_mark_dirty_locked(f, entry);
    *entry |= PAGE_USED;
    *out = frame_get(page_frame(*entry));
    return OK;
}

/* The page may have gone on to the server while bytes arrived in it: then it is dirty again. */
static void stored(struct file_object *f, uint64_t page)
{
    if (!file_is_paged(f))
        return;
    GUARD(&f->pages.lock);
    uint64_t *entry = radix_find(&f->pages.pages, page);
    if (entry && page_is_present(*entry))
        file_mark_dirty_locked(f, entry);
}

static bool enters(struct file_object *f, uint64_t page, phys_addr_t frame, enum status *out_status)
{
    GUARD(&f->pages.lock);
    if (radix_get(&f->pages.pages, page))
        return false;
    *out_status = file_page_make_locked(f, page, frame, PAGE_DIRTY);
    return true;
}

/* A page that need not be read first: filled apart, then put in, so that nobody sees it half done. */
static enum status write_new_page(struct file_object *f, uint64_t offset, struct user_io *io, size_t length, size_t *out_done)
{
    uint64_t page = offset >> PAGE_BITS, inside = offset & (PAGE_BYTES - 1);
    phys_addr_t frame, there;
    bool whole = length == PAGE_BYTES;
    *out_done = 0;
    /* A file in memory can never be written out: it stops while programs still have room. */
    if (!file_is_paged(f) && frame_is_low())
        return ERR_NO_MEMORY;
    /* What stays in memory its writer pays for; what can be written out is the cache's, and bounded by its share of dirty pages. */
    uint32_t zeroed = whole ? 0 : FRAME_ZEROED;
    TRY(file_is_paged(f) ? frame_allocate(zeroed, FRAME_OBJECT, &frame) : group_frame(group_current(), zeroed, FRAME_OBJECT, &frame));
    char *bytes = phys_to_virt(frame);
    enum status copied = user_io_take(io, bytes + inside, length, out_done), status = OK;
    if (whole && *out_done < length)
        memset(bytes + *out_done, 0, length - *out_done);
    if (*out_done == 0) {
        frame_put(frame);
        return copied;
    }
    while (!enters(f, page, frame, &status)) { /* a fault made one meanwhile: our bytes go into that */
        status = page_for_write(f, page, &there);
        if (status == OK) {
            memcpy((char *)phys_to_virt(there) + inside, bytes + inside, *out_done);
            frame_put(there);
            stored(f, page);
            frame_put(frame);
            return copied;
        }
        if (status == ERR_WOULD_BLOCK)
            status = file_page_wait(f, page, true);
        if (status != OK && status != ERR_NOT_FOUND)
            break;
    }
    if (status != OK) {
        frame_put(frame);
        *out_done = 0;
        return status;
    }
    return copied;
}

static enum status write_part(struct file_object *f, uint64_t offset, struct user_io *io, size_t length, uint64_t size, size_t *out_done)
{
    uint64_t page = offset >> PAGE_BITS;
    for (;;) {
        phys_addr_t frame;
        enum status status = page_for_write(f, page, &frame);
        if (likely(status == OK)) {
            status = user_io_take(io, (char *)phys_to_virt(frame) + (offset & (PAGE_BYTES - 1)), length, out_done);
            frame_put(frame);
            stored(f, page);
            return status;
        }
        bool needs_old = file_is_paged(f) && length < PAGE_BYTES && page << PAGE_BITS < size;
        if (status == ERR_NOT_FOUND && !needs_old)
            return write_new_page(f, offset, io, length, out_done);
        *out_done = 0;
        TRY(file_page_wait(f, page, true));
    }
}

static void wrote(struct file_object *f, uint64_t end)
{
    GUARD(&f->pages.lock);
    struct file_attributes *a = &f->attributes;
    if (end > a->size_bytes)
        a->size_bytes = end;
    a->modify_ns = a->change_ns = file_now();
}

/* Holes between the old end and a write far behind it: the old last page's tail is zero already (truncate and page-in see to it). */
static enum status write_all(struct file_object *f, uint64_t start, struct user_io *io, uint64_t *out_end)
{
    uint64_t offset = start, size = f->attributes.size_bytes; /* stable: `writers` is ours */
    enum status status = OK;
    while (io->left && status == OK) {
        size_t done = 0;
        if (unlikely(frame_is_low()))
            reclaim(RECLAIM_BATCH);
        if (file_is_paged(f))
            status = wait_for_clean(f);
        if (status == OK)
            status = write_part(f, offset, io, MIN(rest_of_page(offset), io->left), size, &done);
        if (status == ERR_NO_MEMORY && done == 0 && reclaim(RECLAIM_BATCH * 2) > 0)
            status = OK;
        offset += done;
        if (io->left >= PAGE_BYTES) {
            wrote(f, offset);
            preempt_point();
        }
    }
    *out_end = offset;
    if (offset > start)
        wrote(f, offset);
    return status == ERR_NO_MEMORY ? ERR_NO_SPACE : status == ERR_LIMIT ? ERR_NO_MEMORY : status;
}

enum status file_write(struct file_object *f, uint64_t *offset, struct user_io *io, uint32_t flags, uint64_t *out_done)
{
    uint64_t end;
    *out_done = 0;
    if (io->left == 0)
        return OK;
    sleep_lock(&f->writers);
    if (flags & STREAM_APPEND)
        *offset = f->attributes.size_bytes;
    uint64_t limit = MIN(io->file_limit, (uint64_t)INT64_MAX);
    if (*offset >= limit) {
        sleep_unlock(&f->writers);
        return ERR_FILE_TOO_BIG;
    }
    if (io->left > limit - *offset)
        io->left = limit - *offset;
    enum status status = write_all(f, *offset, io, &end);
    sleep_unlock(&f->writers);
    *out_done = end - *offset;
    if (end > *offset)
        status = OK;
    if (status == OK && (flags & STREAM_SYNC)) {
        uint32_t seen = f->write_error_count;
        return file_sync(f, true, &seen);
    }
    return status;
}

/* -- truncate ----------------------------------------------------------------------------------------------------- */

/* With the lock held. A page from `first` on that is being read or written: it must come to rest before it can go. */
static bool range_is_busy(struct file_object *f, uint64_t first)
{
    for (unsigned i = 0; i < FILE_SLOTS; i++)
        if ((f->reading[i].count && f->reading[i].page + f->reading[i].count > first) ||
            (f->writing[i].count && f->writing[i].page + f->writing[i].count > first))
            return true;
    return false;
}

static enum status wait_until_idle(struct file_object *f, uint64_t first)
{
    for (;;) {
        spin_lock(&f->pages.lock);
        uint64_t seen = f->changes;
        bool busy = range_is_busy(f, first) && !f->endpoint_dead;
        spin_unlock(&f->pages.lock);
        if (!busy)
            return OK;
        TRY(file_wait_change(f, seen, "truncation"));
    }
}

static void remove_pages(struct file_object *f, uint64_t first)
{
    for (bool more = true; more;) {
        phys_addr_t frames[64];
        uint32_t count = 0;
        uint64_t key, entry, flush = 0;
        spin_lock(&f->pages.lock);
        while (count < ARRAY_LENGTH(frames) && (more = radix_next(&f->pages.pages, first, &key, &entry))) {
            flush |= pageable_change_locked(&f->pages, key, 1, PAGEABLE_UNMAP);
            radix_remove(&f->pages.pages, key);
            if (page_is_present(entry))
                frames[count++] = page_frame(entry);
            if (page_state(entry) == PAGE_DIRTY && file_is_paged(f)) {
                f->dirty_pages--;
                file_dirty_less(1);
            }
            if (file_is_paged(f))
                __atomic_sub_fetch(&file_pages_total, 1, __ATOMIC_RELAXED);
            first = key + 1;
        }
        spin_unlock(&f->pages.lock);
        tlb_flush_cpus(flush);
        __atomic_sub_fetch(&frame_file_pages, count, __ATOMIC_RELAXED);
        while (count)
            frame_put(frames[--count]);
        preempt_point();
    }
}

static void zero_tail(struct file_object *f, uint64_t size)
{
    if (is_aligned(size, PAGE_BYTES))
        return;
    GUARD(&f->pages.lock);
    uint64_t *entry = radix_find(&f->pages.pages, size >> PAGE_BITS);
    if (!entry || !page_is_present(*entry))
        return;
    uint64_t inside = size & (PAGE_BYTES - 1);
    memset((char *)phys_to_virt(page_frame(*entry)) + inside, 0, PAGE_BYTES - inside);
    file_mark_dirty_locked(f, entry);
}

enum status file_truncate(struct file_object *f, uint64_t size)
{
    if (size > INT64_MAX)
        return ERR_FILE_TOO_BIG;
    sleep_lock(&f->writers);
    spin_lock(&f->pages.lock);
    uint64_t old = f->attributes.size_bytes;
    f->attributes.size_bytes = size;
    f->attributes.modify_ns = f->attributes.change_ns = file_now();
    spin_unlock(&f->pages.lock);
    enum status status = OK;
    if (size < old) {
        status = file_is_paged(f) ? wait_until_idle(f, end_page(size)) : OK;
        if (status == OK) {
            remove_pages(f, end_page(size));
            zero_tail(f, size);
        }
        if (file_is_paged(f)) /* before anybody can miss a page of what comes in the old one's place: `writers` is held */
            endpoint_post_least(f->endpoint, &f->cut, size);
    }
    sleep_unlock(&f->writers);
    return status;
}

/* -- sync ---------------------------------------------------------------------------------------------------------- */

static enum status write_out_all(struct file_object *f)
{
    for (uint64_t from = 0;;) {
        uint64_t seen = __atomic_load_n(&f->changes, __ATOMIC_ACQUIRE);
        enum status status = file_write_out(f, from, &from);
        if (status == ERR_NOT_FOUND)
            return OK;
        if (status == ERR_WOULD_BLOCK)
            status = file_wait_change(f, seen, "sync");
        TRY(status);
    }
}

/* The server is asked once more than before, and whatever it commits from now on will do. */
static enum status commit(struct file_object *f)
{
    spin_lock(&f->pages.lock);
    uint64_t number = ++f->commits_asked;
    spin_unlock(&f->pages.lock);
    endpoint_post_last(f->endpoint, &f->commit, number);
    for (;;) {
        spin_lock(&f->pages.lock);
        uint64_t seen = f->changes;
        enum status status = f->commits_done >= number ? f->commit_status : f->endpoint_dead ? ERR_PEER_GONE : ERR_WOULD_BLOCK;
        spin_unlock(&f->pages.lock);
        if (status != ERR_WOULD_BLOCK)
            return status;
        TRY(file_wait_change(f, seen, "commit"));
    }
}

static enum status write_out_and_wait(struct file_object *f, uint32_t *error_seen)
{
    TRY(write_out_all(f));
    for (;;) {
        spin_lock(&f->pages.lock);
        uint64_t seen = f->changes, writing = f->endpoint_dead ? 0 : f->writing_pages;
        bool failed = f->write_error_count != *error_seen;
        enum status error = f->write_error;
        if (!writing)
            *error_seen = f->write_error_count;
        spin_unlock(&f->pages.lock);
        if (!writing)
            return failed ? error : OK;
        TRY(file_wait_change(f, seen, "sync"));
    }
}

enum status file_sync(struct file_object *f, bool with_commit, uint32_t *error_seen)
{
    if (!file_is_paged(f))
        return OK;
    TRY(write_out_and_wait(f, error_seen));
    return with_commit ? commit(f) : OK;
}

enum status file_find(struct file_object *f, uint64_t offset, uint32_t whence, uint64_t *out_offset)
{
    GUARD(&f->pages.lock);
    uint64_t size = f->attributes.size_bytes, page = offset >> PAGE_BITS, key, entry;
    if (offset >= size)
        return ERR_OUT_OF_RANGE;
    if (file_is_paged(f)) { /* the server knows of holes; to us all is data */
        *out_offset = whence == SEEK_DATA_ ? offset : size;
        return OK;
    }
    if (whence == SEEK_DATA_) {
        if (!radix_next(&f->pages.pages, page, &key, &entry) || key << PAGE_BITS >= size)
            return ERR_OUT_OF_RANGE;
        *out_offset = MAX(offset, key << PAGE_BITS);
        return OK;
    }
    while (radix_get(&f->pages.pages, page))
        page++;
    *out_offset = MIN(MAX(offset, page << PAGE_BITS), size);
    return OK;
}
