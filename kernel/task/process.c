/* SPDX-License-Identifier: MIT
 * Processes: creation, the way out, suspension. The last context to leave takes the process apart, in its own time, with
 * preemption points; what remains until the last handle is closed is the exit status. */
#include "kernel/task/process.h"
#include "abi/syscall.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "base/string.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/object/handle_table.h"
#include "kernel/object/namespace.h"

#define PROCESS_PAGES 3u /* what every process costs: root of the page tables, space, table, itself */

static struct spinlock all_lock = SPINLOCK_INIT(RANK_PROCESSES);
static struct list_node all_processes = LIST_INIT(all_processes);
static uint32_t process_total;

static void process_destroy(struct object *o)
{
    struct process *p = container_of(o, struct process, object);
    spin_lock(&all_lock);
    list_remove(&p->all_link);
    process_total--;
    spin_unlock(&all_lock);
    process_finished(p); /* one that never ran still holds everything */
    group_return(p->group, GROUP_KIND_PAGES, PROCESS_PAGES);
    group_put(p->group);
    heap_free(p, sizeof *p);
}

static struct readiness *process_readiness(struct object *o) { return &container_of(o, struct process, object)->exit; }

static void process_handle_closed(struct object *o) { process_abandon(container_of(o, struct process, object)); }

const struct object_type process_type = {
    .kind = OBJECT_PROCESS, .name = "process", .destroy = process_destroy, .handle_closed = process_handle_closed,
    .readiness = process_readiness,
};

enum status process_create(struct address_space *space, struct handle_table *handles, struct namespace *names,
                           struct identity *identity, const char *name, struct process **out)
{
    struct group *pays = group_current();
    TRY(group_charge(pays, GROUP_KIND_PAGES, PROCESS_PAGES));
    struct process *p = heap_allocate_zeroed(sizeof *p);
    if (!p) {
        group_return(pays, GROUP_KIND_PAGES, PROCESS_PAGES);
        return ERR_NO_MEMORY;
    }
    p->group = group_get(pays);
    object_init(&p->object, &process_type);
    p->space = space;
    p->handles = handles;
    p->names = names;
    p->identity = identity;
    p->start_ns = arch_time_ns();
    p->filter[0] = p->filter[1] = ~0ull;
    for (uint32_t i = 0; i < LIMIT_KINDS; i++)
        p->limits[i] = UINT64_MAX;
    fmt(p->name, sizeof p->name, "%.15s", name);
    spinlock_init(&p->lock, RANK_PROCESS);
    list_init(&p->contexts);
    list_init(&p->all_link);
    readiness_init(&p->exit, 0);
    wait_queue_init(&p->changed);
    spin_lock(&all_lock);
    list_push_back(&all_processes, &p->all_link);
    process_total++;
    spin_unlock(&all_lock);
    *out = p;
    return OK;
}

struct group *group_current(void)
{
    const struct context *c = current();
    return c && c->process ? c->process->group : &root_group;
}

enum status process_set_group(struct process *p, struct group *g)
{
    struct context *c = p->context_count ? current() : p->first;
    if (p->shares_parts || p->context_count > 1 || (p->context_count && p != current()->process))
        return ERR_BUSY;
    TRY(group_charge(g, GROUP_KIND_PAGES, PROCESS_PAGES));
    enum status status = c ? context_set_group(c, g) : OK;
    if (status == OK && (status = handle_table_set_group(p->handles, g)) != OK && c)
        IGNORE(context_set_group(c, p->group)); /* what was just given back is there, or it is over its limit by one */
    if (status != OK) {
        group_return(g, GROUP_KIND_PAGES, PROCESS_PAGES);
        return status;
    }
    space_set_group(p->space, g);
    spin_lock(&p->lock);
    struct group *old = p->group;
    p->group = group_get(g);
    spin_unlock(&p->lock);
    group_return(old, GROUP_KIND_PAGES, PROCESS_PAGES);
    group_put(old);
    return OK;
}

