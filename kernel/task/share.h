/* SPDX-License-Identifier: MIT
 * A group's share of CPU time: so much of each period, on all CPUs together, with everything below it. What runs on a context's entity is
 * charged to the context's group and those above; when one of them has used up its share, its contexts stay in the kernel, on the way back to
 * user mode, until a period begins in which it has some again. What was used beyond the share is missing from the next.
 *
 * LENDING. A server that works in a client's time goes on, and the client pays. Who was lent priority, because somebody waits for it, goes on
 * for up to SHARE_LENT_NS beyond the share: it is wanted elsewhere, and no group gets more in the long run by waiting for itself.
 *
 * While no group has a limit this is one test on each switch, and no timer runs. */
#pragma once
#include "base/types.h"

struct context;
struct group;
struct process;
struct schedule;

#define SHARE_PERIOD_NS 100000000ull
#define SHARE_LENT_NS SHARE_PERIOD_NS

extern uint32_t shares_in_use;                       /* atomic: groups with a limit */
/* Of one CPU, in thousandths, at least one; UINT64_MAX: no limit. */
void share_set(struct group *g, uint64_t thousandths);
void share_end(struct group *g);                     /* its last reference goes. Callable with any lock below RANK_INTERRUPT */

void share_charge_slow(struct context *c, struct schedule *s, struct process *payer, uint64_t used_ns);
/* The current context c used so much time, on s, for which `payer` pays. */
static inline void share_charge(struct context *c, struct schedule *s, struct process *payer, uint64_t used_ns)
{
    if (unlikely(__atomic_load_n(&shares_in_use, __ATOMIC_RELAXED)))
        share_charge_slow(c, s, payer, used_ns);
}
void share_check(struct context *c);                 /* it is about to run: ATTENTION_SHARE when its group has nothing left */
void share_lent(struct schedule *s);                 /* s was lent priority: whoever waits for time on it looks again */
void share_wait(struct context *c);                  /* the current one, with no lock, until it may run or is killed */
