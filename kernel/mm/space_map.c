/* SPDX-License-Identifier: MIT
 * Changing the map of a space: map, unmap, protect, advise. Each holds `changes`, so that the tree stays as it was looked at while
 * long work lets go of the spinlock; faults only ever see whole mappings. */
#include "base/checked.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/space_internal.h"
#include "kernel/object/io.h"
#include "kernel/object/memory_object.h"

#define KEPT_FLAGS (PROT_MASK_ | MAP_SHARED_ | MAP_WIRED_ | MAP_NO_CLONE_ | MAP_GROWS_DOWN_ | MAP_UNCACHED_ | MAP_CLEAR_ON_CLONE_)
#define TAIL_PAGES 64u /* a batch holds them */
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

/* A mapping leaves the tree: nobody may find it through a shortcut. `instead` (or null) is where to look now. */
static void forget_mapping(struct address_space *s, const struct mapping *m, struct mapping *instead)
{
    if (s->last_hit == m)
        s->last_hit = instead;
    if (s->below_here == m)
        s->below_here = instead;
    s->mapping_count--;
}

/* `above` begins where something was unmapped. The highest such place is tried first by the next map. */
static void freed_below(struct address_space *s, struct mapping *above)
{
    if (above && above->start <= s->area_top && (!s->below_here || above->start > s->below_here->start))
        s->below_here = above;
}

/* What was `high` and is now part of `low`, to be released; null: they stay two. */
static struct mapping *try_join(struct address_space *s, struct mapping *low, struct mapping *high)
{
    if (!low || !high || !mapping_can_join(low, high))
        return nullptr;
    mapping_detach_locked(high);
    mapping_join(&s->mappings, low, high);
    forget_mapping(s, high, low);
    return high;
}

/* Cuts m at `at`, which lies inside. The lower part keeps m's identity. */
static enum status split(struct address_space *s, struct mapping *m, uint64_t at, struct mapping **out_upper)
{
    struct mapping *upper;
    TRY(mapping_allocate(s, &upper));
    *upper = *m;
    mapping_split(&s->mappings, m, at, upper);
    s->mapping_count++;
    if (m->object)
        mapping_attach(upper, m->object);
    *out_upper = upper;
    return OK;
}

/* [m->start, end) leaves the tree; the whole mapping comes back for release, a part is just cut off. */
static struct mapping *cut_front(struct address_space *s, struct mapping *m, uint64_t end)
{
    space_count(s, m->flags, m->start - end);
    if (end < m->end) {
        mapping_set_start(&s->mappings, m, end);
        freed_below(s, m);
        return nullptr;
    }
    struct mapping *next = mapping_next(m);
    mapping_detach_locked(m);
    mapping_remove(&s->mappings, m);
    forget_mapping(s, m, nullptr);
    freed_below(s, next);
    return m;
}

/* [start, m->end) of m, few pages, is cut off without a new mapping. False: the batch was too full. */
static bool cut_tail(struct address_space *s, struct mapping *m, uint64_t start, struct tlb_batch *batch)
{
    uint64_t at = start, end = m->end;
    if (!space_zap(s, &at, end, batch))
        return false;
    space_count(s, m->flags, start - end);
    mapping_set_end(&s->mappings, m, start);
    freed_below(s, mapping_next(m));
    return true;
}

/* One step: as much as a batch holds. *at moves; *out_gone is a mapping to release. */
static enum status unmap_step(struct address_space *s, uint64_t *at, uint64_t end, struct tlb_batch *batch, struct mapping **out_gone)
{
    GUARD(&s->lock);
    struct mapping *m = space_mapping_at(s, *at);
    if (unlikely(!m))
        m = mapping_at_or_after(&s->mappings, *at);
    *out_gone = nullptr;
    if (!m || m->start >= end) {
        *at = end;
        return OK;
    }
    if (m->start < *at) {
        if (m->end <= end && m->end - *at <= TAIL_PAGES * PAGE_BYTES) {
            uint64_t stop = m->end;
            if (cut_tail(s, m, *at, batch))
                *at = stop;
            return OK;
        }
        TRY(split(s, m, *at, &m));
    }
    uint64_t reached = m->start;
    space_zap(s, &reached, MIN(m->end, end), batch);
    *at = reached;
    if (reached > m->start)
        *out_gone = cut_front(s, m, reached);
    return OK;
}

