/* SPDX-License-Identifier: MIT
 * Switching: the one function that goes from a context to another, who is chosen, sleeping and waking. Nothing but a run queue's lock
 * is taken on a switch; a direct one takes none.
 *
 * Models: tests/models/context.pml, attention.pml. */
#include "kernel/task/switch.h"
#include "arch/machine.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/task/process.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/share.h"

/* Whose time a context uses: that of the entity it runs on, which a client lends to its server. */
struct process *context_payer(const struct context *c) { return container_of(c->schedule, struct context, own)->process; }

static void charge_entity(struct context *c, struct schedule *s)
{
    uint64_t now = arch_tsc();
    uint64_t used = (uint64_t)(((unsigned __int128)(now - c->switched_in_tsc) * arch_time_multiplier()) >> 32);
    c->switched_in_tsc = now;
    s->slice_left_ns = s->slice_left_ns > used ? s->slice_left_ns - used : 0;
    /* Relaxed: sums. A client that wakes early shares its entity with its server for a moment. */
    __atomic_add_fetch(&s->cpu_ns, used, __ATOMIC_RELAXED);
    struct process *payer = container_of(s, struct context, own)->process;
    if (payer)
        __atomic_add_fetch(&payer->user_ns, used, __ATOMIC_RELAXED);
    run_queue_charge(s->priority, used);
    share_charge(c, s, payer, used);
}

void switch_charge(struct context *c) { charge_entity(c, c->schedule); }

void context_run_on(struct context *c, struct schedule *s)
{
    if (c->schedule == s)
        return;
    if (c == current())
        switch_charge(c);
    c->schedule = s;
    __atomic_store_n(&s->runner, c, __ATOMIC_RELAXED);
}

uint64_t context_uncharged_ns(const struct context *c)
{
    uint64_t since = __atomic_load_n(&c->switched_in_tsc, __ATOMIC_RELAXED), now = arch_tsc();
    bool runs = __atomic_load_n(&c->arch.on_cpu, __ATOMIC_ACQUIRE) && __atomic_load_n(&c->state, __ATOMIC_RELAXED) == CONTEXT_RUNNING;
    return runs && now > since ? (uint64_t)(((unsigned __int128)(now - since) * arch_time_multiplier()) >> 32) : 0;
}

uint64_t context_running_ns(void)
{
    uint64_t ticks = arch_tsc() - current()->switched_in_tsc;
    return (uint64_t)(((unsigned __int128)ticks * arch_time_multiplier()) >> 32);
}

void context_load_block(struct context *c)
{
    switch_load(this_cpu(), c);
}

/* A context that was not only put to sleep: it is over, or was preempted. */
static void finish_special(struct context *left)
{
    enum requeue requeue = left->requeue;
    left->requeue = REQUEUE_NOT;
    left->leaves_specially = false;
    __atomic_store_n(&left->arch.on_cpu, 0, __ATOMIC_RELEASE);
    if (requeue == REQUEUE_BACK)
        run_queue_add_after_turn(left);
    else if (requeue == REQUEUE_FRONT)
        run_queue_add_preempted(left);
    else
        object_put(&left->object);
}

void switch_finish(void)
{
    struct context *left = this_cpu()->leaving;
    if (unlikely(left->leaves_specially))
        finish_special(left);
    else /* Release: pairs with the acquire in await_off_cpu; all of the old context's state is in memory. */
        __atomic_store_n(&left->arch.on_cpu, 0, __ATOMIC_RELEASE);
}

void context_await_off_cpu(const struct context *c)
{
    while (unlikely(__atomic_load_n(&c->arch.on_cpu, __ATOMIC_ACQUIRE)))
        arch_pause();
}

static void switch_to(struct context *to)
{
    struct cpu *cpu = this_cpu();
    struct context *from = cpu->current;
    DEBUG_ASSERT(!to->arch.on_cpu);
    __atomic_store_n(&to->arch.on_cpu, 1, __ATOMIC_RELAXED);
    to->cpu = cpu->number;
    cpu->current = to;
    cpu->switches++;
    cpu->leaving = from;
    /* Sequentially consistent, for context_attention: either it finds `to` current here, or switch_load sees what it wants. */
    __atomic_store_n(&to->state, CONTEXT_RUNNING, __ATOMIC_SEQ_CST);
    if (unlikely(__atomic_load_n(&shares_in_use, __ATOMIC_RELAXED)) && to->process)
        share_check(to);
    if (likely(to->process))
        switch_load(cpu, to);
    else
        space_deactivate();
    arch_context_switch(&from->arch, &to->arch);
    switch_finish();
}

