/* SPDX-License-Identifier: MIT
 * File objects: their life, their attributes, and what a fault finds. */
#include "kernel/object/file_object.h"
#include "abi/message.h"
#include "arch/machine.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/tlb.h"
#include "kernel/object/file_table.h"

static struct cache file_cache = CACHE_INIT("file object", struct file_object);
static uint64_t dirty_total; /* atomic; relaxed: a limit, not a promise */
uint64_t file_pages_total;

uint64_t file_dirty_total(void) { return __atomic_load_n(&dirty_total, __ATOMIC_RELAXED); }
void file_dirty_less(uint64_t pages) { __atomic_sub_fetch(&dirty_total, pages, __ATOMIC_RELAXED); }
int64_t file_now(void) { return (int64_t)arch_time_ns() + arch_realtime_offset_ns(); }

static void file_destroy(struct object *o)
{
    struct file_object *f = file_from_object(o);
    if (f->pages.owner)
        file_number_give(f->pages.owner);
    uint64_t count = f->pages.pages.count, present = 0;
    for (uint64_t key = 0, entry; radix_next(&f->pages.pages, key, &key, &entry);) {
        radix_remove(&f->pages.pages, key);
        if (page_is_present(entry)) {
            frame_put(page_frame(entry));
            present++;
        }
        if (key % 64 == 0)
            preempt_point();
    }
    __atomic_sub_fetch(&frame_file_pages, present, __ATOMIC_RELAXED);
    if (file_is_paged(f)) {
        __atomic_sub_fetch(&file_pages_total, count, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&dirty_total, f->dirty_pages, __ATOMIC_RELAXED);
        object_put(f->endpoint_object);
    }
    cache_free(&file_cache, f);
}

static const struct object_type file_type = {.kind = OBJECT_FILE, .name = "file", .destroy = file_destroy};

enum status file_create(struct endpoint *endpoint, struct object *endpoint_object, uint64_t token,
                        const struct file_attributes *attributes, struct file_object **out)
{
    struct file_object *f;
    if (attributes->size_bytes > INT64_MAX)
        return ERR_INVALID;
    TRY(cache_allocate(&file_cache, &f));
    *f = (struct file_object){.token = token, .attributes = *attributes, .endpoint = endpoint, .read_window = 4};
    pageable_init(&f->pages, &file_type);
    f->pages.owner = 0;
    if (endpoint) {
        enum status status = file_number_take(f, &f->pages.owner);
        if (status != OK) {
            cache_free(&file_cache, f);
            return status;
        }
        f->endpoint_object = object_get(endpoint_object);
    }
    sleep_lock_init(&f->writers);
    wait_queue_init(&f->changed);
    for (unsigned i = 0; i < FILE_SLOTS; i++) {
        notice_init(&f->reading[i].notice, KIND_PAGE_IN, token, file_as_object(f));
        notice_init(&f->writing[i].notice, KIND_PAGE_OUT, token, file_as_object(f));
    }
    notice_init(&f->idle, KIND_FILE_IDLE, token, file_as_object(f));
    notice_init(&f->cut, KIND_FILE_CUT, token, file_as_object(f));
    notice_init(&f->commit, KIND_FILE_COMMIT, token, file_as_object(f));
    *out = f;
    return OK;
}

void file_user_added(struct file_object *f) { __atomic_add_fetch(&f->users, 1, __ATOMIC_RELAXED); }

void file_user_gone(struct file_object *f)
{
    if (__atomic_sub_fetch(&f->users, 1, __ATOMIC_ACQ_REL) == 0 && file_is_paged(f))
        file_settle(f);
}

void file_stat(struct file_object *f, struct file_attributes *out)
{
    GUARD(&f->pages.lock);
    *out = f->attributes;
    if (!file_is_paged(f))
        out->blocks_512 = f->pages.pages.count * (PAGE_BYTES / 512);
}

enum status file_set(struct file_object *f, uint32_t mask, const struct file_attributes *in)
{
    if (mask & ATTRIBUTE_SIZE) {
        uint64_t size = in->size_bytes;
        spin_lock(&f->pages.lock);
        bool change = f->attributes.size_bytes != size;
        spin_unlock(&f->pages.lock);
        if (change)
            TRY(file_truncate(f, size));
    }
    GUARD(&f->pages.lock);
    struct file_attributes *a = &f->attributes;
    if (mask & ATTRIBUTE_MODE)
        a->mode = in->mode;
    if (mask & ATTRIBUTE_OWNER) {
        a->uid = in->uid;
        a->gid = in->gid;
    }
    if (mask & ATTRIBUTE_LINKS)
        a->links = in->links;
    if (mask & ATTRIBUTE_ACCESS)
        a->access_ns = in->access_ns;
    if (mask & ATTRIBUTE_MODIFY)
        a->modify_ns = in->modify_ns;
    if (mask & ATTRIBUTE_CHANGE)
        a->change_ns = in->change_ns;
    if (mask & ATTRIBUTE_BLOCKS)
        a->blocks_512 = in->blocks_512;
    return OK;
}

