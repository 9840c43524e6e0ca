/* SPDX-License-Identifier: MIT
 * Requests: what a client asks and a server answers. Each context owns one, made with it, so a call never allocates;
 * a submit takes one from the same store. Request memory is never given back to the heap: an id, however old or forged, always
 * leads to a request that can be looked at under the endpoint's lock.
 *
 * STATES, under endpoint.lock of `endpoint`:
 *   FREE    nobody's                                QUEUED  on endpoint.queue
 *   OPEN    a server has it; on endpoint.open       DONE    answered, its client has not looked yet
 * A client that dies takes `client` away; the request is freed when the server answers. */
#pragma once
#include "abi/message.h"
#include "kernel/ipc/notice.h"
#include "kernel/object/handle_table.h"

struct context;
struct schedule;
struct endpoint;
struct resource;
struct address_space;

enum request_state : uint32_t { REQUEST_FREE, REQUEST_QUEUED, REQUEST_OPEN, REQUEST_DONE };

struct request {
    uint32_t index;                   /* constant: its place in the store */
    /* under endpoint.lock, once on an endpoint */
    enum request_state state;
    uint64_t id;                      /* changes with each use */
    struct list_node link;
    struct endpoint *endpoint;
    struct resource *resource;        /* a reference; keeps its endpoint alive */
    struct resource *forwarded;       /* a reference, or null: where it was sent on to */
    struct context *client;           /* null: a submit, or abandoned */
    struct context *server;           /* runs on the client's entity; null when deferred */
    struct schedule *queued_entity;   /* while QUEUED: the client's, which lends to the servers; null: nobody's */
    uint32_t queued_level;
    struct context *keeps;            /* a reference, or null: abandoned, but a server still runs on this one's entity */
    uint32_t busy;                    /* a server copies from or to the client: it must not go away now */
    bool cancel_told;                 /* its client wants to leave, and the server that has it was told so */
    /* set by the client before */
    uint32_t kind;
    uint64_t *words;                  /* what was asked */
    uint64_t *answer;                 /* where the reply's words go */
    struct handle_view sent;          /* object null: no handle travels */
    struct address_space *space;      /* the client's; alive while client is set, or a reference for a submit */
    struct handle_table *handles;     /* where a reply's handle goes; the same */
    uint64_t caller, credential;
    int64_t result;
    struct notice cancel;
    /* a submit, or a forwarded request */
    uint64_t own_words[MESSAGE_WORDS];
    struct endpoint *completion_endpoint; /* a reference; null: not a submit */
    uint32_t completion_instance;         /* of that endpoint when it was submitted */
    struct notice completion;
};

enum status request_create(struct context *client, struct request **out);
void request_put(struct request *r);               /* back to the store; FREE or DONE only */
struct request *request_find(uint64_t id);         /* null: no such index. Check id and endpoint under endpoint.lock */
void requests_dump(void);                          /* logs every one that is in use; without locks, for panic and NMI */
#define REQUEST_INDEX_BITS 24
static inline uint64_t request_next_id(struct request *r)
{
    return r->id += 1ull << REQUEST_INDEX_BITS; /* its low bits are the index for ever */
}
