/* SPDX-License-Identifier: MIT
 * Priorities, policies and processors of threads. Nice 0 is the native default priority, each step one level; Linux's real-time
 * priority n is native PRIORITY_REALTIME + n. What a thread has is asked of the kernel; the right to real time is procd's, and so is
 * what belongs to other processes. A process id that is not a thread of ours stands for all threads of that process. */
#include "posix/core/call.h"
#include "sys/syscall.h"

enum : uint32_t { POLICY_OTHER = 0, POLICY_FIFO = 1, POLICY_RR = 2, POLICY_BATCH = 3, POLICY_IDLE = 5, POLICY_RESET_ON_FORK = 1u << 30 };

/* Whom a call names: one of our threads by its context (NONE: a process of others, known to procd by its id). */
struct target { handle_t context; int32_t pid; };

static int64_t find_target(int32_t id, struct target *out)
{
    struct thread *self = thread_current();
    struct process *p = self->process;
    *out = (struct target){HANDLE_SELF_CONTEXT, 0};
    if (id == 0 || id == self->tid)
        return 0;
    if (id < 0)
        return -LINUX_EINVAL;
    LOCKED(&p->lock);
    for (uint32_t i = 0; i < PROCESS_THREADS; i++)
        if (p->threads[i] && p->threads[i]->tid == id && p->threads[i]->context != HANDLE_NONE) {
            out->context = p->threads[i]->context;
            return 0;
        }
    *out = (struct target){HANDLE_NONE, id};
    return 0;
}

/* The native view of it. */
struct scheduled { uint32_t policy, priority, cpu; uint64_t affinity; };

static int64_t look(int32_t id, struct scheduled *out)
{
    struct target t;
    TRY_LINUX(find_target(id, &t));
    if (t.context == HANDLE_NONE) {
        struct proc_schedule_info_out info;
        TRY_LINUX(linux_result(proc_schedule_info(process_current()->proc, &(struct proc_schedule_info_in){.pid = t.pid}, &info)));
        *out = (struct scheduled){info.policy, info.priority, 0, info.affinity};
        return 0;
    }
    struct context_info info;
    TRY_LINUX(linux_result(sys_context_info(t.context, &info)));
    *out = (struct scheduled){info.policy, info.priority, info.cpu, info.affinity};
    return 0;
}

/* By procd, who knows what the caller may. A context's own handle travels as a duplicate. */
static int64_t ask_procd(const struct target *t, uint32_t policy, uint32_t priority, uint64_t affinity)
{
    struct proc_schedule_in in = {.pid = t->pid, .thread = HANDLE_NONE, .policy = policy, .priority = priority, .affinity = affinity};
    if (t->context != HANDLE_NONE)
        TRY_LINUX(linux_result(sys_handle_dup(t->context, PLACE_HIGH, 0, 0, 0, &in.thread)));
    enum status status = proc_schedule(process_current()->proc, &in, nullptr);
    if (in.thread != HANDLE_NONE)
        IGNORE(sys_handle_close(in.thread));
    return linux_result(status);
}

/* -- processors ----------------------------------------------------------------------------------------------------- */

static int64_t all_cpus(uint64_t *out)
{
    struct system_info info;
    TRY_LINUX(linux_result(sys_system_info(&info)));
    *out = info.cpus >= 64 ? UINT64_MAX : (1ull << info.cpus) - 1;
    return 0;
}

LINUX_CALL(sched_getaffinity, int32_t pid, uint64_t bytes, uint64_t mask)
{
    struct scheduled now;
    uint64_t cpus;
    if (bytes < sizeof cpus || bytes % sizeof cpus)
        return -LINUX_EINVAL;
    TRY_LINUX(look(pid, &now));
    TRY_LINUX(all_cpus(&cpus));
    TRY_LINUX(program_write_u64(mask, cpus & now.affinity));
    return sizeof cpus;
}

LINUX_CALL(sched_setaffinity, int32_t pid, uint64_t bytes, uint64_t mask)
{
    struct target t;
    uint64_t wanted = 0, cpus;
    TRY_LINUX(find_target(pid, &t));
    TRY_LINUX(program_read(&wanted, mask, MIN(bytes, sizeof wanted)));
    TRY_LINUX(all_cpus(&cpus));
    if (!(wanted & cpus))
        return -LINUX_EINVAL;
    if (t.context == HANDLE_NONE)
        return ask_procd(&t, 0, 0, wanted & cpus);
    return linux_result(sys_schedule_set(t.context, 0, wanted & cpus));
}

LINUX_CALL(getcpu, uint64_t cpu, uint64_t node)
{
    struct scheduled now;
    TRY_LINUX(look(0, &now));
    if (cpu)
        TRY_LINUX(program_write_u32(cpu, now.cpu));
    return node ? program_write_u32(node, 0) : 0;
}

/* -- policies ------------------------------------------------------------------------------------------------------- */

