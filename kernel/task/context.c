/* SPDX-License-Identifier: MIT
 * Contexts: creation, the end, attention, and the list of them all. registry_lock guards the list and the free memory.
 *
 * Models: tests/models/context.pml, attention.pml. */
#include "kernel/task/context.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "base/string.h"
#include "kernel/core/panic.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/futex.h"
#include "kernel/task/process.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/switch.h"
#include "kernel/task/timer.h"

static struct spinlock registry_lock = SPINLOCK_INIT(RANK_CONTEXT);
static struct list_node registry = LIST_INIT(registry);
struct registered { struct list_node link; struct context context; };
static struct list_node free_contexts = LIST_INIT(free_contexts); /* memory of contexts stays theirs: an entity may be lent still */

#define CONTEXT_PAGES 5u /* kernel stack, registers, itself */

static enum status group_join(struct group *g)
{
    TRY(group_charge(g, GROUP_KIND_CONTEXTS, 1));
    enum status status = group_charge(g, GROUP_KIND_PAGES, CONTEXT_PAGES);
    if (status != OK)
        group_return(g, GROUP_KIND_CONTEXTS, 1);
    else
        group_get(g);
    return status;
}

static void group_leave(struct group *g)
{
    group_return(g, GROUP_KIND_PAGES, CONTEXT_PAGES);
    group_return(g, GROUP_KIND_CONTEXTS, 1);
    group_put(g);
}

enum status context_set_group(struct context *c, struct group *g)
{
    TRY(group_join(g));
    struct group *old = c->group;
    c->group = g;
    if (old)
        group_leave(old);
    return OK;
}

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
    if (c->group)
        group_leave(c->group);
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
    switch_finish();
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
    schedule_init(&c->own, c);
    c->schedule = &c->own;
    c->affinity = ~0ull;
    c->waiter.context = c;
    list_init(&c->waiter.link);
    list_init(&c->receive_link);
    list_init(&c->attached_link);
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
    enum status status = context_set_group(c, p->group);
    if (status == OK)
        status = arch_context_create(&c->arch, true, context_begin, c);
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

void context_inherit(struct context *c, uint32_t priority)
{
    struct schedule *s = &c->own;
    const struct schedule *from = &current()->own;
    s->priority = s->base = priority ? priority : from->base;
    s->policy = priority ? SCHEDULE_SHARED : from->policy;
    c->affinity = current()->affinity;
}

/* The running reference: dropped by finish_switch after the context's last switch. */
void context_start(struct context *c)
{
    object_get(&c->object);
    __atomic_store_n(&c->state, CONTEXT_READY, __ATOMIC_SEQ_CST);
    run_queue_add(c);
}

[[noreturn]] void context_finish(void)
{
    struct context *c = current();
    struct process *p = c->process;
    endpoint_detach(c);
    switch_charge(c);
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

void context_system_init(void) { run_queue_system_init(); }

void context_idle_prepare(void)
{
    struct context *c = context_new();
    if (!c)
        panic("no memory for an idle context");
    struct cpu *cpu = this_cpu();
    if (arch_context_create(&c->arch, false, nullptr, nullptr) != OK)
        panic("no memory for an idle stack");
    c->own.priority = c->own.base = 0;
    c->cpu = cpu->number;
    c->affinity = 1ull << cpu->number;
    c->arch.on_cpu = 1;
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
        if (!run_queue_count(cpu->number) && !(__atomic_load_n(&cpu->arch.work, __ATOMIC_SEQ_CST) & WORK_RESCHEDULE))
            arch_idle();
        count_closed_begin();
    }
}

/* ---- Attention ------------------------------------------------------------------------------------------------------ */

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

/* ---- Attributes ---------------------------------------------------------------------------------------------------- */

static uint64_t online_cpus(void) { return cpu_count == 64 ? ~0ull : (1ull << cpu_count) - 1; }

/* Where it stands now may not be allowed any more. */
static void affinity_changed(struct context *c)
{
    if (c == current()) {
        schedule();
        return;
    }
    run_queue_move(c);
    struct cpu *cpu = cpus[c->cpu];
    if (cpu->current == c && !context_may_use(c, cpu->number)) {
        __atomic_or_fetch(&cpu->arch.work, WORK_RESCHEDULE, __ATOMIC_SEQ_CST);
        arch_send_reschedule(cpu->number);
    }
}

enum status context_schedule_set(struct context *c, uint32_t priority, uint64_t affinity)
{
    if (priority >= PRIORITY_LEVELS || (affinity && !(affinity & online_cpus())))
        return ERR_INVALID;
    if (priority >= PRIORITY_REALTIME)
        return ERR_NOT_PERMITTED;
    if (priority)
        schedule_set_base(&c->own, priority, SCHEDULE_SHARED);
    if (affinity) {
        __atomic_store_n(&c->affinity, affinity & online_cpus(), __ATOMIC_SEQ_CST);
        affinity_changed(c);
    }
    return OK;
}

enum status context_realtime_set(struct context *c, uint32_t priority, uint32_t policy)
{
    if (priority <= PRIORITY_REALTIME || priority >= PRIORITY_LEVELS || (policy != SCHEDULE_FIFO && policy != SCHEDULE_ROUND_ROBIN))
        return ERR_INVALID;
    schedule_set_base(&c->own, priority, policy);
    return OK;
}

uint64_t context_cpu_ns(const struct context *c) { return __atomic_load_n(&c->own.cpu_ns, __ATOMIC_RELAXED); }

/* For dumps and lists, so without a lock: a word that changes now is a wrong word, no more. */
const char *context_waits_for(const struct context *c, uint64_t *out_id)
{
    const struct endpoint *asked = c->request ? c->request->endpoint : nullptr;
    *out_id = c->waits_for_id;
    switch (c->arch.at_door) {
    case AT_DOOR_CALL:
        *out_id = asked ? asked->object.id : 0;
        return "a reply";
    case AT_DOOR_RECEIVE:
        *out_id = c->attached ? c->attached->object.id : 0;
        return "a request";
    default:
        return c->waits_for ? c->waits_for : "";
    }
}

void context_fill_info(struct context *c, struct context_info *out)
{
    uint64_t id;
    *out = (struct context_info){
        .id = c->object.id, .process_id = c->process ? c->process->object.id : 0, .state = c->state, .cpu = c->cpu,
        .priority = c->own.base, .policy = c->own.policy, .affinity = c->affinity,
        .cpu_ns = __atomic_load_n(&c->own.cpu_ns, __ATOMIC_RELAXED),
    };
    fmt(out->waits_for, sizeof out->waits_for, "%s", c->state == CONTEXT_BLOCKED ? context_waits_for(c, &id) : "");
}

void context_for_each_unlocked(void (*visit)(struct context *c, void *argument), void *argument)
{
    uint32_t limit = 4096; /* a list torn by a crash may have no end */
    for (struct list_node *n = registry.next; n != &registry && limit; n = n->next, limit--)
        visit(&list_entry(n, struct registered, link)->context, argument);
}

void context_for_each(void (*visit)(struct context *c, void *argument), void *argument)
{
    GUARD(&registry_lock);
    list_for_each(node, &registry)
        visit(&list_entry(node, struct registered, link)->context, argument);
}