/* Makes a clean page dirty, which counts; a page being written will be dirty again after that. */
void file_mark_dirty_locked(struct file_object *f, uint64_t *entry)
{
    if (page_state(*entry) == PAGE_CLEAN) {
        *entry = page_with_state(*entry, PAGE_DIRTY);
        f->dirty_pages++;
        __atomic_add_fetch(&dirty_total, 1, __ATOMIC_RELAXED);
    } else if (page_state(*entry) == PAGE_WRITING) {
        *entry |= PAGE_REDIRTY;
    }
}

/* Puts a frame (its reference included) in as an absent or reading page. */
enum status file_page_make_locked(struct file_object *f, uint64_t page, phys_addr_t frame, enum page_state state)
{
    uint64_t *old = radix_find(&f->pages.pages, page);
    uint64_t entry = page_entry(frame, state == PAGE_DIRTY && file_is_paged(f) ? PAGE_CLEAN : state) | PAGE_USED;
    struct frame *frame_info = frame_of(frame);
    frame_info->state = FRAME_OBJECT;
    frame_info->owner = f->pages.owner;
    frame_info->page = (uint32_t)page;
    if (old) {
        *old = entry;
    } else {
        TRY(radix_set(&f->pages.pages, page, entry));
        if (file_is_paged(f))
            __atomic_add_fetch(&file_pages_total, 1, __ATOMIC_RELAXED);
    }
    __atomic_add_fetch(&frame_file_pages, 1, __ATOMIC_RELAXED);
    if (state == PAGE_DIRTY && file_is_paged(f))
        file_mark_dirty_locked(f, radix_find(&f->pages.pages, page));
    return OK;
}

enum status file_page_locked(struct file_object *f, uint64_t page, bool store, struct page_answer *out)
{
    if (page >= (f->attributes.size_bytes + PAGE_BYTES - 1) >> PAGE_BITS)
        return ERR_OUT_OF_RANGE;
    uint64_t *entry = radix_find(&f->pages.pages, page);
    if (entry && page_is_present(*entry)) {
        if (store && page_state(*entry) == PAGE_WRITING)
            return ERR_WOULD_BLOCK;
        if (store) {
            f->attributes.modify_ns = f->attributes.change_ns = file_now();
            file_mark_dirty_locked(f, entry);
        }
        *entry |= PAGE_USED;
        *out = (struct page_answer){.frame = frame_get(page_frame(*entry)), .counted = true,
                                    .writable = page_state(*entry) == PAGE_DIRTY};
        return OK;
    }
    if (file_is_paged(f))
        return ERR_WOULD_BLOCK;
    phys_addr_t frame;
    TRY(group_frame(group_current(), FRAME_ZEROED, FRAME_OBJECT, &frame));
    enum status status = file_page_make_locked(f, page, frame, PAGE_DIRTY);
    if (status != OK) {
        frame_put(frame);
        return status;
    }
    *out = (struct page_answer){.frame = frame_get(frame), .counted = true, .writable = true};
    return OK;
}

bool file_reclaim_page(struct file_object *f, uint64_t page)
{
    spin_lock(&f->pages.lock);
    uint64_t *entry = radix_find(&f->pages.pages, page), next;
    if (!entry || page_state(*entry) != PAGE_CLEAN || (*entry & PAGE_USED)) {
        bool dirty = entry && page_state(*entry) == PAGE_DIRTY && !(*entry & PAGE_USED);
        if (entry)
            *entry &= ~PAGE_USED;
        spin_unlock(&f->pages.lock);
        if (dirty)
            IGNORE(file_write_out(f, page, &next));
        return false;
    }
    phys_addr_t frame = page_frame(*entry);
    uint64_t flush = frame_references(frame) > 1 ? pageable_change_locked(&f->pages, page, 1, PAGEABLE_UNMAP) : 0;
    bool ours = frame_references(frame) == 1;
    if (ours) {
        radix_remove(&f->pages.pages, page);
        __atomic_sub_fetch(&file_pages_total, 1, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&frame_file_pages, 1, __ATOMIC_RELAXED);
    }
    spin_unlock(&f->pages.lock);
    tlb_flush_cpus(flush);
    if (ours)
        frame_put(frame);
    return ours;
}
