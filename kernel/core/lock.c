/* SPDX-License-Identifier: MIT
 * The slow side of spinlocks: waiting. */
#include "kernel/core/lock.h"
#include "arch/machine.h"
#include "kernel/core/panic.h"

/* About ten seconds of spinning: nobody holds a spinlock that long, so its holder is gone. */
#define SPINS_MAX (1ull << 31)

OFF_THE_WAY void spin_lock_contended(struct spinlock *l)
{
    uint64_t spins = 0;
    do {
        while (__atomic_load_n(&l->held, __ATOMIC_RELAXED)) {
            arch_pause();
            if (++spins == SPINS_MAX)
                panic("a spinlock of rank %u at %p is never released", l->rank, (const void *)l);
        }
    } while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE));
}
