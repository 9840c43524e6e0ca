/* SPDX-License-Identifier: MIT
 * What futex.c and futex_owner.c share: where a word's sleepers are found. bucket.lock guards its list and the sleepers on it. */
#pragma once
#include "kernel/task/context.h"
#include "kernel/task/futex.h"

struct futex_key { const void *base; uint64_t offset; struct object *reference; };
struct futex_bucket { struct spinlock lock; struct list_node sleepers; };
struct futex_sleeper {
    struct list_node link;
    struct futex_bucket *bucket;          /* atomic: requeue moves it */
    struct futex_key key;
    uint32_t mask;
    bool woken;                     /* atomic */
    struct wait_queue queue;
    struct schedule *entity;        /* waits for a lock with an owner, and lends this one's priority; null: for a change */
    uint32_t thread_id;             /* of the sleeper, for such a lock */
};

enum status futex_key_of(user_addr_t word, uint32_t flags, struct futex_key *out);
void futex_key_put(struct futex_key *k);
bool futex_key_equal(const struct futex_key *a, const struct futex_key *b);
struct futex_bucket *futex_bucket_of(const struct futex_key *k);
bool futex_is_woken(void *sleeper);
void futex_dequeue(struct futex_sleeper *s);       /* off whatever bucket it is on now */
void futex_wake_locked(struct futex_sleeper *s);