enum status space_unmap_range(struct address_space *s, uint64_t start, uint64_t end)
{
    TLB_BATCH(batch, s);
    enum status status = OK;
    for (uint64_t at = start; at < end && status == OK;) {
        struct mapping *gone;
        status = unmap_step(s, &at, end, &batch, &gone);
        tlb_batch_flush(&batch);
        if (gone)
            mapping_release(gone);
        if (at < end)
            preempt_point();
    }
    return status;
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
    uint64_t instead;            /* bytes of it that will be unmapped elsewhere: a move */
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

/* A place of the kernel's choice: below the last one if it fits there, else the highest that fits. */
static enum status choose_place(struct address_space *s, struct map_request *r, uint64_t hint)
{
    uint64_t top = r->flags & MAP_LOW_ ? LOW_TOP : s->area_top, end;
    const struct mapping *above = s->below_here;
    if (!hint && above && !(r->flags & MAP_LOW_) && above->gap >= r->length && above->start <= top &&
        above->start - r->length >= LOWEST_CHOICE && !(above->flags & MAP_GROWS_DOWN_)) {
        r->start = above->start - r->length;
        return OK;
    }
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
static struct mapping *extend_neighbour(struct address_space *s, const struct map_request *r)
{
    struct mapping new;
    new.start = r->start;
    new.end = r->start + r->length;
    new.flags = r->flags & KEPT_FLAGS;
    new.max_prot = (uint8_t)r->max_prot;
    new.object = r->object;
    new.page = r->page;
    struct mapping *above = s->below_here && s->below_here->start == new.end ? s->below_here : nullptr;
    if (!above)
        above = mapping_at_or_after(&s->mappings, new.start);
    if (above && mapping_can_join(&new, above)) {
        mapping_set_start(&s->mappings, above, new.start);
        return above;
    }
    struct mapping *below = above && above->gap > r->length && above->start == new.end ? nullptr
                                                                                       : mapping_find(&s->mappings, new.start - 1);
    if (below && mapping_can_join(below, &new)) {
        mapping_set_end(&s->mappings, below, new.end);
        return below;
    }
    return nullptr;
}

static enum status add_mapping(struct address_space *s, const struct map_request *r, struct mapping **out)
{
    struct mapping *m;
    TRY(mapping_allocate(s, &m));
    *m = (struct mapping){.start = r->start, .end = r->start + r->length, .flags = r->flags & KEPT_FLAGS, .max_prot = (uint8_t)r->max_prot,
                          .object = r->object, .page = r->page, .space = s};
    mapping_insert(&s->mappings, m);
    s->mapping_count++;
    if (r->object)
        mapping_attach(m, r->object);
    *out = m;
    return OK;
}

static bool over_limit(const struct address_space *s, uint32_t flags, uint64_t bytes)
{
    return s->mapped_bytes + bytes > s->mapped_max || (is_data(flags) && s->data_bytes + bytes > s->data_max);
}

static enum status place(struct address_space *s, struct map_request *r, uint64_t hint)
{
    GUARD(&s->lock);
    if (unlikely(s->cleared))
        return ERR_NO_MEMORY;
    if (unlikely(over_limit(s, r->flags, r->length - r->instead)))
        return ERR_NO_MEMORY;
    bool fixed = r->flags & (MAP_EXACT_ | MAP_NO_REPLACE_);
    if (fixed) {
        r->start = hint;
        if (!mapping_range_is_free(&s->mappings, r->start, r->start + r->length))
            return ERR_EXISTS; /* with MAP_EXACT_ it was unmapped just now, and `changes` is ours: a stack grew into it */
    } else {
        TRY(choose_place(s, r, hint));
    }
    struct mapping *m = extend_neighbour(s, r);
    if (!m)
        TRY(add_mapping(s, r, &m));
    space_count(s, r->flags, r->length);
    s->last_hit = m;
    if (!fixed && !hint && !(r->flags & MAP_LOW_) && m->start == r->start)
        s->below_here = m;
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

#define PROTECT_PORTION 64u /* present pages between preemption points */

static bool range_is_mapped(struct address_space *s, uint64_t start, uint64_t end)
{
    for (struct mapping *m = mapping_find(&s->mappings, start); m && m->start <= start; m = mapping_next(m)) {
        start = m->end;
        if (start >= end)
            return true;
    }
    return false;
}

/* Present entries of m get its protection, `most` of them at most; write access comes back by faults, which know about copies and dirty
 * pages. Answers how far it came. */
static uint64_t protect_entries(struct address_space *s, const struct mapping *m, uint64_t at, uint64_t end, uint32_t most,
                                struct tlb_batch *batch)
{
    GUARD(&s->table_lock);
    for (pte_t *e; (e = mmu_next(s->root, &at, end));) {
        uint64_t table_end = MIN(end, align_down(at, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
        for (; at < table_end; at += PAGE_BYTES, e++) {
            pte_t old = *e;
            if (!pte_is_used(old))
                continue;
            if (most-- == 0)
                return at;
            bool writable = pte_is_writable(old) || ((m->flags & MAP_WIRED_) && !m->object);
            uint32_t extra = (pte_is_counted(old) ? 0 : MMU_UNCOUNTED) | (old & PTE_CACHE_DISABLE ? MMU_UNCACHED : 0);
            mmu_write(e, pte_make(pte_page(old), mmu_flags(m, writable) | extra));
            tlb_batch_page(batch, at);
        }
    }
    return end;
}

/* The same for a range whose mappings have their new protection already: faults give no more than that, while interrupts and others come in
 * between. `changes` is held, so the range stays mapped as it is. */
static void protect_in_portions(struct address_space *s, uint64_t at, uint64_t end)
{
    TLB_BATCH(batch, s);
    while (at < end) {
        {
            GUARD(&s->lock);
            const struct mapping *m = mapping_at_or_after(&s->mappings, at);
            if (!m || m->start >= end)
                return;
            at = protect_entries(s, m, MAX(at, m->start), MIN(m->end, end), PROTECT_PORTION, &batch);
        }
        tlb_batch_flush(&batch);
        preempt_point();
    }
}

static void release_all(struct list_node *gone)
{
    for (struct list_node *n; (n = list_pop_front(gone));)
        mapping_release(list_entry(n, struct mapping, object_link));
}

struct change { uint32_t set, clear; bool protect, later; }; /* later: the entries of large ranges */

/* Is all of [m->start.., end) mapped, without a hole, and may it change so? */
static enum status check_change(const struct mapping *m, uint64_t end, struct change c)
{
    for (;;) {
        if (c.protect && (c.set & ~m->max_prot))
            return ERR_DENIED;
        if (m->end >= end)
            return OK;
        const struct mapping *next = mapping_next(m);
        if (!next || next->start != m->end)
            return ERR_NO_MEMORY;
        m = next;
    }
}

/* Changes the flags of whole mappings from m to `end`, the last of which may have to be split, and joins what became alike, the
 * neighbours included. The joined ones are chained through object_link for release. */
static enum status apply_change(struct address_space *s, struct mapping *m, uint64_t end, struct change c, struct tlb_batch *batch,
                                struct list_node *gone)
{
    struct mapping *low = m->gap == 0 ? mapping_previous(m) : nullptr, *rest, *joined;
    while (m && m->start < end) {
        uint32_t before = m->flags;
        if (m->end > end)
            TRY(split(s, m, end, &rest));
        m->flags = (m->flags & ~c.clear) | c.set;
        if (is_data(before) != is_data(m->flags))
            s->data_bytes += is_data(m->flags) ? m->end - m->start : m->start - m->end;
        if (c.protect && !c.later && before != m->flags)
            (void)protect_entries(s, m, m->start, m->end, UINT32_MAX, batch);
        joined = try_join(s, low, m);
        if (joined)
            list_push_back(gone, &joined->object_link);
        else
            low = m;
        m = mapping_next(low);
    }
    if (m && low && (joined = try_join(s, low, m)))
        list_push_back(gone, &joined->object_link);
    return OK;
}

static enum status change_locked(struct address_space *s, uint64_t start, uint64_t end, struct change c, struct tlb_batch *batch,
                                 struct list_node *gone)
{
    struct mapping *m = space_mapping_at(s, start);
    if (!m)
        return ERR_NO_MEMORY;
    TRY(check_change(m, end, c));
    if (m->end >= end && ((m->flags & ~c.clear) | c.set) == m->flags)
        return OK;
    if (m->start < start)
        TRY(split(s, m, start, &m));
    return apply_change(s, m, end, c, batch, gone);
}

static enum status change_range(struct address_space *s, uint64_t start, uint64_t end, struct change c)
{
    struct list_node gone = LIST_INIT(gone);
    TLB_BATCH(batch, s);
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
    bool large = end - address > PROTECT_PORTION * PAGE_BYTES;
    enum status status = change_range(s, address, end, (struct change){.set = prot, .clear = PROT_MASK_, .protect = true, .later = large});
    if (large)
        protect_in_portions(s, address, end);
    return status;
}

/* Private pages become what the object (or nothing) says again. */
static enum status discard(struct address_space *s, uint64_t start, uint64_t end)
{
    TLB_BATCH(batch, s);
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
    TLB_BATCH(batch, s);
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
                            .page = page_of(m, address), .instead = MIN(old_length, new_length)};
    if (fixed) {
        TRY(space_unmap_range(s, *fixed, *fixed + new_length));
        r.flags |= MAP_EXACT_;
    }
    bool has_copies = m->has_copies;
    TRY(place(s, &r, fixed ? *fixed : 0));
    spin_lock(&s->lock);
    space_mapping_at(s, r.start)->has_copies |= has_copies;
    spin_unlock(&s->lock);
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
    if (m->end != old_end || new_end > USER_LIMIT || !mapping_range_is_free(&s->mappings, old_end, new_end) ||
        over_limit(s, m->flags, new_end - old_end))
        return false;
    mapping_set_end(&s->mappings, m, new_end);
    space_count(s, m->flags, new_end - old_end);
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
        pte_t *large, *e = mmu_next_or_large(s->root, &at, end, &large);
        if (!e && !large)
            break;
        uint64_t stop = MIN(end, align_down(at, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
        for (; at < stop; at += PAGE_BYTES)
            count += large || pte_is_used(*e++);
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
