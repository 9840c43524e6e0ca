/* SPDX-License-Identifier: MIT
 * The loop: takes a message, finds who handles it, answers with the next receive. The file-like operations are unpacked here once for
 * all servers. Everything in struct server belongs to the context that runs the loop. */
#include "server/server.h"
#include "base/string.h"
#include "heap/heap.h"
#include "protocol/init.h"
#include "sys/start.h"

enum status server_init(struct server *s, handle_t endpoint, const struct scheme_ops *ops, void *context)
{
    *s = (struct server){.endpoint = endpoint, .ops = ops, .context = context, .first_free = UINT32_MAX,
                         .next_submit.target = HANDLE_NONE};
    if (endpoint == HANDLE_NONE)
        return ERR_BAD_HANDLE;
    void *buffer;
    TRY(sys_map_anonymous(SERVER_RECEIVE_BYTES, MAP_WIRED_, &buffer));
    s->receive_buffer = (struct span){buffer, SERVER_RECEIVE_BYTES};
    return sys_endpoint_attach(endpoint, s->receive_buffer);
}

/* -- file-like operations: words in, words out ------------------------------------------------------------------ */

static enum status do_open(const struct scheme_ops *ops, struct request *rq)
{
    handle_t handle = HANDLE_NONE;
    uint32_t kind = 0;
    if (rq->data_length > rq->data.length)
        return ERR_NAME_TOO_LONG;
    TRY(ops->open(rq, rq->data, (uint32_t)rq->m->words[0], (uint32_t)rq->m->words[1], &handle, &kind));
    if (rq->deferred)
        return OK;
    rq->m->words[0] = kind;
    request_give_handle(rq, handle);
    return OK;
}

static enum status do_read(const struct scheme_ops *ops, struct request *rq)
{
    struct view data = {};
    uint64_t capacity = request_capacity(rq);
    TRY(ops->read(rq, rq->m->words[0], capacity, (uint32_t)rq->m->words[1], &data));
    if (rq->deferred)
        return OK;
    data.length = MIN(data.length, capacity);
    rq->result = (int64_t)data.length;
    request_give_data(rq, data);
    return OK;
}

static enum status do_write(const struct scheme_ops *ops, struct request *rq)
{
    uint64_t taken = rq->data.length;
    TRY(ops->write(rq, rq->m->words[0], rq->data, (uint32_t)rq->m->words[1], &taken));
    rq->result = (int64_t)taken;
    return OK;
}

static enum status do_seek(const struct scheme_ops *ops, struct request *rq)
{
    uint64_t offset = 0;
    TRY(ops->seek(rq, (int64_t)rq->m->words[0], (uint32_t)rq->m->words[1], &offset));
    rq->result = (int64_t)offset;
    return OK;
}

static enum status do_stat(const struct scheme_ops *ops, struct request *rq)
{
    struct file_attributes *attributes = &rq->server->stat_scratch;
    *attributes = (struct file_attributes){};
    TRY(ops->stat(rq, attributes));
    if (!rq->deferred)
        request_give_data(rq, VIEW_OF_STRUCT(attributes));
    return OK;
}

static enum status do_readdir(const struct scheme_ops *ops, struct request *rq)
{
    struct view records = {};
    TRY(ops->readdir(rq, rq->m->words[0], request_capacity(rq), &records));
    if (rq->deferred)
        return OK;
    rq->result = (int64_t)records.length;
    request_give_data(rq, records);
    return OK;
}

static enum status do_map(const struct scheme_ops *ops, struct request *rq)
{
    handle_t memory = HANDLE_NONE;
    TRY(ops->map(rq, rq->m->words[0], rq->m->words[1], &memory));
    if (!rq->deferred)
        request_give_handle(rq, memory);
    return OK;
}

static enum status do_control(const struct scheme_ops *ops, struct request *rq)
{
    uint64_t result = 0;
    TRY(ops->control(rq, rq->m->words[0], rq->m->words[1], &result));
    rq->result = (int64_t)result;
    return OK;
}