void process_add_context(struct process *p, struct context *c)
{
    spin_lock(&p->lock);
    list_push_back(&p->contexts, &c->process_link);
    p->context_count++;
    if (p->state == PROCESS_CREATED)
        p->state = PROCESS_RUNNING;
    bool late = p->ending || (p->survivor && p->survivor != c);
    spin_unlock(&p->lock);
    if (late)
        __atomic_or_fetch(&c->attention, ATTENTION_KILLED, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&p->suspended, __ATOMIC_ACQUIRE))
        __atomic_or_fetch(&c->attention, ATTENTION_SUSPEND, __ATOMIC_SEQ_CST);
}

bool process_remove_context(struct process *p, struct context *c)
{
    GUARD(&p->lock);
    list_remove(&c->process_link);
    p->context_count--;
    if (p->context_count == 0)
        p->ending = true;
    return p->context_count == 0;
}

/* Every context but `except`. The lock keeps them on the list; attention only takes locks of higher rank. */
static void contexts_attention(struct process *p, struct context *except, uint32_t bits)
{
    GUARD(&p->lock);
    list_for_each(node, &p->contexts) {
        struct context *c = list_entry(node, struct context, process_link);
        if (c != except)
            context_attention(c, bits);
    }
}

void process_end(struct process *p, uint64_t exit_status)
{
    bool never_ran;
    {
        GUARD(&p->lock);
        if (p->ending)
            return;
        p->ending = true;
        p->exit_status = exit_status;
        never_ran = p->context_count == 0;
    }
    if (never_ran)
        process_finished(p);
    else
        contexts_attention(p, nullptr, ATTENTION_KILLED);
}

/* Its first context and it hold each other, so somebody has to let go. Who takes `first` decides: here, or process_start. */
void process_abandon(struct process *p)
{
    struct context *never_started = __atomic_exchange_n(&p->first, nullptr, __ATOMIC_ACQ_REL);
    if (!never_started)
        return;
    process_end(p, 0);
    object_put(&never_started->object);
}

[[noreturn]] void process_exit_current(uint64_t exit_status)
{
    process_end(current()->process, exit_status);
    context_finish();
}

void process_finished(struct process *p)
{
    spin_lock(&p->lock); /* process_fill_info looks at them under it */
    struct handle_table *handles = take(p->handles);
    struct address_space *space = take(p->space);
    bool borrowed = p->borrows_handles;
    spin_unlock(&p->lock);
    struct context *never_started = __atomic_exchange_n(&p->first, nullptr, __ATOMIC_ACQ_REL);
    if (never_started)
        object_put(&never_started->object);
    struct namespace *names = take(p->names);
    struct identity *identity = take(p->identity);
    if (handles && borrowed)
        handle_table_put(handles);
    else if (handles)
        handle_table_leave(handles);
    if (space)
        space_put(space);
    if (names)
        namespace_put(names);
    if (identity)
        object_put((struct object *)identity);
    spin_lock(&p->lock);
    bool first = p->state != PROCESS_ENDED;
    p->state = PROCESS_ENDED;
    spin_unlock(&p->lock);
    if (first)
        readiness_update(&p->exit, EVENT_SIGNALLED, 0);
}

static bool is_single(void *argument)
{
    struct process *p = argument;
    return __atomic_load_n(&p->context_count, __ATOMIC_ACQUIRE) == 1;
}

enum status process_single_context(struct process *p)
{
    {
        GUARD(&p->lock);
        if (p->ending || p->survivor)
            return ERR_INTERRUPTED;
        p->survivor = current();
    }
    contexts_attention(p, current(), ATTENTION_KILLED);
    enum status status = wait_until(&p->changed, is_single, p, DEADLINE_NEVER, WAIT_KILLABLE, "other contexts to end for exec");
    spin_lock(&p->lock);
    p->survivor = nullptr;
    spin_unlock(&p->lock);
    return status;
}

