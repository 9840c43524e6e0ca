/* SPDX-License-Identifier: MIT
 * Changing the map of a space: map, unmap, protect, advise. Each holds `changes`, so that the tree stays as it was looked at while
 * long work lets go of the spinlock; faults only ever see whole mappings. */
#include "base/checked.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/space_internal.h"
#include "kernel/object/io.h"
#include "kernel/object/memory_object.h"

#define MAPPINGS_MAX 65536u
#define KEPT_FLAGS (PROT_MASK_ | MAP_SHARED_ | MAP_WIRED_ | MAP_NO_CLONE_ | MAP_GROWS_DOWN_ | MAP_UNCACHED_ | MAP_CLEAR_ON_CLONE_)
#define LOW_TOP (1ull << 32)
#define LOWEST_CHOICE 0x10000ull /* searches leave the first pages alone: small numbers are not pointers */

static void sleep_unlock_cleanup(struct sleep_lock **l) { sleep_unlock(*l); }
#define HOLD_CHANGES(space)                                                                            \
    __attribute__((cleanup(sleep_unlock_cleanup), unused)) struct sleep_lock *held_ = &(space)->changes; \
    sleep_lock(held_)

static enum status page_range(uint64_t address, uint64_t length, uint64_t *out_end)
{
    if (!is_aligned(address, PAGE_BYTES) || length == 0 || length > USER_LIMIT)
        return ERR_INVALID;
    uint64_t bytes = align_up(length, PAGE_BYTES);
    if (address < USER_LOWEST || address > USER_LIMIT || bytes > USER_LIMIT - address)
        return ERR_NO_MEMORY;
    *out_end = address + bytes;
    return OK;
}

/* -- the tree's side ------------------------------------------------------------------------------------------ */

static struct mapping *try_join(struct address_space *s, struct mapping *low, struct mapping *high)
{
    if (!low || !high || !mapping_can_join(low, high))
        return nullptr;
    uint64_t end = high->end;
    mapping_detach_locked(high);
    mapping_remove(&s->mappings, high);
    mapping_set_end(&s->mappings, low, end);
    s->mapping_count--;
    if (s->last_hit == high)
        s->last_hit = low;
    return high; /* to be released */
}

/* Cuts m at `at`, which lies inside; `spare` becomes the upper part. */
static void split(struct address_space *s, struct mapping *m, uint64_t at, struct mapping *spare)
{
    *spare = *m;
    spare->page = page_of(m, at);
    spare->start = at;
    mapping_set_end(&s->mappings, m, at);
    mapping_insert(&s->mappings, spare);
    s->mapping_count++;
    if (m->object)
        mapping_attach(spare, m->object);
}

/* Makes `at` a border between mappings. */
static enum status border(struct address_space *s, uint64_t at)
{
    struct mapping *m = mapping_find(&s->mappings, at), *spare;
    if (!m || m->start == at)
        return OK;
    if (s->mapping_count >= MAPPINGS_MAX)
        return ERR_NO_MEMORY;
    TRY(cache_allocate(&mapping_cache, &spare));
    split(s, m, at, spare);
    return OK;
}

/* [m->start, end) leaves the tree; the whole mapping comes back for release, a part is just cut off. */
static struct mapping *cut_front(struct address_space *s, struct mapping *m, uint64_t end)
{
    s->mapped_bytes -= end - m->start;
    if (end < m->end) {
        mapping_set_start(&s->mappings, m, end);
        return nullptr;
    }
    mapping_detach_locked(m);
    mapping_remove(&s->mappings, m);
    s->mapping_count--;
    if (s->last_hit == m)
        s->last_hit = nullptr;
    return m;
}

