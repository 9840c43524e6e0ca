/* SPDX-License-Identifier: MIT
 * A paged file and its server: questions in slots that are part of the file, answers, and the waiting between. A page in `reading`
 * belongs to the slot whose range covers it, and so does one in `writing`; a slot is free when none of its pages waits. */
#include "abi/message.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/reclaim.h"
#include "kernel/mm/tlb.h"
#include "kernel/object/file_object.h"
#include "kernel/object/memory_object.h"

#define READ_WINDOW_FIRST 4u
#define SUPPLY_PART 32u
#define SUPPLY_TRIES 4
#define WRITTEN_BYTES_MAX (4u << 20) /* bounds the time under the lock; questions are 128 KiB */

struct change_wait { const struct file_object *file; uint64_t seen; };

static bool has_changed(void *argument)
{
    const struct change_wait *w = argument;
    return __atomic_load_n(&w->file->changes, __ATOMIC_ACQUIRE) != w->seen;
}

enum status file_wait_change(struct file_object *f, uint64_t seen, const char *what)
{
    struct change_wait w = {f, seen};
    return wait_until(&f->changed, has_changed, &w, DEADLINE_NEVER, WAIT_KILLABLE, what);
}

void file_wake(struct file_object *f)
{
    __atomic_add_fetch(&f->changes, 1, __ATOMIC_SEQ_CST);
    wait_wake(&f->changed, UINT32_MAX);
}

static struct file_slot *slot_free(struct file_slot slots[FILE_SLOTS])
{
    for (unsigned i = 0; i < FILE_SLOTS; i++)
        if (slots[i].count == 0)
            return &slots[i];
    return nullptr;
}

static struct file_slot *slot_covering(struct file_slot slots[FILE_SLOTS], uint64_t page)
{
    for (unsigned i = 0; i < FILE_SLOTS; i++)
        if (page - slots[i].page < slots[i].count)
            return &slots[i];
    return nullptr;
}

/* One page got its answer. */
static void slot_page_done(struct file_slot slots[FILE_SLOTS], uint64_t page)
{
    struct file_slot *s = slot_covering(slots, page);
    if (s && --s->left == 0)
        s->count = 0;
}

static void slot_fill(struct file_slot *s, uint64_t page, uint64_t count)
{
    s->page = page;
    s->count = s->left = count;
    s->notice.words[0] = page << PAGE_BITS;
    s->notice.words[1] = count << PAGE_BITS;
}

/* -- page-in ---------------------------------------------------------------------------------------------------- */

/* How much to ask for at once: a reader that goes on where the last question ended gets twice as much, up to 128 KiB. */
static uint64_t read_window(struct file_object *f, uint64_t page)
{
    if (page == f->next_read_page)
        f->read_window = MIN(f->read_window * 2, (uint64_t)FILE_RUN_PAGES);
    else
        f->read_window = READ_WINDOW_FIRST;
    uint64_t end = (f->attributes.size_bytes + PAGE_BYTES - 1) >> PAGE_BITS;
    return MIN(f->read_window, end > page ? end - page : 0);
}

/* Marks the absent pages from `page` on and posts the question. */
static enum status ask_locked(struct file_object *f, uint64_t page)
{
    struct file_slot *s = slot_free(f->reading);
    uint64_t window = read_window(f, page), count = 0;
    if (!s)
        return ERR_WOULD_BLOCK;
    enum status status = OK;
    while (count < window && !radix_get(&f->pages.pages, page + count)) {
        status = radix_set(&f->pages.pages, page + count, PAGE_READING);
        if (status != OK)
            break;
        count++;
    }
    if (count == 0)
        return status == OK ? ERR_OUT_OF_RANGE : status;
    __atomic_add_fetch(&file_pages_total, count, __ATOMIC_RELAXED);
    f->next_read_page = page + count;
    slot_fill(s, page, count);
    endpoint_post(f->endpoint, &s->notice);
    return OK;
}

