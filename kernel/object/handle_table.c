/* SPDX-License-Identifier: MIT
 * Handle tables: slots in two ranges, LOW (Linux's descriptors) and HIGH. Closing and destroying happen outside of the
 * table's lock: an object's end may take other locks. */
#include "kernel/object/handle_table.h"
#include "base/checked.h"
#include "base/string.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/object/grant.h"

#define RANGE_FIRST_CAPACITY 64u
#define HANDLE_HIGH_LIMIT (1u << 20)
#define HANDLES_PORTION 16u  /* charged at a time, so that opening and closing one costs the group nothing */

void object_handle_added(struct object *o) { __atomic_add_fetch(&o->handles, 1, __ATOMIC_RELAXED); }

void object_handle_removed(struct object *o)
{
    if (__atomic_sub_fetch(&o->handles, 1, __ATOMIC_ACQ_REL) == 0 && o->type->handle_closed)
        o->type->handle_closed(o);
}

void object_handle_forget(struct object *o) { __atomic_sub_fetch(&o->handles, 1, __ATOMIC_ACQ_REL); }

static inline struct handle_slot *slot_of_locked(struct handle_table *t, handle_t h)
{
    uint32_t index;
    struct handle_range *r = handle_range_of(t, h, &index);
    if (unlikely(index >= r->capacity || !r->slots[index].object))
        return nullptr;
    return &r->slots[index];
}

/* The arrays' pages, of sizes that make one. */
static uint64_t range_pages(uint32_t capacity) { return capacity * sizeof(struct handle_slot) / PAGE_BYTES; }

/* One more handle is going to be there. A portion if the group has it, else just the one. */
static enum status pay_locked(struct handle_table *t)
{
    if (likely(t->low.count + t->high.count < t->paid))
        return OK;
    uint32_t portion = HANDLES_PORTION;
    if (group_charge(t->group, GROUP_KIND_HANDLES, portion) != OK) {
        portion = 1;
        if (group_charge(t->group, GROUP_KIND_HANDLES, portion) != OK)
            return ERR_NO_HANDLES;
    }
    t->paid += portion;
    return OK;
}

static void refund_locked(struct handle_table *t)
{
    uint32_t count = t->low.count + t->high.count;
    if (likely(t->paid < count + 2 * HANDLES_PORTION))
        return;
    group_return(t->group, GROUP_KIND_HANDLES, HANDLES_PORTION);
    t->paid -= HANDLES_PORTION;
}

/* Makes room for `index`. The new arrays are allocated with the lock held: the heap's lock ranks higher. */
static enum status range_grow_locked(struct handle_table *t, struct handle_range *r, uint32_t index)
{
    uint32_t capacity = MAX(r->capacity, RANGE_FIRST_CAPACITY);
    while (capacity <= index)
        capacity *= 2;
    uint64_t more_pages = range_pages(capacity) - range_pages(r->capacity);
    TRY(group_charge(t->group, GROUP_KIND_PAGES, more_pages));
    struct handle_slot *slots = heap_allocate_zeroed(capacity * sizeof *slots);
    uint64_t *used = heap_allocate_zeroed(capacity / 8);
    if (!slots || !used) {
        group_return(t->group, GROUP_KIND_PAGES, more_pages);
        if (slots)
            heap_free(slots, capacity * sizeof *slots);
        if (used)
            heap_free(used, capacity / 8);
        return ERR_NO_MEMORY;
    }
    if (r->capacity) {
        memcpy(slots, r->slots, r->capacity * sizeof *slots);
        memcpy(used, r->used, r->capacity / 8);
        heap_free(r->used, r->capacity / 8);
        ASSERT(r->retired_count < ARRAY_LENGTH(r->retired));
        r->retired[r->retired_count].slots = r->slots; /* handle_still_names may be reading there */
        r->retired[r->retired_count++].capacity = r->capacity;
    }
    r->used = used;
    /* Release: the larger array is whole before it is seen, and seen before its capacity. */
    __atomic_store_n(&r->slots, slots, __ATOMIC_RELEASE);
    __atomic_store_n(&r->capacity, capacity, __ATOMIC_RELEASE);
    return OK;
}

static uint32_t range_lowest_free(const struct handle_range *r, uint32_t minimum)
{
    uint32_t index = MAX(minimum, r->first_free);
    while (index < r->capacity) {
        uint64_t free = ~r->used[index / 64] & (~0ull << (index % 64));
        if (free)
            return (index & ~63u) + (uint32_t)__builtin_ctzll(free);
        index = (index & ~63u) + 64;
    }
    return MAX(index, minimum);
}

