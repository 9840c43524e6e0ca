/* SPDX-License-Identifier: MIT
 * Scheduling entities: what they run at, and loans of priority from one to another. schedule.lock guards one entity; no two are held.
 *
 * Model: tests/models/lending.pml. */
#include "kernel/task/schedule.h"
#include "kernel/ipc/lending.h"
#include "kernel/task/context.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/share.h"

void schedule_init(struct schedule *s, struct context *owner)
{
    *s = (struct schedule){.priority = PRIORITY_DEFAULT, .base = PRIORITY_DEFAULT, .slice_left_ns = TIME_SLICE_NS, .runner = owner};
    spinlock_init(&s->lock, RANK_SCHEDULE);
}

/* True: it runs at another priority now. */
static bool recompute_locked(struct schedule *s)
{
    uint32_t priority = MAX(s->base, level_set_top(&s->lent));
    bool changed = priority != s->priority;
    __atomic_store_n(&s->priority, priority, __ATOMIC_RELAXED);
    return changed;
}

/* Who queues itself afterwards reads the new priority; who is on a queue already is moved. */
static void runner_update(struct schedule *s)
{
    /* Full barrier: either the runner that we read is on a queue with the old priority, or who goes there reads the new one. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    struct context *runner = __atomic_load_n(&s->runner, __ATOMIC_RELAXED);
    if (runner)
        run_queue_update(runner);
}

void schedule_adjust(struct schedule *s, uint32_t from, uint32_t to)
{
    if (from == to)
        return;
    spin_lock(&s->lock);
    level_set_move(&s->lent, from, to);
    bool changed = recompute_locked(s);
    spin_unlock(&s->lock);
    if (changed)
        runner_update(s);
    if (unlikely(__atomic_load_n(&shares_in_use, __ATOMIC_RELAXED)) && to)
        share_lent(s);
}

void schedule_set_base(struct schedule *s, uint32_t base, uint32_t policy)
{
    spin_lock(&s->lock);
    s->base = base;
    s->policy = policy;
    bool changed = recompute_locked(s);
    spin_unlock(&s->lock);
    if (!changed)
        return;
    runner_update(s);
    schedule_pass_on(s);
}

void schedule_lend(struct schedule *s, struct schedule *to)
{
    spin_lock(&s->lock);
    struct schedule *old_to = s->lends_to;
    uint32_t old = s->lends_level, level = to ? s->priority : 0;
    s->lends_to = to;
    s->lends_level = level;
    spin_unlock(&s->lock);
    if (old_to == to) {
        if (to)
            schedule_adjust(to, old, level);
        return;
    }
    if (old_to)
        schedule_adjust(old_to, old, 0);
    if (to)
        schedule_adjust(to, 0, level);
}

/* In one step with the look at whom it lends to: who has stopped waiting does not lend again. */
static struct schedule *lend_more(struct schedule *s)
{
    spin_lock(&s->lock);
    struct schedule *to = s->lends_to;
    uint32_t old = s->lends_level, level = to ? s->priority : 0;
    s->lends_level = level;
    spin_unlock(&s->lock);
    if (to)
        schedule_adjust(to, old, level);
    return to;
}

/* One step: whom s waits for gets its priority, and is put on the list when that one waits, too. */
static void pass_one_step(struct schedule *s, struct lending *out)
{
    struct endpoint *queued_at = nullptr;
    struct request *queued = nullptr;
    spin_lock(&s->lock);
    if (s->queued_at) {
        queued = s->queued;
        queued_at = endpoint_reference(s->queued_at); /* alive: who took it away would have to pass this lock first */
    }
    spin_unlock(&s->lock);
    if (queued_at)
        lending_requeue(queued_at, queued, s, out);
    struct schedule *to = lend_more(s);
    if (to)
        lending_note(out, to);
}

void schedule_pass_on(struct schedule *s)
{
    struct lending list = {};
    if (!schedule_passes_on(s))
        return;
    lending_note(&list, s);
    lending_finish(&list);
}

/* Depth is bounded by the steps, breadth by the list: what does not fit is raised at its next own change. */
void lending_finish(struct lending *list)
{
    for (uint32_t steps = 0; list->count && steps < LENDING_STEPS; steps++)
        pass_one_step(list->raised[--list->count], list);
}
