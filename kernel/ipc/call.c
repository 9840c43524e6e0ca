/* SPDX-License-Identifier: MIT
 * Asking and answering. A call finds a waiting server and switches to it at once, with the client's time and priority; the reply
 * switches straight back. The queue exists only for servers that are busy.
 *
 * Who may touch a request is decided by its endpoint's lock and its state (request.h). While `busy` is set its client stays,
 * even when killed: a copy between the two is under way.
 *
 * Model: tests/models/call.pml. */
#include "arch/machine.h"
#include "base/string.h"
#include "kernel/core/panic.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/process.h"

#define BRING_IN_MAX (1u << 20)

/* ---- Asking ---------------------------------------------------------------------------------------------------------- */

/* What only a pager can give is brought in by the client itself, before a server sees the request. */
static enum status bring_in(const struct request *r)
{
    if (r->kind & KIND_SEND_DATA && r->words[WORD_SEND_LENGTH])
        TRY(user_range_bring_in(user(r->words[WORD_SEND_ADDRESS]), MIN(r->words[WORD_SEND_LENGTH], BRING_IN_MAX), PROT_READ_));
    if (r->kind & KIND_RECEIVE_DATA && r->words[WORD_RECEIVE_LENGTH])
        TRY(user_range_bring_in(user(r->words[WORD_RECEIVE_ADDRESS]), MIN(r->words[WORD_RECEIVE_LENGTH], BRING_IN_MAX), PROT_WRITE_));
    return OK;
}

static enum status check_kind(const struct request *r)
{
    if (r->kind & KIND_FROM_KERNEL)
        return ERR_INVALID;
    if (r->kind & KIND_SEND_DATA && !user_range_valid(user(r->words[WORD_SEND_ADDRESS]), r->words[WORD_SEND_LENGTH]))
        return ERR_BAD_ADDRESS;
    if (r->kind & KIND_RECEIVE_DATA && !user_range_valid(user(r->words[WORD_RECEIVE_ADDRESS]), r->words[WORD_RECEIVE_LENGTH]))
        return ERR_BAD_ADDRESS;
    return OK;
}

/* The lock is held and released. */
static void enqueue(struct endpoint *e, struct request *r)
{
    struct lending lending = {};
    lending_enqueue_locked(e, r, &lending);
    spin_unlock(&e->lock);
    lending_finish(&lending);
}

/* A server that waited works for the client: in its time, at its priority. Nobody lends it anything: the queue is empty. */
static void serve_locked(struct context *server, struct request *r)
{
    server->serving = r;
    r->server = server;
    server->schedule = r->client->schedule;
    __atomic_store_n(&server->schedule->runner, server, __ATOMIC_RELAXED);
}

static void unserve_locked(struct endpoint *e, struct context *server, struct request *r)
{
    if (r->client) {
        server->serving = nullptr;
        r->server = nullptr;
        lending_run_on_locked(e, server, &server->own);
        __atomic_store_n(&r->client->schedule->runner, r->client, __ATOMIC_RELAXED);
    }
}

/* Puts r before e's servers. *out_server: claimed and filled, not yet running; null: it is on the queue. Lock is not held.
 * `asking`: the current context is the client and will sleep; otherwise the client must not go while its bytes are read. */
static enum status present(struct request *r, struct endpoint *e, struct resource *target, bool asking, struct context **out_server)
{
    *out_server = nullptr;
    spin_lock(&e->lock);
    if (unlikely(e->dead || target->dead)) {
        spin_unlock(&e->lock);
        return ERR_PEER_GONE;
    }
    __atomic_store_n(&r->endpoint, e, __ATOMIC_RELEASE);
    r->busy = 0;
    struct context *server = endpoint_take_server_locked(e);
    if (!server) {
        enqueue(e, r);
        return OK;
    }
    r->state = REQUEST_OPEN;
    list_push_back(&e->open, &r->link);
    if (r->client)
        serve_locked(server, r);
    e->events_in_row = 0;
    r->busy = !asking;
    spin_unlock(&e->lock);
    enum status status = transfer_to_server(r, server);
    if (unlikely(!asking)) {
        spin_lock(&e->lock);
        r->busy = 0;
        spin_unlock(&e->lock);
    }
    if (unlikely(status != OK)) {
        spin_lock(&e->lock);
        list_remove(&r->link);
        r->state = REQUEST_FREE;
        unserve_locked(e, server, r);
        spin_unlock(&e->lock);
        context_ready(server); /* finds nothing and waits again */
        return status;
    }
    server->delivered = true;
    *out_server = server;
    return OK;
}