/* One look: OK when the page can be used; ERR_WOULD_BLOCK when it will come. */
static enum status look_locked(struct file_object *f, uint64_t page, bool store)
{
    if (page >= (f->attributes.size_bytes + PAGE_BYTES - 1) >> PAGE_BITS)
        return ERR_OUT_OF_RANGE;
    uint64_t entry = radix_get(&f->pages.pages, page);
    if (page_is_present(entry) && !(store && page_state(entry) == PAGE_WRITING))
        return OK;
    if (f->endpoint_dead)
        return ERR_PEER_GONE;
    if (page_state(entry) != PAGE_ABSENT)
        return ERR_WOULD_BLOCK;
    enum status status = ask_locked(f, page);
    return status == OK ? ERR_WOULD_BLOCK : status;
}

enum status file_page_wait(struct file_object *f, uint64_t page, bool store)
{
    if (!file_is_paged(f))
        return OK;
    for (uint64_t asked_at = UINT64_MAX;;) {
        spin_lock(&f->pages.lock);
        uint64_t seen = f->changes;
        enum status status = look_locked(f, page, store);
        /* A failure is ours when it came after our first look and covers the page. */
        if (status == ERR_WOULD_BLOCK && asked_at != UINT64_MAX && f->failed_change > asked_at &&
            page - f->failed_page < f->failed_count)
            status = f->failed_status;
        spin_unlock(&f->pages.lock);
        if (status != ERR_WOULD_BLOCK)
            return status;
        if (asked_at == UINT64_MAX)
            asked_at = seen;
        TRY(file_wait_change(f, seen, "page of a file"));
    }
}

/* -- the server's answers ---------------------------------------------------------------------------------------- */

/* Takes up to `count` frames out of the transfer object; wired ones are copied, because a device knows them. */
static enum status frames_take(struct memory_object *from, uint64_t page, uint64_t count, phys_addr_t *out)
{
    uint64_t flush = 0;
    bool move = from && !(from->flags & MEMORY_WIRED), some_missing = false;
    for (uint64_t i = 0; i < count; i++)
        out[i] = phys(0);
    if (move) {
        spin_lock(&from->pages.lock);
        flush = pageable_change_locked(&from->pages, page, count, PAGEABLE_UNMAP);
        for (uint64_t i = 0; i < count; i++) {
            out[i] = memory_take_locked(from, page + i);
            if (out[i].value)
                group_frame_release(out[i]); /* clean pages of the cache are nobody's */
        }
        spin_unlock(&from->pages.lock);
        tlb_flush_cpus(flush);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (out[i].value)
            continue;
        bool copy = from && !move;
        enum status status = frame_allocate(copy ? FRAME_RESERVE : FRAME_ZEROED | FRAME_RESERVE, FRAME_OBJECT, &out[i]);
        if (status == OK && copy)
            status = memory_read(from, (page + i) << PAGE_BITS, phys_to_virt(out[i]), PAGE_BYTES);
        some_missing |= status != OK;
    }
    if (!some_missing)
        return OK;
    for (uint64_t i = 0; i < count; i++)
        if (out[i].value)
            frame_put(out[i]);
    return ERR_NO_MEMORY;
}

/* Bytes past the end of the file are zero, whatever the server's buffer held. */
static void clear_tail(phys_addr_t frame, uint64_t page, uint64_t size)
{
    uint64_t start = page << PAGE_BITS;
    if (size < start + PAGE_BYTES && size > start)
        __builtin_memset((char *)phys_to_virt(frame) + (size - start), 0, start + PAGE_BYTES - size);
}

