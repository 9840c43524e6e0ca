/* SPDX-License-Identifier: MIT
 * Waiting for children, and what their and our use of the machine was. */
#include "posix/core/call.h"
#include "posix/process/process_calls.h"
#include "sys/syscall.h"

enum : uint32_t { W_NOHANG = 1, W_UNTRACED = 2, W_EXITED = 4, W_CONTINUED = 8, W_NOWAIT = 0x1000000, W_LINUX_ONLY = 0xe0000000 };
enum : uint32_t { P_ALL = 0, P_PID = 1, P_PGID = 2 };

static struct linux_timeval timeval_of_ns(uint64_t ns)
{
    return (struct linux_timeval){(int64_t)(ns / 1000000000), (int64_t)(ns % 1000000000 / 1000)};
}

static void rusage_of(const struct proc_usage *u, struct linux_rusage *out)
{
    *out = (struct linux_rusage){
        .user = timeval_of_ns(u->user_ns), .system = timeval_of_ns(u->kernel_ns),
        .maximum_resident_kib = (int64_t)(u->peak_bytes / 1024), .minor_faults = (int64_t)u->faults,
    };
}

static uint32_t native_options(uint32_t options)
{
    return (options & W_NOHANG ? PROC_WAIT_NO_HANG : 0u) | (options & W_UNTRACED ? PROC_WAIT_STOPPED : 0u) |
           (options & W_CONTINUED ? PROC_WAIT_CONTINUED : 0u) | (options & W_EXITED ? PROC_WAIT_EXITED : 0u) |
           (options & W_NOWAIT ? PROC_WAIT_KEEP : 0u);
}

/* Who ignores SIGCHLD never sees an ended child: it waits until there is none left. */
static bool has_no_zombies(const struct process *p)
{
    const struct linux_sigaction *action = &p->actions[LINUX_SIGCHLD];
    return action->handler == LINUX_SIG_IGN || action->flags & LINUX_SA_NOCLDWAIT;
}

static bool has_ended(uint32_t status)
{
    return status != 0xffff && (status & 0xff) != 0x7f;
}

/* 0 with out->pid 0: W_NOHANG and nobody is ready. */
static int64_t wait_for_child(int32_t which, uint32_t options, struct proc_wait_out *out)
{
    struct process *p = process_current();
    struct proc_wait_in in = {.which = which, .options = native_options(options)};
    enum status status;
    do
        status = proc_wait(p->proc, &in, out);
    while (status == OK && has_ended(out->status) && !(options & W_NOWAIT) && has_no_zombies(p));
    if (status == ERR_WOULD_BLOCK) {
        out->pid = 0;
        return 0;
    }
    return linux_result(status);
}

void process_reap_all(struct process *p)
{
    struct proc_wait_out out;
    while (proc_wait(p->proc, &(struct proc_wait_in){.which = -1, .options = PROC_WAIT_NO_HANG | PROC_WAIT_EXITED}, &out) == OK)
        ;
}

LINUX_CALL(wait4, int32_t pid, uint64_t status, uint32_t options, uint64_t usage)
{
    struct proc_wait_out out;
    if (options & ~(W_NOHANG | W_UNTRACED | W_CONTINUED | W_LINUX_ONLY))
        return -LINUX_EINVAL;
    if (pid == INT32_MIN) /* no group has this number, and it cannot be negated */
        return -LINUX_ESRCH;
    TRY_LINUX(wait_for_child(pid, options | W_EXITED, &out));
    if (!out.pid)
        return 0;
    if (status)
        TRY_LINUX(program_write_u32(status, out.status));
    if (usage) {
        struct linux_rusage shown;
        rusage_of(&out.usage, &shown);
        TRY_LINUX(PROGRAM_WRITE(usage, &shown));
    }
    return out.pid;
}

/* The wait status word taken apart as waitid shows it. */
static void siginfo_of_status(int32_t pid, uint32_t status, struct linux_siginfo *out)
{
    *out = (struct linux_siginfo){.signal = LINUX_SIGCHLD};
    out->child.pid = pid;
    if (status == 0xffff) {
        out->code = LINUX_CLD_CONTINUED;
        out->child.status = LINUX_SIGCONT;
    } else if ((status & 0xff) == 0x7f) {
        out->code = LINUX_CLD_STOPPED;
        out->child.status = status >> 8 & 0xff;
    } else if (status & 0x7f) {
        out->code = status & 0x80 ? LINUX_CLD_DUMPED : LINUX_CLD_KILLED;
        out->child.status = status & 0x7f;
    } else {
        out->code = LINUX_CLD_EXITED;
        out->child.status = status >> 8 & 0xff;
    }
}

LINUX_CALL(waitid, uint32_t type, int32_t id, uint64_t info, uint32_t options, uint64_t usage)
{
    struct proc_wait_out out;
    struct linux_siginfo shown = {};
    int32_t which = type == P_PID ? id : type == P_PGID ? -id : -1;
    if (type > P_PGID || (type == P_PID && id <= 0) || (type == P_PGID && id < 0) || !(options & (W_EXITED | W_UNTRACED | W_CONTINUED)))
        return -LINUX_EINVAL;
    TRY_LINUX(wait_for_child(which, options, &out));
    if (out.pid)
        siginfo_of_status(out.pid, out.status, &shown);
    if (out.pid && usage) {
        struct linux_rusage used;
        rusage_of(&out.usage, &used);
        TRY_LINUX(PROGRAM_WRITE(usage, &used));
    }
    return info ? PROGRAM_WRITE(info, &shown) : 0;
}

static int64_t usage_of(uint32_t who, struct proc_usage *out)
{
    struct proc_usage_out answer;
    TRY_LINUX(linux_result(proc_usage(process_current()->proc, &(struct proc_usage_in){.who = who}, &answer)));
    *out = answer.usage;
    return 0;
}

LINUX_CALL(getrusage, int32_t who, uint64_t out)
{
    struct proc_usage used = {};
    struct linux_rusage shown;
    if (who == 1)
        TRY_LINUX(linux_result(sys_clock_get(CLOCK_CONTEXT_CPU_, &used.user_ns)));
    else if (who == 0 || who == -1)
        TRY_LINUX(usage_of(who == 0 ? 0 : 1, &used));
    else
        return -LINUX_EINVAL;
    rusage_of(&used, &shown);
    return PROGRAM_WRITE(out, &shown);
}

#define NS_PER_TICK 10000000
LINUX_CALL(times, uint64_t out)
{
    struct proc_usage self, children;
    if (out) {
        TRY_LINUX(usage_of(0, &self));
        TRY_LINUX(usage_of(1, &children));
        struct linux_tms shown = {(int64_t)(self.user_ns / NS_PER_TICK), (int64_t)(self.kernel_ns / NS_PER_TICK),
                                  (int64_t)(children.user_ns / NS_PER_TICK), (int64_t)(children.kernel_ns / NS_PER_TICK)};
        TRY_LINUX(PROGRAM_WRITE(out, &shown));
    }
    return (int64_t)(clock_monotonic() / NS_PER_TICK);
}
