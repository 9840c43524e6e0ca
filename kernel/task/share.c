/* SPDX-License-Identifier: MIT
 * Shares of CPU time (see share.h). shares_lock guards the list of limited groups and the period; used_ns is atomic. A timer looks SHARE_LOOK_NS
 * after the last look, as long as there is a limited group: it makes every CPU that runs something account for it, and begins periods. */
#include "kernel/task/share.h"
#include "arch/machine.h"
#include "kernel/mm/group.h"
#include "kernel/task/process.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/timer.h"

#define SHARE_LOOK_NS 10000000ull

uint32_t shares_in_use;
static struct spinlock shares_lock = SPINLOCK_INIT(RANK_INTERRUPT);
static struct list_node limited = LIST_INIT(limited);
static uint64_t period_start_ns;
static bool ticking;                 /* the timer is armed, or about to be */
static struct timer ticker;
static struct wait_queue out_of_time = {.lock = SPINLOCK_INIT(RANK_WAIT), .waiters = LIST_INIT(out_of_time.waiters)};

static bool is_over(const struct context *c)
{
    uint64_t lent = level_set_top(&c->own.lent) ? SHARE_LENT_NS : 0;
    for (const struct group *g = c->process->group; g->parent; g = g->parent) {
        uint64_t quota = __atomic_load_n(&g->share.quota_ns, __ATOMIC_RELAXED);
        if (quota && __atomic_load_n(&g->share.used_ns, __ATOMIC_RELAXED) >= quota + lent)
            return true;
    }
    return false;
}

void share_check(struct context *c)
{
    if (c->schedule == &c->own && is_over(c))
        __atomic_or_fetch(&c->attention, ATTENTION_SHARE, __ATOMIC_SEQ_CST);
}

void share_charge_slow(struct context *c, struct schedule *s, struct process *payer, uint64_t used_ns)
{
    for (struct group *g = payer ? payer->group : &root_group; g->parent; g = g->parent)
        if (__atomic_load_n(&g->share.quota_ns, __ATOMIC_RELAXED))
            __atomic_add_fetch(&g->share.used_ns, used_ns, __ATOMIC_RELAXED);
    if (s == &c->own && c->process && is_over(c)) {
        __atomic_or_fetch(&c->attention, ATTENTION_SHARE, __ATOMIC_SEQ_CST);
        __atomic_or_fetch(&this_cpu()->arch.work, WORK_NOTIFY, __ATOMIC_RELAXED);
    }
}

void share_lent(struct schedule *s)
{
    struct context *c = container_of(s, struct context, own);
    if (__atomic_load_n(&c->attention, __ATOMIC_SEQ_CST) & ATTENTION_SHARE)
        context_wake(c);
}

static bool may_run(void *c) { return !is_over(c); }

void share_wait(struct context *c)
{
    for (struct group *g = c->process->group; g->parent; g = g->parent)
        if (g->share.quota_ns && g->share.used_ns >= g->share.quota_ns)
            __atomic_add_fetch(&g->share.refused, 1, __ATOMIC_RELAXED);
    IGNORE(wait_until(&out_of_time, may_run, c, DEADLINE_NEVER, WAIT_KILLABLE, "its group's share of CPU time"));
    __atomic_and_fetch(&c->attention, ~ATTENTION_SHARE, __ATOMIC_SEQ_CST);
}

/* So many periods are over: what was used in them goes, as far as there was a share for it. */
static void begin_period_locked(struct group_share *s, uint64_t periods)
{
    uint64_t used = __atomic_load_n(&s->used_ns, __ATOMIC_RELAXED), paid = MIN(used, periods * s->quota_ns);
    s->last_ns = (used - s->debt_ns) / periods;
    s->most_ns = MAX(s->most_ns, s->last_ns);
    s->debt_ns = used - paid;
    __atomic_sub_fetch(&s->used_ns, paid, __ATOMIC_RELAXED);
}

static void tick(struct timer *t)
{
    uint64_t now = arch_time_ns(), periods;
    bool again;
    {
        GUARD(&shares_lock);
        periods = (now - period_start_ns) / SHARE_PERIOD_NS;
        period_start_ns += periods * SHARE_PERIOD_NS;
        list_for_each(node, &limited)
            if (periods)
                begin_period_locked(&list_entry(node, struct group, share.link)->share, periods);
        again = ticking = !list_is_empty(&limited);
    }
    if (periods)
        wait_wake(&out_of_time, UINT32_MAX);
    run_queue_request_all();
    if (again)
        timer_arm_again(t, now + SHARE_LOOK_NS);
}

/* True: somebody has to start the timer. */
static bool share_set_locked(struct group *g, uint64_t quota_ns)
{
    bool was = g->share.quota_ns, starts = quota_ns && !ticking;
    __atomic_store_n(&g->share.quota_ns, quota_ns, __ATOMIC_RELAXED);
    if (quota_ns && !was)
        list_push_back(&limited, &g->share.link);
    else if (!quota_ns && was)
        list_remove(&g->share.link);
    __atomic_store_n(&shares_in_use, shares_in_use + (quota_ns != 0) - was, __ATOMIC_RELAXED);
    if (starts)
        period_start_ns = arch_time_ns();
    ticking |= starts;
    return starts;
}

void share_set(struct group *g, uint64_t thousandths)
{
    spin_lock(&shares_lock);
    bool starts = share_set_locked(g, thousandths == UINT64_MAX ? 0 : thousandths * (SHARE_PERIOD_NS / 1000));
    spin_unlock(&shares_lock);
    if (thousandths == UINT64_MAX)
        wait_wake(&out_of_time, UINT32_MAX);
    if (starts) {
        timer_cancel(&ticker); /* its last call may not be over */
        timer_init(&ticker, tick);
        timer_arm(&ticker, arch_time_ns() + SHARE_LOOK_NS);
    }
}

void share_end(struct group *g)
{
    if (!g->share.quota_ns)
        return;
    GUARD(&shares_lock);
    (void)share_set_locked(g, 0);
}