/* One step: as much as a batch holds. *at moves; *out_gone is a mapping to release. */
static enum status unmap_step(struct address_space *s, uint64_t *at, uint64_t end, struct tlb_batch *batch, struct mapping **out_gone)
{
    GUARD(&s->lock);
    struct mapping *m = mapping_at_or_after(&s->mappings, *at);
    *out_gone = nullptr;
    if (!m || m->start >= end) {
        *at = end;
        return OK;
    }
    if (m->start < *at && m->end <= end && m->end - *at <= 64 * PAGE_BYTES) { /* a short tail: no new mapping for it */
        uint64_t tail = *at, stop = m->end;
        if (space_zap(s, at, stop, batch)) {
            s->mapped_bytes -= stop - tail;
            mapping_set_end(&s->mappings, m, tail);
            return OK;
        }
        *at = tail;
        return OK; /* the batch was not empty: again after the flush */
    }
    if (m->start < *at) {
        TRY(border(s, *at));
        m = mapping_find(&s->mappings, *at);
    }
    uint64_t reached = m->start;
    space_zap(s, &reached, MIN(m->end, end), batch);
    if (reached > m->start)
        *out_gone = cut_front(s, m, reached);
    *at = reached;
    return OK;
}

enum status space_unmap_range(struct address_space *s, uint64_t start, uint64_t end)
{
    struct tlb_batch batch;
    tlb_batch_init(&batch, s);
    for (uint64_t at = start; at < end;) {
        struct mapping *gone;
        enum status status = unmap_step(s, &at, end, &batch, &gone);
        if (at < end || gone)
            tlb_batch_flush(&batch);
        if (gone)
            mapping_release(gone);
        if (status != OK) {
            tlb_batch_flush(&batch);
            return status;
        }
        if (at < end)
            preempt_point();
    }
    tlb_batch_flush(&batch);
    return OK;
}

enum status space_unmap(struct address_space *s, uint64_t address, uint64_t length)
{
    uint64_t end;
    TRY(page_range(address, length, &end));
    HOLD_CHANGES(s);
    return space_unmap_range(s, address, end);
}

/* -- map ------------------------------------------------------------------------------------------------------ */

struct map_request {
    uint64_t start, length, page;
    uint32_t flags, max_prot;
    struct pageable *object;
};

static enum status check_object(struct map_request *r, struct object *object, uint64_t offset)
{
    if (!object)
        return OK;
    object = io_mappable(object);
    if (!object)
        return ERR_NOT_SUPPORTED;
    if (!is_aligned(offset, PAGE_BYTES) || offset > INT64_MAX || r->length > INT64_MAX - offset)
        return ERR_INVALID;
    r->object = (struct pageable *)(void *)object;
    r->page = offset >> PAGE_BITS;
    if (object->type->kind == OBJECT_MEMORY) {
        const struct memory_object *m = memory_from_object(object);
        if (!range_fits(offset, r->length, m->size_bytes))
            return ERR_OUT_OF_RANGE;
        if ((r->flags & MAP_UNCACHED_) && !m->window)
            return ERR_INVALID;
    }
    return OK;
}

static enum status check_request(struct map_request *r, uint64_t hint)
{
    uint32_t prot = r->flags & PROT_MASK_;
    if ((prot & PROT_WRITE_) && (prot & PROT_EXECUTE_))
        return ERR_NOT_PERMITTED;
    if (!(r->flags & MAP_SHARED_)) /* a private copy may be written whatever the handle allows */
        r->max_prot |= r->max_prot & PROT_READ_ ? PROT_WRITE_ : 0;
    if (!r->object)
        r->max_prot = PROT_MASK_;
    if (prot & ~r->max_prot)
        return ERR_DENIED;
    if ((r->flags & (MAP_EXACT_ | MAP_NO_REPLACE_)) && !is_aligned(hint, PAGE_BYTES))
        return ERR_INVALID;
    return OK;
}