/* e.lock for the endpoint that r is on now: a forward may move it. The original resource and the forwarded one keep both alive. */
static struct endpoint *request_lock(struct request *r)
{
    for (;;) {
        struct endpoint *e = __atomic_load_n(&r->endpoint, __ATOMIC_ACQUIRE);
        spin_lock(&e->lock);
        if (e == __atomic_load_n(&r->endpoint, __ATOMIC_ACQUIRE))
            return e;
        spin_unlock(&e->lock);
    }
}

/* Does the client have a reason not to wait? */
static bool wants_out(const struct context *c, const struct request *r)
{
    return context_is_killed(c) || (r->kind & KIND_INTERRUPTIBLE && context_is_interrupted(c));
}

/* The client is being killed: the request is the server's alone from now on. */
static enum status abandon(struct context *c, struct request *r, struct endpoint *e)
{
    if (r->server) { /* its time and priority are still in use: whose they are stays until the answer */
        r->keeps = container_of(c->schedule, struct context, own);
        object_get(&r->keeps->object);
    }
    r->client = nullptr;
    c->request = nullptr;
    spin_unlock(&e->lock);
    return ERR_CANCELLED;
}

/* Everything but the usual answer: a stray wake-up, an interruption, the end of the client. OK: the request is DONE.
 * Between prepare and sleep no lock is taken: the server that answers may wait for this context to sleep, holding the endpoint's. */
static enum status await_slow(struct context *c, struct request *r)
{
    for (;;) {
        bool killed = context_is_killed(c), leaves = killed || wants_out(c, r);
        struct endpoint *e = request_lock(r);
        if (r->state == REQUEST_DONE) {
            spin_unlock(&e->lock);
            return OK;
        }
        if (r->busy) {
            spin_unlock(&e->lock);
            context_yield();
            continue;
        }
        if (leaves && r->state == REQUEST_QUEUED) { /* nothing has happened yet */
            struct lending lending = {};
            lending_dequeue_locked(e, r, &lending);
            r->state = REQUEST_FREE;
            spin_unlock(&e->lock);
            lending_finish(&lending);
            return ERR_INTERRUPTED;
        }
        if (leaves && !r->cancel_told) {
            r->cancel_told = true;
            r->cancel.id = r->id;
            spin_unlock(&e->lock);
            endpoint_post(e, &r->cancel);
            continue;
        }
        if (killed)
            return abandon(c, r, e);
        /* A next server, which was told nothing, wakes this context: endpoint.c, fail_all. */
        bool told = r->cancel_told;
        context_block_prepare(r->state == REQUEST_QUEUED ? "a busy server" : "a reply", e->object.id, told || !(r->kind & KIND_INTERRUPTIBLE) ? WAIT_KILLABLE
                                                                                               : WAIT_KILLABLE | WAIT_INTERRUPTIBLE);
        spin_unlock(&e->lock);
        if (context_is_killed(c) || (!told && r->kind & KIND_INTERRUPTIBLE && context_is_interrupted(c)))
            context_wake(c);
        schedule();
    }
}

