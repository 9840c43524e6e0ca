/* SPDX-License-Identifier: MIT
 * Kernel timers: a red-black tree per CPU, ordered by deadline, and the CPU's one-shot hardware timer armed for the first of:
 * earliest timer, end of the time slice. The hardware is only touched when the next deadline becomes earlier; one that
 * became later costs a spurious interrupt instead. */
#include "kernel/task/timer.h"
#include "arch/machine.h"
#include "arch/trap.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/task/context.h"

struct timer_cpu {
    struct spinlock lock;
    struct tree tree;
    struct timer *running;       /* whose function is being called */
    uint64_t armed_ns;           /* what the hardware is set to; only this CPU */
    uint64_t slice_ns;           /* only this CPU */
};
static struct timer_cpu timer_cpus[CPU_MAX];

void timer_system_init(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        spinlock_init(&timer_cpus[i].lock, RANK_TIMER);
        tree_init(&timer_cpus[i].tree, nullptr);
        timer_cpus[i].armed_ns = UINT64_MAX;
        timer_cpus[i].slice_ns = UINT64_MAX;
    }
}

void timer_init(struct timer *t, void (*fire)(struct timer *t)) { *t = (struct timer){.fire = fire}; }

static void hardware_arm(struct timer_cpu *tc, uint64_t deadline_ns)
{
    if (deadline_ns >= tc->armed_ns)
        return;
    tc->armed_ns = deadline_ns;
    arch_timer_arm(deadline_ns);
}

static struct timer *earliest_locked(struct timer_cpu *tc)
{
    struct tree_node *first = tree_first(&tc->tree);
    return first ? container_of(first, struct timer, node) : nullptr;
}

void timer_arm(struct timer *t, uint64_t deadline_ns)
{
    timer_cancel(t);
    timer_arm_again(t, deadline_ns);
}

void timer_arm_again(struct timer *t, uint64_t deadline_ns)
{
    struct timer_cpu *tc = &timer_cpus[this_cpu()->number];
    GUARD(&tc->lock);
    t->deadline_ns = deadline_ns;
    t->cpu = this_cpu()->number;
    t->armed = true;
    tree_insert(&tc->tree, &t->node, deadline_ns);
    if (earliest_locked(tc) == t)
        hardware_arm(tc, deadline_ns);
}

void timer_cancel(struct timer *t)
{
    struct timer_cpu *tc = &timer_cpus[t->cpu];
    if (!__atomic_load_n(&t->armed, __ATOMIC_ACQUIRE) && __atomic_load_n(&tc->running, __ATOMIC_ACQUIRE) != t)
        return;
    spin_lock(&tc->lock);
    if (t->armed) {
        tree_remove(&tc->tree, &t->node);
        t->armed = false;
    }
    spin_unlock(&tc->lock);
    /* Another CPU may be inside fire: it is short and never waits for us. On our own CPU it cannot be. */
    while (__atomic_load_n(&tc->running, __ATOMIC_ACQUIRE) == t && t->cpu != this_cpu()->number)
        arch_pause();
}

void timer_slice(uint64_t deadline_ns)
{
    struct timer_cpu *tc = &timer_cpus[this_cpu()->number];
    tc->slice_ns = deadline_ns;
    hardware_arm(tc, deadline_ns);
}

/* One due timer, taken off the tree and marked running; null: none is due. */
static struct timer *take_due(struct timer_cpu *tc, uint64_t now)
{
    GUARD(&tc->lock);
    struct timer *t = earliest_locked(tc);
    if (!t || t->deadline_ns > now)
        return nullptr;
    tree_remove(&tc->tree, &t->node);
    __atomic_store_n(&tc->running, t, __ATOMIC_RELEASE);
    t->armed = false;
    return t;
}

void trap_timer(void)
{
    struct cpu *cpu = this_cpu();
    struct timer_cpu *tc = &timer_cpus[cpu->number];
    count_closed_begin();
    cpu->interrupts++;
    tc->armed_ns = UINT64_MAX;
    struct timer *t;
    while ((t = take_due(tc, arch_time_ns()))) {
        t->fire(t);
        __atomic_store_n(&tc->running, nullptr, __ATOMIC_RELEASE);
    }
    if (tc->slice_ns <= arch_time_ns()) {
        tc->slice_ns = UINT64_MAX;
        if (cpu->current != cpu->idle)
            __atomic_or_fetch(&cpu->arch.work, WORK_RESCHEDULE, __ATOMIC_RELAXED);
    }
    spin_lock(&tc->lock);
    struct timer *next = earliest_locked(tc);
    uint64_t deadline = MIN(next ? next->deadline_ns : UINT64_MAX, tc->slice_ns);
    spin_unlock(&tc->lock);
    if (deadline != UINT64_MAX)
        hardware_arm(tc, deadline);
    count_closed_end(trap_timer);
}
