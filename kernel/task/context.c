/* SPDX-License-Identifier: MIT
 * Contexts and the scheduler: per-CPU run queues with a bitmap over priorities, one switch function, lazy slice timer.
 * run_queue.lock guards a CPU's queue; nothing else is locked on a switch.
 *
 * Models: tests/models/context.pml, attention.pml. */
#include "kernel/task/context.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "base/string.h"
#include "kernel/core/panic.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/futex.h"
#include "kernel/task/process.h"
#include "kernel/task/timer.h"

struct run_queue {
    struct spinlock lock;
    uint64_t levels;                         /* bit n: ready[n] is not empty */
    struct list_node ready[PRIORITY_LEVELS];
    uint32_t count;
};

static struct run_queue run_queues[CPU_MAX];
static struct spinlock registry_lock = SPINLOCK_INIT(RANK_CONTEXT);
static struct list_node registry = LIST_INIT(registry);
struct registered { struct list_node link; struct context context; };
static struct list_node free_contexts = LIST_INIT(free_contexts); /* memory of contexts stays theirs: an entity may be lent still */

/* ---- Run queues ---------------------------------------------------------------------------------------------------- */

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

/* State is READY. Preempts what runs there when the newcomer has the higher priority. */
static void make_ready(struct context *c)
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

/* The next context for this CPU: the best of its queue, if it beats `floor`; null: nothing better. */
static struct context *pick(int floor)
{
    struct run_queue *q = &run_queues[this_cpu()->number];
    {
        GUARD(&q->lock);
        if (q->levels && (int)highest_level(q->levels) > floor)
            return run_queue_pop_level(q, highest_level(q->levels));
    }
    return floor < 0 && cpu_count > 1 ? steal() : nullptr;
}

/* ---- Switching ----------------------------------------------------------------------------------------------------- */

/* Whose time a context uses: that of the entity it runs on, which a client lends to its server. */
struct process *context_payer(const struct context *c)
{
    return container_of(c->schedule, struct context, own)->process;
}

static void charge(struct context *c)
{
    uint64_t now = arch_tsc();
    uint64_t used = (uint64_t)(((unsigned __int128)(now - c->switched_in_tsc) * arch_time_multiplier()) >> 32);
    c->switched_in_tsc = now;
    c->schedule->cpu_ns += used;
    struct process *payer = context_payer(c);
    if (payer)
        __atomic_add_fetch(&payer->user_ns, used, __ATOMIC_RELAXED);
}

void context_load_block(struct context *c)
{
    struct arch_cpu *cpu = &this_cpu()->arch;
    cpu->block = c->block;
    cpu->block_user = c->block_user;
    cpu->personality_entry = c->block && c->process->has_personality ? c->process->personality.entry : 0;
    if (unlikely(__atomic_load_n(&c->attention, __ATOMIC_SEQ_CST)))
        __atomic_or_fetch(&cpu->work, WORK_NOTIFY, __ATOMIC_RELAXED);
}

/* A context that was not only put to sleep: it is over, or was preempted. */
static void finish_special(struct context *left)
{
    bool requeue = left->requeue;
    left->requeue = false;
    left->leaves_specially = false;
    __atomic_store_n(&left->on_cpu, 0, __ATOMIC_RELEASE);
    if (requeue)
        make_ready(left);
    else
        object_put(&left->object);
}

/* First thing on the new stack: the old context's registers are saved now, so others may run it, or free it. */
static inline void finish_switch(void)
{
    struct context *left = this_cpu()->leaving;
    if (unlikely(left->leaves_specially))
        finish_special(left);
    else /* Release: pairs with the acquire in await_off_cpu; all of the old context's state is in memory. */
        __atomic_store_n(&left->on_cpu, 0, __ATOMIC_RELEASE);
}

static void await_off_cpu(const struct context *c)
{
    while (unlikely(__atomic_load_n(&c->on_cpu, __ATOMIC_ACQUIRE)))
        arch_pause();
}

/* A context that takes its process apart, and the idle one, run in the kernel's own space: no other may vanish under them. */
static void activate_space_of(const struct context *c)
{
    struct address_space *space = c->process ? c->process->space : nullptr;
    if (likely(space))
        space_activate(space);
    else
        space_deactivate();
}

static void switch_to(struct context *to)
{
    struct cpu *cpu = this_cpu();
    struct context *from = cpu->current;
    DEBUG_ASSERT(!to->on_cpu);
    __atomic_store_n(&to->on_cpu, 1, __ATOMIC_RELAXED);
    to->cpu = cpu->number;
    cpu->current = to;
    cpu->switches++;
    cpu->leaving = from;
    /* Sequentially consistent, for context_attention: either it finds `to` current here, or context_load_block sees what it wants. */
    __atomic_store_n(&to->state, CONTEXT_RUNNING, __ATOMIC_SEQ_CST);
    context_load_block(to);
    activate_space_of(to);
    arch_context_switch(&from->arch, &to->arch);
    finish_switch();
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
        make_ready(to);
        return;
    }
    to->switched_in_tsc = self->switched_in_tsc;
    switch_to(to);
}