static enum status choose_place(struct address_space *s, struct map_request *r, uint64_t hint)
{
    uint64_t top = r->flags & MAP_LOW_ ? LOW_TOP : s->area_top, end;
    uint64_t wanted = align_down(hint, PAGE_BYTES);
    if (wanted && page_range(wanted, r->length, &end) == OK && end <= (r->flags & MAP_LOW_ ? LOW_TOP : USER_LIMIT) &&
        mapping_range_is_free(&s->mappings, wanted, end)) {
        r->start = wanted;
        return OK;
    }
    if (mapping_find_gap(&s->mappings, r->length, LOWEST_CHOICE, top, &r->start))
        return OK;
    if (!(r->flags & MAP_LOW_) && mapping_find_gap(&s->mappings, r->length, LOWEST_CHOICE, USER_LIMIT, &r->start))
        return OK;
    return ERR_NO_MEMORY;
}

/* Stretches a neighbour that is the same kind of mapping. */
static bool extend_neighbour(struct address_space *s, const struct map_request *r)
{
    struct mapping new = {.start = r->start, .end = r->start + r->length, .flags = r->flags & KEPT_FLAGS, .max_prot = r->max_prot,
                          .object = r->object, .page = r->page};
    struct mapping *above = mapping_at_or_after(&s->mappings, new.start);
    if (above && mapping_can_join(&new, above)) {
        mapping_set_start(&s->mappings, above, new.start);
        return true;
    }
    struct mapping *below = mapping_find(&s->mappings, new.start - 1);
    if (below && mapping_can_join(below, &new)) {
        mapping_set_end(&s->mappings, below, new.end);
        return true;
    }
    return false;
}

static enum status place(struct address_space *s, struct map_request *r, uint64_t hint)
{
    GUARD(&s->lock);
    if (s->cleared)
        return ERR_NO_MEMORY;
    if (r->flags & (MAP_EXACT_ | MAP_NO_REPLACE_)) {
        r->start = hint;
        if (!mapping_range_is_free(&s->mappings, r->start, r->start + r->length))
            return ERR_EXISTS; /* with MAP_EXACT_ it was unmapped just now, and `changes` is ours: a stack grew into it */
    } else {
        TRY(choose_place(s, r, hint));
    }
    if (!extend_neighbour(s, r)) {
        struct mapping *m;
        if (s->mapping_count >= MAPPINGS_MAX)
            return ERR_NO_MEMORY;
        TRY(cache_allocate(&mapping_cache, &m));
        *m = (struct mapping){.start = r->start, .end = r->start + r->length, .flags = r->flags & KEPT_FLAGS, .max_prot = r->max_prot,
                              .object = r->object, .page = r->page, .space = s};
        mapping_insert(&s->mappings, m);
        s->mapping_count++;
        if (r->object)
            mapping_attach(m, r->object);
    }
    s->mapped_bytes += r->length;
    return OK;
}

enum status space_map(struct address_space *s, uint64_t hint, uint64_t length, uint32_t flags, struct object *object, uint64_t offset,
                      uint32_t max_prot, uint64_t *out_address)
{
    uint64_t end = 0;
    if (length == 0 || length > USER_LIMIT)
        return length ? ERR_NO_MEMORY : ERR_INVALID;
    struct map_request r = {.length = align_up(length, PAGE_BYTES), .flags = flags, .max_prot = max_prot};
    TRY(check_object(&r, object, offset));
    TRY(check_request(&r, hint));
    if (flags & (MAP_EXACT_ | MAP_NO_REPLACE_))
        TRY(page_range(hint, length, &end));
    HOLD_CHANGES(s);
    if (flags & MAP_EXACT_)
        TRY(space_unmap_range(s, hint, end));
    TRY(place(s, &r, hint));
    if (flags & (MAP_WIRED_ | MAP_POPULATE_)) {
        uint32_t access = flags & PROT_WRITE_ ? PROT_WRITE_ : flags & PROT_MASK_;
        enum status status = access ? space_populate(s, r.start, r.start + r.length, access) : OK;
        if (status != OK && (flags & MAP_WIRED_)) {
            IGNORE(space_unmap_range(s, r.start, r.start + r.length));
            return status;
        }
    }
    *out_address = r.start;
    return OK;
}