static enum status file_operation(const struct scheme_ops *ops, struct request *rq)
{
    switch (rq->operation) {
    case OP_OPEN: return ops->open ? do_open(ops, rq) : ERR_NOT_SUPPORTED;
    case OP_READ: return ops->read ? do_read(ops, rq) : ERR_NOT_SUPPORTED;
    case OP_WRITE: return ops->write ? do_write(ops, rq) : ERR_NOT_SUPPORTED;
    case OP_SEEK: return ops->seek ? do_seek(ops, rq) : ERR_NOT_SEEKABLE;
    case OP_STAT: return ops->stat ? do_stat(ops, rq) : ERR_NOT_SUPPORTED;
    case OP_SYNC: return ops->sync ? ops->sync(rq) : ERR_NOT_SUPPORTED;
    case OP_TRUNCATE: return ops->truncate ? ops->truncate(rq, rq->m->words[0]) : ERR_NOT_SUPPORTED;
    case OP_READDIR: return ops->readdir ? do_readdir(ops, rq) : ERR_NOT_DIRECTORY;
    case OP_MAP: return ops->map ? do_map(ops, rq) : ERR_NOT_SUPPORTED;
    case OP_CONTROL: return ops->control ? do_control(ops, rq) : ERR_NOT_SUPPORTED;
    default: return ERR_NOT_SUPPORTED;
    }
}

/* Nobody took the request: its handle must not stay behind. */
static enum status refuse(const struct request *rq)
{
    handle_t handle = request_handle(rq);
    if (handle != HANDLE_NONE)
        IGNORE(sys_handle_close(handle));
    return ERR_NOT_SUPPORTED;
}

static void handle_request(struct server *s, struct request *rq)
{
    if (rq->operation >= OP_PROTOCOL) {
        if (!s->ops->protocol || !s->ops->protocol(rq))
            rq->result = refuse(rq);
        return;
    }
    enum status status = file_operation(s->ops, rq);
    if (status == OK)
        return;
    rq->result = status;
    rq->flags = 0;
}

/* What was received becomes a request without an answer. */
static inline void request_begin(struct server *s, struct request *rq)
{
    rq->m = &rq->received;
    rq->operation = rq->kind & KIND_OPERATION;
    rq->object = rq->token & TOKEN_OPEN ? server_object(s, rq->token) : nullptr;
    rq->data = (struct view){};
    rq->data_length = 0;
    if (rq->kind & KIND_SEND_DATA) {
        rq->data_length = rq->m->words[7];
        rq->data = (struct view){(const uint8_t *)(uintptr_t)rq->m->words[6], MIN(rq->m->words[7], s->receive_buffer.length)};
    }
    rq->result = 0;
    rq->flags = 0;
    rq->deferred = rq->keep_handle = false;
}

/* -- open resources ---------------------------------------------------------------------------------------------- */

static struct open_slot *slot_of(const struct server *s, uint64_t token)
{
    uint32_t index = (uint32_t)token;
    if (!(token & TOKEN_OPEN) || index >= s->slot_count)
        return nullptr;
    struct open_slot *slot = &s->slots[index];
    return (slot->generation | TOKEN_OPEN >> 32) == token >> 32 ? slot : nullptr;
}

void *server_object(const struct server *s, uint64_t token)
{
    const struct open_slot *slot = slot_of(s, token);
    return slot ? slot->object : nullptr;
}

static enum status grow_slots(struct server *s)
{
    uint32_t limit = s->slot_limit ? s->slot_limit * 2 : 64;
    if (limit > SERVER_OPEN_MAX)
        return ERR_LIMIT;
    struct open_slot *larger = heap_resize(s->slots, limit * sizeof *larger);
    if (!larger)
        return ERR_NO_MEMORY;
    s->slots = larger;
    s->slot_limit = limit;
    return OK;
}

static enum status take_slot(struct server *s, void *object, uint64_t *out_token)
{
    uint32_t index = s->first_free;
    if (index != UINT32_MAX) {
        s->first_free = s->slots[index].next_free;
    } else {
        if (s->slot_count == s->slot_limit)
            TRY(grow_slots(s));
        index = s->slot_count++;
    }
    s->slots[index].object = object;
    *out_token = TOKEN_OPEN | (uint64_t)s->slots[index].generation << 32 | index;
    return OK;
}

/* The next token of this slot differs, so that one that is late finds nothing. */
static void free_slot(struct server *s, uint64_t token)
{
    struct open_slot *slot = slot_of(s, token);
    if (!slot)
        return;
    slot->object = nullptr;
    slot->generation = (slot->generation + 1) & (uint32_t)~(TOKEN_OPEN >> 32);
    slot->next_free = s->first_free;
    s->first_free = (uint32_t)token;
}

enum status server_open_token(struct server *s, void *object, uint32_t rights, uint32_t flags, uint32_t stream_flags,
                              handle_t *out_handle, uint64_t *out_token)
{
    uint64_t token;
    TRY(take_slot(s, object, &token));
    enum status status = server_resource(s, token, rights, flags, stream_flags, out_handle);
    if (status != OK)
        free_slot(s, token);
    else
        *out_token = token;
    return status;
}