void context_switch_claimed(struct context *to)
{
    to->switched_in_tsc = current()->switched_in_tsc;
    switch_to(to);
}

/* Is there a better one, or an equal one when the time slice is used up? */
static struct context *pick_instead_of(struct context *self)
{
    struct context *next = pick((int)self->schedule->priority);
    if (!next && self->schedule->slice_left_ns == 0)
        next = pick((int)self->schedule->priority - 1);
    return next;
}

void schedule(void)
{
    struct cpu *cpu = this_cpu();
    struct context *self = cpu->current, *next;
    bool idle = self == cpu->idle;
    __atomic_and_fetch(&cpu->arch.work, ~WORK_RESCHEDULE, __ATOMIC_RELAXED);
    charge(self);
    uint32_t state = __atomic_load_n(&self->state, __ATOMIC_ACQUIRE);
    bool running = state == CONTEXT_RUNNING || (state == CONTEXT_PREPARING && !park(self));
    if (running && !idle) {
        next = pick_instead_of(self);
        self->schedule->slice_left_ns = TIME_SLICE_NS;
        if (!next)
            return;
        __atomic_store_n(&self->state, CONTEXT_READY, __ATOMIC_RELAXED);
        self->requeue = self->leaves_specially = true;
    } else {
        next = pick(-1);
        if (!next && idle)
            return;
        if (!next)
            next = cpu->idle;
    }
    next->switched_in_tsc = arch_tsc();
    if (next != cpu->idle && __atomic_load_n(&run_queues[cpu->number].count, __ATOMIC_RELAXED))
        timer_slice(arch_time_ns() + TIME_SLICE_NS);
    switch_to(next);
}

void context_yield(void)
{
    current()->schedule->slice_left_ns = 0;
    schedule();
    current()->schedule->slice_left_ns = TIME_SLICE_NS;
}

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

bool context_claim_slow(struct context *c, bool won)
{
    while (!won) {
        if (__atomic_load_n(&c->state, __ATOMIC_SEQ_CST) == CONTEXT_PREPARING) {
            arch_pause();
            continue;
        }
        if (!change_state(c, CONTEXT_BLOCKED, CONTEXT_READY))
            return false;
        won = true;
    }
    await_off_cpu(c);
    return true;
}

bool context_block_undo_now(struct context *c)
{
    return change_state(c, CONTEXT_BLOCKED, CONTEXT_RUNNING);
}

void context_wake(struct context *c)
{
    if (change_state(c, CONTEXT_PREPARING, CONTEXT_RUNNING))
        return;
    if (!change_state(c, CONTEXT_BLOCKED, CONTEXT_READY))
        return;
    await_off_cpu(c);
    make_ready(c);
}

void context_ready(struct context *c)
{
    make_ready(c);
}

bool context_is_interrupted(const struct context *c)
{
    return context_is_killed(c) || (c->block && __atomic_load_n(&c->block->pending, __ATOMIC_ACQUIRE));
}

void context_attention(struct context *c, uint32_t bits)
{
    __atomic_or_fetch(&c->attention, bits, __ATOMIC_SEQ_CST);
    uint32_t state = __atomic_load_n(&c->state, __ATOMIC_SEQ_CST);
    if (state == CONTEXT_BLOCKED || state == CONTEXT_PREPARING) {
        uint32_t flags = __atomic_load_n(&c->wait_flags, __ATOMIC_SEQ_CST);
        bool killed = bits & ATTENTION_KILLED;
        if (flags & WAIT_INTERRUPTIBLE || (killed && flags & WAIT_KILLABLE))
            context_wake(c);
    }
    struct cpu *cpu = cpus[c->cpu];
    if (cpu && cpu->current == c) {
        __atomic_or_fetch(&cpu->arch.work, WORK_NOTIFY, __ATOMIC_SEQ_CST);
        if (cpu != this_cpu())
            arch_send_reschedule(cpu->number);
    }
}

/* ---- Creation and end ---------------------------------------------------------------------------------------------- */

