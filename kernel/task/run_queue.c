/* SPDX-License-Identifier: MIT
 * Run queues: each CPU's ready contexts, a list for each priority and a bitmap over them. Taking the best costs the same with one and
 * with ten thousand. run_queue.lock guards one CPU's queue; no two are ever held.
 *
 * NOBODY STARVES. Below the real-time band, who has waited long enough beats who stands above: each level above costs it a quarter
 * more patience (patience_ns), so two that never sleep share a CPU as 1 to 1.25 for each level between them. The real-time band is
 * above all that, but gets no more than REALTIME_BUDGET_NS of each REALTIME_PERIOD_NS while somebody else is ready.
 *
 * BALANCE. Who becomes ready goes to an idle CPU when its own is busy; a CPU that becomes idle takes from others; a CPU that has two
 * more than another gives one away now and then. A CPU with one context needs no timer for any of this. */
#include "kernel/task/run_queue.h"
#include "arch/machine.h"
#include "kernel/task/timer.h"

#define REALTIME_PERIOD_NS 100000000ull
#define REALTIME_BUDGET_NS 95000000ull
#define BALANCE_NS 20000000ull
#define LOOKS_MAX 32u
#define REALTIME ((int)PRIORITY_REALTIME)
#define NORMAL_MASK ((1ull << PRIORITY_REALTIME) - 1)
static_assert(PRIORITY_REALTIME < 64, "the levels below the real-time band are in the first word");

struct run_queue {
    struct spinlock lock;
    uint64_t bits[LEVEL_WORDS];              /* of the levels that are not empty */
    struct list_node ready[PRIORITY_LEVELS];
    uint32_t count;                          /* atomic to read */
    /* only its CPU; `realtime_ns` may be read by anyone */
    uint64_t realtime_ns, period_end_ns, balance_at_ns;
};

static struct run_queue run_queues[CPU_MAX];
static uint64_t patience_ns[PRIORITY_REALTIME]; /* by how many levels the other stands above */

void run_queue_system_init(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        spinlock_init(&run_queues[i].lock, RANK_RUN_QUEUE);
        for (uint32_t level = 0; level < PRIORITY_LEVELS; level++)
            list_init(&run_queues[i].ready[level]);
    }
    patience_ns[0] = TIME_SLICE_NS;
    for (uint32_t i = 1; i < PRIORITY_REALTIME; i++)
        patience_ns[i] = patience_ns[i - 1] + patience_ns[i - 1] / 4;
}

uint32_t run_queue_count(uint32_t cpu) { return __atomic_load_n(&run_queues[cpu].count, __ATOMIC_RELAXED); }

uint32_t runnable_count(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        sum += run_queue_count(i) + (cpus[i]->current != cpus[i]->idle);
    return sum;
}

/* ---- The lists ------------------------------------------------------------------------------------------------------- */

static void push_locked(struct run_queue *q, struct context *c, bool front)
{
    uint32_t level = __atomic_load_n(&c->schedule->priority, __ATOMIC_RELAXED);
    c->run_level = level;
    if (front)
        list_push_front(&q->ready[level], &c->run_link);
    else
        list_push_back(&q->ready[level], &c->run_link);
    level_bits_set(q->bits, level);
    __atomic_store_n(&q->count, q->count + 1, __ATOMIC_RELAXED);
}

static struct context *remove_locked(struct run_queue *q, struct context *c)
{
    list_remove(&c->run_link);
    if (list_is_empty(&q->ready[c->run_level]))
        level_bits_clear(q->bits, c->run_level);
    __atomic_store_n(&q->count, q->count - 1, __ATOMIC_RELAXED);
    return c;
}

static struct context *head_of(struct run_queue *q, uint32_t level) { return list_entry(q->ready[level].next, struct context, run_link); }

/* Somebody of that queue who may run on `cpu`, off the queue. A few are looked at, so that many who may not cost no more. */
static struct context *take_for(struct run_queue *q, uint32_t cpu)
{
    GUARD(&q->lock);
    uint32_t looks = LOOKS_MAX;
    for (uint32_t level = PRIORITY_LEVELS; level-- > 0;) {
        if (!(q->bits[level / 64] >> (level % 64) & 1))
            continue;
        list_for_each(node, &q->ready[level]) {
            struct context *c = list_entry(node, struct context, run_link);
            if (context_may_use(c, cpu))
                return remove_locked(q, c);
            if (--looks == 0)
                return nullptr;
        }
    }
    return nullptr;
}

/* ---- The real-time band's share -------------------------------------------------------------------------------------- */

