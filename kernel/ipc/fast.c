/* SPDX-License-Identifier: MIT
 * The way of almost every message: eight words, no memory, no handle, a server that waits on this CPU, a client that waits for its
 * answer. One function each way, no call on the way but the switch. Whatever is not so goes the long way (call.c, endpoint.c), which
 * does the same in general; both leave requests, endpoints and contexts in the same states.
 *
 * The current context goes from RUNNING straight to BLOCKED: it has nothing left to test, and who wins it away waits only for the
 * switch that follows at once.
 *
 * Model: tests/models/call.pml. */
#include "kernel/ipc/fast.h"
#include "kernel/task/process.h"

#define KIND_CARRIES (KIND_SEND_DATA | KIND_RECEIVE_DATA | KIND_SEND_HANDLE | KIND_RECEIVE_HANDLE)

static inline void copy_words(uint64_t *to, const uint64_t *from)
{
    uint64_t a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    a = from[4], b = from[5], c = from[6], d = from[7];
    to[4] = a, to[5] = b, to[6] = c, to[7] = d;
}

static inline void waiting_remove(struct endpoint *e, struct context *server, uint32_t cpu)
{
    list_remove(&server->receive_link);
    if (list_is_empty(&e->waiting[cpu]))
        e->waiting_cpus &= ~(1ull << cpu);
}

/* A server that waits on this CPU, claimed; null: look further the long way. */
static inline struct context *take_local_server(struct endpoint *e, uint32_t cpu)
{
    struct list_node *n = e->waiting[cpu].next;
    if (unlikely(n == &e->waiting[cpu]))
        return nullptr;
    struct context *server = list_entry(n, struct context, receive_link);
    waiting_remove(e, server, cpu);
    return likely(context_claim(server)) ? server : nullptr;
}

static inline void fill_request(struct request *r, struct context *c, struct resource *resource, uint32_t kind, uint64_t *words)
{
    const struct process *p = c->process;
    request_next_id(r);
    r->client = c;
    r->resource = resource;
    r->kind = kind;
    r->words = r->answer = words;
    r->space = p->space;
    r->handles = p->handles;
    r->caller = p->object.id;
    r->credential = p->credential;
}

static inline void deliver(const struct request *r, struct context *server)
{
    struct trap_frame *f = arch_context_frame(&server->arch);
    copy_words(f->words, r->words);
    f->rax = r->kind;
    f->rdi = r->id;
    f->rsi = r->resource->token;
    f->rbp = r->caller;
    f->r15 = r->credential;
    server->delivered = true;
}

bool ipc_call_fast(struct resource *resource, uint32_t kind, uint64_t *words, int64_t *out_result)
{
    struct cpu *cpu = this_cpu();
    struct context *c = cpu->current, *server = nullptr;
    struct endpoint *e = resource->endpoint;
    struct request *r = c->request;
    if (unlikely(kind & KIND_CARRIES))
        return false;
    spin_lock(&e->lock);
    if (likely(!e->dead && !resource->dead))
        server = take_local_server(e, cpu->number);
    if (unlikely(!server)) {
        spin_unlock(&e->lock);
        return false;
    }
    fill_request(r, c, resource, kind, words);
    r->endpoint = e;
    r->state = REQUEST_OPEN;
    r->server = server;
    server->serving = r;
    list_push_back(&e->open, &r->link);
    e->events_in_row = 0;
    deliver(r, server);
    server->schedule = c->schedule;
    __atomic_store_n(&server->schedule->runner, server, __ATOMIC_RELAXED);
    /* Asleep before the lock is given back: who answers instead of the server, because the endpoint dies, finds us BLOCKED. */
    bool sleeps = context_block_now(c, "a reply", e->object.id,
                                    kind & KIND_INTERRUPTIBLE ? WAIT_KILLABLE | WAIT_INTERRUPTIBLE : WAIT_KILLABLE);
    spin_unlock(&e->lock);
    if (likely(sleeps))
        context_switch_claimed(server);
    else
        context_ready(server); /* somebody wants this context: the long way finds out who */
    if (unlikely(__atomic_load_n(&r->state, __ATOMIC_ACQUIRE) != REQUEST_DONE || r->cancel.queued || r->forwarded)) {
        *out_result = ipc_call_await(r);
        return true;
    }
    *out_result = r->result;
    r->resource = nullptr;
    r->state = REQUEST_FREE;
    object_put(&resource->object);
    return true;
}

bool ipc_reply_receive_fast(struct endpoint *e, uint64_t id, int64_t result, uint64_t *words, int64_t *out_kind)
{
    struct cpu *cpu = this_cpu();
    struct context *self = cpu->current;
    struct request *r = self->serving;
    if (unlikely(!r || r->id != id))
        return false;
    spin_lock(&e->lock);
    struct context *client = r->client;
    if (unlikely(r->state != REQUEST_OPEN || r->endpoint != e || r->busy || !client || e->dead || !list_is_empty(&e->notices) ||
                 !list_is_empty(&e->queue) || self->attention)) {
        spin_unlock(&e->lock);
        return false;
    }
    list_remove(&r->link);
    copy_words(r->answer, words);
    r->result = result;
    r->server = nullptr;
    self->serving = nullptr;
    __atomic_store_n(&self->schedule->runner, client, __ATOMIC_RELAXED);
    self->schedule = &self->own;
    self->delivered = false;
    __atomic_store_n(&r->state, REQUEST_DONE, __ATOMIC_RELEASE);
    if (unlikely(!context_claim(client))) { /* it is awake already and will find its answer */
        spin_unlock(&e->lock);
        *out_kind = endpoint_receive(e, 0, nullptr);
        return true;
    }
    list_push_front(&e->waiting[cpu->number], &self->receive_link);
    e->waiting_cpus |= 1ull << cpu->number;
    bool sleeps = context_block_now(self, "a request", e->object.id, WAIT_INTERRUPTIBLE | WAIT_KILLABLE);
    spin_unlock(&e->lock);
    if (likely(sleeps))
        context_switch_claimed(client);
    else
        context_ready(client);
    *out_kind = likely(self->delivered) ? (int64_t)arch_context_frame(&self->arch)->rax : endpoint_receive_again(e);
    return true;
}