static void request_finish(struct request *r)
{
    if (unlikely(r->cancel.queued))
        endpoint_withdraw(r->endpoint, &r->cancel);
    if (unlikely(r->sent.object))
        transfer_abort(r);
    object_put(&r->resource->object);
    if (unlikely(r->forwarded))
        object_put(&r->forwarded->object);
    r->resource = r->forwarded = nullptr;
    r->cancel_told = false;
    r->state = REQUEST_FREE;
}

static enum status ask(struct context *c, struct request *r)
{
    struct context *server;
    enum status status = present(r, r->resource->endpoint, r->resource, true, &server);
    if (unlikely(status == ERR_WOULD_BLOCK)) { /* bytes that only a pager has */
        TRY(bring_in(r));
        status = present(r, r->resource->endpoint, r->resource, true, &server);
    }
    if (unlikely(status != OK))
        return status == ERR_WOULD_BLOCK ? ERR_BAD_ADDRESS : status;
    if (likely(server)) {
        context_block_prepare("a reply", r->endpoint->object.id,
                              r->kind & KIND_INTERRUPTIBLE ? WAIT_INTERRUPTIBLE | WAIT_KILLABLE : WAIT_KILLABLE);
        /* What came since the lock was given back did not find us asleep: an answer, because the endpoint died, or the end of the client. */
        if (unlikely(__atomic_load_n(&r->state, __ATOMIC_SEQ_CST) == REQUEST_DONE || wants_out(c, r)))
            context_wake(c);
        if (likely(context_may_use(server, this_cpu()->number))) {
            context_switch_direct(server);
        } else {
            context_ready(server);
            schedule();
        }
    }
    return likely(__atomic_load_n(&r->state, __ATOMIC_ACQUIRE) == REQUEST_DONE) ? OK : await_slow(c, r);
}

int64_t ipc_call_await(struct request *r)
{
    struct context *c = current();
    enum status status = r->state == REQUEST_DONE ? OK : await_slow(c, r);
    if (status == ERR_CANCELLED && !c->request)
        return status;
    int64_t result = status == OK ? r->result : (int64_t)status;
    request_finish(r);
    return result;
}

int64_t ipc_call(struct resource *resource, uint32_t kind, uint64_t *words, uint64_t *answer)
{
    struct context *c = current();
    struct request *r = c->request;
    request_next_id(r);
    r->client = c;
    r->resource = resource;
    r->kind = kind;
    r->words = words;
    r->answer = answer;
    r->space = c->process->space;
    r->handles = c->process->handles;
    r->caller = c->process->object.id;
    r->credential = c->process->credential;
    enum status status = OK;
    if (unlikely(kind & (KIND_SEND_DATA | KIND_RECEIVE_DATA | KIND_FROM_KERNEL)))
        status = check_kind(r);
    if (unlikely(kind & KIND_RECEIVE_DATA) && status == OK && words[WORD_RECEIVE_LENGTH] > PAGE_BYTES)
        status = bring_in(r);
    if (unlikely(kind & KIND_SEND_HANDLE) && status == OK)
        status = transfer_prepare(r);
    if (likely(status == OK))
        status = ask(c, r);
    if (unlikely(status == ERR_CANCELLED && !c->request))
        return status; /* abandoned: the request belongs to whoever answers it */
    int64_t result = status == OK ? r->result : (int64_t)status;
    request_finish(r);
    return result;
}