static void range_occupy(struct handle_range *r, uint32_t index)
{
    r->used[index / 64] |= 1ull << (index % 64);
    r->count++;
    if (index == r->first_free)
        r->first_free = index + 1;
}

static void range_vacate(struct handle_range *r, uint32_t index)
{
    r->used[index / 64] &= ~(1ull << (index % 64));
    r->count--;
    r->first_free = MIN(r->first_free, index);
}

bool handle_grant_is_valid(const struct grant *g) { return grant_check(g) == OK; }

enum status handle_table_create(struct handle_table **out)
{
    struct handle_table *t = heap_allocate_zeroed(sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    t->references = t->users = 1;
    t->group = group_get(group_current());
    spinlock_init(&t->lock, RANK_HANDLES);
    t->low.limit = HANDLE_LOW_LIMIT;
    t->high.limit = HANDLE_HIGH_LIMIT;
    *out = t;
    return OK;
}

struct handle_table *handle_table_get(struct handle_table *t)
{
    __atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
    return t;
}

static enum status charge_all_locked(const struct handle_table *t, struct group *g)
{
    TRY(group_charge(g, GROUP_KIND_HANDLES, t->paid));
    enum status status = group_charge(g, GROUP_KIND_PAGES, range_pages(t->low.capacity) + range_pages(t->high.capacity));
    if (status != OK)
        group_return(g, GROUP_KIND_HANDLES, t->paid);
    return status;
}

static void return_all_locked(const struct handle_table *t)
{
    group_return(t->group, GROUP_KIND_HANDLES, t->paid);
    group_return(t->group, GROUP_KIND_PAGES, range_pages(t->low.capacity) + range_pages(t->high.capacity));
}

enum status handle_table_set_group(struct handle_table *t, struct group *g)
{
    struct group *old;
    {
        GUARD(&t->lock);
        TRY(charge_all_locked(t, g));
        return_all_locked(t);
        old = t->group;
        t->group = group_get(g);
    }
    group_put(old);
    return OK;
}

void handle_table_set_limit(struct handle_table *t, uint32_t low)
{
    GUARD(&t->lock);
    t->low.limit = low;
}

static struct handle_slot take_slot(struct handle_slot *slot)
{
    struct handle_slot was = *slot;
    *slot = (struct handle_slot){};
    return was;
}

static void slot_release(struct handle_slot *slot)
{
    object_handle_removed(slot->object);
    object_put(slot->object);
    grant_put(slot->grant);
}

/* Nobody looks any more, and nothing can be installed. */
static void range_close(struct handle_range *r)
{
    for (uint32_t i = 0; i < r->capacity; i++) {
        struct handle_slot slot = take_slot(&r->slots[i]);
        if (slot.object)
            slot_release(&slot);
        if (i % 64 == 63)
            preempt_point();
    }
}

static void range_destroy(struct handle_range *r)
{
    for (uint32_t i = 0; i < r->retired_count; i++)
        heap_free(r->retired[i].slots, r->retired[i].capacity * sizeof *r->slots);
    if (r->capacity) {
        heap_free(r->slots, r->capacity * sizeof *r->slots);
        heap_free(r->used, r->capacity / 8);
    }
}

enum status handle_table_join(struct handle_table *t)
{
    GUARD(&t->lock);
    if (t->users == 0)
        return ERR_PEER_GONE;
    t->users++;
    handle_table_get(t);
    return OK;
}

void handle_table_leave(struct handle_table *t)
{
    spin_lock(&t->lock);
    bool last = --t->users == 0;
    spin_unlock(&t->lock);
    if (last) {
        range_close(&t->low);
        range_close(&t->high);
        group_return(t->group, GROUP_KIND_HANDLES, t->paid);
        t->paid = 0;
    }
    handle_table_put(t);
}

void handle_table_put(struct handle_table *t)
{
    if (__atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    return_all_locked(t);
    range_destroy(&t->low);
    range_destroy(&t->high);
    group_put(t->group);
    heap_free(t, sizeof *t);
}

/* With the lock: through a grant, or why not. */
OFF_THE_WAY static enum status get_slowly_locked(struct handle_table *t, handle_t h, enum object_kind kind, uint32_t rights, struct object **out)
{
    const struct handle_slot *slot = slot_of_locked(t, h);
    if (!slot)
        return ERR_BAD_HANDLE;
    if (kind && slot->object->type->kind != kind)
        return ERR_WRONG_TYPE;
    if (rights & ~slot->rights)
        return ERR_DENIED;
    TRY(grant_check(slot->grant));
    *out = object_get(slot->object);
    return OK;
}

/* The hottest function of the kernel: no scope guard, whose hidden pointer would cost a stack protector, and no call on the usual way. */
enum status handle_get(struct handle_table *t, handle_t h, enum object_kind kind, uint32_t rights, struct object **out)
{
    spin_lock(&t->lock);
    const struct handle_slot *slot = slot_of_locked(t, h);
    if (likely(slot && !slot->grant && !(rights & ~slot->rights) && (!kind || slot->object->type->kind == kind))) {
        *out = object_get(slot->object);
        spin_unlock(&t->lock);
        return OK;
    }
    enum status status = get_slowly_locked(t, h, kind, rights, out);
    spin_unlock(&t->lock);
    return status;
}

enum status handle_get_view(struct handle_table *t, handle_t h, struct handle_view *out)
{
    GUARD(&t->lock);
    struct handle_slot *slot = slot_of_locked(t, h);
    if (!slot)
        return ERR_BAD_HANDLE;
    TRY(grant_check(slot->grant));
    *out = (struct handle_view){object_get(slot->object), slot->rights, grant_get(slot->grant)};
    return OK;
}

void handle_view_put(struct handle_view *v)
{
    object_put(v->object);
    grant_put(v->grant);
}

/* Chooses the slot of a placement and makes sure that it exists. */
static enum status place_locked(struct handle_table *t, placement_t where, struct handle_range **out_range, uint32_t *out_index)
{
    uint32_t number = (uint32_t)where, mode = (uint32_t)(where >> 60);
    struct handle_range *r;
    uint32_t index;
    if (unlikely(!t->users))
        return ERR_PEER_GONE;
    switch (mode) {
    case 0:
        r = &t->low;
        index = range_lowest_free(r, number);
        break;
    case 1:
        r = handle_range_of(t, (handle_t)number, &index);
        break;
    case 2:
        r = &t->high;
        index = range_lowest_free(r, 0);
        break;
    default:
        return ERR_INVALID;
    }
    if (unlikely(index >= r->limit))
        return ERR_NO_HANDLES;
    if (unlikely(index >= r->capacity))
        TRY(range_grow_locked(t, r, index));
    *out_range = r;
    *out_index = index;
    return OK;
}

enum status handle_install(struct handle_table *t, struct object *object, uint32_t rights, struct grant *grant, placement_t where,
                           handle_t *out)
{
    struct handle_slot replaced = {0};
    {
        GUARD(&t->lock);
        struct handle_range *r;
        uint32_t index;
        TRY(place_locked(t, where, &r, &index));
        replaced = r->slots[index];
        if (!replaced.object) {
            TRY(pay_locked(t));
            range_occupy(r, index);
        }
        r->slots[index] = (struct handle_slot){
            .object = object,
            .rights = rights,
            .flags = where & PLACE_CLOSE_ON_EXEC ? HANDLE_CLOSE_ON_EXEC : 0,
            .grant = grant,
        };
        object_handle_added(object);
        *out = (handle_t)(r == &t->high ? index + HANDLE_HIGH_BASE : index);
    }
    if (replaced.object)
        slot_release(&replaced);
    return OK;
}

static struct handle_slot close_locked(struct handle_table *t, handle_t h)
{
    uint32_t index;
    struct handle_range *r = handle_range_of(t, h, &index);
    struct handle_slot closed = take_slot(&r->slots[index]);
    range_vacate(r, index);
    refund_locked(t);
    return closed;
}

enum status handle_close(struct handle_table *t, handle_t h)
{
    struct handle_slot closed;
    {
        GUARD(&t->lock);
        if (!slot_of_locked(t, h))
            return ERR_BAD_HANDLE;
        closed = close_locked(t, h);
    }
    slot_release(&closed);
    return OK;
}

enum status handle_dup(struct handle_table *t, handle_t h, placement_t where, uint32_t rights, uint64_t expires_ns, uint32_t flags,
                       handle_t *out)
{
    struct handle_view v;
    TRY(handle_get_view(t, h, &v));
    enum status status = OK;
    uint32_t narrowed = rights ? rights : v.rights;
    if (narrowed & ~v.rights)
        status = ERR_DENIED;
    else if (where >> 60 == 1 && (uint32_t)where == (uint32_t)h)
        status = ERR_INVALID;
    struct grant *child = nullptr;
    if (status == OK && (expires_ns || flags & DUP_REVOCABLE))
        status = grant_create(v.grant, expires_ns, &child);
    if (status == OK && child) {
        grant_put(v.grant);
        v.grant = child;
    }
    if (status == OK)
        status = handle_install(t, v.object, narrowed, v.grant, where, out);
    if (status != OK)
        handle_view_put(&v);
    return status;
}

enum status handle_revoke(struct handle_table *t, handle_t h)
{
    struct handle_slot closed;
    {
        GUARD(&t->lock);
        const struct handle_slot *slot = slot_of_locked(t, h);
        if (!slot)
            return ERR_BAD_HANDLE;
        if (!slot->grant)
            return ERR_NOT_SUPPORTED;
        grant_revoke(slot->grant);
        closed = close_locked(t, h); /* under the same lock: the number may be somebody else's right after */
    }
    slot_release(&closed);
    return OK;
}

enum status handle_info(struct handle_table *t, handle_t h, struct handle_info *out)
{
    GUARD(&t->lock);
    struct handle_slot *slot = slot_of_locked(t, h);
    if (!slot)
        return ERR_BAD_HANDLE;
    *out = (struct handle_info){
        .kind = slot->object->type->kind,
        .rights = slot->rights,
        .flags = slot->flags,
        .object_id = slot->object->id,
        .expires_ns = grant_expiry(slot->grant),
    };
    return OK;
}

enum status handle_flags(struct handle_table *t, handle_t h, uint32_t set, uint32_t clear, uint32_t *out_old)
{
    if ((set | clear) & ~HANDLE_CLOSE_ON_EXEC)
        return ERR_INVALID;
    GUARD(&t->lock);
    struct handle_slot *slot = slot_of_locked(t, h);
    if (!slot)
        return ERR_BAD_HANDLE;
    *out_old = slot->flags;
    slot->flags = (slot->flags & ~clear) | set;
    return OK;
}

static void slot_copy(struct handle_range *to, uint32_t index, const struct handle_slot *from)
{
    to->slots[index] = *from;
    object_get(from->object);
    grant_get(from->grant);
    object_handle_added(from->object);
    range_occupy(to, index);
}

/* The LOW range, as far as the copy has room and is paid for; it is not visible to anybody yet. Other threads may change the original
 * between two words: they race with the clone anyway. */
static void low_copy(struct handle_table *to, struct handle_table *from)
{
    for (uint32_t word = 0; word < to->low.capacity / 64; word++) {
        {
            GUARD(&from->lock);
            for (uint64_t used = from->low.used[word]; used && to->low.count + to->high.count < to->paid; used &= used - 1) {
                uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(used);
                slot_copy(&to->low, index, &from->low.slots[index]);
            }
        }
        if (word % 2)
            preempt_point();
    }
}

enum status handle_table_clone(struct handle_table *from, const handle_t *high, uint32_t high_count, struct handle_table **out)
{
    struct handle_table *t;
    TRY(handle_table_create(&t));
    enum status status = OK;
    {
        GUARD(&from->lock);
        status = group_charge(t->group, GROUP_KIND_HANDLES, from->low.count + high_count);
        t->paid = status == OK ? from->low.count + high_count : 0;
        if (status == OK && from->low.capacity)
            status = range_grow_locked(t, &t->low, from->low.capacity - 1);
        t->low.limit = from->low.limit;
        for (uint32_t i = 0; status == OK && i < high_count; i++) {
            uint32_t index;
            struct handle_slot *slot = slot_of_locked(from, high[i]);
            if (!slot || handle_range_of(from, high[i], &index) != &from->high) {
                status = ERR_BAD_HANDLE;
                break;
            }
            if (index >= t->high.capacity)
                status = range_grow_locked(t, &t->high, index);
            if (status == OK && !t->high.slots[index].object)
                slot_copy(&t->high, index, slot);
        }
    }
    if (status != OK) {
        handle_table_leave(t);
        return status;
    }
    low_copy(t, from);
    *out = t;
    return OK;
}

static bool is_kept(uint32_t index, const handle_t *keep, uint32_t keep_count)
{
    for (uint32_t i = 0; i < keep_count; i++)
        if ((uint32_t)keep[i] == index + HANDLE_HIGH_BASE)
            return true;
    return false;
}

void handle_table_exec(struct handle_table *t, const handle_t *keep, uint32_t keep_count)
{
    for (uint32_t i = 0; i < t->low.capacity; i++)
        if (t->low.slots[i].object && t->low.slots[i].flags & HANDLE_CLOSE_ON_EXEC)
            IGNORE(handle_close(t, (handle_t)i));
    for (uint32_t i = 0; i < t->high.capacity; i++)
        if (t->high.slots[i].object && !is_kept(i, keep, keep_count))
            IGNORE(handle_close(t, (handle_t)(i + HANDLE_HIGH_BASE)));
}

uint32_t handle_table_count(const struct handle_table *t) { return t->low.count + t->high.count; }