static void supply_page_locked(struct file_object *f, uint64_t page, phys_addr_t frame)
{
    uint64_t entry = radix_get(&f->pages.pages, page);
    bool inside = page < (f->attributes.size_bytes + PAGE_BYTES - 1) >> PAGE_BITS;
    if (page_state(entry) == PAGE_READING)
        slot_page_done(f->reading, page);
    if (!inside || page_is_present(entry)) { /* truncated meanwhile, or nobody asked */
        if (page_state(entry) == PAGE_READING) {
            radix_remove(&f->pages.pages, page);
            __atomic_sub_fetch(&file_pages_total, 1, __ATOMIC_RELAXED);
        }
        frame_put(frame);
        return;
    }
    clear_tail(frame, page, f->attributes.size_bytes);
    if (file_page_make_locked(f, page, frame, PAGE_CLEAN) != OK)
        frame_put(frame); /* only a page that nobody asked for can fail here: reading ones have their place */
}

enum status file_supply(struct file_object *f, uint64_t offset, uint64_t length, struct memory_object *from, uint64_t from_offset)
{
    if (!file_is_paged(f))
        return ERR_NOT_SUPPORTED;
    if (!is_aligned(offset | from_offset, PAGE_BYTES) || length == 0 || length > (1u << 30) || offset > INT64_MAX)
        return ERR_INVALID;
    uint64_t pages = align_up(length, PAGE_BYTES) >> PAGE_BITS;
    if (from && (from->window || from_offset > from->size_bytes || pages << PAGE_BITS > from->size_bytes - from_offset))
        return ERR_OUT_OF_RANGE;
    for (uint64_t done = 0; done < pages;) {
        phys_addr_t frames[SUPPLY_PART];
        uint64_t part = MIN(pages - done, (uint64_t)SUPPLY_PART);
        enum status status = frames_take(from, (from_offset >> PAGE_BITS) + done, part, frames);
        bool copies = !from || (from->flags & MEMORY_WIRED); /* frames that were moved are gone after a failure */
        for (int tries = 0; copies && status == ERR_NO_MEMORY && tries < SUPPLY_TRIES && reclaim(2 * SUPPLY_PART) > 0; tries++)
            status = frames_take(from, (from_offset >> PAGE_BITS) + done, part, frames);
        TRY(status);
        spin_lock(&f->pages.lock);
        for (uint64_t i = 0; i < part; i++)
            supply_page_locked(f, (offset >> PAGE_BITS) + done + i, frames[i]);
        spin_unlock(&f->pages.lock);
        done += part;
        preempt_point();
    }
    file_wake(f);
    return OK;
}

static void fail_slot_locked(struct file_object *f, struct file_slot *s, enum status status)
{
    for (uint64_t page = s->page; page < s->page + s->count; page++)
        if (page_state(radix_get(&f->pages.pages, page)) == PAGE_READING) {
            radix_remove(&f->pages.pages, page);
            __atomic_sub_fetch(&file_pages_total, 1, __ATOMIC_RELAXED);
        }
    f->failed_page = s->page;
    f->failed_count = s->count;
    f->failed_status = status;
    f->failed_change = f->changes + 1;
    s->count = s->left = 0;
}

enum status file_supply_status(struct file_object *f, uint64_t offset, enum status status)
{
    if (!file_is_paged(f))
        return ERR_NOT_SUPPORTED;
    if (status >= 0)
        return ERR_INVALID;
    spin_lock(&f->pages.lock);
    struct file_slot *s = slot_covering(f->reading, offset >> PAGE_BITS);
    if (s)
        fail_slot_locked(f, s, status);
    spin_unlock(&f->pages.lock);
    if (!s)
        return ERR_NOT_FOUND;
    file_wake(f);
    return OK;
}

void file_committed(struct file_object *f, uint64_t number, enum status status)
{
    spin_lock(&f->pages.lock);
    if (number > f->commits_done && number <= f->commits_asked) {
        f->commits_done = number;
        f->commit_status = status;
    }
    spin_unlock(&f->pages.lock);
    file_wake(f);
}