enum status ipc_submit(struct resource *resource, uint32_t kind, const uint64_t *words, struct endpoint *completion, uint64_t tag,
                       bool follow, struct context **out_server)
{
    *out_server = nullptr;
    struct process *p = current()->process;
    struct request *r;
    TRY(request_create(nullptr, &r));
    request_next_id(r);
    memcpy(r->own_words, words, sizeof r->own_words);
    r->words = r->answer = r->own_words;
    r->resource = resource;
    r->kind = kind & ~KIND_INTERRUPTIBLE;
    r->space = p->space;
    r->handles = p->handles;
    r->caller = p->object.id;
    r->credential = p->credential;
    enum status status = check_kind(r);
    if (status == OK)
        status = endpoint_instance(completion, &r->completion_instance);
    if (status == OK)
        status = transfer_prepare(r);
    if (status != OK) {
        r->resource = nullptr;
        request_put(r);
        return status;
    }
    object_get(&resource->object);
    object_get(&completion->object);
    space_get(r->space);
    handle_table_get(r->handles);
    r->completion_endpoint = completion;
    notice_init(&r->completion, KIND_COMPLETION, tag, nullptr);
    struct context *server;
    status = present(r, resource->endpoint, resource, false, &server);
    if (unlikely(status == ERR_WOULD_BLOCK)) { /* bytes that only a pager has: rare, servers live in memory of their own */
        status = bring_in(r);
        if (status == OK)
            status = present(r, resource->endpoint, resource, false, &server);
    }
    if (server)
        *out_server = context_ready_unless_next(server, follow);
    if (status != OK)
        request_fail(resource->endpoint, r, status); /* answered like any other: the server of the submit has one way to look */
    return OK;
}

/* ---- Answering ------------------------------------------------------------------------------------------------------- */

/* The open request of this id on e, locked; ERR_NOT_FOUND for old, forged and foreign ids. While another context of the server copies
 * for it, which takes as long as the bytes, this one waits: an answer must not get lost. */
static enum status find_open_locked(struct endpoint *e, uint64_t id, struct request **out)
{
    struct request *serving = current()->serving;
    struct request *r = serving && serving->id == id ? serving : request_find(id);
    if (!r)
        return ERR_NOT_FOUND;
    for (;;) {
        spin_lock(&e->lock);
        bool open = r->id == id && r->endpoint == e && r->state == REQUEST_OPEN;
        if (likely(open && !r->busy)) {
            *out = r;
            return OK;
        }
        spin_unlock(&e->lock);
        if (!open || context_is_killed(current()))
            return ERR_NOT_FOUND;
        context_yield();
    }
}

static enum status give_handle(struct request *r, handle_t number, bool move, uint64_t *out_number)
{
    struct process *server = current()->process;
    struct handle_view v;
    TRY(handle_get_view(server->handles, number, &v));
    handle_t installed;
    enum status status = v.rights & RIGHT_GRANT ? handle_install(r->handles, v.object, v.rights, v.grant, r->words[WORD_PLACEMENT], &installed)
                                                : ERR_DENIED;
    if (status != OK)
        handle_view_put(&v);
    else
        *out_number = (uint64_t)installed;
    if (move)
        IGNORE(handle_close(server->handles, number));
    return status;
}

enum status request_carry(struct request *r, uint64_t flags, uint64_t *words)
{
    enum status status = OK;
    uint64_t address = r->words[WORD_RECEIVE_ADDRESS], capacity = r->words[WORD_RECEIVE_LENGTH];
    if (flags & REPLY_DATA && r->kind & KIND_RECEIVE_DATA) {
        size_t copied = 0, length = MIN(words[WORD_RECEIVE_LENGTH], capacity);
        user_addr_t from = user(words[WORD_RECEIVE_ADDRESS]);
        if (!user_range_valid(from, length))
            status = ERR_BAD_ADDRESS;
        else if (length)
            status = space_copy_from_current(r->space, user(address), from, length, false, &copied);
        words[WORD_RECEIVE_LENGTH] = copied;
        words[WORD_RECEIVE_ADDRESS] = 0;
    }
    if (flags & REPLY_HANDLE) {
        uint64_t number = (uint64_t)HANDLE_NONE;
        bool wanted = r->kind & KIND_RECEIVE_HANDLE && status == OK;
        if (wanted && (handle_t)words[WORD_HANDLE] != HANDLE_NONE)
            status = give_handle(r, (handle_t)words[WORD_HANDLE], flags & REPLY_HANDLE_MOVE, &number);
        else if (flags & REPLY_HANDLE_MOVE)
            IGNORE(handle_close(current()->process->handles, (handle_t)words[WORD_HANDLE]));
        words[WORD_HANDLE] = number;
    }
    return status;
}

