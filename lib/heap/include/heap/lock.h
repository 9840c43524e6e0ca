/* SPDX-License-Identifier: MIT
 * A lock for contexts of one process: 0 free, 1 held, 2 held and somebody sleeps. Taking and giving a free one is one atomic each. */
#pragma once
#include "base/types.h"

struct heap_lock { uint32_t word; };

void heap_lock_wait(struct heap_lock *l);
void heap_lock_wake(struct heap_lock *l);

static inline void heap_lock(struct heap_lock *l)
{
    uint32_t free = 0;
    /* acquire: what the last holder wrote under the lock is visible (pairs with the release below) */
    if (unlikely(!__atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        heap_lock_wait(l);
}

static inline void heap_unlock(struct heap_lock *l)
{
    if (unlikely(__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2))
        heap_lock_wake(l);
}
