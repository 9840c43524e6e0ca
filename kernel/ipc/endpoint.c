/* SPDX-License-Identifier: MIT
 * Endpoints and resources: creation, the receive side, notices, and what happens when either end dies.
 *
 * Models: tests/models/death.pml, call.pml. */
#include "kernel/ipc/endpoint.h"
#include "arch/machine.h"
#include "base/hash.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/heap.h"
#include "kernel/object/file_table.h"
#include "kernel/task/process.h"
#include "kernel/task/timer.h"

#define BUCKETS_FIRST 64u

/* ---- Resources ------------------------------------------------------------------------------------------------------ */

static struct list_node *bucket_of(const struct endpoint *e, uint64_t token)
{
    return &e->buckets[hash_mix(token) & (e->bucket_count - 1)];
}

static void resource_destroy(struct object *o)
{
    struct resource *r = container_of(o, struct resource, object);
    struct endpoint *e = r->endpoint;
    {
        GUARD(&e->lock);
        list_remove(&r->link);
        e->resource_count--;
    }
    heap_free(r, sizeof *r);
    object_put(&e->object);
}

/* The notice holds a reference until the server has read it. */
static void resource_handle_closed(struct object *o)
{
    struct resource *r = container_of(o, struct resource, object);
    spin_lock(&r->endpoint->lock);
    bool dead = r->dead; /* its server is gone; the next one may use the same token for something else */
    spin_unlock(&r->endpoint->lock);
    if (!dead)
        endpoint_post(r->endpoint, &r->closed);
}

static struct readiness *resource_readiness(struct object *o) { return &container_of(o, struct resource, object)->readiness; }

static const struct object_type resource_type = {
    .kind = OBJECT_RESOURCE, .name = "resource", .destroy = resource_destroy, .handle_closed = resource_handle_closed,
    .readiness = resource_readiness,
};

/* Doubles the table when chains grow; without memory they just stay longer. */
static void buckets_grow_locked(struct endpoint *e)
{
    uint32_t count = e->bucket_count * 2;
    struct list_node *fresh = heap_allocate(count * sizeof *fresh);
    if (!fresh)
        return;
    for (uint32_t i = 0; i < count; i++)
        list_init(&fresh[i]);
    struct list_node *old = e->buckets;
    uint32_t old_count = e->bucket_count;
    e->buckets = fresh;
    e->bucket_count = count;
    for (uint32_t i = 0; i < old_count; i++)
        for (struct list_node *n; (n = list_pop_front(&old[i]));)
            list_push_back(bucket_of(e, list_entry(n, struct resource, link)->token), n);
    heap_free(old, old_count * sizeof *old);
}

