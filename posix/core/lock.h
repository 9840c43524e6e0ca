/* SPDX-License-Identifier: MIT
 * The library's mutex: 0 free, 1 taken, 2 taken and waited for. Never held over a call that waits for another process.
 * fork holds struct process's lock over the clone, so that both sides find the state whole. */
#pragma once
#include "base/types.h"

struct lock { _Atomic uint32_t word; };

void lock_wait(struct lock *l);
void lock_wake(struct lock *l);

static inline void lock_take(struct lock *l)
{
    uint32_t expected = 0;
    if (!__c11_atomic_compare_exchange_strong(&l->word, &expected, 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        lock_wait(l);
}
static inline void lock_release(struct lock *l)
{
    if (__c11_atomic_exchange(&l->word, 0, __ATOMIC_RELEASE) == 2)
        lock_wake(l);
}

struct lock_guard { struct lock *l; };
static inline void lock_guard_end(struct lock_guard *g) { lock_release(g->l); }
#define LOCKED(lock_pointer) \
    __attribute__((cleanup(lock_guard_end))) struct lock_guard guard_ = {(lock_take(lock_pointer), (lock_pointer))}