/* -- protect, advise ------------------------------------------------------------------------------------------- */

static bool range_is_mapped(struct address_space *s, uint64_t start, uint64_t end)
{
    for (struct mapping *m = mapping_find(&s->mappings, start); m && m->start <= start; m = mapping_next(m)) {
        start = m->end;
        if (start >= end)
            return true;
    }
    return false;
}

/* Present entries get the new protection; write access comes back by faults, which know about copies and dirty pages. */
static void protect_entries(struct address_space *s, const struct mapping *m, struct tlb_batch *batch)
{
    GUARD(&s->table_lock);
    uint64_t at = m->start;
    for (pte_t *e; (e = mmu_next(s->root, &at, m->end));) {
        uint64_t table_end = MIN(m->end, align_down(at, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
        for (; at < table_end; at += PAGE_BYTES, e++) {
            pte_t old = *e;
            if (!pte_is_used(old))
                continue;
            bool writable = pte_is_writable(old) || ((m->flags & MAP_WIRED_) && !m->object);
            uint32_t extra = (pte_is_counted(old) ? 0 : MMU_UNCOUNTED) | (old & PTE_CACHE_DISABLE ? MMU_UNCACHED : 0);
            mmu_write(e, pte_make(pte_page(old), mmu_flags(m, writable) | extra));
            tlb_batch_page(batch, at);
        }
    }
}

/* Joins what became alike in and around [start, end). The joined ones are chained through object_link for release. */
static void join_range(struct address_space *s, uint64_t start, uint64_t end, struct list_node *gone)
{
    struct mapping *m = mapping_find(&s->mappings, start);
    struct mapping *low = m ? mapping_previous(m) : nullptr;
    if (!low)
        low = m;
    while (low && low->start < end) {
        struct mapping *high = mapping_next(low), *joined = try_join(s, low, high);
        if (joined)
            list_push_back(gone, &joined->object_link);
        else
            low = high;
    }
}

static void release_all(struct list_node *gone)
{
    for (struct list_node *n; (n = list_pop_front(gone));)
        mapping_release(list_entry(n, struct mapping, object_link));
}

struct change { uint32_t set, clear; bool protect; };

static enum status change_locked(struct address_space *s, uint64_t start, uint64_t end, struct change c, struct tlb_batch *batch,
                                 struct list_node *gone)
{
    if (!range_is_mapped(s, start, end))
        return ERR_NO_MEMORY;
    for (struct mapping *m = mapping_find(&s->mappings, start); m && m->start < end; m = mapping_next(m))
        if (c.protect && (c.set & ~m->max_prot))
            return ERR_DENIED;
    TRY(border(s, start));
    TRY(border(s, end));
    for (struct mapping *m = mapping_find(&s->mappings, start); m && m->start < end; m = mapping_next(m)) {
        uint32_t before = m->flags;
        m->flags = (m->flags & ~c.clear) | c.set;
        if (c.protect && before != m->flags)
            protect_entries(s, m, batch);
    }
    join_range(s, start, end, gone);
    return OK;
}

static enum status change_range(struct address_space *s, uint64_t start, uint64_t end, struct change c)
{
    struct tlb_batch batch;
    struct list_node gone = LIST_INIT(gone);
    tlb_batch_init(&batch, s);
    spin_lock(&s->lock);
    enum status status = change_locked(s, start, end, c, &batch, &gone);
    spin_unlock(&s->lock);
    tlb_batch_flush(&batch);
    release_all(&gone);
    return status;
}

enum status space_protect(struct address_space *s, uint64_t address, uint64_t length, uint32_t prot)
{
    uint64_t end;
    if (length == 0)
        return is_aligned(address, PAGE_BYTES) ? OK : ERR_INVALID;
    TRY(page_range(address, length, &end));
    if (prot & ~(uint32_t)PROT_MASK_)
        return ERR_INVALID;
    if ((prot & PROT_WRITE_) && (prot & PROT_EXECUTE_))
        return ERR_NOT_PERMITTED;
    HOLD_CHANGES(s);
    return change_range(s, address, end, (struct change){.set = prot, .clear = PROT_MASK_, .protect = true});
}

/* Private pages become what the object (or nothing) says again. */
static enum status discard(struct address_space *s, uint64_t start, uint64_t end)
{
    struct tlb_batch batch;
    tlb_batch_init(&batch, s);
    for (uint64_t at = start; at < end;) {
        spin_lock(&s->lock);
        const struct mapping *m = mapping_at_or_after(&s->mappings, at);
        if (!m || m->start >= end) {
            at = end;
        } else if (m->flags & MAP_WIRED_) {
            spin_unlock(&s->lock);
            tlb_batch_flush(&batch);
            return ERR_INVALID;
        } else {
            at = MAX(at, m->start);
            space_zap(s, &at, MIN(m->end, end), &batch);
        }
        spin_unlock(&s->lock);
        tlb_batch_flush(&batch);
        preempt_point();
    }
    return OK;
}

enum status space_advise(struct address_space *s, uint64_t address, uint64_t length, uint32_t advice)
{
    uint64_t end;
    if (length == 0)
        return is_aligned(address, PAGE_BYTES) ? OK : ERR_INVALID;
    TRY(page_range(address, length, &end));
    HOLD_CHANGES(s);
    switch (advice) {
    case ADVISE_DISCARD:
        return discard(s, address, end);
    case ADVISE_WILL_NEED: {
        spin_lock(&s->lock);
        bool mapped = range_is_mapped(s, address, end);
        spin_unlock(&s->lock);
        return mapped ? OK : ERR_NO_MEMORY;
    }
    case ADVISE_CLEAR_ON_CLONE:
        return change_range(s, address, end, (struct change){.set = MAP_CLEAR_ON_CLONE_});
    case ADVISE_KEEP_ON_CLONE:
        return change_range(s, address, end, (struct change){.clear = MAP_CLEAR_ON_CLONE_});
    case ADVISE_NO_CLONE:
        return change_range(s, address, end, (struct change){.set = MAP_NO_CLONE_});
    case ADVISE_CLONE:
        return change_range(s, address, end, (struct change){.clear = MAP_NO_CLONE_});
    case ADVISE_POPULATE_WRITE:
        return space_populate(s, address, end, PROT_WRITE_);
    default:
        return ERR_INVALID;
    }
}

/* -- remap ------------------------------------------------------------------------------------------------------ */

/* Entries of [from, from + length) go to the same places from `to` on. Both ranges are mapped alike meanwhile. */
static enum status move_entries(struct address_space *s, uint64_t from, uint64_t to, uint64_t length)
{
    struct tlb_batch batch;
    tlb_batch_init(&batch, s);
    enum status status = OK;
    for (uint64_t at = from; at < from + length && status == OK;) {
        uint64_t stop = MIN(from + length, at + 64 * PAGE_BYTES);
        spin_lock(&s->table_lock);
        pte_t *e;
        while (at < stop && (e = mmu_next(s->root, &at, stop))) {
            pte_t *there;
            if (pte_is_used(*e)) {
                status = mmu_find_or_make(s->root, to + (at - from), &there);
                if (status != OK)
                    break;
                mmu_fill(there, mmu_clear(e));
                tlb_batch_page(&batch, at);
            }
            at += PAGE_BYTES;
        }
        if (!e)
            at = stop;
        spin_unlock(&s->table_lock);
        tlb_batch_flush(&batch);
        preempt_point();
    }
    return status;
}

static enum status remap_move(struct address_space *s, const struct mapping *m, uint64_t address, uint64_t old_length,
                              uint64_t new_length, const uint64_t *fixed, uint64_t *out_address)
{
    struct map_request r = {.length = new_length, .flags = m->flags, .max_prot = m->max_prot, .object = m->object,
                            .page = page_of(m, address)};
    if (fixed) {
        TRY(space_unmap_range(s, *fixed, *fixed + new_length));
        r.flags |= MAP_EXACT_;
    }
    TRY(place(s, &r, fixed ? *fixed : 0));
    enum status status = move_entries(s, address, r.start, MIN(old_length, new_length));
    if (status != OK) { /* what moved goes back: its tables are still there */
        IGNORE(move_entries(s, r.start, address, MIN(old_length, new_length)));
        IGNORE(space_unmap_range(s, r.start, r.start + new_length));
        return status;
    }
    IGNORE(space_unmap_range(s, address, address + old_length));
    *out_address = r.start;
    return OK;
}

static bool grow_in_place(struct address_space *s, struct mapping *m, uint64_t old_end, uint64_t new_end)
{
    GUARD(&s->lock);
    if (m->end != old_end || new_end > USER_LIMIT || !mapping_range_is_free(&s->mappings, old_end, new_end))
        return false;
    mapping_set_end(&s->mappings, m, new_end);
    s->mapped_bytes += new_end - old_end;
    return true;
}

enum status space_remap(struct address_space *s, uint64_t address, uint64_t old_length, uint64_t new_length, uint32_t flags,
                        uint64_t new_address, uint64_t *out_address)
{
    uint64_t old_end, new_end;
    TRY(page_range(address, old_length, &old_end));
    TRY(page_range(address, new_length, &new_end));
    HOLD_CHANGES(s);
    spin_lock(&s->lock);
    struct mapping *m = mapping_find(&s->mappings, address);
    spin_unlock(&s->lock);
    if (!m || m->end < old_end)
        return ERR_BAD_ADDRESS;
    if (m->flags & MAP_WIRED_)
        return ERR_INVALID;
    if (flags & REMAP_EXACT) {
        uint64_t target_end;
        TRY(page_range(new_address, new_length, &target_end));
        if (new_address < old_end && address < target_end)
            return ERR_INVALID;
        return remap_move(s, m, address, old_end - address, target_end - new_address, &new_address, out_address);
    }
    if (new_end <= old_end) {
        if (new_end < old_end)
            TRY(space_unmap_range(s, new_end, old_end));
        *out_address = address;
        return OK;
    }
    if (grow_in_place(s, m, old_end, new_end)) {
        *out_address = address;
        return OK;
    }
    if (!(flags & REMAP_MAY_MOVE))
        return ERR_NO_MEMORY;
    return remap_move(s, m, address, old_end - address, new_end - address, nullptr, out_address);
}

/* -- query ------------------------------------------------------------------------------------------------------ */

static uint64_t resident_pages(struct address_space *s, uint64_t start, uint64_t end)
{
    uint64_t count = 0;
    for (uint64_t at = start; at < end;) {
        GUARD(&s->table_lock);
        pte_t *e = mmu_next(s->root, &at, end);
        if (!e)
            break;
        uint64_t stop = MIN(end, align_down(at, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
        for (; at < stop; at += PAGE_BYTES, e++)
            count += pte_is_used(*e);
    }
    return count;
}

enum status space_query(struct address_space *s, uint64_t address, struct mapping_info *out)
{
    HOLD_CHANGES(s);
    spin_lock(&s->lock);
    const struct mapping *m = mapping_at_or_after(&s->mappings, address);
    if (m)
        *out = (struct mapping_info){
            .start = m->start, .end = m->end, .offset = m->object ? m->page << PAGE_BITS : 0, .flags = m->flags,
            .kind = m->object ? m->object->object.type->kind : 0, .object_id = m->object ? m->object->object.id : 0};
    spin_unlock(&s->lock);
    if (!m)
        return ERR_NOT_FOUND;
    out->resident_bytes = resident_pages(s, out->start, out->end) * PAGE_BYTES;
    return OK;
}
