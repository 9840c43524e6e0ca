/* SPDX-License-Identifier: MIT
 * How contexts are scheduled, and what can be seen of them: one context, or all of a process. */
#include "abi/process.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/syscall/syscall.h"

struct wish {
    uint32_t priority, policy;
    uint64_t affinity;
    bool realtime;
    enum status status;
};

static enum status wish_apply(struct context *c, const struct wish *w)
{
    return w->realtime ? context_realtime_set(c, w->priority, w->policy) : context_schedule_set(c, w->priority, w->affinity);
}

/* The process's lock is held: the calling context, which may have to go to another CPU at once, comes afterwards. */
static void wish_apply_to_other(struct context *c, void *argument)
{
    struct wish *w = argument;
    if (c != current() && w->status == OK)
        w->status = wish_apply(c, w);
}

static enum status wish_apply_to(struct object *o, struct wish *w)
{
    if (o->type->kind == OBJECT_CONTEXT)
        return wish_apply(container_of(o, struct context, object), w);
    if (o->type->kind != OBJECT_PROCESS)
        return ERR_WRONG_TYPE;
    struct process *p = process_of(o);
    process_contexts(p, wish_apply_to_other, w);
    return p == caller() && w->status == OK ? wish_apply(current(), w) : w->status;
}

int64_t sys_schedule_set(struct trap_frame *f, struct object *o)
{
    if (ARG1(f) >= PRIORITY_LIMIT)
        return ERR_INVALID;
    return wish_apply_to(o, &(struct wish){.priority = (uint32_t)ARG1(f), .affinity = ARG2(f)});
}

int64_t sys_realtime_set(struct trap_frame *f, struct object *right)
{
    (void)right; /* to hold it is enough */
    CLEANUP(object_put) struct object *o = nullptr;
    if (ARG2(f) >= PRIORITY_LIMIT || ARG3(f) > SCHEDULE_FIFO)
        return ERR_INVALID;
    TRY_CALL(object_argument(ARG1(f), OBJECT_ANY, RIGHT_MANAGE, &o));
    return wish_apply_to(o, &(struct wish){.priority = (uint32_t)ARG2(f), .policy = (uint32_t)ARG3(f), .realtime = true});
}

int64_t sys_context_info(struct trap_frame *f, struct object *o)
{
    struct context_info info;
    context_fill_info(container_of(o, struct context, object), &info);
    return copy_to_user(user(ARG1(f)), &info, sizeof info);
}

struct context_listing { struct context_info *infos; uint32_t capacity, count; };

static void list_context(struct context *c, void *argument)
{
    struct context_listing *l = argument;
    if (l->count < l->capacity)
        context_fill_info(c, &l->infos[l->count]);
    l->count++;
}

int64_t sys_context_list(struct trap_frame *f, struct object *o)
{
    uint64_t capacity = ARG2(f);
    if (capacity > 256)
        return ERR_INVALID;
    struct context_listing l = {.infos = heap_allocate_zeroed(capacity * sizeof *l.infos), .capacity = (uint32_t)capacity};
    enum status status = l.infos ? OK : ERR_NO_MEMORY;
    if (l.infos) {
        process_contexts(process_of(o), list_context, &l);
        status = copy_to_user(user(ARG1(f)), l.infos, MIN(l.count, l.capacity) * sizeof *l.infos);
        heap_free(l.infos, capacity * sizeof *l.infos);
    }
    return status == OK ? l.count : (int64_t)status;
}
