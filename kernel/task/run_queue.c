/* SPDX-License-Identifier: MIT
 * Run queues: each CPU's ready contexts, a list for each priority and a bitmap over them. run_queue.lock guards one CPU's queue; no
 * two are ever held. */
#include "kernel/task/run_queue.h"
#include "arch/machine.h"
#include "kernel/task/timer.h"

struct run_queue {
    struct spinlock lock;
    uint64_t levels;                         /* bit n: ready[n] is not empty */
    struct list_node ready[PRIORITY_LEVELS];
    uint32_t count;
};

static struct run_queue run_queues[CPU_MAX];

void run_queue_system_init(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        spinlock_init(&run_queues[i].lock, RANK_RUN_QUEUE);
        for (uint32_t level = 0; level < PRIORITY_LEVELS; level++)
            list_init(&run_queues[i].ready[level]);
    }
}

uint32_t run_queue_count(uint32_t cpu)
{
    return __atomic_load_n(&run_queues[cpu].count, __ATOMIC_RELAXED);
}

static void run_queue_push(struct run_queue *q, struct context *c)
{
    uint32_t level = c->schedule->priority;
    list_push_back(&q->ready[level], &c->run_link);
    q->levels |= 1ull << level;
    q->count++;
}

static struct context *run_queue_pop_level(struct run_queue *q, uint32_t level)
{
    struct context *c = list_entry(list_pop_front(&q->ready[level]), struct context, run_link);
    if (list_is_empty(&q->ready[level]))
        q->levels &= ~(1ull << level);
    q->count--;
    return c;
}

static uint32_t highest_level(uint64_t levels)
{
    return 63 - (uint32_t)__builtin_clzll(levels);
}

/* Where a context that becomes ready should run: where it ran, or an idle CPU when that one is busy. */
static uint32_t choose_cpu(const struct context *c)
{
    struct cpu *last = cpus[c->cpu];
    bool last_allowed = c->affinity & (1ull << c->cpu);
    if (cpu_count == 1 || (last_allowed && last->current == last->idle && !run_queues[c->cpu].count))
        return c->cpu;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (c->affinity & (1ull << i) && cpus[i]->current == cpus[i]->idle && !run_queues[i].count)
            return i;
    if (last_allowed)
        return c->cpu;
    return (uint32_t)__builtin_ctzll(c->affinity);
}

static void cpu_request_schedule(uint32_t cpu)
{
    __atomic_or_fetch(&cpus[cpu]->arch.work, WORK_RESCHEDULE, __ATOMIC_SEQ_CST);
    if (cpu != this_cpu()->number)
        arch_send_reschedule(cpu);
}

void run_queue_add(struct context *c)
{
    uint32_t target = choose_cpu(c);
    struct run_queue *q = &run_queues[target];
    spin_lock(&q->lock);
    c->cpu = target;
    run_queue_push(q, c);
    struct context *running = cpus[target]->current;
    /* The running context may be changing on another CPU; a stale answer costs one needless or one late reschedule, which
     * the slice timer bounds. */
    bool preempt = running == cpus[target]->idle || running->schedule->priority < c->schedule->priority;
    bool first = q->count == 1;
    spin_unlock(&q->lock);
    if (preempt)
        cpu_request_schedule(target);
    else if (first && target == this_cpu()->number)
        timer_slice(arch_time_ns() + TIME_SLICE_NS);
    else if (first)
        arch_send_reschedule(target);
}

static struct context *steal(void)
{
    uint32_t self = this_cpu()->number;
    for (uint32_t i = 1; i < cpu_count; i++) {
        uint32_t victim = (self + i) % cpu_count;
        struct run_queue *q = &run_queues[victim];
        if (!__atomic_load_n(&q->count, __ATOMIC_RELAXED))
            continue;
        GUARD(&q->lock);
        for (uint64_t levels = q->levels; levels;) {
            uint32_t level = highest_level(levels);
            list_for_each(node, &q->ready[level]) {
                struct context *c = list_entry(node, struct context, run_link);
                if (!(c->affinity & (1ull << self)))
                    continue;
                list_remove(node);
                if (list_is_empty(&q->ready[level]))
                    q->levels &= ~(1ull << level);
                q->count--;
                return c;
            }
            levels &= ~(1ull << level);
        }
    }
    return nullptr;
}

struct context *run_queue_pick(int floor)
{
    struct run_queue *q = &run_queues[this_cpu()->number];
    {
        GUARD(&q->lock);
        if (q->levels && (int)highest_level(q->levels) > floor)
            return run_queue_pop_level(q, highest_level(q->levels));
    }
    return floor < 0 && cpu_count > 1 ? steal() : nullptr;
}

uint32_t runnable_count(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        sum += run_queues[i].count + (cpus[i]->current != cpus[i]->idle);
    return sum;
}

