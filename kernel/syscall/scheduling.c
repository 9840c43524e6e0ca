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

static enum status wish_apply_to(uint64_t handle, struct wish *w)
{
    CLEANUP(object_put) struct object *o = nullptr;
    if ((handle_t)handle == HANDLE_SELF_CONTEXT)
        return wish_apply(current(), w);
    TRY(handle_get(caller_handles(), (handle_t)handle, 0, RIGHT_MANAGE, &o));
    if (o->type->kind == OBJECT_CONTEXT)
        return wish_apply(container_of(o, struct context, object), w);
    if (o->type->kind != OBJECT_PROCESS)
        return ERR_WRONG_TYPE;
    struct process *p = container_of(o, struct process, object);
    process_contexts(p, wish_apply_to_other, w);
    return p == caller() && w->status == OK ? wish_apply(current(), w) : w->status;
}

int64_t sys_schedule_set(struct trap_frame *f)
{
    if (ARG1(f) >= PRIORITY_LIMIT)
        return ERR_INVALID;
    return wish_apply_to(ARG0(f), &(struct wish){.priority = (uint32_t)ARG1(f), .affinity = ARG2(f)});
}

int64_t sys_realtime_set(struct trap_frame *f)
{
    CLEANUP(object_put) struct object *right = nullptr;
    if (ARG2(f) >= PRIORITY_LIMIT || ARG3(f) > SCHEDULE_FIFO)
        return ERR_INVALID;
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG0(f), OBJECT_REALTIME, RIGHT_MANAGE, &right));
    return wish_apply_to(ARG1(f), &(struct wish){.priority = (uint32_t)ARG2(f), .policy = (uint32_t)ARG3(f), .realtime = true});
}

int64_t sys_context_info(struct trap_frame *f)
{
    CLEANUP(object_put) struct object *o = nullptr;
    struct context *c = current();
    struct context_info info;
    if ((handle_t)ARG0(f) != HANDLE_SELF_CONTEXT) {
        TRY_CALL(handle_get(caller_handles(), (handle_t)ARG0(f), OBJECT_CONTEXT, 0, &o));
        c = container_of(o, struct context, object);
    }
    context_fill_info(c, &info);
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

int64_t sys_context_list(struct trap_frame *f)
{
    struct process *p;
    uint64_t capacity = ARG2(f);
    if (capacity > 256)
        return ERR_INVALID;
    TRY_CALL(process_argument(ARG0(f), RIGHT_DEBUG, &p));
    struct context_listing l = {.infos = heap_allocate_zeroed(capacity * sizeof *l.infos), .capacity = (uint32_t)capacity};
    enum status status = l.infos ? OK : ERR_NO_MEMORY;
    if (l.infos) {
        process_contexts(p, list_context, &l);
        status = copy_to_user(user(ARG1(f)), l.infos, MIN(l.count, l.capacity) * sizeof *l.infos);
        heap_free(l.infos, capacity * sizeof *l.infos);
    }
    object_put(&p->object);
    return status == OK ? l.count : (int64_t)status;
}
