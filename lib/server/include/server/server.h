/* SPDX-License-Identifier: MIT
 * Serve a scheme: one endpoint, one loop, one place to wait. Requests, events and completions all arrive here, one at a time, so a
 * server with one loop needs no lock. A server fills in the operations that it supports; the others answer NOT_SUPPORTED.
 *
 *     static const struct scheme_ops ops = { .open = my_open, .read = my_read };
 *     static struct server server;
 *     TRY(server_init(&server, start_handle(block, "endpoint"), &ops, nullptr));
 *     server_run(&server);
 *
 * An operation that answers later calls request_defer(rq) and returns OK; its outputs are then ignored. */
#pragma once
#include "server/request.h"

#define SERVER_RECEIVE_BYTES 65536u
#define SERVER_OPEN_MAX 65536u

struct scheme_ops {
    /* A path below a resource (token of the root: 0). out_handle: see server_open; it moves to the client. out_kind: enum file_type. */
    enum status (*open)(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                        uint32_t *out_kind);
    /* At most `capacity` bytes. offset OFFSET_STREAM: wherever this resource stands. The bytes stay valid until the next message. */
    enum status (*read)(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data);
    /* rq->data_length tells when there is more than `data`; taking less is a short write. */
    enum status (*write)(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken);
    enum status (*seek)(struct request *rq, int64_t offset, uint32_t whence, uint64_t *out_offset);
    enum status (*stat)(struct request *rq, struct file_attributes *out);
    enum status (*sync)(struct request *rq);
    enum status (*truncate)(struct request *rq, uint64_t size);
    enum status (*readdir)(struct request *rq, uint64_t cookie, uint64_t capacity, struct view *out_records);
    enum status (*map)(struct request *rq, uint64_t offset, uint64_t length, handle_t *out_memory);
    enum status (*control)(struct request *rq, uint64_t command, uint64_t argument, uint64_t *out_result);
    /* Everything from OP_PROTOCOL on: `return vfs_dispatch(&my_vfs_ops, rq) || tty_dispatch(...)`; false: NOT_SUPPORTED. */
    bool (*protocol)(struct request *rq);
    /* The last handle of a resource is gone; `object` as in struct request, its table entry is freed after this returns. */
    void (*closed)(struct server *s, uint64_t token, void *object);
    /* The client of this open request wants to leave: answer it soon (the result, a short count, or ERR_INTERRUPTED). */
    void (*cancel)(struct server *s, uint64_t request);
    /* File objects of this server (abi/file.h). */
    void (*page_in)(struct server *s, uint64_t token, uint64_t offset, uint64_t length);
    void (*page_out)(struct server *s, uint64_t token, uint64_t offset, uint64_t length);
    void (*file_idle)(struct server *s, uint64_t token);
    void (*file_cut)(struct server *s, uint64_t token, uint64_t size_bytes);
    void (*file_commit)(struct server *s, uint64_t token, uint64_t number); /* who has file objects answers these: clients wait */
};

/* A source bound to the endpoint: interrupt, timer, process, doorbell, queue. Lives as long as it is bound. */
struct event_handler {
    void (*happened)(struct server *s, struct event_handler *self, uint64_t count, uint64_t value);
};
/* Something submitted: `PROTO_MESSAGE_submit(target, &in, s->endpoint, server_completion_tag(&c))`. Lives until it is done. */
struct completion {
    void (*done)(struct server *s, struct completion *self, const struct message *reply); /* reply->result */
    struct completion *next_failed;
    enum status failed_status;
};

struct open_slot { void *object; uint32_t generation; uint32_t next_free; };

struct server {
    /* set by server_init */
    handle_t endpoint;
    const struct scheme_ops *ops;
    void *context;           /* the server's own */
    struct span receive_buffer;
    /* only the loop */
    struct open_slot *slots; /* tokens made by server_open: TOKEN_OPEN | generation << 32 | index */
    uint32_t slot_count, slot_limit, first_free;
    bool stopping;
    bool more;               /* the next turn has more to do than to answer and to receive: what follows, or stopping */
    struct file_attributes stat_scratch;
    struct {
        uint64_t request;    /* 0: none */
        int64_t result;
        uint64_t flags;
        bool has_words;
        struct message m;
    } next_answer;
    struct {
        handle_t target;     /* HANDLE_NONE: nothing to submit */
        uint32_t kind;
        struct completion *completion;
        struct message m;
    } next_submit;
    struct completion *failed; /* could not be submitted: `done` is still to be called */
};
#define TOKEN_OPEN (1ull << 63) /* tokens of server_open have it; a server's own tokens do not */

/* Maps and attaches the receive buffer. `endpoint` with RIGHT_MANAGE. */
enum status server_init(struct server *s, handle_t endpoint, const struct scheme_ops *ops, void *context);
/* Says `ready` to init (handle "init"), then serves until server_stop, or until the endpoint is gone: answers why. */
enum status server_run(struct server *s);
void server_stop(struct server *s);

/* A resource whose requests have `object` in rq->object. `stream_flags`: STREAM_*, `flags`: RESOURCE_*. */
enum status server_open(struct server *s, void *object, uint32_t rights, uint32_t flags, uint32_t stream_flags, handle_t *out_handle);
/* The same, and its token too (for readiness). */
enum status server_open_token(struct server *s, void *object, uint32_t rights, uint32_t flags, uint32_t stream_flags,
                              handle_t *out_handle, uint64_t *out_token);
/* A resource with a token of the server's own choice. */
enum status server_resource(struct server *s, uint64_t token, uint32_t rights, uint32_t flags, uint32_t stream_flags,
                            handle_t *out_handle);
/* The object of a token of server_open; nullptr when it is closed or not one. */
void *server_object(const struct server *s, uint64_t token);
/* What poll sees: EVENT_*. Setting bits again counts as news for edge triggers. */
static inline enum status server_ready(struct server *s, uint64_t token, uint32_t set, uint32_t clear)
{
    return sys_readiness_set(s->endpoint, token, set, clear);
}

static inline enum status server_bind(struct server *s, handle_t source, struct event_handler *handler)
{
    return sys_bind(s->endpoint, source, sys_address(handler));
}
static inline uint64_t server_completion_tag(struct completion *c) { return sys_address(c); }
/* Answers a deferred request whose reply is a result alone. */
enum status server_answer(struct server *s, uint64_t request, int64_t result);
/* Answers a deferred request together with the loop's next receive, which is one entry into the kernel less and goes straight to the
 * client. Only for what the loop calls, and without data: words (m; null: none), and a handle that stays open until then. */
void server_answer_next(struct server *s, uint64_t request, int64_t result, uint64_t flags, const struct message *m);
/* Submits m together with the loop's next receive: one entry into the kernel for both, and straight on to who serves `target`. What m
 * points to stays valid until `done`, which is also told when nothing could be submitted. Order among submits is kept. */
void server_submit_next(struct server *s, handle_t target, uint32_t kind, const struct message *m, struct completion *c);
/* Answers a deferred read. */
enum status server_answer_data(struct server *s, uint64_t request, struct view data);