/* The current context falls asleep unless it was woken while it prepared. */
static bool park(struct context *self)
{
    uint32_t preparing = CONTEXT_PREPARING;
    return __atomic_compare_exchange_n(&self->state, &preparing, CONTEXT_BLOCKED, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The entity moves with the call, so a direct switch costs no accounting: the time goes on for the same entity. */
void context_switch_direct(struct context *to)
{
    struct context *self = current();
    if (unlikely(!park(self))) {
        run_queue_add(to);
        return;
    }
    to->switched_in_tsc = self->switched_in_tsc;
    switch_to(to);
}

struct context *context_ready_unless_next(struct context *c, bool sleeps)
{
    uint32_t cpu = this_cpu()->number;
    if (sleeps && c->cpu == cpu && !run_queue_count(cpu)) {
        struct context *self = current();
        if (self->schedule == &self->own) /* another's is charged when it is given back, which is before the sleep */
            switch_charge(self);
        return c;
    }
    context_ready(c);
    return nullptr;
}

/* Who runs goes on, or makes room for somebody who is better, or as good when the time slice is used up; null: it goes on. */
static struct context *pick_instead_of(struct context *self, bool yields)
{
    struct cpu *cpu = this_cpu();
    struct schedule *s = self->schedule;
    bool over = yields || (s->slice_left_ns < SLICE_REST_NS && !(s->policy == SCHEDULE_FIFO && s->priority >= PRIORITY_REALTIME));
    bool allowed = context_may_use(self, cpu->number);
    if (s->slice_left_ns < SLICE_REST_NS)
        s->slice_left_ns = TIME_SLICE_NS;
    if (over && run_queue_count(cpu->number))
        run_queue_balance();
    struct context *next = run_queue_pick(allowed ? (int)s->priority : -1, over);
    if (!next && !allowed)
        next = cpu->idle;
    if (next) {
        __atomic_store_n(&self->state, CONTEXT_READY, __ATOMIC_RELAXED);
        self->requeue = over ? REQUEUE_BACK : REQUEUE_FRONT;
        self->leaves_specially = true;
    }
    return next;
}

static void schedule_yielding(bool yields)
{
    struct cpu *cpu = this_cpu();
    struct context *self = cpu->current, *next;
    bool idle = self == cpu->idle;
    __atomic_and_fetch(&cpu->arch.work, ~WORK_RESCHEDULE, __ATOMIC_RELAXED);
    switch_charge(self);
    uint32_t state = __atomic_load_n(&self->state, __ATOMIC_ACQUIRE);
    bool running = state == CONTEXT_RUNNING || (state == CONTEXT_PREPARING && !park(self));
    if (running && !idle)
        next = pick_instead_of(self, yields);
    else if (!(next = run_queue_pick(-1, false)) && !idle)
        next = cpu->idle;
    struct context *runs = next ? next : self;
    if (runs != cpu->idle && run_queue_count(cpu->number))
        run_queue_arm(runs->schedule->slice_left_ns);
    if (!next)
        return;
    next->switched_in_tsc = self->switched_in_tsc;
    switch_to(next);
}

void schedule(void) { schedule_yielding(false); }

void context_yield(void) { schedule_yielding(true); }

/* ---- Blocking and waking ------------------------------------------------------------------------------------------- */

void context_block_prepare(const char *what, uint64_t id, uint32_t wait_flags)
{
    struct context *c = current();
    c->waits_for = what;
    c->waits_for_id = id;
    c->wait_flags = wait_flags;
    /* Sequentially consistent: either we see the waker's condition, or the waker sees us PREPARING. */
    __atomic_store_n(&c->state, CONTEXT_PREPARING, __ATOMIC_SEQ_CST);
}

void context_block_undo(void)
{
    /* Nobody else writes the state of a context that runs and is not PREPARING. */
    __atomic_store_n(&current()->state, CONTEXT_RUNNING, __ATOMIC_SEQ_CST);
}

static bool change_state(struct context *c, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&c->state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool context_claim_slow(struct context *c)
{
    /* What the exchange itself saw decides: one that falls asleep right after it is still to be claimed. */
    uint32_t seen = CONTEXT_BLOCKED;
    while (!__atomic_compare_exchange_n(&c->state, &seen, CONTEXT_READY, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        if (seen != CONTEXT_PREPARING)
            return false;
        seen = CONTEXT_BLOCKED;
        arch_pause();
    }
    context_await_off_cpu(c);
    return true;
}

bool context_block_undo_now(struct context *c) { return change_state(c, CONTEXT_BLOCKED, CONTEXT_RUNNING); }

void context_wake(struct context *c)
{
    if (change_state(c, CONTEXT_PREPARING, CONTEXT_RUNNING))
        return;
    if (!change_state(c, CONTEXT_BLOCKED, CONTEXT_READY))
        return;
    context_await_off_cpu(c);
    run_queue_add(c);
}

void context_ready(struct context *c) { run_queue_add(c); }

/* ---- Interrupts ------------------------------------------------------------------------------------------------------ */

void preempt_point(void)
{
    count_closed_end(__builtin_return_address(0));
    arch_interrupt_window();
    count_closed_begin();
    if (this_cpu()->arch.work & WORK_RESCHEDULE && current() != this_cpu()->idle)
        schedule();
}

void trap_reschedule(void)
{
    struct cpu *cpu = this_cpu();
    count_closed_begin();
    cpu->interrupts++;
    if (__atomic_load_n(&cpu->current->attention, __ATOMIC_SEQ_CST))
        __atomic_or_fetch(&cpu->arch.work, WORK_NOTIFY, __ATOMIC_RELAXED);
    if (run_queue_count(cpu->number)) {
        __atomic_or_fetch(&cpu->arch.work, WORK_RESCHEDULE, __ATOMIC_RELAXED);
        run_queue_arm(cpu->current->schedule->slice_left_ns);
    }
}
