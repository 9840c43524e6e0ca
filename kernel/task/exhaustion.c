/* SPDX-License-Identifier: MIT
 * The end of memory, for those who touch it. A system call that needs memory just fails; a store cannot. So one process of the group that
 * is full ends (EXIT_NO_MEMORY, with a line in the log), never one of another group; when the machine itself has nothing left,
 * one of any group but the root, where the system's services are, which live on the reserve. Who is chosen is looked for under the
 * process list's lock; who waits for the chosen one's memory holds nothing. */
#include "kernel/task/exhaustion.h"
#include "arch/machine.h"
#include "kernel/core/log.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/group.h"
#include "kernel/task/process.h"

#define PATIENCE_NS 5000000000ull  /* for the chosen one to be gone */
#define LOOK_NS 2000000ull
#define LARGE_SHARE 8u             /* who has so much of what may be had is the one to end; if nobody has, it is a crowd: its newest */

struct search {
    const struct group *where;     /* null: every group but the root */
    uint64_t large_bytes;
    uint64_t id, size, start_ns;   /* of the best so far; id 0: none; size 0: not large */
    bool some_end;                 /* one that was chosen before is not gone yet */
    struct process *chosen;        /* with a reference */
};

static bool is_candidate(const struct search *s, const struct process *p)
{
    return s->where ? group_is_within(p->group, s->where) : p->group != &root_group;
}

static void consider(struct process *p, void *argument)
{
    struct search *s = argument;
    GUARD(&p->lock);
    if (!p->context_count || !p->space || !is_candidate(s, p))
        return;
    if (p->ending) {
        s->some_end |= p->exit_status == EXIT_NO_MEMORY;
        return;
    }
    struct space_totals totals;
    space_totals(p->space, &totals);
    uint64_t size = totals.resident_bytes >= s->large_bytes ? totals.resident_bytes : 0;
    if (s->id && (size < s->size || (size == s->size && p->start_ns < s->start_ns)))
        return;
    s->id = p->object.id;
    s->size = size;
    s->start_ns = p->start_ns;
}

/* A process with contexts has their references, and they cannot go while its lock is ours. */
static void choose(struct process *p, void *argument)
{
    struct search *s = argument;
    GUARD(&p->lock);
    if (p->object.id == s->id && p->context_count && !p->ending) {
        object_get(&p->object);
        s->chosen = p;
    }
}

static void report(const struct process *p, const struct group *where, uint64_t address)
{
    const struct process *self = current()->process;
    if (where)
        log_warning("process %lu %s ends: its group has used up %lu KiB of memory (process %lu %s wanted 0x%lx)", p->object.id, p->name,
                    (unsigned long)(where->counts[GROUP_KIND_PAGES].limit * (PAGE_BYTES / 1024)), self->object.id, self->name, address);
    else
        log_warning("process %lu %s ends: there is no memory left (process %lu %s wanted 0x%lx)", p->object.id, p->name, self->object.id,
                    self->name, address);
}

static bool never(void *argument)
{
    (void)argument;
    return false;
}

static void wait_a_little(void)
{
    struct wait_queue nobody;
    wait_queue_init(&nobody);
    IGNORE(wait_until(&nobody, never, nullptr, arch_time_ns() + LOOK_NS, WAIT_KILLABLE, "memory of a process that ends"));
}

static bool has_room(const struct group *where) { return where ? group_full(current()->process->group) != where : !frame_is_low(); }

static bool await(const struct group *where, const struct search *first)
{
    uint64_t until = arch_time_ns() + PATIENCE_NS;
    for (bool some_end = true; some_end && arch_time_ns() < until && !context_is_killed(current());) {
        wait_a_little();
        if (has_room(where))
            return true;
        struct search s = {.where = first->where};
        process_for_each(consider, &s);
        some_end = s.some_end;
    }
    return true; /* it is gone: the next try says whether that was enough */
}

static uint64_t all_bytes(const struct group *where)
{
    struct frame_counts counts;
    frame_counts(&counts);
    return (where ? where->counts[GROUP_KIND_PAGES].limit : counts.total) * PAGE_BYTES;
}

bool exhaustion_resolve(enum status why, uint64_t address)
{
    struct process *self = current()->process;
    struct group *where = why == ERR_LIMIT ? group_full(self->group) : nullptr;
    if (why == ERR_LIMIT && !where)
        return true; /* somebody has given pages back meanwhile */
    struct search s = {.where = where, .large_bytes = all_bytes(where) / LARGE_SHARE};
    process_for_each(consider, &s);
    if (s.some_end)
        return await(where, &s);
    process_for_each(choose, &s);
    if (!s.chosen && s.id)
        return true; /* it ends by itself */
    if (!s.chosen || s.chosen == self) {
        report(self, where, address);
        if (s.chosen)
            object_put(&self->object);
        return false;
    }
    report(s.chosen, where, address);
    process_end(s.chosen, EXIT_NO_MEMORY);
    object_put(&s.chosen->object);
    return await(where, &s);
}
