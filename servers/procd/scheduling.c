/* SPDX-License-Identifier: MIT
 * How processes are scheduled. procd holds the right to the real-time band and uses it for uid 0; for others it only lowers, and only
 * their own processes. A thread is named by its context's handle: who has one may use it. */
#include "scheduling.h"
#include "procd.h"
#include "sys/syscall.h"

static enum status first_context_of(uint32_t slot, struct context_info *out)
{
    int64_t count = sys_context_list(tie_of(slot)->process, out, 1);
    return count < 0 ? (enum status)count : count == 0 ? ERR_NO_PROCESS : OK;
}

/* The slot that `pid` names for this caller. */
static enum status find(const struct request *rq, int32_t pid, uint32_t *out_slot)
{
    uint32_t slot = pid ? process_by_pid(&procd.model, pid) : caller_slot(rq);
    if (!slot || !tie_of(slot)->process)
        return ERR_NO_PROCESS;
    *out_slot = slot;
    return OK;
}

static bool may_touch(const struct request *rq, uint32_t caller, uint32_t target)
{
    const struct process_entry *c = entry_of(caller), *t = entry_of(target);
    return !rq->credential || (caller && (c->euid == 0 || (!procd.model.processes[target].system && (c->euid == t->uid || c->euid == t->euid))));
}

static enum status check(const struct request *rq, const struct proc_schedule_in *in, uint32_t slot)
{
    uint32_t caller = caller_slot(rq);
    struct context_info now;
    if (!may_touch(rq, caller, slot))
        return ERR_NOT_PERMITTED;
    if (!rq->credential || (caller && entry_of(caller)->euid == 0))
        return OK;
    if (in->thread != HANDLE_NONE ? sys_context_info(in->thread, &now) != OK : first_context_of(slot, &now) != OK)
        return ERR_NO_PROCESS;
    return in->policy != SCHEDULE_SHARED || in->priority > now.priority ? ERR_NOT_PERMITTED : OK;
}

static enum status apply(const struct proc_schedule_in *in, handle_t whom)
{
    if (in->affinity)
        TRY(sys_schedule_set(whom, 0, in->affinity));
    if (!in->priority)
        return OK;
    if (in->policy != SCHEDULE_SHARED)
        return sys_realtime_set(procd.realtime, whom, in->priority, in->policy);
    return sys_schedule_set(whom, in->priority, 0);
}

static enum status schedule(struct request *rq, const struct proc_schedule_in *in)
{
    uint32_t slot;
    TRY(find(rq, in->pid, &slot));
    TRY(check(rq, in, slot));
    return apply(in, in->thread != HANDLE_NONE ? in->thread : tie_of(slot)->process);
}

enum status op_schedule(struct request *rq, const struct proc_schedule_in *in, struct proc_schedule_out *out)
{
    (void)out;
    enum status status = schedule(rq, in);
    if (in->thread != HANDLE_NONE)
        IGNORE(sys_handle_close(in->thread));
    return status;
}

enum status op_schedule_info(struct request *rq, const struct proc_schedule_info_in *in, struct proc_schedule_info_out *out)
{
    uint32_t slot;
    struct context_info info;
    TRY(find(rq, in->pid, &slot));
    TRY(first_context_of(slot, &info));
    *out = (struct proc_schedule_info_out){.policy = info.policy, .priority = info.priority, .affinity = info.affinity};
    return OK;
}