static void context_destroy(struct object *o)
{
    struct context *c = container_of(o, struct context, object);
    struct registered *r = container_of(c, struct registered, context);
    spin_lock(&registry_lock);
    list_remove(&r->link);
    spin_unlock(&registry_lock);
    endpoint_detach(c);
    arch_context_destroy(&c->arch);
    if (c->request)
        request_put(c->request);
    if (c->timeout)
        heap_free(c->timeout, sizeof *c->timeout);
    if (c->block)
        space_wired_release(c->block);
    if (c->process)
        object_put(&c->process->object);
    spin_lock(&registry_lock);
    list_push_front(&free_contexts, &r->link);
    spin_unlock(&registry_lock);
}

static const struct object_type context_type = {
    .kind = OBJECT_CONTEXT, .name = "context", .destroy = context_destroy,
};

static void context_begin(void *argument)
{
    struct context *c = argument;
    finish_switch();
    trap_return_to_user(arch_context_frame(&c->arch));
    arch_enter_user(arch_context_frame(&c->arch));
}

static struct context *context_new(void)
{
    spin_lock(&registry_lock);
    struct list_node *n = list_pop_front(&free_contexts);
    spin_unlock(&registry_lock);
    struct registered *r = n ? list_entry(n, struct registered, link) : heap_allocate(sizeof *r);
    if (!r)
        return nullptr;
    memset(r, 0, sizeof *r);
    struct context *c = &r->context;
    object_init(&c->object, &context_type);
    c->own = (struct schedule){.priority = PRIORITY_DEFAULT, .slice_left_ns = TIME_SLICE_NS};
    c->schedule = &c->own;
    c->affinity = ~0ull;
    c->waiter.context = c;
    list_init(&c->waiter.link);
    list_init(&c->receive_link);
    list_init(&c->run_link);
    list_init(&c->process_link);
    list_init(&r->link);
    return c;
}

static void context_register(struct context *c)
{
    GUARD(&registry_lock);
    list_push_back(&registry, &container_of(c, struct registered, context)->link);
}

enum status context_set_block(struct context *c, struct address_space *space, uint64_t block_user)
{
    struct thread_block *block = nullptr;
    if (block_user) {
        if (block_user % THREAD_AREA_BYTES != THREAD_BLOCK_OFFSET)
            return ERR_INVALID;
        TRY(space_wired_pointer(space, user(block_user), sizeof *block, (void **)&block));
    }
    if (c->block)
        space_wired_release(c->block);
    c->block = block;
    c->block_user = block_user;
    return OK;
}

enum status context_create(struct process *p, uint64_t block_user, struct context **out)
{
    struct context *c = context_new();
    if (!c)
        return ERR_NO_MEMORY;
    c->cpu = this_cpu()->number;
    enum status status = arch_context_create(&c->arch, true, context_begin, c);
    if (status == OK)
        status = request_create(c, &c->request);
    if (status == OK) {
        c->timeout = heap_allocate_zeroed(sizeof *c->timeout);
        status = c->timeout ? OK : ERR_NO_MEMORY;
    }
    if (status == OK)
        status = context_set_block(c, p->space, block_user);
    if (status != OK) {
        object_put(&c->object);
        return status;
    }
    object_get(&p->object);
    c->process = p;
    context_register(c);
    *out = c;
    return OK;
}

/* The running reference: dropped by finish_switch after the context's last switch. */
void context_start(struct context *c)
{
    object_get(&c->object);
    __atomic_store_n(&c->state, CONTEXT_READY, __ATOMIC_SEQ_CST);
    make_ready(c);
}

[[noreturn]] void context_finish(void)
{
    struct context *c = current();
    struct process *p = c->process;
    endpoint_detach(c);
    charge(c);
    space_deactivate(); /* before the process may give its own away */
    if (process_remove_context(p, c))
        process_finished(p);
    wait_wake(&p->changed, UINT32_MAX);
    c->leaves_specially = true;
    __atomic_store_n(&c->state, CONTEXT_ZOMBIE, __ATOMIC_SEQ_CST);
    schedule();
    panic("a finished context was scheduled");
}

/* The word is cleared while the space still exists for sure; whoever joins wakes when we are as good as gone. */
[[noreturn]] void context_exit(uint64_t word)
{
    struct process *p = current()->process;
    uint32_t woken;
    if (word && put_user_u32(user(word), 0) == OK)
        IGNORE(futex_wake(user(word), UINT32_MAX, ~0u, 0, &woken));
    spin_lock(&p->lock);
    bool last = p->context_count == 1 && !p->ending;
    spin_unlock(&p->lock);
    if (last)
        process_end(p, 0);
    context_finish();
}

void context_notify(struct context *c)
{
    if (!c->block)
        return;
    /* Release: what the notifier wrote (a signal in the process table) is seen by the library that looks at pending. */
    __atomic_store_n(&c->block->pending, 1, __ATOMIC_RELEASE);
    context_attention(c, ATTENTION_NOTIFY);
}

