/* SPDX-License-Identifier: MIT
 * The MH_DEBUG flavour: the proof that each CPU takes locks in ascending rank. */
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"

void lock_rank_enter(const struct spinlock *l)
{
    struct cpu *c = this_cpu();
    for (uint32_t i = 0; i < c->lock_depth; i++) {
        if (c->locks_held[i] == l)
            panic("spinlock of rank %u at %p taken twice by one CPU", l->rank, (const void *)l);
        if (c->locks_held[i]->rank > l->rank)
            panic("spinlock of rank %u at %p taken while holding rank %u", l->rank, (const void *)l, c->locks_held[i]->rank);
    }
    if (c->lock_depth == ARRAY_LENGTH(c->locks_held))
        panic("more than %zu spinlocks held", ARRAY_LENGTH(c->locks_held));
    c->locks_held[c->lock_depth++] = l;
}

void lock_rank_leave(const struct spinlock *l)
{
    struct cpu *c = this_cpu();
    for (uint32_t i = c->lock_depth; i-- > 0;) {
        if (c->locks_held[i] != l)
            continue;
        for (; i + 1 < c->lock_depth; i++)
            c->locks_held[i] = c->locks_held[i + 1];
        c->lock_depth--;
        return;
    }
    panic("spinlock of rank %u at %p released by a CPU that does not hold it", l->rank, (const void *)l);
}