static bool is_realtime(uint32_t policy) { return policy == POLICY_FIFO || policy == POLICY_RR; }

LINUX_CALL(sched_getscheduler, int32_t pid)
{
    struct scheduled now;
    TRY_LINUX(look(pid, &now));
    return now.policy == SCHEDULE_FIFO ? POLICY_FIFO : now.policy == SCHEDULE_ROUND_ROBIN ? POLICY_RR : POLICY_OTHER;
}

LINUX_CALL(sched_getparam, int32_t pid, uint64_t out)
{
    struct scheduled now;
    TRY_LINUX(look(pid, &now));
    return program_write_u32(out, now.policy == SCHEDULE_SHARED ? 0 : now.priority - PRIORITY_REALTIME);
}

static int64_t set_policy(int32_t pid, uint32_t policy, uint64_t parameters)
{
    struct target t;
    uint32_t priority;
    TRY_LINUX(find_target(pid, &t));
    TRY_LINUX(program_read_u32(parameters, &priority));
    policy &= ~POLICY_RESET_ON_FORK;
    if (policy > POLICY_IDLE || policy == 4 || (is_realtime(policy) ? priority < 1 || priority > 99 : priority != 0))
        return -LINUX_EINVAL;
    if (is_realtime(policy))
        return ask_procd(&t, policy == POLICY_FIFO ? SCHEDULE_FIFO : SCHEDULE_ROUND_ROBIN, PRIORITY_REALTIME + priority, 0);
    uint32_t shared = policy == POLICY_IDLE ? 1 : PRIORITY_DEFAULT - (uint32_t)(int32_t)thread_current()->nice;
    if (t.context == HANDLE_NONE)
        return ask_procd(&t, SCHEDULE_SHARED, PRIORITY_DEFAULT, 0);
    return linux_result(sys_schedule_set(t.context, shared, 0));
}

LINUX_CALL(sched_setscheduler, int32_t pid, uint32_t policy, uint64_t parameters)
{
    return set_policy(pid, policy, parameters);
}

LINUX_CALL(sched_setparam, int32_t pid, uint64_t parameters)
{
    int64_t policy = linux_sched_getscheduler(pid);
    TRY_LINUX(policy);
    return set_policy(pid, (uint32_t)policy, parameters);
}

LINUX_CALL(sched_get_priority_max, uint32_t policy) { return is_realtime(policy) ? 99 : policy <= POLICY_IDLE ? 0 : -LINUX_EINVAL; }
LINUX_CALL(sched_get_priority_min, uint32_t policy) { return is_realtime(policy) ? 1 : policy <= POLICY_IDLE ? 0 : -LINUX_EINVAL; }
LINUX_CALL(sched_rr_get_interval, int32_t pid, uint64_t out)
{
    struct scheduled now;
    TRY_LINUX(look(pid, &now));
    struct linux_timespec slice = {0, now.policy == SCHEDULE_FIFO ? 0 : 5000000};
    return PROGRAM_WRITE(out, &slice);
}

/* -- nice ---------------------------------------------------------------------------------------------------------- */

/* Answers 20 - nice, so that it is never negative: nice 0 is PRIORITY_DEFAULT. -20 and -19 are one. */
LINUX_CALL(getpriority, uint32_t which, int32_t who)
{
    struct scheduled now;
    struct thread *self = thread_current();
    if (which > 2)
        return -LINUX_EINVAL;
    if (which != 0 && who)
        return -LINUX_ESRCH;
    TRY_LINUX(look(who, &now));
    bool own = who == 0 || who == self->tid;
    if (now.policy != SCHEDULE_SHARED || (own && self->nice == -20))
        return own ? 20 - (int64_t)self->nice : 20;
    return now.priority;
}

/* Process groups and users: only the caller's own, and of that the caller. */
LINUX_CALL(setpriority, uint32_t which, int32_t who, int32_t nice)
{
    struct thread *self = thread_current();
    struct scheduled now;
    struct target t;
    if (which > 2)
        return -LINUX_EINVAL;
    if (which != 0 && who)
        return -LINUX_ESRCH;
    TRY_LINUX(find_target(who, &t));
    TRY_LINUX(look(who, &now));
    nice = MAX(-20, MIN(nice, 19));
    uint32_t priority = (uint32_t)((int32_t)PRIORITY_DEFAULT - MAX(nice, -19));
    if (t.context == HANDLE_NONE)
        return ask_procd(&t, SCHEDULE_SHARED, priority, 0);
    if (priority > now.priority && self->process->entry->euid != 0)
        return -LINUX_EACCES;
    if (now.policy == SCHEDULE_SHARED)
        TRY_LINUX(linux_result(sys_schedule_set(t.context, priority, 0)));
    if (t.context == HANDLE_SELF_CONTEXT)
        self->nice = nice;
    return 0;
}
