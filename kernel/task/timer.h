/* SPDX-License-Identifier: MIT
 * Kernel timers: a deadline and a function called from the timer interrupt on the CPU that armed it. Per-CPU trees; arming
 * and cancelling from any CPU. The function runs with no lock held, may arm the timer again, must not block. */
#pragma once
#include "base/tree.h"
#include "kernel/core/lock.h"

struct timer {
    struct tree_node node;
    uint64_t deadline_ns;
    uint32_t cpu;                 /* whose tree; valid while armed */
    bool armed;
    bool running;                 /* its function is being called */
    void (*fire)(struct timer *t);
    void *owner;                  /* fire's */
};
void timer_init(struct timer *t, void (*fire)(struct timer *t));
void timer_arm(struct timer *t, uint64_t deadline_ns);     /* replaces an earlier deadline */
void timer_arm_again(struct timer *t, uint64_t deadline_ns); /* from its own fire function only */
void timer_cancel(struct timer *t);                        /* afterwards fire does not run and will not */
void timer_system_init(void);
/* The scheduler's own deadline on this CPU: the end of the running slice; UINT64_MAX: none. */
void timer_slice(uint64_t deadline_ns);
