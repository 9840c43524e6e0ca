/* SPDX-License-Identifier: MIT
 * Spinlocks. The kernel runs with interrupts OFF throughout and opens them only in preempt_point() and in the idle loop, so a
 * spinlock never has to touch the interrupt flag and interrupt handlers never find one of ours held by the same CPU.
 * Rank: a CPU takes locks in ascending rank only (checked in the MH_DEBUG flavour). No user memory access that can fault,
 * no sleep, no shootdown wait while one is held. */
#pragma once
#include "base/types.h"
#include "kernel/core/count.h"

enum lock_rank : uint8_t { /* ascending: what may be taken while holding what is above it */
    RANK_NONE = 0,
    RANK_PROCESSES = 8,      /* the list of all */
    RANK_PROCESS = 10,       /* struct process: contexts, state */
    RANK_NAMESPACE = 15,
    RANK_SPACE = 20,         /* address_space.lock */
    RANK_OBJECT = 30,        /* memory_object, file_object */
    RANK_STREAM = 32,
    RANK_PIPE = 34,
    RANK_HANDLES = 40,       /* handle_table.lock */
    RANK_GRANT = 45,
    RANK_FUTEX = 46,
    RANK_READINESS = 48,     /* its watchers' notify takes what follows */
    RANK_ENDPOINT = 50,      /* endpoint.lock: waiting servers, queued and open requests, notices */
    RANK_QUEUE = 54,         /* event queue */
    RANK_WAIT = 60,          /* wait_queue.lock */
    RANK_TIMER = 65,
    RANK_CONTEXT = 70,
    RANK_SCHEDULE = 72,      /* an entity's loans */
    RANK_RUN_QUEUE = 75,
    RANK_PAGE_TABLE = 80,
    RANK_FRAME = 85,         /* frame zone, heap */
    RANK_INTERRUPT = 88,
    RANK_LOG = 95,
};

struct spinlock {
    uint32_t held;           /* 0 free, 1 held: acquire/release order everything that the lock guards */
    enum lock_rank rank;
#ifdef MH_COUNT
    uint8_t last;            /* 1 + the CPU that took it last */
#endif
};
#define SPINLOCK_INIT(r) {.rank = (r)}
static inline void spinlock_init(struct spinlock *l, enum lock_rank rank) { *l = (struct spinlock){.rank = rank}; }

OFF_THE_WAY void spin_lock_contended(struct spinlock *l);
#ifdef MH_DEBUG
void lock_rank_enter(const struct spinlock *l);
void lock_rank_leave(const struct spinlock *l);
#else
static inline void lock_rank_enter(const struct spinlock *l) { (void)l; }
static inline void lock_rank_leave(const struct spinlock *l) { (void)l; }
#endif

static inline void spin_lock(struct spinlock *l)
{
    lock_rank_enter(l);
    bool found_held = __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
    if (unlikely(found_held))
        spin_lock_contended(l);
    count_lock(l, found_held);
}
static inline void spin_unlock(struct spinlock *l)
{
    lock_rank_leave(l);
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}
static inline void spin_unlock_cleanup(struct spinlock **l) { spin_unlock(*l); }
#define GUARD_NAME2(line) guard_##line
#define GUARD_NAME(line) GUARD_NAME2(line)
/* Holds the lock until the end of the scope. */
#define GUARD(lock)                                                                                                   \
    __attribute__((cleanup(spin_unlock_cleanup), unused)) struct spinlock *GUARD_NAME(__LINE__) = ({                 \
        struct spinlock *guard_lock_ = (lock);                                                                        \
        spin_lock(guard_lock_);                                                                                       \
        guard_lock_;                                                                                                  \
    })
