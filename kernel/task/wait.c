/* SPDX-License-Identifier: MIT
 * Waiting for conditions: prepare, queue, test, sleep. The order is what makes it right: who is found on a queue is not RUNNING on its way
 * to sleep, so being taken off and being woken are one; and it is there before it tests, so a waker that changes the condition afterwards
 * finds it.
 *
 * Models: tests/models/context.pml, sleep.pml. */
#include "kernel/task/wait.h"
#include "arch/machine.h"
#include "kernel/core/panic.h"
#include "kernel/task/context.h"
#include "kernel/task/timer.h"

void wait_queue_init(struct wait_queue *q)
{
    spinlock_init(&q->lock, RANK_WAIT);
    list_init(&q->waiters);
}

static void wait_timeout(struct timer *t)
{
    struct context *c = t->owner;
    c->timed_out = true;
    context_wake(c);
}

static void waiter_enqueue(struct wait_queue *q, struct waiter *w)
{
    GUARD(&q->lock);
    if (list_is_empty(&w->link))
        list_push_back(&q->waiters, &w->link);
}

static void waiter_dequeue(struct wait_queue *q, struct waiter *w)
{
    GUARD(&q->lock);
    list_remove(&w->link);
}

static enum status wait_verdict(struct context *c, bool (*condition)(void *), void *argument, uint64_t deadline_ns, uint32_t flags,
                                bool *out_sleep)
{
    *out_sleep = false;
    if (condition(argument))
        return OK;
    if (flags & WAIT_INTERRUPTIBLE ? context_is_interrupted(c) : flags & WAIT_KILLABLE && context_is_killed(c))
        return ERR_INTERRUPTED;
    if (c->timed_out || (deadline_ns != DEADLINE_NEVER && arch_time_ns() >= deadline_ns))
        return ERR_TIMED_OUT;
    *out_sleep = true;
    return OK;
}

enum status wait_until(struct wait_queue *q, bool (*condition)(void *), void *argument, uint64_t deadline_ns, uint32_t flags,
                       const char *what)
{
    struct context *c = current();
    bool sleep;
    c->timed_out = false;
    c->waiter.exclusive = flags & WAIT_EXCLUSIVE;
    if (deadline_ns != DEADLINE_NEVER && deadline_ns != DEADLINE_NOW) {
        timer_init(c->timeout, wait_timeout);
        c->timeout->owner = c;
    }
    bool armed = false;
    enum status status;
    for (;;) {
        context_block_prepare(what, (uint64_t)q, flags);
        waiter_enqueue(q, &c->waiter);
        status = wait_verdict(c, condition, argument, deadline_ns, flags, &sleep);
        if (!sleep) {
            context_block_undo();
            break;
        }
        if (deadline_ns != DEADLINE_NEVER && !armed) {
            armed = true;
            timer_arm(c->timeout, deadline_ns);
        }
        schedule();
    }
    bool woken = list_is_empty(&c->waiter.link);
    waiter_dequeue(q, &c->waiter);
    if (unlikely(status != OK && woken && flags & WAIT_EXCLUSIVE))
        wait_wake(q, 1); /* a wake-up that was meant for one, and that we leave unused */
    if (armed)
        timer_cancel(c->timeout);
    return status;
}

void wait_wake(struct wait_queue *q, uint32_t most)
{
    /* Full barrier: the condition that the caller made true is visible before the list is looked at. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (wait_queue_is_empty(q))
        return;
    GUARD(&q->lock);
    uint32_t exclusive = 0;
    list_for_each_safe(node, &q->waiters) {
        struct waiter *w = list_entry(node, struct waiter, link);
        if (w->exclusive && exclusive == most)
            continue;
        exclusive += w->exclusive;
        list_remove(node);
        context_wake(w->context);
    }
}

/* ---- Sleeping lock ------------------------------------------------------------------------------------------------- */

void sleep_lock_init(struct sleep_lock *l)
{
    l->held = 0;
    wait_queue_init(&l->waiters);
}

bool sleep_lock_try(struct sleep_lock *l)
{
    /* Acquire: what the last holder did is visible. */
    return __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) == 0;
}

static bool sleep_lock_taken(void *argument) { return sleep_lock_try(argument); }

void sleep_lock(struct sleep_lock *l)
{
    if (likely(sleep_lock_try(l)))
        return;
    enum status status = wait_until(&l->waiters, sleep_lock_taken, l, DEADLINE_NEVER, WAIT_EXCLUSIVE, "sleeping lock");
    ASSERT(status == OK);
}

void sleep_unlock(struct sleep_lock *l)
{
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
    wait_wake(&l->waiters, 1);
}
