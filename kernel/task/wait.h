/* SPDX-License-Identifier: MIT
 * Waiting. Every blocking wait in the kernel is: queue, test the condition, sleep; wait_until is the only code that sleeps for
 * a condition. Wakers make the condition true first, then wake.
 *
 *     static bool has_room(void *pipe) { return pipe_room(pipe) > 0; }
 *     TRY(wait_until(&pipe->writers, has_room, pipe, DEADLINE_NEVER, WAIT_INTERRUPTIBLE));
 *     spin_lock(&pipe->lock);   // the condition may be false again: loop
 *
 * The caller holds no spinlock and a reference on what it waits for. */
#pragma once
#include "abi/event.h"
#include "base/list.h"
#include "base/try.h"
#include "kernel/core/lock.h"

struct wait_queue {
    struct spinlock lock;        /* RANK_WAIT */
    struct list_node waiters;
};
struct context;

enum : uint32_t {
    WAIT_INTERRUPTIBLE = 1,      /* ERR_INTERRUPTED when a notification is pending */
    WAIT_KILLABLE = 2,           /* only the end of the process: ERR_INTERRUPTED, and the context never reaches user mode again */
    WAIT_EXCLUSIVE = 4,          /* wait_wake(q, n) wakes at most n of these; the others always all */
};

void wait_queue_init(struct wait_queue *q);
/* OK once condition(argument) was true; ERR_TIMED_OUT, ERR_INTERRUPTED otherwise. The condition is called without q->lock, on the
 * waiting context, and must be cheap and lock only what ranks above RANK_WAIT... or nothing. `what` names the wait in dumps. */
enum status wait_until(struct wait_queue *q, bool (*condition)(void *), void *argument, uint64_t deadline_ns, uint32_t flags,
                       const char *what);
void wait_wake(struct wait_queue *q, uint32_t most); /* UINT32_MAX: all. Callable with locks below RANK_WAIT held */
static inline bool wait_queue_is_empty(const struct wait_queue *q)
{
    /* Relaxed is enough for a hint; wakers that rely on it have published their condition with a full barrier. */
    return __atomic_load_n(&q->waiters.next, __ATOMIC_RELAXED) == &q->waiters;
}

/* A sleeping lock for long operations that may fault or page in. Not recursive; never held while returning to user mode. */
struct sleep_lock {
    uint32_t held;
    struct wait_queue waiters;
};
void sleep_lock_init(struct sleep_lock *l);
void sleep_lock(struct sleep_lock *l);
bool sleep_lock_try(struct sleep_lock *l);
void sleep_unlock(struct sleep_lock *l);