enum status server_open(struct server *s, void *object, uint32_t rights, uint32_t flags, uint32_t stream_flags, handle_t *out_handle)
{
    uint64_t token;
    return server_open_token(s, object, rights, flags, stream_flags, out_handle, &token);
}

enum status server_resource(struct server *s, uint64_t token, uint32_t rights, uint32_t flags, uint32_t stream_flags,
                            handle_t *out_handle)
{
    return sys_resource_create(s->endpoint, token, rights, flags, PLACE_HIGH, stream_flags, out_handle);
}

/* -- what the kernel says ---------------------------------------------------------------------------------------- */

static void handle_closed(struct server *s, uint64_t token)
{
    if (s->ops->closed)
        s->ops->closed(s, token, server_object(s, token));
    free_slot(s, token);
}

static void handle_completion(struct server *s, struct message *m)
{
    struct completion *c = (struct completion *)(uintptr_t)m->token;
    m->result = (int64_t)m->request;
    if (c)
        c->done(s, c, m);
}

static void handle_kernel_message(struct server *s, struct message *m)
{
    const struct scheme_ops *ops = s->ops;
    switch (m->kind) {
    case KIND_CLOSED:
        handle_closed(s, m->token);
        return;
    case KIND_CANCEL:
        if (ops->cancel)
            ops->cancel(s, m->request);
        return;
    case KIND_COMPLETION:
        handle_completion(s, m);
        return;
    case KIND_EVENT: {
        struct event_handler *handler = (struct event_handler *)(uintptr_t)m->token;
        handler->happened(s, handler, m->words[0], m->words[1]);
        return;
    }
    case KIND_PAGE_IN:
        if (ops->page_in)
            ops->page_in(s, m->token, m->words[0], m->words[1]);
        return;
    case KIND_PAGE_OUT:
        if (ops->page_out)
            ops->page_out(s, m->token, m->words[0], m->words[1]);
        return;
    case KIND_FILE_IDLE:
        if (ops->file_idle)
            ops->file_idle(s, m->token);
        return;
    case KIND_FILE_CUT:
        if (ops->file_cut)
            ops->file_cut(s, m->token, m->words[0]);
        return;
    case KIND_FILE_COMMIT:
        if (ops->file_commit)
            ops->file_commit(s, m->token, m->words[0]);
        return;
    default: /* from a later kernel */
        return;
    }
}

/* -- the loop ---------------------------------------------------------------------------------------------------- */

/* Tells init, if it gave us a handle for that, that requests are served from now on. */
static void announce_ready(void)
{
    const struct start_block *block = start_current();
    handle_t supervisor = block ? start_handle(block, "init") : HANDLE_NONE;
    struct init_ready_in in = {};
    struct init_ready_out out;
    if (supervisor != HANDLE_NONE)
        IGNORE(init_ready(supervisor, &in, &out));
}

/* The request at hand is answered first when it is not deferred. */
static void take_next_answer(struct server *s, struct request *rq, struct message *m)
{
    if (!rq->deferred)
        IGNORE(sys_reply(s->endpoint, rq->id, rq->result, rq->flags, m));
    rq->deferred = false;
    rq->id = s->next_answer.request;
    rq->result = s->next_answer.result;
    rq->flags = s->next_answer.flags;
    if (s->next_answer.has_words)
        memcpy(m->words, s->next_answer.m.words, sizeof m->words);
    else
        memset(m->words, 0, sizeof m->words);
    s->next_answer.request = 0;
}

/* What a turn submitted last goes out; an error is told to its completion when the loop comes round. */
static void submit_failed(struct server *s, struct completion *c, enum status status)
{
    c->next_failed = s->failed;
    c->failed_status = status;
    s->failed = c;
    s->more = true;
}

static void submit_now(struct server *s)
{
    handle_t target = s->next_submit.target;
    s->next_submit.target = HANDLE_NONE;
    enum status status = sys_submit(target, s->next_submit.kind, &s->next_submit.m, s->endpoint, server_completion_tag(s->next_submit.completion));
    if (status != OK)
        submit_failed(s, s->next_submit.completion, status);
}

static enum status submit_and_receive(struct server *s, struct message *m)
{
    handle_t target = s->next_submit.target;
    s->next_submit.target = HANDLE_NONE;
    memcpy(m->words, s->next_submit.m.words, sizeof m->words);
    enum status status = sys_submit_receive(target, s->next_submit.kind, m, s->endpoint, server_completion_tag(s->next_submit.completion));
    if (status == OK || status == ERR_INTERRUPTED || status == ERR_PEER_GONE)
        return status;
    submit_failed(s, s->next_submit.completion, status);
    return ERR_INTERRUPTED; /* nothing was received */
}