enum status file_written(struct file_object *f, uint64_t offset, uint64_t length, enum status status)
{
    if (!file_is_paged(f))
        return ERR_NOT_SUPPORTED;
    if (length == 0) {
        file_committed(f, offset, status);
        return OK;
    }
    if (!is_aligned(offset, PAGE_BYTES) || offset > INT64_MAX || length > WRITTEN_BYTES_MAX)
        return ERR_INVALID;
    uint64_t end = (offset + length + PAGE_BYTES - 1) >> PAGE_BITS;
    spin_lock(&f->pages.lock);
    for (uint64_t page = offset >> PAGE_BITS; page < end; page++) {
        uint64_t *entry = radix_find(&f->pages.pages, page);
        if (!entry || page_state(*entry) != PAGE_WRITING)
            continue;
        bool again = status != OK || (*entry & PAGE_REDIRTY);
        *entry = page_with_state(*entry, PAGE_CLEAN) & ~PAGE_REDIRTY;
        f->writing_pages--;
        if (again)
            file_mark_dirty_locked(f, entry);
        slot_page_done(f->writing, page);
    }
    if (status != OK) {
        f->write_error = status;
        f->write_error_count++;
    }
    bool settle = status == OK && __atomic_load_n(&f->users, __ATOMIC_ACQUIRE) == 0;
    spin_unlock(&f->pages.lock);
    file_wake(f);
    if (settle)
        file_settle(f);
    return OK;
}

void file_endpoint_died(struct file_object *f)
{
    spin_lock(&f->pages.lock);
    f->endpoint_dead = true;
    for (unsigned i = 0; i < FILE_SLOTS; i++)
        if (f->reading[i].count)
            fail_slot_locked(f, &f->reading[i], ERR_PEER_GONE);
    spin_unlock(&f->pages.lock);
    file_wake(f);
}

/* -- write-out ---------------------------------------------------------------------------------------------------- */

static bool is_dirty(struct file_object *f, uint64_t page) { return page_state(radix_get(&f->pages.pages, page)) == PAGE_DIRTY; }

/* The first run of dirty pages from `from` on becomes `writing`. */
static uint64_t run_locked(struct file_object *f, uint64_t from, uint64_t *out_first)
{
    uint64_t first = from, entry, count = 0;
    while (radix_next(&f->pages.pages, first, &first, &entry) && page_state(entry) != PAGE_DIRTY)
        first++;
    for (; count < FILE_RUN_PAGES && is_dirty(f, first + count); count++) {
        uint64_t *e = radix_find(&f->pages.pages, first + count);
        *e = page_with_state(*e, PAGE_WRITING);
    }
    *out_first = first;
    return count;
}

enum status file_write_out(struct file_object *f, uint64_t from, uint64_t *out_next)
{
    uint64_t first, count = 0, flush = 0;
    struct file_slot *s = nullptr;
    spin_lock(&f->pages.lock);
    enum status status = f->dirty_pages == 0 ? ERR_NOT_FOUND : f->endpoint_dead ? ERR_PEER_GONE : OK;
    if (status == OK && !(s = slot_free(f->writing)))
        status = ERR_WOULD_BLOCK;
    if (status == OK && (count = run_locked(f, from, &first)) == 0)
        status = ERR_NOT_FOUND;
    if (status == OK) {
        f->dirty_pages -= count;
        f->writing_pages += count;
        file_dirty_less(count);
        slot_fill(s, first, count);
        flush = pageable_change_locked(&f->pages, first, count, PAGEABLE_WRITE_PROTECT);
        *out_next = first + count;
    }
    spin_unlock(&f->pages.lock);
    TRY(status);
    tlb_flush_cpus(flush); /* nobody stores to the pages any more: now the server may read them */
    endpoint_post(f->endpoint, &s->notice);
    return OK;
}

void file_settle(struct file_object *f)
{
    uint64_t next = 0;
    while (file_write_out(f, next, &next) == OK)
        continue;
    spin_lock(&f->pages.lock);
    bool clean = f->dirty_pages == 0 && f->writing_pages == 0;
    spin_unlock(&f->pages.lock);
    if (clean)
        endpoint_post(f->endpoint, &f->idle);
}
