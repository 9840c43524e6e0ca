/* SPDX-License-Identifier: MIT
 * Handle tables: the only door from a number to an object. A slot holds { object, rights, flags, grant }; a plain handle has no
 * grant and pays nothing for revocation or expiry. A table may be shared by several processes (clone).
 *
 * All slots and bitmaps: table.lock. References that leave the door are counted. */
#pragma once
#include "abi/handle.h"
#include "kernel/core/object.h"
#include "kernel/core/lock.h"

struct grant;
struct group;

struct handle_slot {
    struct object *object;      /* null: free; a reference */
    uint32_t rights, flags;     /* RIGHT_*, HANDLE_CLOSE_ON_EXEC */
    struct grant *grant;        /* null: plain; a reference */
};
struct handle_range {           /* one of LOW and HIGH */
    struct handle_slot *slots;  /* replaced when it grows; the old array stays until the table's end, for who looks without the lock */
    uint64_t *used;             /* bitmap */
    uint32_t capacity, count;
    uint32_t first_free;        /* no free slot below this */
    uint32_t limit;
    uint32_t retired_count;
    struct { struct handle_slot *slots; uint32_t capacity; } retired[16]; /* they double: all together are no larger than the present one */
};
struct handle_table {
    uint32_t references;             /* atomic; for the memory */
    struct spinlock lock;
    uint32_t users;                  /* lock; processes that run with it. At 0 all handles are closed, for good */
    struct group *group;        /* pays for the handles; a reference */
    uint32_t paid;              /* handles that the group was charged for: in portions, at least the count */
    struct handle_range low, high;
};

/* With one user and one reference. What is under way for a process (a submit, a clone that did not start yet) holds a reference, but
 * does not keep the handles open: else a table that holds a handle on the very thing would never go. */
enum status handle_table_create(struct handle_table **out);
struct handle_table *handle_table_get(struct handle_table *t);
enum status handle_table_join(struct handle_table *t);  /* one user more, for who has a reference; ERR_PEER_GONE: closed already */
void handle_table_leave(struct handle_table *t);        /* a user and its reference; the last closes every handle: may take long */
/* From now on g pays, also for what is there; ERR_LIMIT: it may not. */
enum status handle_table_set_group(struct handle_table *t, struct group *g);
void handle_table_set_limit(struct handle_table *t, uint32_t low); /* handles above it that are there stay */
void handle_table_put(struct handle_table *t);

/* kind 0: any. The caller owns the reference in *out. */
enum status handle_get(struct handle_table *t, handle_t h, enum object_kind kind, uint32_t rights, struct object **out);

bool handle_grant_is_valid(const struct grant *g);

static inline struct handle_range *handle_range_of(struct handle_table *t, handle_t h, uint32_t *out_index)
{
    bool high = h >= HANDLE_HIGH_BASE;
    *out_index = (uint32_t)h - (high ? HANDLE_HIGH_BASE : 0); /* negative becomes huge and misses */
    return high ? &t->high : &t->low;
}

/* The slot, free or not, without the lock or with it; null: there is none. Two branches cost less than one that is computed. */
static inline const struct handle_slot *handle_slot_peek(const struct handle_table *t, handle_t h)
{
    const struct handle_range *r = &t->low;
    uint32_t index = (uint32_t)h; /* a negative one is beyond every capacity */
    if (likely(h >= HANDLE_HIGH_BASE)) {
        r = &t->high;
        index -= HANDLE_HIGH_BASE;
    }
    /* Acquire pairs with the growth: capacity is published after the larger array. */
    if (unlikely(index >= __atomic_load_n(&r->capacity, __ATOMIC_ACQUIRE)))
        return nullptr;
    return __atomic_load_n(&r->slots, __ATOMIC_RELAXED) + index;
}

/* Does h name this object, plainly (no grant) and with these rights? For callers that hold a reference on it anyway. Without the lock: a
 * close at the same moment may be missed, as if it had come just after. */
static inline bool handle_still_names(struct handle_table *t, handle_t h, const struct object *object, uint32_t rights)
{
    const struct handle_slot *s = handle_slot_peek(t, h);
    return s && s->object == object && (s->rights & rights) == rights && !s->grant;
}

/* handle_get for the hottest caller: any kind, no rights asked. */
static inline enum status handle_get_any(struct handle_table *t, handle_t h, struct object **out)
{
    uint32_t index;
    struct handle_range *r = handle_range_of(t, h, &index);
    spin_lock(&t->lock);
    const struct handle_slot *s = &r->slots[index];
    if (unlikely(index >= r->capacity || !s->object || s->grant)) {
        spin_unlock(&t->lock);
        return handle_get(t, h, 0, 0, out);
    }
    *out = object_get(s->object);
    spin_unlock(&t->lock);
    return OK;
}

/* The object of h, for as long as the caller holds t->lock: it cannot go while its handle is there. Null: the door would refuse. */
static inline struct object *handle_peek_locked(struct handle_table *t, handle_t h)
{
    const struct handle_slot *s = handle_slot_peek(t, h);
    return likely(s && (likely(!s->grant) || handle_grant_is_valid(s->grant))) ? s->object : nullptr;
}

/* What a handle names, as the door hands it out. */
struct handle_view { struct object *object; uint32_t rights; struct grant *grant; };

/* The same with rights and grant, for duplication and passing; the grant is referenced too (handle_view_put). */
enum status handle_get_view(struct handle_table *t, handle_t h, struct handle_view *out);
void handle_view_put(struct handle_view *v);

/* Takes over the caller's reference on object (and on grant) when OK; on failure the caller keeps them. */
enum status handle_install(struct handle_table *t, struct object *object, uint32_t rights, struct grant *grant, placement_t where,
                           handle_t *out);
enum status handle_close(struct handle_table *t, handle_t h);
enum status handle_dup(struct handle_table *t, handle_t h, placement_t where, uint32_t rights, uint64_t expires_ns, uint32_t flags,
                       handle_t *out);
enum status handle_revoke(struct handle_table *t, handle_t h);
enum status handle_info(struct handle_table *t, handle_t h, struct handle_info *out);
enum status handle_flags(struct handle_table *t, handle_t h, uint32_t set, uint32_t clear, uint32_t *out_old);

/* clone: every LOW handle, and the HIGH ones named, at the same numbers. */
enum status handle_table_clone(struct handle_table *from, const handle_t *high, uint32_t high_count, struct handle_table **out);
/* exec: closes close-on-exec handles and every HIGH one that is not named. */
void handle_table_exec(struct handle_table *t, const handle_t *keep, uint32_t keep_count);
uint32_t handle_table_count(const struct handle_table *t);

/* Counted by handles, apart from references: the last one gone calls type->handle_closed. */
void object_handle_added(struct object *o);
void object_handle_removed(struct object *o);
void object_handle_forget(struct object *o);   /* one that was added and never came to be: nothing is closed */