static void tell_failed(struct server *s)
{
    struct completion *c = s->failed;
    struct message m = {.result = c->failed_status};
    s->failed = c->next_failed;
    c->done(s, c, &m);
}

/* The client gets the answer, or why it could not be delivered as it was; if it is gone that fails too. */
static void answer_now(struct server *s, struct request *rq, const struct message *m)
{
    enum status status = sys_reply(s->endpoint, rq->id, rq->result, rq->flags, m);
    if (status != OK)
        IGNORE(server_answer(s, rq->id, status));
    rq->deferred = true;
}

/* The answer went, or could not: its client is told why. */
static enum status not_received(struct server *s, struct request *rq, enum status status)
{
    rq->deferred = true;
    if (status == ERR_INTERRUPTED || status == ERR_TIMED_OUT)
        return ERR_INTERRUPTED;
    IGNORE(server_answer(s, rq->id, status));
    return ERR_INTERRUPTED;
}

/* Answers and submits what the last turn left, and takes the next message: one entry into the kernel, two when it is both. */
static enum status next_message_after_more(struct server *s, struct request *rq)
{
    s->more = s->stopping;
    while (s->failed)
        tell_failed(s);
    if (s->next_answer.request)
        take_next_answer(s, rq, rq->m);
    if (s->next_submit.target != HANDLE_NONE) {
        if (!rq->deferred)
            answer_now(s, rq, rq->m);
        return submit_and_receive(s, &rq->received);
    }
    if (rq->deferred)
        return sys_receive(s->endpoint, RECEIVE_WAIT, &rq->received);
    enum status status = sys_reply_receive(s->endpoint, rq->id, rq->result, rq->flags, &rq->received);
    return status == OK ? OK : not_received(s, rq, status);
}

static inline enum status next_message(struct server *s, struct request *rq)
{
    if (unlikely(s->more || rq->deferred))
        return next_message_after_more(s, rq);
    enum status status = sys_reply_receive(s->endpoint, rq->id, rq->result, rq->flags, &rq->received);
    return likely(status == OK) ? OK : not_received(s, rq, status);
}

enum status server_run(struct server *s)
{
    announce_ready();
    struct request rq = {.server = s, .m = &rq.received, .endpoint = s->endpoint, .deferred = true};
    while (!s->stopping) {
        enum status status = next_message(s, &rq);
        if (unlikely(status != OK)) {
            rq.deferred = true;
            if (status == ERR_INTERRUPTED || status == ERR_TIMED_OUT)
                continue;
            return status;
        }
        if (unlikely(rq.kind & KIND_FROM_KERNEL)) {
            rq.deferred = true;
            handle_kernel_message(s, &rq.received);
            continue;
        }
        request_begin(s, &rq);
        handle_request(s, &rq);
    }
    while (s->failed)
        tell_failed(s);
    if (s->next_answer.request)
        take_next_answer(s, &rq, rq.m);
    if (!rq.deferred)
        answer_now(s, &rq, rq.m);
    if (s->next_submit.target != HANDLE_NONE)
        submit_now(s);
    return OK;
}

void server_stop(struct server *s)
{
    s->stopping = s->more = true;
}

enum status server_answer(struct server *s, uint64_t request, int64_t result)
{
    struct message m = {};
    return sys_reply(s->endpoint, request, result, 0, &m);
}

void server_answer_next(struct server *s, uint64_t request, int64_t result, uint64_t flags, const struct message *m)
{
    if (s->next_answer.request) { /* one a turn; a second goes at once */
        struct message nothing = {};
        IGNORE(sys_reply(s->endpoint, request, result, flags, m ? m : &nothing));
        return;
    }
    s->more = true;
    s->next_answer.request = request;
    s->next_answer.result = result;
    s->next_answer.flags = flags;
    s->next_answer.has_words = m;
    if (m)
        memcpy(s->next_answer.m.words, m->words, sizeof m->words);
}

enum status server_answer_data(struct server *s, uint64_t request, struct view data)
{
    struct message m = {.words = {[4] = sys_address(data.data), [5] = data.length}};
    return sys_reply(s->endpoint, request, (int64_t)data.length, REPLY_DATA, &m);
}

void server_submit_next(struct server *s, handle_t target, uint32_t kind, const struct message *m, struct completion *c)
{
    if (s->next_submit.target != HANDLE_NONE) /* one a turn goes with the receive; those before it go at once */
        submit_now(s);
    s->more = true;
    s->next_submit.target = target;
    s->next_submit.kind = kind;
    s->next_submit.completion = c;
    memcpy(s->next_submit.m.words, m->words, sizeof m->words);
}
