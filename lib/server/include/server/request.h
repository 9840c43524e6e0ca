/* SPDX-License-Identifier: MIT
 * One request while its server works on it. The loop (server/server.h) makes it from a received message, handlers and the code
 * that protogen generates fill in the answer, and the loop sends it with the next receive.
 *
 * Decode everything from m->words before writing any of them: the answer's words go into the same message.
 * data lies in the receive buffer, which the next receive overwrites: what outlives the handler is copied.
 * A handler that answers later calls request_defer, keeps request->id, and later calls sys_reply (or PROTO_MESSAGE_reply). */
#pragma once
#include "base/span.h"
#include "base/try.h"
#include "sys/message.h"
#include "sys/syscall.h"

struct server;

struct request {
    union {
        struct message received; /* the loop takes messages into it; handlers go through m */
        struct {
            uint64_t words_of_received[MESSAGE_WORDS];
            uint32_t kind;
            uint32_t operation;  /* kind without its flags */
            uint64_t id;         /* for request_read, sys_reply, sys_forward */
            uint64_t token;      /* what the resource was created with */
            uint64_t caller, credential;
            int64_t result;      /* the answer's: >= 0, or a status */
        };
    };
    struct server *server;
    struct message *m;       /* words: in, then out */
    handle_t endpoint;
    void    *object;         /* of a token made by server_open; otherwise nullptr */
    struct view data;        /* received bytes: what the receive buffer holds of them */
    uint64_t data_length;    /* how many the client sent in all; more than data.length: request_read */
    uint64_t flags;          /* the answer's: REPLY_* */
    bool     deferred;       /* somebody answers later, or it was forwarded */
    bool     keep_handle;    /* the handle in the answer is lent: the client gets a duplicate and the server keeps its own */
};

static_assert(offsetof(struct request, operation) == offsetof(struct message, reserved) && offsetof(struct request, id) == offsetof(struct message, request));
static_assert(offsetof(struct request, token) == offsetof(struct message, token) && offsetof(struct request, result) == offsetof(struct message, result));

static inline struct view request_data(const struct request *rq) { return rq->data; }
/* The handle that came along, HANDLE_NONE without one; the server owns it from now on. */
static inline handle_t request_handle(const struct request *rq)
{
    return rq->m->kind & KIND_SEND_HANDLE ? (handle_t)(uint32_t)rq->m->words[3] : HANDLE_NONE;
}
/* How many bytes the client has room for. */
static inline uint64_t request_capacity(const struct request *rq)
{
    return rq->m->kind & KIND_RECEIVE_DATA ? rq->m->words[5] : 0;
}
/* Bytes of the client's data from `offset` on, also those beyond the receive buffer. Answers how many. */
static inline int64_t request_read(const struct request *rq, uint64_t offset, struct span to)
{
    return sys_request_read(rq->endpoint, rq->id, offset, to);
}
/* Into the client's buffer at `offset`, while the request is open; the final answer then has the count as result and no data. */
static inline int64_t request_write(const struct request *rq, uint64_t offset, struct view from)
{
    return sys_request_write(rq->endpoint, rq->id, offset, from);
}
/* The handler returned without an answer; somebody sends it by rq->id. */
static inline uint64_t request_defer(struct request *rq)
{
    rq->deferred = true;
    return rq->id;
}
/* The answer carries these bytes, which must stay until the loop receives again. Call after the last look at the words. */
static inline void request_give_data(struct request *rq, struct view data)
{
    rq->m->words[4] = sys_address(data.data);
    rq->m->words[5] = data.length;
    rq->flags |= REPLY_DATA;
}
/* The answer carries this handle: moved to the client, or lent when rq->keep_handle. */
static inline void request_give_handle(struct request *rq, handle_t handle)
{
    rq->m->words[3] = (uint64_t)(uint32_t)handle;
    rq->flags |= rq->keep_handle ? REPLY_HANDLE : REPLY_HANDLE | REPLY_HANDLE_MOVE;
}
/* Hands the request on to another server, which answers the client; on failure it is still ours to answer.
 * `m` has the words that the next server gets; memory words and the client's handle travel with the request itself. */
static inline enum status request_forward(struct request *rq, handle_t to, uint32_t kind, uint64_t data_offset,
                                          const struct message *m)
{
    TRY(sys_forward(to, kind, rq->id, data_offset, m));
    rq->deferred = true;
    return OK;
}