static bool is_over_budget(const struct run_queue *q) { return __atomic_load_n(&q->realtime_ns, __ATOMIC_RELAXED) >= REALTIME_BUDGET_NS; }

void run_queue_charge(uint32_t priority, uint64_t used_ns)
{
    struct run_queue *q = &run_queues[this_cpu()->number];
    if (likely(priority < PRIORITY_REALTIME && !q->realtime_ns))
        return;
    uint64_t now = arch_time_ns();
    if (now >= q->period_end_ns) {
        q->period_end_ns = now + REALTIME_PERIOD_NS;
        __atomic_store_n(&q->realtime_ns, 0, __ATOMIC_RELAXED);
    } else if (priority >= PRIORITY_REALTIME) {
        __atomic_store_n(&q->realtime_ns, q->realtime_ns + used_ns, __ATOMIC_RELAXED);
    }
}

void run_queue_arm(uint64_t slice_left_ns)
{
    const struct run_queue *q = &run_queues[this_cpu()->number];
    uint64_t wait = MAX(slice_left_ns, SLICE_REST_NS), now = arch_time_ns();
    if (q->realtime_ns) {
        if (!is_over_budget(q))
            wait = MIN(wait, REALTIME_BUDGET_NS - q->realtime_ns);
        if (q->period_end_ns > now)
            wait = MIN(wait, q->period_end_ns - now);
    }
    timer_slice(now + wait);
}

/* ---- Who is next ----------------------------------------------------------------------------------------------------- */

/* Below the level `top`, somebody who has waited too long; -1: nobody. Few levels are in use at a time. */
static int impatient_level(struct run_queue *q, int top)
{
    uint64_t below = q->bits[0] & ((1ull << top) - 1), now = below ? arch_tsc() : 0;
    while (below) {
        int level = 63 - __builtin_clzll(below);
        uint64_t ticks = now - head_of(q, (uint32_t)level)->ready_since_tsc;
        if ((uint64_t)(((unsigned __int128)ticks * arch_time_multiplier()) >> 32) >= patience_ns[top - level])
            return level;
        below &= ~(1ull << level);
    }
    return -1;
}

/* The level to take from, when what runs now stands at `floor` (-1: nothing) and may go on or has used up its slice. -1: none. */
static int choose_level(struct run_queue *q, int floor, bool slice_over)
{
    int top = level_bits_highest(q->bits);
    uint64_t normal = q->bits[0] & NORMAL_MASK;
    if (normal && (top >= REALTIME || floor >= REALTIME) && is_over_budget(q)) {
        top = 63 - __builtin_clzll(normal);
        if (floor >= REALTIME)
            return top;
    }
    if (top < 0 || (floor >= 0 && !slice_over))
        return top > floor ? top : -1;
    if (top < REALTIME && floor < REALTIME) {
        int impatient = impatient_level(q, MAX(top, floor));
        if (impatient >= 0)
            return impatient;
    }
    return top >= floor ? top : -1;
}

static struct context *steal(void)
{
    uint32_t self = this_cpu()->number;
    for (uint32_t i = 1; i < cpu_count; i++) {
        uint32_t victim = (self + i) % cpu_count;
        struct context *found = run_queue_count(victim) ? take_for(&run_queues[victim], self) : nullptr;
        if (found)
            return found;
    }
    return nullptr;
}

struct context *run_queue_pick(int floor, bool slice_over)
{
    struct run_queue *q = &run_queues[this_cpu()->number];
    if (q->count) { /* one that is being added now has asked for another look as well */
        GUARD(&q->lock);
        int level = choose_level(q, floor, slice_over);
        if (level >= 0)
            return remove_locked(q, head_of(q, (uint32_t)level));
    }
    return floor < 0 && cpu_count > 1 ? steal() : nullptr;
}

/* ---- Who goes where -------------------------------------------------------------------------------------------------- */

static bool is_idle(uint32_t cpu) { return cpus[cpu]->current == cpus[cpu]->idle && !run_queue_count(cpu); }

static uint32_t running_priority(uint32_t cpu) { return __atomic_load_n(&cpus[cpu]->current->schedule->priority, __ATOMIC_RELAXED); }

/* For the real-time band: where what runs now matters least. */
static uint32_t least_important_cpu(const struct context *c)
{
    uint32_t best = c->cpu;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (context_may_use(c, i) && (!context_may_use(c, best) || running_priority(i) < running_priority(best)))
            best = i;
    return best;
}