void process_notify(struct process *p)
{
    GUARD(&p->lock);
    list_for_each(node, &p->contexts) {
        context_notify(list_entry(node, struct context, process_link));
    }
}

void process_contexts(struct process *p, void (*visit)(struct context *c, void *argument), void *argument)
{
    GUARD(&p->lock);
    list_for_each(node, &p->contexts)
        visit(list_entry(node, struct context, process_link), argument);
}

void process_suspend(struct process *p, bool suspend)
{
    if (suspend) {
        if (__atomic_add_fetch(&p->suspended, 1, __ATOMIC_SEQ_CST) == 1)
            contexts_attention(p, nullptr, ATTENTION_SUSPEND);
        return;
    }
    uint32_t count = __atomic_load_n(&p->suspended, __ATOMIC_SEQ_CST);
    while (count && !__atomic_compare_exchange_n(&p->suspended, &count, count - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    wait_wake(&p->changed, UINT32_MAX);
}

enum status process_check_call(const struct process *p, uint32_t number)
{
    return p->filter[number / 64] >> (number % 64) & 1 ? OK : ERR_FILTERED;
}

void process_limits_apply_locked(struct process *p)
{
    if (p->shares_parts || !p->space)
        return;
    handle_table_set_limit(p->handles, (uint32_t)MIN(p->limits[LIMIT_HANDLES_LOW], (uint64_t)HANDLE_LOW_LIMIT));
    space_set_limits(p->space, p->limits[LIMIT_MAPPED_BYTES], p->limits[LIMIT_DATA_BYTES]);
}

void process_limit_set(struct process *p, uint32_t which, uint64_t value)
{
    GUARD(&p->lock);
    __atomic_store_n(&p->limits[which], value, __ATOMIC_RELAXED); /* LIMIT_FILE_BYTES is read without the lock */
    process_limits_apply_locked(p);
}

/* Nobody else knows p yet. */
void process_limits_inherit(struct process *p, const struct process *from)
{
    memcpy(p->limits, from->limits, sizeof p->limits);
    process_limits_apply_locked(p);
}

void process_for_each(void (*visit)(struct process *p, void *argument), void *argument)
{
    GUARD(&all_lock);
    list_for_each(node, &all_processes)
        visit(list_entry(node, struct process, all_link), argument);
}

uint32_t process_count(void) { return __atomic_load_n(&process_total, __ATOMIC_RELAXED); }

void process_fill_info(struct process *p, struct process_info *out)
{
    *out = (struct process_info){
        .id = p->object.id,
        .credential = __atomic_load_n(&p->credential, __ATOMIC_RELAXED),
        .user_ns = __atomic_load_n(&p->user_ns, __ATOMIC_RELAXED),
        .start_ns = p->start_ns,
        .faults = __atomic_load_n(&p->faults, __ATOMIC_RELAXED),
    };
    memcpy(out->name, p->name, sizeof out->name);
    GUARD(&p->lock);
    out->exit_status = p->exit_status;
    out->state = p->state == PROCESS_RUNNING && p->suspended ? PROCESS_SUSPENDED : p->state;
    out->contexts = p->context_count;
    if (context_payer(current()) == p)
        out->user_ns += context_running_ns();
    list_for_each(node, &p->contexts) { /* one that runs alone on its CPU is charged only when it leaves it */
        const struct context *c = list_entry(node, struct context, process_link);
        if (c != current() && c->schedule == &c->own)
            out->user_ns += context_uncharged_ns(c);
    }
    if (p->state != PROCESS_ENDED && !p->ending && p->space) {
        out->handles = handle_table_count(p->handles);
        struct space_totals totals;
        space_totals(p->space, &totals);
        out->resident_bytes = totals.resident_bytes;
        out->mapped_bytes = totals.mapped_bytes;
        out->faults = totals.faults;
    }
}