void context_system_init(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++) {
        spinlock_init(&run_queues[i].lock, RANK_RUN_QUEUE);
        for (uint32_t level = 0; level < PRIORITY_LEVELS; level++)
            list_init(&run_queues[i].ready[level]);
    }
}

void context_idle_prepare(void)
{
    struct context *c = context_new();
    if (!c)
        panic("no memory for an idle context");
    struct cpu *cpu = this_cpu();
    if (arch_context_create(&c->arch, false, nullptr, nullptr) != OK)
        panic("no memory for an idle stack");
    c->own.priority = 0;
    c->cpu = cpu->number;
    c->affinity = 1ull << cpu->number;
    c->on_cpu = 1;
    c->state = CONTEXT_RUNNING;
    c->waits_for = "idle";
    c->switched_in_tsc = arch_tsc();
    cpu->idle = c;
    cpu->current = c;
    context_register(c);
}

[[noreturn]] void context_idle_loop(void)
{
    struct cpu *cpu = this_cpu();
    for (;;) {
        schedule();
        uint64_t start = arch_time_ns();
        if (!run_queues[cpu->number].count && !(__atomic_load_n(&cpu->arch.work, __ATOMIC_SEQ_CST) & WORK_RESCHEDULE))
            arch_idle();
        cpu->idle_ns += arch_time_ns() - start;
    }
}

/* ---- Attributes ---------------------------------------------------------------------------------------------------- */

enum status context_schedule_set(struct context *c, uint32_t priority, uint64_t affinity)
{
    uint64_t online = cpu_count == 64 ? ~0ull : (1ull << cpu_count) - 1;
    if (priority >= PRIORITY_REALTIME || (affinity && !(affinity & online)))
        return priority >= PRIORITY_LEVELS ? ERR_INVALID : ERR_NOT_PERMITTED;
    if (priority)
        __atomic_store_n(&c->own.priority, priority, __ATOMIC_RELAXED);
    if (affinity) {
        __atomic_store_n(&c->affinity, affinity, __ATOMIC_RELAXED);
        if (c == current() && !(affinity & (1ull << this_cpu()->number))) {
            __atomic_store_n(&c->state, CONTEXT_READY, __ATOMIC_RELAXED);
            c->requeue = c->leaves_specially = true;
            schedule();
        }
    }
    return OK;
}

uint64_t context_cpu_ns(const struct context *c)
{
    return c->own.cpu_ns;
}

uint64_t context_running_ns(void)
{
    uint64_t ticks = arch_tsc() - current()->switched_in_tsc;
    return (uint64_t)(((unsigned __int128)ticks * arch_time_multiplier()) >> 32);
}

void context_fill_info(struct context *c, struct context_info *out)
{
    *out = (struct context_info){
        .id = c->object.id, .process_id = c->process ? c->process->object.id : 0, .state = c->state, .cpu = c->cpu,
        .priority = c->own.priority, .cpu_ns = c->own.cpu_ns,
    };
    fmt(out->waits_for, sizeof out->waits_for, "%s", c->state == CONTEXT_BLOCKED && c->waits_for ? c->waits_for : "");
}

void context_for_each_unlocked(void (*visit)(struct context *c, void *argument), void *argument)
{
    uint32_t limit = 4096; /* a list torn by a crash may have no end */
    for (struct list_node *n = registry.next; n != &registry && limit; n = n->next, limit--)
        visit(&list_entry(n, struct registered, link)->context, argument);
}

uint32_t runnable_count(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        sum += run_queues[i].count + (cpus[i]->current != cpus[i]->idle);
    return sum;
}

void context_for_each(void (*visit)(struct context *c, void *argument), void *argument)
{
    GUARD(&registry_lock);
    list_for_each(node, &registry)
        visit(&list_entry(node, struct registered, link)->context, argument);
}

/* ---- Interrupt entry points ---------------------------------------------------------------------------------------- */

void preempt_point(void)
{
    arch_interrupt_window();
    if (this_cpu()->arch.work & WORK_RESCHEDULE && current() != this_cpu()->idle)
        schedule();
}

void trap_reschedule(void)
{
    struct cpu *cpu = this_cpu();
    cpu->interrupts++;
    if (__atomic_load_n(&cpu->current->attention, __ATOMIC_SEQ_CST))
        __atomic_or_fetch(&cpu->arch.work, WORK_NOTIFY, __ATOMIC_RELAXED);
    if (run_queues[cpu->number].count) {
        __atomic_or_fetch(&cpu->arch.work, WORK_RESCHEDULE, __ATOMIC_RELAXED);
        timer_slice(arch_time_ns() + TIME_SLICE_NS);
    }
}
