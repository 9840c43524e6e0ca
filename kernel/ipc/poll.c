/* SPDX-License-Identifier: MIT
 * poll. First a pass that only looks; watchers are made when nothing is ready and the caller wants to wait. */
#include "kernel/ipc/poll.h"
#include "kernel/core/cpu.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/context.h"

#define ON_STACK 16u
#define LOOK_BATCH 128u

struct poll_watch {
    struct watcher watcher;
    struct object *object;         /* a reference, or null */
    struct poll_state *state;
};
struct poll_state {
    struct wait_queue queue;
    uint32_t fired;                /* atomic */
};

uint32_t poll_mask(struct object *o)
{
    struct readiness *r = o->type->readiness ? o->type->readiness(o) : nullptr;
    return r ? __atomic_load_n(&r->mask, __ATOMIC_SEQ_CST) : EVENT_READ | EVENT_WRITE;
}

static inline uint32_t answer_locked(struct handle_table *t, struct poll_entry *e)
{
    e->ready = 0;
    if (unlikely(e->handle < 0))
        return 0;
    struct object *o = handle_peek_locked(t, e->handle);
    e->ready = o ? (uint16_t)(poll_mask(o) & (e->wanted | EVENT_HANGUP | EVENT_ERROR)) : (uint16_t)EVENT_INVALID;
    return e->ready != 0;
}

/* The table's lock is held for a batch at a time: no reference is needed to read a mask. */
static uint32_t look(struct handle_table *t, struct poll_entry *entries, uint32_t count)
{
    uint32_t ready = 0;
    for (uint32_t start = 0; start < count; start += LOOK_BATCH) {
        uint32_t end = MIN(count, start + LOOK_BATCH);
        spin_lock(&t->lock);
        for (uint32_t i = start; i < end; i++)
            ready += answer_locked(t, &entries[i]);
        spin_unlock(&t->lock);
        if (end < count)
            preempt_point();
    }
    return ready;
}

static void poll_notify(struct watcher *w, uint32_t mask)
{
    (void)mask;
    struct poll_watch *p = container_of(w, struct poll_watch, watcher);
    __atomic_store_n(&p->state->fired, 1, __ATOMIC_SEQ_CST);
    wait_wake(&p->state->queue, UINT32_MAX);
}

static bool has_fired(void *argument)
{
    struct poll_state *s = argument;
    return __atomic_load_n(&s->fired, __ATOMIC_SEQ_CST);
}

static void watch_all(struct handle_table *t, const struct poll_entry *entries, uint32_t count, struct poll_watch *watches,
                      struct poll_state *state)
{
    for (uint32_t i = 0; i < count; i++) {
        struct poll_watch *w = &watches[i];
        *w = (struct poll_watch){.state = state, .watcher = {.wanted = entries[i].wanted, .notify = poll_notify}};
        list_init(&w->watcher.link);
        struct object *o;
        if (entries[i].handle < 0 || handle_get(t, entries[i].handle, 0, 0, &o) != OK)
            continue;
        if (!o->type->readiness) {
            object_put(o);
            continue;
        }
        w->object = o;
        readiness_watch(o->type->readiness(o), &w->watcher);
    }
}

static void unwatch_all(struct poll_watch *watches, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (watches[i].object) {
            readiness_unwatch(watches[i].object->type->readiness(watches[i].object), &watches[i].watcher);
            object_put(watches[i].object);
        }
}

static enum status wait_ready(struct handle_table *t, struct poll_entry *entries, uint32_t count, struct poll_watch *watches,
                              uint64_t deadline_ns, uint32_t *out_ready)
{
    struct poll_state state = {0};
    wait_queue_init(&state.queue);
    watch_all(t, entries, count, watches, &state);
    enum status status;
    do {
        status = wait_until(&state.queue, has_fired, &state, deadline_ns, WAIT_INTERRUPTIBLE, "poll");
        __atomic_store_n(&state.fired, 0, __ATOMIC_SEQ_CST);
        *out_ready = look(t, entries, count);
    } while (status == OK && !*out_ready);
    unwatch_all(watches, count);
    return status == ERR_TIMED_OUT || *out_ready ? OK : status;
}

static enum status poll_entries(struct handle_table *t, struct poll_entry *entries, uint32_t count, uint64_t deadline_ns,
                                uint32_t *out_ready)
{
    *out_ready = look(t, entries, count);
    if (*out_ready || deadline_ns == DEADLINE_NOW)
        return OK;
    struct poll_watch *watches = count ? heap_allocate(count * sizeof *watches) : nullptr;
    if (count && !watches)
        return ERR_NO_MEMORY;
    enum status status = wait_ready(t, entries, count, watches, deadline_ns, out_ready);
    heap_free(watches, count * sizeof *watches);
    return status;
}

enum status poll_wait(struct handle_table *t, user_addr_t at, uint32_t count, uint64_t deadline_ns, uint32_t *out_ready)
{
    struct poll_entry few[ON_STACK];
    if (count > POLL_ENTRIES_MAX)
        return ERR_INVALID;
    struct poll_entry *entries = count <= ON_STACK ? few : heap_allocate(count * sizeof *entries);
    if (!entries)
        return ERR_NO_MEMORY;
    enum status status = copy_from_user(entries, at, count * sizeof *entries);
    if (status == OK)
        status = poll_entries(t, entries, count, deadline_ns, out_ready);
    if (status == OK)
        status = copy_to_user(at, entries, count * sizeof *entries);
    if (entries != few)
        heap_free(entries, count * sizeof *entries);
    return status;
}
