/* SPDX-License-Identifier: MIT
 * Readiness. The fast path, when nobody watches, is two atomic operations and no lock. */
#include "kernel/ipc/readiness.h"

void readiness_init(struct readiness *r, uint32_t mask)
{
    *r = (struct readiness){.mask = mask};
    spinlock_init(&r->lock, RANK_READINESS);
    list_init(&r->watchers);
}

void readiness_update(struct readiness *r, uint32_t set, uint32_t clear)
{
    if (clear)
        __atomic_and_fetch(&r->mask, ~clear, __ATOMIC_SEQ_CST);
    if (!set)
        return;
    uint32_t mask = __atomic_or_fetch(&r->mask, set, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&r->counter, 1, __ATOMIC_SEQ_CST);
    /* After the bits: a watcher that registers now either is seen here, or sees the bits itself. */
    if (!__atomic_load_n(&r->watched, __ATOMIC_SEQ_CST))
        return;
    GUARD(&r->lock);
    list_for_each_safe(node, &r->watchers) {
        struct watcher *w = list_entry(node, struct watcher, link);
        uint32_t wanted = mask & (w->wanted | EVENT_HANGUP | EVENT_ERROR);
        if (set & (w->wanted | EVENT_HANGUP | EVENT_ERROR))
            w->notify(w, wanted);
    }
}

void readiness_watch(struct readiness *r, struct watcher *w)
{
    GUARD(&r->lock);
    list_push_back(&r->watchers, &w->link);
    __atomic_add_fetch(&r->watched, 1, __ATOMIC_SEQ_CST);
    uint32_t ready = __atomic_load_n(&r->mask, __ATOMIC_SEQ_CST) & (w->wanted | EVENT_HANGUP | EVENT_ERROR);
    if (ready)
        w->notify(w, ready);
}

void readiness_unwatch(struct readiness *r, struct watcher *w)
{
    GUARD(&r->lock);
    if (list_is_empty(&w->link))
        return;
    list_remove(&w->link);
    __atomic_sub_fetch(&r->watched, 1, __ATOMIC_SEQ_CST);
}