static struct context *submit_complete(struct request *r, int64_t result, bool follow)
{
    struct endpoint *to = r->completion_endpoint;
    memcpy(r->completion.words, r->own_words, sizeof r->completion.words);
    r->completion.id = (uint64_t)result;
    space_put(r->space);
    handle_table_put(r->handles);
    request_finish(r);
    struct context *server;
    if (!endpoint_post_to(to, r->completion_instance, &r->completion, &server))
        request_put(r); /* who asked is gone */
    object_put(&to->object);
    return server ? context_ready_unless_next(server, follow) : nullptr;
}

/* Nobody waits any more: what the reply brought is dropped. */
static void abandoned_complete(struct request *r)
{
    struct context *keeps = take(r->keeps);
    request_finish(r);
    request_put(r);
    if (keeps)
        object_put(&keeps->object);
}

/* r is OPEN, off the open list, and the lock is held; it is released. */
static struct context *complete_locked(struct endpoint *e, struct request *r, int64_t result, const uint64_t *words, bool claim)
{
    struct context *client = r->client;
    struct context *self = current();
    if (self->serving == r) {
        self->serving = nullptr;
        if (likely(claim && !self->loan_level))
            self->schedule = &self->own; /* its client goes on at once, and so does the time */
        else
            lending_run_on_locked(e, self, &self->own);
    } else if (r->server && r->server->serving == r) {
        r->server->serving = nullptr;
    }
    r->server = nullptr;
    if (likely(client))
        __atomic_store_n(&client->schedule->runner, client, __ATOMIC_RELAXED);
    if (likely(client || r->completion_endpoint)) {
        if (words)
            memcpy(r->answer, words, MESSAGE_WORDS * sizeof *words);
        r->result = result;
    }
    if (unlikely(!client)) {
        r->state = REQUEST_FREE;
        spin_unlock(&e->lock);
        if (r->completion_endpoint)
            return submit_complete(r, result, claim);
        abandoned_complete(r);
        return nullptr;
    }
    /* Release: the answer is written before the client can see DONE. */
    __atomic_store_n(&r->state, REQUEST_DONE, __ATOMIC_RELEASE);
    bool claimed = context_claim(client); /* under the lock: afterwards the client may be gone */
    spin_unlock(&e->lock);
    if (!claimed)
        return nullptr;
    if (claim)
        return client;
    context_ready(client);
    return nullptr;
}

enum status ipc_reply(struct endpoint *e, uint64_t id, int64_t result, uint64_t flags, uint64_t *words, bool claim,
                      struct context **out_client)
{
    *out_client = nullptr;
    struct request *r;
    TRY(find_open_locked(e, id, &r));
    if (unlikely(flags)) {
        r->busy++;
        bool somebody = r->client || r->completion_endpoint;
        spin_unlock(&e->lock);
        enum status status = OK;
        if (somebody)
            status = request_carry(r, flags, words);
        else if (flags & REPLY_HANDLE_MOVE)
            IGNORE(handle_close(current()->process->handles, (handle_t)words[WORD_HANDLE]));
        if (status != OK && result >= 0)
            result = status;
        spin_lock(&e->lock);
        r->busy--;
    }
    list_remove(&r->link);
    *out_client = complete_locked(e, r, result, words, claim);
    return OK;
}

void request_fail(struct endpoint *e, struct request *r, enum status status)
{
    spin_lock(&e->lock);
    (void)complete_locked(e, r, status, nullptr, false);
}

