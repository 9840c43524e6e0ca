/* SPDX-License-Identifier: MIT
 * Scheme endpoints: where a server waits, in one place, for requests and notices. And resources: what its clients hold.
 *
 * endpoint.lock guards the waiting servers, the queue, the open requests, the notices and the resource table. A server context that
 * waits is on `waiting` of the CPU where it went to sleep; a caller prefers one of its own CPU. */
#pragma once
#include "abi/file.h"
#include "abi/message.h"
#include "kernel/core/cpu.h"
#include "kernel/core/object.h"
#include "kernel/ipc/lending.h"
#include "kernel/ipc/notice.h"
#include "kernel/ipc/readiness.h"
#include "kernel/ipc/request.h"

struct context;

struct endpoint {
    struct object object;                 /* OBJECT_ENDPOINT */
    struct spinlock lock;
    bool dead;                            /* its last handle is gone: nobody will ever receive again */
    uint32_t attached;                    /* contexts that serve it */
    struct list_node servers;             /* these: context.attached_link */
    uint32_t instance;                    /* counts servers that have gone: the tags of an earlier one mean nothing to the next */
    uint64_t waiting_cpus;                /* bit n: waiting[n] is not empty */
    struct list_node waiting[CPU_MAX];    /* context.receive_link */
    struct list_node queue, open;         /* request.link */
    struct level_set levels;              /* of the clients on the queue */
    struct list_node notices;             /* notice.link */
    struct list_node bindings;
    uint32_t events_in_row;               /* fairness between notices and requests */
    struct list_node *buckets;            /* resources by token */
    uint32_t bucket_count, resource_count;
};

struct resource {
    struct object object;                 /* OBJECT_RESOURCE */
    struct endpoint *endpoint;            /* constant; a reference */
    uint64_t token;                       /* constant */
    uint32_t flags;                       /* constant: RESOURCE_* */
    uint32_t stream_flags;                /* atomic: STREAM_* */
    bool dead;                            /* endpoint.lock; its server died */
    struct list_node link;                /* endpoint.lock: bucket */
    struct readiness readiness;
    struct notice closed;
};

#define EVENT_BATCH 8u
enum { WORD_PLACEMENT = 2, WORD_HANDLE = 3, WORD_RECEIVE_ADDRESS = 4, WORD_RECEIVE_LENGTH = 5, WORD_SEND_ADDRESS = 6, WORD_SEND_LENGTH = 7 };

enum status endpoint_create(struct endpoint **out);
enum status resource_create(struct endpoint *e, uint64_t token, uint32_t flags, uint32_t stream_flags, struct resource **out);
enum status readiness_set(struct endpoint *e, uint64_t token, uint32_t set, uint32_t clear);
/* The calling context serves e; messages' bytes land in its wired buffer. length 0: no buffer. */
enum status endpoint_attach(struct endpoint *e, uint64_t address, uint64_t length);
void endpoint_detach(struct context *c);  /* its end: what it did not answer is answered PEER_GONE, or waits for the next server */
enum status endpoint_bind(struct endpoint *e, struct object *source, uint64_t tag);
enum status endpoint_unbind(struct endpoint *e, struct object *source);

/* The lock is held. Nobody serves it, and somebody did, or nobody ever will: what is open there is nobody's. */
static inline bool endpoint_is_deserted(const struct endpoint *e) { return e->dead || (!e->attached && e->instance); }
/* Ends what is open on a deserted endpoint: PEER_GONE, or back to the queue for the next server. */
void endpoint_open_end(struct endpoint *e);
/* Whose tags the caller's are. PEER_GONE: that server is gone already, and its tags mean nothing to the next. */
enum status endpoint_instance(struct endpoint *e, uint32_t *out_instance);

/* A waiting server, claimed and off the list; null: all are busy. */
struct context *endpoint_take_server_locked(struct endpoint *e);
/* Posts only if the server is still the one of `instance`; false: nothing was posted. *out_server: who was waiting for it, claimed. */
bool endpoint_post_to(struct endpoint *e, uint32_t instance, struct notice *n, struct context **out_server);
/* Waits for a message and puts it into the current context's frame. `answered`: was claimed by what
 * this context did before; when nothing is there to do, it is switched to directly. */
int64_t endpoint_receive(struct endpoint *e, uint64_t deadline_ns, struct context *answered);

/* The current context was woken without a message: off the list, and wait again. */
int64_t endpoint_receive_again(struct endpoint *e);

/* ---- kernel/ipc/call.c ------------------------------------------------------------------------------------------------ */
/* Asks and waits. The reply's words go to `answer` (may be `words`). Returns the result. */
int64_t ipc_call(struct resource *r, uint32_t kind, uint64_t *words, uint64_t *answer);
/* For a request that was presented by door_call (fast.c): the usual answer did not come. */
int64_t ipc_call_await(struct request *r);
/* *out_server: claimed, when the caller is going to sleep anyway (`follow`) and may switch to it directly; else null. */
enum status ipc_submit(struct resource *r, uint32_t kind, const uint64_t *words, struct endpoint *completion, uint64_t tag, bool follow,
                       struct context **out_server);
enum status ipc_forward(struct endpoint *e, uint64_t id, struct resource *to, uint32_t kind, const uint64_t *words, uint64_t skip);
/* Answers; *out_client: with `claim`, who waited for the answer, claimed for a direct switch; else null. */
enum status ipc_reply(struct endpoint *e, uint64_t id, int64_t result, uint64_t flags, uint64_t *words, bool claim,
                      struct context **out_client);
/* Open, with the endpoint's lock NOT held: done with this result and no words. */
void request_fail(struct endpoint *e, struct request *r, enum status status);
enum status request_copy(struct endpoint *e, uint64_t id, uint64_t offset, uint64_t address, uint64_t length, bool to_client,
                         uint64_t *out_done);

/* Bytes and handle of a reply, with r busy and the lock not held. */
enum status request_carry(struct request *r, uint64_t flags, uint64_t *words);

/* ---- kernel/ipc/transfer.c: what travels with the words -------------------------------------------------------------- */
/* Puts a request into a server's frame: words, bytes, handle. The request is OPEN and nobody else touches it. */
enum status transfer_to_server(struct request *r, struct context *server);
enum status transfer_prepare(struct request *r);         /* the client resolves the handle that it sends */
void transfer_abort(struct request *r);                  /* drops a handle that did not arrive */
void transfer_notice(struct notice *n, struct context *server);