/* Where a context that becomes ready should run: where it ran, or an idle CPU when that one is busy. */
static uint32_t choose_cpu(const struct context *c)
{
    if (cpu_count == 1 || (context_may_use(c, c->cpu) && is_idle(c->cpu)))
        return c->cpu;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (context_may_use(c, i) && is_idle(i))
            return i;
    uint32_t priority = c->schedule->priority;
    if (priority >= PRIORITY_REALTIME && (!context_may_use(c, c->cpu) || running_priority(c->cpu) >= priority))
        return least_important_cpu(c);
    return context_may_use(c, c->cpu) ? c->cpu : (uint32_t)__builtin_ctzll(context_affinity(c));
}

static void cpu_request_schedule(uint32_t cpu)
{
    __atomic_or_fetch(&cpus[cpu]->arch.work, WORK_RESCHEDULE, __ATOMIC_SEQ_CST);
    if (cpu != this_cpu()->number)
        arch_send_reschedule(cpu);
}

void run_queue_request_all(void)
{
    for (uint32_t i = 0; i < cpu_count; i++)
        if (cpus[i]->current != cpus[i]->idle)
            cpu_request_schedule(i);
}

/* What runs there may be changing; a stale answer costs one needless or one late look, which the slice timer bounds. */
static bool beats_running(const struct context *c, uint32_t cpu)
{
    if (cpus[cpu]->current == cpus[cpu]->idle)
        return true;
    return c->run_level > running_priority(cpu) && !(c->run_level >= PRIORITY_REALTIME && is_over_budget(&run_queues[cpu]));
}

/* `polite`: it has had its turn, and lets who runs have theirs. */
static void add_to(struct context *c, uint32_t cpu, bool front, bool polite)
{
    struct run_queue *q = &run_queues[cpu];
    spin_lock(&q->lock);
    c->cpu = cpu;
    push_locked(q, c, front);
    bool preempt = !(polite && cpu == this_cpu()->number) && beats_running(c, cpu), first = q->count == 1;
    spin_unlock(&q->lock);
    if (preempt)
        cpu_request_schedule(cpu);
    else if (first && cpu == this_cpu()->number)
        run_queue_arm(current()->schedule->slice_left_ns);
    else if (first)
        arch_send_reschedule(cpu); /* it had nobody to share with, and no timer running */
}

void run_queue_add(struct context *c)
{
    c->ready_since_tsc = arch_tsc();
    add_to(c, choose_cpu(c), false, false);
}

void run_queue_add_after_turn(struct context *c)
{
    c->ready_since_tsc = arch_tsc();
    add_to(c, choose_cpu(c), false, true);
}

/* Its turn is not over: it goes on before its equals, and its patience counts on. */
void run_queue_add_preempted(struct context *c) { add_to(c, choose_cpu(c), true, false); }

void run_queue_update(struct context *c)
{
    uint32_t cpu = __atomic_load_n(&c->cpu, __ATOMIC_RELAXED);
    struct run_queue *q = &run_queues[cpu];
    bool look = false;
    {
        GUARD(&q->lock);
        if (c->cpu != cpu)
            return; /* somebody moved it just now, and read the new priority */
        uint32_t level = __atomic_load_n(&c->schedule->priority, __ATOMIC_RELAXED);
        if (list_is_empty(&c->run_link)) {
            look = cpus[cpu]->current == c && level_bits_highest(q->bits) > (int)level;
        } else if (c->run_level != level) {
            bool lowered = level < c->run_level;
            push_locked(q, remove_locked(q, c), lowered);
            look = beats_running(c, cpu);
        }
    }
    if (look)
        cpu_request_schedule(cpu);
}

/* Its affinity no longer allows where it is: onto another queue, if it is on one. */
void run_queue_move(struct context *c)
{
    struct run_queue *q = &run_queues[__atomic_load_n(&c->cpu, __ATOMIC_RELAXED)];
    {
        GUARD(&q->lock);
        if (q != &run_queues[c->cpu] || list_is_empty(&c->run_link))
            return;
        (void)remove_locked(q, c);
    }
    run_queue_add(c);
}

void run_queue_balance(void)
{
    uint32_t self = this_cpu()->number, target = self, least = run_queue_count(self);
    struct run_queue *q = &run_queues[self];
    uint64_t now = arch_time_ns();
    if (cpu_count == 1 || now < q->balance_at_ns)
        return;
    q->balance_at_ns = now + BALANCE_NS;
    for (uint32_t i = 0; i < cpu_count; i++) {
        uint32_t load = run_queue_count(i) + (i != self && cpus[i]->current != cpus[i]->idle);
        if (load < least) {
            least = load;
            target = i;
        }
    }
    /* We run one ourselves: with one less here and one more there, there must not be more there than here. */
    struct context *c = target != self ? take_for(q, target) : nullptr;
    if (c)
        add_to(c, target, false, false);
}
