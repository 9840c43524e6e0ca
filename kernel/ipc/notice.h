/* SPDX-License-Identifier: MIT
 * A notice: a message from the kernel to a server, in memory that exists before it is needed (part of the object that it is
 * about), so that it can never be lost and posting never allocates. Posting one that is queued already coalesces: `count` rises and
 * the words of the latest post stand. */
#pragma once
#include "base/list.h"
#include "base/types.h"

struct endpoint;
struct object;
struct notice {
    struct list_node link;           /* endpoint.lock: on endpoint.notices while queued */
    struct object *owner;            /* holds a reference on it while queued; null: none needed */
    uint64_t token;
    uint64_t id;                     /* what receive returns in rdi: request id or result, by kind */
    uint64_t words[8];
    uint64_t count;                  /* posts since the last delivery; delivered in words[0] for KIND_EVENT */
    uint32_t kind;                   /* KIND_EVENT, KIND_CLOSED, KIND_PAGE_IN, ... of abi/message.h */
    bool queued;
};

void notice_init(struct notice *n, uint32_t kind, uint64_t token, struct object *owner);
void endpoint_post(struct endpoint *e, struct notice *n);    /* lock rank: RANK_ENDPOINT */
/* words[0] becomes `value`, or while the notice is queued the least of those posted. */
void endpoint_post_least(struct endpoint *e, struct notice *n, uint64_t value);
/* A queued notice moves to the end of the queue, with words[0] = `value`: what was posted before it is received before it. */
void endpoint_post_last(struct endpoint *e, struct notice *n, uint64_t value);
void endpoint_withdraw(struct endpoint *e, struct notice *n);/* afterwards it is not queued */
