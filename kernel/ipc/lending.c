/* SPDX-License-Identifier: MIT
 * What clients on an endpoint's queue lend to its busy servers. endpoint.lock guards queue, levels and the servers' loans; the
 * entities' own locks are taken inside.
 *
 * A server that waits has an empty queue before it, so the short way of a call never sees a loan.
 *
 * Model: tests/models/lending.pml. */
#include "kernel/ipc/lending.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/task/context.h"

struct endpoint *endpoint_reference(struct endpoint *e)
{
    object_get(&e->object);
    return e;
}

static void loan_set(struct context *server, struct schedule *to, uint32_t level, struct lending *l)
{
    struct schedule *old_to = server->loan_to;
    uint32_t old = server->loan_level;
    if (old_to == to && old == level)
        return;
    server->loan_to = to;
    server->loan_level = level;
    if (old && old_to != to) {
        schedule_adjust(old_to, old, 0);
        lending_note(l, old_to);
        old = 0;
    }
    schedule_adjust(to, old, level);
    lending_note(l, to);
}

static void lend_to_all_locked(struct endpoint *e, struct lending *l)
{
    uint32_t top = level_set_top(&e->levels);
    list_for_each(node, &e->servers) {
        struct context *server = list_entry(node, struct context, attached_link);
        loan_set(server, server->schedule, top, l);
    }
}

/* Who runs waits for nobody, so there is nothing to pass on. */
void lending_run_on_locked(struct endpoint *e, struct context *server, struct schedule *s)
{
    context_run_on(server, s);
    loan_set(server, s, level_set_top(&e->levels), nullptr);
}

void lending_end_locked(struct context *server)
{
    context_run_on(server, &server->own);
    loan_set(server, &server->own, 0, nullptr);
}

static void insert(struct endpoint *e, struct request *r)
{
    struct list_node *at = e->queue.previous;
    uint32_t level = r->queued_level;
    if (level >= PRIORITY_REALTIME)
        while (at != &e->queue && list_entry(at, struct request, link)->queued_level < level)
            at = at->previous;
    list_insert_after(at, &r->link);
}

void lending_enqueue_locked(struct endpoint *e, struct request *r, struct lending *l)
{
    struct schedule *s = r->client ? r->client->schedule : nullptr;
    r->state = REQUEST_QUEUED;
    r->queued_entity = s;
    r->queued_level = 0;
    if (s) {
        spin_lock(&s->lock);
        s->queued = r;
        s->queued_at = e;
        r->queued_level = s->priority;
        spin_unlock(&s->lock);
    }
    insert(e, r);
    level_set_move(&e->levels, 0, r->queued_level);
    lend_to_all_locked(e, l);
}

void lending_dequeue_locked(struct endpoint *e, struct request *r, struct lending *l)
{
    struct schedule *s = take(r->queued_entity);
    list_remove(&r->link);
    if (s) {
        spin_lock(&s->lock);
        s->queued_at = nullptr;
        s->queued = nullptr;
        spin_unlock(&s->lock);
    }
    level_set_move(&e->levels, r->queued_level, 0);
    lend_to_all_locked(e, l);
}

void lending_requeue(struct endpoint *e, struct request *r, struct schedule *s, struct lending *l)
{
    spin_lock(&e->lock);
    if (r->state == REQUEST_QUEUED && r->endpoint == e && r->queued_entity == s) {
        uint32_t level = __atomic_load_n(&s->priority, __ATOMIC_RELAXED);
        level_set_move(&e->levels, r->queued_level, level);
        r->queued_level = level;
        if (level >= PRIORITY_REALTIME) {
            list_remove(&r->link);
            insert(e, r);
        }
        lend_to_all_locked(e, l);
    }
    spin_unlock(&e->lock);
    object_put(&e->object);
}