enum status resource_create(struct endpoint *e, uint64_t token, uint32_t flags, uint32_t stream_flags, struct resource **out)
{
    struct resource *r = heap_allocate_zeroed(sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    object_init(&r->object, &resource_type);
    object_get(&e->object);
    r->endpoint = e;
    r->token = token;
    r->flags = flags;
    r->stream_flags = stream_flags;
    readiness_init(&r->readiness, flags & RESOURCE_ALWAYS_READY ? EVENT_READ | EVENT_WRITE : 0);
    notice_init(&r->closed, KIND_CLOSED, token, &r->object);
    GUARD(&e->lock);
    if (e->resource_count > e->bucket_count * 2)
        buckets_grow_locked(e);
    list_push_back(bucket_of(e, token), &r->link);
    e->resource_count++;
    *out = r;
    return OK;
}

enum status readiness_set(struct endpoint *e, uint64_t token, uint32_t set, uint32_t clear)
{
    struct resource *found = nullptr;
    {
        GUARD(&e->lock);
        list_for_each(node, bucket_of(e, token)) {
            struct resource *r = list_entry(node, struct resource, link);
            /* One whose last reference is going already is not brought back. */
            if (r->token == token && __atomic_load_n(&r->object.references, __ATOMIC_ACQUIRE)) {
                object_get(&r->object);
                found = r;
                break;
            }
        }
    }
    if (!found)
        return ERR_NOT_FOUND;
    readiness_update(&found->readiness, set, clear);
    object_put(&found->object);
    return OK;
}

/* ---- Endpoints ------------------------------------------------------------------------------------------------------ */

static void endpoint_destroy(struct object *o)
{
    struct endpoint *e = container_of(o, struct endpoint, object);
    ASSERT(list_is_empty(&e->queue) && list_is_empty(&e->open) && list_is_empty(&e->bindings));
    heap_free(e->buckets, e->bucket_count * sizeof *e->buckets);
    heap_free(e, sizeof *e);
}

/* Fails every request on the list that `which` holds; each is taken off under the lock and answered outside of it. */
static void fail_all(struct endpoint *e, struct list_node *which, bool keep_restartable)
{
    for (;;) {
        struct request *victim = nullptr;
        struct lending lending = {};
        spin_lock(&e->lock);
        list_for_each_safe(node, which) {
            struct request *r = list_entry(node, struct request, link);
            bool may_repeat = r->kind & KIND_IDEMPOTENT || r->resource->flags & RESOURCE_REPLAYED;
            bool abandoned = !r->client && !r->completion_endpoint; /* its words and its space went with the client */
            if (keep_restartable && !e->dead && !abandoned && r->resource->flags & RESOURCE_RESTARTABLE && may_repeat) {
                if (r->state == REQUEST_OPEN) { /* the next server gets it again, from the beginning */
                    list_remove(node);
                    r->server = nullptr;
                    lending_enqueue_locked(e, r, &lending);
                    if (r->cancel_told) { /* the next server was not; the client leaves the queue, or tells it */
                        r->cancel_told = false;
                        context_wake(r->client);
                    }
                }
                continue;
            }
            if (r->busy)
                continue;
            victim = r;
            break;
        }
        if (victim && victim->state == REQUEST_QUEUED)
            lending_dequeue_locked(e, victim, &lending);
        else if (victim)
            list_remove(&victim->link);
        if (victim)
            victim->state = REQUEST_OPEN; /* ours alone now */
        spin_unlock(&e->lock);
        lending_finish(&lending);
        if (!victim)
            return;
        request_fail(e, victim, ERR_PEER_GONE);
    }
}

void endpoint_open_end(struct endpoint *e) { fail_all(e, &e->open, true); }

static void resources_die(struct endpoint *e, bool keep_restartable)
{
    for (uint32_t i = 0; i < e->bucket_count; i++)
        for (;;) {
            struct resource *dead = nullptr;
            spin_lock(&e->lock);
            if (i < e->bucket_count)
                list_for_each(node, &e->buckets[i]) {
                    struct resource *r = list_entry(node, struct resource, link);
                    if (!r->dead && !(keep_restartable && r->flags & RESOURCE_RESTARTABLE) &&
                        __atomic_load_n(&r->object.references, __ATOMIC_ACQUIRE)) {
                        r->dead = true;
                        dead = r;
                        object_get(&r->object);
                        break;
                    }
                }
            spin_unlock(&e->lock);
            if (!dead)
                break;
            readiness_update(&dead->readiness, EVENT_HANGUP | EVENT_ERROR, 0);
            object_put(&dead->object);
        }
}

struct binding {
    struct watcher watcher;       /* readiness.lock of the source */
    struct notice notice;
    struct list_node link;        /* endpoint.lock */
    struct endpoint *endpoint;    /* it lives no longer than the endpoint's list */
    struct object *source;        /* a reference */
};

static void binding_end(struct binding *b)
{
    readiness_unwatch(b->source->type->readiness(b->source), &b->watcher);
    endpoint_withdraw(b->endpoint, &b->notice);
    object_put(b->source);
    heap_free(b, sizeof *b);
}

static void bindings_end(struct endpoint *e)
{
    for (;;) {
        spin_lock(&e->lock);
        struct list_node *n = list_pop_front(&e->bindings);
        spin_unlock(&e->lock);
        if (!n)
            return;
        binding_end(list_entry(n, struct binding, link));
    }
}

/* What a notice keeps alive while it is queued: its owner, or, of a completion, which is the last that its request has to do, that.
 * Read before the lock goes: from then on a binding's may be freed by who unbinds it. */
struct kept { struct object *owner; struct request *completed; };

static struct kept kept_by_locked(struct notice *n)
{
    return (struct kept){n->owner, n->kind == KIND_COMPLETION ? container_of(n, struct request, completion) : nullptr};
}

static void kept_put(struct kept k)
{
    if (k.owner)
        object_put(k.owner);
    if (k.completed)
        request_put(k.completed);
}

/* A tag is an address in the server that chose it, and so is the token of what it will not adopt; other tokens are keys that the next
 * server knows too. */
static bool belongs_to_one_server(const struct notice *n)
{
    if (n->kind == KIND_CLOSED)
        return !(container_of(n, struct resource, closed)->flags & RESOURCE_RESTARTABLE);
    return n->kind == KIND_EVENT || n->kind == KIND_COMPLETION || n->kind == KIND_CANCEL;
}

static void notices_drop(struct endpoint *e, bool only_of_one_server)
{
    for (;;) {
        bool found = false;
        struct kept kept = {};
        spin_lock(&e->lock);
        list_for_each(node, &e->notices) {
            struct notice *n = list_entry(node, struct notice, link);
            if (!only_of_one_server || belongs_to_one_server(n)) {
                found = true;
                kept = kept_by_locked(n);
                list_remove(node);
                n->queued = false;
                break;
            }
        }
        spin_unlock(&e->lock);
        if (!found)
            return;
        kept_put(kept);
    }
}

static void endpoint_handle_closed(struct object *o)
{
    struct endpoint *e = container_of(o, struct endpoint, object);
    object_get(o); /* what we fail below may hold the last reference */
    spin_lock(&e->lock);
    e->dead = true;
    spin_unlock(&e->lock);
    fail_all(e, &e->queue, false);
    fail_all(e, &e->open, false);
    resources_die(e, false);
    bindings_end(e);
    files_endpoint_died(e);
    notices_drop(e, false);
    object_put(o);
}

static const struct object_type endpoint_type = {
    .kind = OBJECT_ENDPOINT, .name = "endpoint", .destroy = endpoint_destroy, .handle_closed = endpoint_handle_closed,
};

enum status endpoint_create(struct endpoint **out)
{
    struct endpoint *e = heap_allocate_zeroed(sizeof *e);
    if (!e)
        return ERR_NO_MEMORY;
    e->bucket_count = BUCKETS_FIRST;
    e->buckets = heap_allocate(BUCKETS_FIRST * sizeof *e->buckets);
    if (!e->buckets) {
        heap_free(e, sizeof *e);
        return ERR_NO_MEMORY;
    }
    object_init(&e->object, &endpoint_type);
    spinlock_init(&e->lock, RANK_ENDPOINT);
    for (uint32_t i = 0; i < BUCKETS_FIRST; i++)
        list_init(&e->buckets[i]);
    for (uint32_t i = 0; i < CPU_MAX; i++)
        list_init(&e->waiting[i]);
    list_init(&e->servers);
    list_init(&e->queue);
    list_init(&e->open);
    list_init(&e->notices);
    list_init(&e->bindings);
    *out = e;
    return OK;
}

/* ---- Attaching ------------------------------------------------------------------------------------------------------ */

static void buffer_release(struct receive_buffer *b)
{
    for (uint64_t i = 0; i < RECEIVE_PAGES_MAX && b->pages[i]; i++)
        space_wired_release(b->pages[i]);
    heap_free(b, sizeof *b);
}

static enum status buffer_pin(uint64_t address, uint64_t length, struct receive_buffer **out)
{
    if (!is_aligned(address | length, PAGE_BYTES) || length > RECEIVE_PAGES_MAX * PAGE_BYTES)
        return ERR_INVALID;
    struct receive_buffer *b = heap_allocate_zeroed(sizeof *b);
    if (!b)
        return ERR_NO_MEMORY;
    b->address = address;
    b->length = length;
    for (uint64_t i = 0; i < length / PAGE_BYTES; i++) {
        void *page;
        enum status status = space_wired_pointer(current()->process->space, user(address + i * PAGE_BYTES), PAGE_BYTES, &page);
        if (status != OK) {
            buffer_release(b);
            return status;
        }
        b->pages[i] = page;
    }
    *out = b;
    return OK;
}

enum status endpoint_attach(struct endpoint *e, uint64_t address, uint64_t length)
{
    struct context *c = current();
    struct receive_buffer *b = nullptr;
    if (length)
        TRY(buffer_pin(address, length, &b));
    endpoint_detach(c);
    object_get(&e->object);
    spin_lock(&e->lock);
    e->attached++;
    list_push_back(&e->servers, &c->attached_link);
    c->attached = e;
    c->buffer = b;
    spin_unlock(&e->lock);
    return OK;
}

void endpoint_detach(struct context *c)
{
    struct endpoint *e = c->attached;
    if (!e)
        return;
    spin_lock(&e->lock);
    list_remove(&c->receive_link);
    lending_end_locked(c);
    list_remove(&c->attached_link);
    c->attached = nullptr;
    struct request *unanswered = take(c->serving);
    if (unanswered)
        unanswered->server = nullptr;
    bool last = --e->attached == 0;
    e->instance += last;
    spin_unlock(&e->lock);
    if (c->buffer)
        buffer_release(take(c->buffer));
    if (last) { /* what the next server must not get: its predecessor's tags */
        bindings_end(e);
        notices_drop(e, true);
        files_endpoint_died(e);
        fail_all(e, &e->open, true);
        resources_die(e, true);
    }
    object_put(&e->object);
}

/* ---- Bindings ------------------------------------------------------------------------------------------------------- */

static void binding_notify(struct watcher *w, uint32_t mask)
{
    struct binding *b = container_of(w, struct binding, watcher);
    b->notice.words[1] = mask;
    endpoint_post(b->endpoint, &b->notice);
}

enum status endpoint_bind(struct endpoint *e, struct object *source, uint64_t tag)
{
    if (!source->type->readiness)
        return ERR_WRONG_TYPE;
    struct binding *b = heap_allocate_zeroed(sizeof *b);
    if (!b)
        return ERR_NO_MEMORY;
    b->endpoint = e;
    b->source = object_get(source);
    notice_init(&b->notice, KIND_EVENT, tag, nullptr);
    b->watcher.wanted = ~0u;
    b->watcher.notify = binding_notify;
    list_init(&b->watcher.link);
    list_init(&b->link);
    /* Watched before it is on the list: whoever takes it off ends all of it. */
    readiness_watch(source->type->readiness(source), &b->watcher);
    spin_lock(&e->lock);
    bool deserted = endpoint_is_deserted(e);
    if (likely(!deserted))
        list_push_back(&e->bindings, &b->link);
    spin_unlock(&e->lock);
    if (likely(!deserted))
        return OK;
    binding_end(b);
    return ERR_PEER_GONE;
}

enum status endpoint_instance(struct endpoint *e, uint32_t *out_instance)
{
    GUARD(&e->lock);
    *out_instance = e->instance;
    return endpoint_is_deserted(e) ? ERR_PEER_GONE : OK;
}

enum status endpoint_unbind(struct endpoint *e, struct object *source)
{
    struct binding *found = nullptr;
    spin_lock(&e->lock);
    list_for_each(node, &e->bindings) {
        struct binding *b = list_entry(node, struct binding, link);
        if (b->source == source) {
            list_remove(node);
            found = b;
            break;
        }
    }
    spin_unlock(&e->lock);
    if (!found)
        return ERR_NOT_FOUND;
    binding_end(found);
    return OK;
}

/* ---- Notices -------------------------------------------------------------------------------------------------------- */

void notice_init(struct notice *n, uint32_t kind, uint64_t token, struct object *owner)
{
    *n = (struct notice){.kind = kind, .token = token, .owner = owner};
    list_init(&n->link);
}

struct context *endpoint_take_server_locked(struct endpoint *e)
{
    struct list_node *here = &e->waiting[this_cpu()->number], *first = here->next;
    if (likely(first != here)) { /* the bit of waiting_cpus may stay: it is a hint */
        list_remove(first);
        struct context *server = list_entry(first, struct context, receive_link);
        if (likely(context_claim(server)))
            return server;
    }
    while (e->waiting_cpus) {
        uint32_t cpu = (uint32_t)__builtin_ctzll(e->waiting_cpus);
        struct list_node *n = list_pop_front(&e->waiting[cpu]);
        if (list_is_empty(&e->waiting[cpu]))
            e->waiting_cpus &= ~(1ull << cpu);
        if (!n)
            continue;
        struct context *server = list_entry(n, struct context, receive_link);
        if (context_claim(server))
            return server;
    }
    return nullptr;
}

/* n is in the frame of `to`, which is the current context, or was waiting and is claimed. */
static void hand_over_locked(struct endpoint *e, struct notice *n, struct context *to)
{
    transfer_notice(n, to);
    n->count = 0;
    e->events_in_row++;
}

/* The lock is held and released. The server that was waiting, claimed, with the notice in its frame; or null: it is on the list. */
[[nodiscard]] static struct context *post_locked(struct endpoint *e, struct notice *n)
{
    struct context *server = nullptr;
    n->count++;
    if (!n->queued && !e->dead)
        server = endpoint_take_server_locked(e);
    if (server) {
        hand_over_locked(e, n, server);
        server->delivered = true;
    } else if (!n->queued && !e->dead) {
        n->queued = true;
        if (n->owner)
            object_get(n->owner);
        list_push_back(&e->notices, &n->link);
    }
    struct request *completed = server && n->kind == KIND_COMPLETION ? container_of(n, struct request, completion) : nullptr;
    spin_unlock(&e->lock);
    if (completed)
        request_put(completed);
    return server;
}

void endpoint_post(struct endpoint *e, struct notice *n)
{
    spin_lock(&e->lock);
    struct context *server = post_locked(e, n);
    if (server)
        context_ready(server);
}

void endpoint_post_least(struct endpoint *e, struct notice *n, uint64_t value)
{
    spin_lock(&e->lock);
    n->words[0] = n->queued ? MIN(n->words[0], value) : value;
    struct context *server = post_locked(e, n);
    if (server)
        context_ready(server);
}

void endpoint_post_last(struct endpoint *e, struct notice *n, uint64_t value)
{
    spin_lock(&e->lock);
    n->words[0] = value;
    if (n->queued) {
        list_remove(&n->link);
        list_push_back(&e->notices, &n->link);
    }
    struct context *server = post_locked(e, n);
    if (server)
        context_ready(server);
}

bool endpoint_post_to(struct endpoint *e, uint32_t instance, struct notice *n, struct context **out_server)
{
    *out_server = nullptr;
    spin_lock(&e->lock);
    if (e->dead || e->instance != instance) {
        spin_unlock(&e->lock);
        return false;
    }
    *out_server = post_locked(e, n);
    return true;
}

void endpoint_withdraw(struct endpoint *e, struct notice *n)
{
    struct object *owner = nullptr;
    {
        GUARD(&e->lock);
        if (!n->queued)
            return;
        list_remove(&n->link);
        n->queued = false;
        owner = n->owner;
    }
    if (owner)
        object_put(owner);
}

/* ---- Receiving ------------------------------------------------------------------------------------------------------ */

static bool events_first(const struct endpoint *e)
{
    return !list_is_empty(&e->notices) && (e->events_in_row < EVENT_BATCH || list_is_empty(&e->queue));
}

static void take_notice(struct endpoint *e, struct context *self)
{
    struct notice *n = list_entry(list_pop_front(&e->notices), struct notice, link);
    n->queued = false;
    hand_over_locked(e, n, self);
    struct kept kept = kept_by_locked(n);
    spin_unlock(&e->lock);
    kept_put(kept);
}

/* Takes the first queued request, and works on its client's entity. A client whose bytes cannot be read gets the error, and the next one is looked at. */
static bool take_request(struct endpoint *e, struct context *self)
{
    struct request *r = list_entry(e->queue.next, struct request, link);
    struct lending lending = {};
    lending_dequeue_locked(e, r, &lending);
    r->state = REQUEST_OPEN;
    r->busy++;
    e->events_in_row = 0;
    list_push_back(&e->open, &r->link);
    if (r->client) {
        self->serving = r;
        r->server = self;
        lending_run_on_locked(e, self, r->client->schedule);
    }
    spin_unlock(&e->lock);
    lending_finish(&lending);
    enum status status = transfer_to_server(r, self);
    spin_lock(&e->lock);
    r->busy--;
    spin_unlock(&e->lock);
    if (status == OK)
        return true;
    spin_lock(&e->lock);
    list_remove(&r->link);
    spin_unlock(&e->lock);
    request_fail(e, r, status);
    return false;
}

/* True: a message is in the frame; the lock is released. False: nothing there, the lock is still held. */
static bool take_message(struct endpoint *e, struct context *self)
{
    for (;;) {
        if (events_first(e)) {
            take_notice(e, self);
            return true;
        }
        if (list_is_empty(&e->queue))
            return false;
        if (take_request(e, self))
            return true;
        spin_lock(&e->lock);
    }
}

static void receive_timeout(struct timer *t)
{
    struct context *c = t->owner;
    c->timed_out = true;
    context_wake(c);
}

static void wait_on_list_locked(struct endpoint *e, struct context *self)
{
    self->delivered = false;
    list_push_front(&e->waiting[self->cpu], &self->receive_link);
    e->waiting_cpus |= 1ull << self->cpu;
    context_block_prepare("a request", e->object.id, WAIT_INTERRUPTIBLE | WAIT_KILLABLE);
}

/* After the sleep: off the list, whoever woke us. */
static void leave_list(struct endpoint *e, struct context *self)
{
    GUARD(&e->lock);
    list_remove(&self->receive_link);
}

/* The request that this context served goes on without it: its client's entity is given back. */
static void serving_end(struct endpoint *e, struct context *self)
{
    GUARD(&e->lock);
    struct request *r = take(self->serving);
    if (r && r->server == self)
        r->server = nullptr;
    lending_run_on_locked(e, self, &self->own);
}

int64_t endpoint_receive(struct endpoint *e, uint64_t deadline_ns, struct context *answered)
{
    struct context *self = current();
    bool timed = deadline_ns > 1;
    self->timed_out = false;
    for (;;) {
        if (unlikely(self->serving || self->schedule != &self->own))
            serving_end(e, self);
        spin_lock(&e->lock);
        if (unlikely(!list_is_empty(&e->notices) || !list_is_empty(&e->queue))) {
            if (take_message(e, self)) {
                if (answered)
                    context_ready(answered);
                return (int64_t)arch_context_frame(&self->arch)->rax;
            }
        }
        bool leave = deadline_ns == 1 || self->timed_out || context_is_interrupted(self) || e->dead;
        if (!leave)
            wait_on_list_locked(e, self);
        spin_unlock(&e->lock);
        if (leave) {
            if (answered)
                context_ready(answered);
            return context_is_interrupted(self) ? ERR_INTERRUPTED : e->dead ? ERR_PEER_GONE : deadline_ns == 1 ? ERR_WOULD_BLOCK
                                                                                                             : ERR_TIMED_OUT;
        }
        if (unlikely(timed)) {
            timer_init(self->timeout, receive_timeout);
            self->timeout->owner = self;
            timer_arm(self->timeout, deadline_ns);
        }
        if (unlikely(context_is_interrupted(self)))
            context_wake(self); /* it became so between the test and the sleep */
        if (likely(answered))
            context_switch_direct(take(answered));
        else
            schedule();
        if (unlikely(timed))
            timer_cancel(self->timeout);
        if (likely(self->delivered))
            return (int64_t)arch_context_frame(&self->arch)->rax;
        leave_list(e, self);
    }
}

int64_t endpoint_receive_again(struct endpoint *e)
{
    leave_list(e, current());
    return endpoint_receive(e, 0, nullptr);
}