enum status request_copy(struct endpoint *e, uint64_t id, uint64_t offset, uint64_t address, uint64_t length, bool to_client,
                         uint64_t *out_done)
{
    struct request *r;
    uint32_t needed = to_client ? KIND_RECEIVE_DATA : KIND_SEND_DATA;
    TRY(find_open_locked(e, id, &r));
    uint64_t start = r->words[to_client ? WORD_RECEIVE_ADDRESS : WORD_SEND_ADDRESS];
    uint64_t total = r->words[to_client ? WORD_RECEIVE_LENGTH : WORD_SEND_LENGTH];
    enum status status = OK;
    if (!r->client && !r->completion_endpoint)
        status = ERR_CANCELLED;
    else if (!(r->kind & needed) || offset > total || !user_range_valid(user(address), length))
        status = ERR_INVALID;
    if (status != OK) {
        spin_unlock(&e->lock);
        return status;
    }
    r->busy++;
    spin_unlock(&e->lock);
    length = MIN(length, total - offset);
    size_t copied = 0;
    if (length)
        status = to_client ? space_copy_from_current(r->space, user(start + offset), user(address), length, false, &copied)
                           : space_copy_to_current(user(address), r->space, user(start + offset), length, false, &copied);
    spin_lock(&e->lock);
    r->busy--;
    bool orphaned = endpoint_is_deserted(e);
    spin_unlock(&e->lock);
    if (unlikely(orphaned)) /* whoever ended the open requests meanwhile had to pass over this one */
        endpoint_open_end(e);
    *out_done = copied;
    return copied ? OK : status;
}

/* Words that describe the client's memory stay the client's; `skip` bytes of what it sends are left out. */
static enum status forward_words(struct request *r, uint32_t kind, const uint64_t *words, uint64_t skip)
{
    uint64_t fresh[MESSAGE_WORDS];
    memcpy(fresh, words, sizeof fresh);
    if (kind & KIND_FROM_KERNEL || kind & ~(KIND_OPERATION | r->kind | KIND_IDEMPOTENT))
        return ERR_INVALID; /* memory or a handle that the client did not offer */
    if (kind & KIND_SEND_DATA) {
        if (skip > r->words[WORD_SEND_LENGTH])
            return ERR_INVALID;
        fresh[WORD_SEND_ADDRESS] = r->words[WORD_SEND_ADDRESS] + skip;
        fresh[WORD_SEND_LENGTH] = r->words[WORD_SEND_LENGTH] - skip;
    }
    if (kind & KIND_RECEIVE_DATA) {
        fresh[WORD_RECEIVE_ADDRESS] = r->words[WORD_RECEIVE_ADDRESS];
        fresh[WORD_RECEIVE_LENGTH] = r->words[WORD_RECEIVE_LENGTH];
    }
    if (kind & KIND_RECEIVE_HANDLE)
        fresh[WORD_PLACEMENT] = r->words[WORD_PLACEMENT];
    memcpy(r->own_words, fresh, sizeof fresh);
    r->words = r->own_words;
    r->kind = kind | (r->kind & KIND_INTERRUPTIBLE);
    return OK;
}

enum status ipc_forward(struct endpoint *e, uint64_t id, struct resource *to, uint32_t kind, const uint64_t *words, uint64_t skip)
{
    struct request *r;
    if (kind & KIND_SEND_HANDLE)
        return ERR_NOT_SUPPORTED;
    TRY(find_open_locked(e, id, &r));
    enum status status = r->forwarded ? ERR_LOOP : r->client || r->completion_endpoint ? forward_words(r, kind, words, skip) : ERR_CANCELLED;
    if (status != OK) {
        spin_unlock(&e->lock);
        return status;
    }
    if (current()->serving == r) {
        current()->serving = nullptr;
        lending_run_on_locked(e, current(), &current()->own);
    }
    r->server = nullptr;
    list_remove(&r->link);
    r->busy++; /* between two endpoints: its client must stay */
    r->forwarded = to;
    object_get(&to->object);
    spin_unlock(&e->lock);
    struct context *server;
    status = present(r, to->endpoint, to, false, &server);
    if (server)
        context_ready(server);
    if (status != OK) {
        struct endpoint *where = request_lock(r);
        r->busy = 0;
        spin_unlock(&where->lock);
        request_fail(where, r, status);
    }
    return OK;
}
