/* SPDX-License-Identifier: MIT
 * Readiness: a mask and a counter in every object that can be polled. Setting a bit (again) raises the counter, so that edge
 * triggered watchers see that more arrived. Watchers: event queues, poll, and binds to endpoints. */
#pragma once
#include "abi/event.h"
#include "base/list.h"
#include "kernel/core/lock.h"

struct readiness {
    uint32_t mask;               /* atomic; EVENT_* */
    uint32_t watched;            /* atomic: anybody on the list? The fast path does not take the lock otherwise */
    uint64_t counter;            /* atomic */
    struct spinlock lock;        /* RANK_READINESS: the list */
    struct list_node watchers;   /* struct watcher */
};

struct watcher {
    struct list_node link;                                         /* readiness.lock */
    uint32_t wanted;
    void (*notify)(struct watcher *w, uint32_t mask);              /* with readiness.lock held; wakes or queues, never blocks */
};

void readiness_init(struct readiness *r, uint32_t mask);
/* Callable with any lock below RANK_READINESS held. */
void readiness_update(struct readiness *r, uint32_t set, uint32_t clear);
void readiness_watch(struct readiness *r, struct watcher *w);      /* notifies at once when already ready */
void readiness_unwatch(struct readiness *r, struct watcher *w);
