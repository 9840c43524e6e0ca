/* SPDX-License-Identifier: MIT
 * Sleeping. A relative sleep that a signal interrupts goes on, after a handler-less signal, to the same end: restart_syscall. */
#include "posix/time/time.h"
#include "sys/syscall.h"

#define NS_PER_SECOND 1000000000ull

/* arguments[0]: where the rest goes, 0: nowhere. */
static int64_t sleep_until(struct thread *t, uint64_t deadline, uint64_t rest_address)
{
    enum status status = sys_sleep(deadline);
    if (status == OK || status == ERR_TIMED_OUT)
        return 0;
    int64_t result = linux_failure(status);
    if (status != ERR_INTERRUPTED)
        return result;
    uint64_t now = clock_monotonic();
    uint64_t rest = deadline > now ? deadline - now : 0;
    struct linux_timespec shown = {(int64_t)(rest / NS_PER_SECOND), (int64_t)(rest % NS_PER_SECOND)};
    if (rest_address)
        TRY_LINUX(PROGRAM_WRITE(rest_address, &shown));
    t->restart.kind = RESTART_SLEEP;
    t->restart.deadline = deadline;
    t->restart.arguments[0] = rest_address;
    return -LINUX_ERESTART_RESTARTBLOCK;
}

LINUX_CALL(nanosleep, uint64_t request, uint64_t rest)
{
    uint64_t ns;
    TRY_LINUX(timespec_from_program(request, &ns));
    return sleep_until(thread_current(), clock_monotonic() + ns, rest);
}

static bool is_realtime(int32_t clock)
{
    return clock == LINUX_CLOCK_REALTIME || clock == LINUX_CLOCK_TAI || clock == LINUX_CLOCK_REALTIME_ALARM;
}

LINUX_CALL(clock_nanosleep, int32_t clock, uint32_t flags, uint64_t request, uint64_t rest)
{
    uint64_t ns;
    bool known = is_realtime(clock) || clock == LINUX_CLOCK_MONOTONIC || clock == LINUX_CLOCK_BOOTTIME || clock == LINUX_CLOCK_BOOTTIME_ALARM;
    if (!known)
        return clock == LINUX_CLOCK_PROCESS_CPUTIME ? -LINUX_EOPNOTSUPP : -LINUX_EINVAL;
    TRY_LINUX(timespec_from_program(request, &ns));
    if (!(flags & LINUX_TIMER_ABSTIME))
        return sleep_until(thread_current(), clock_monotonic() + ns, rest);
    if (is_realtime(clock)) {
        uint64_t offset = clock_realtime() - clock_monotonic();
        ns = ns > offset ? ns - offset : 0;
    }
    enum status status = sys_sleep(ns);
    if (status == OK || status == ERR_TIMED_OUT)
        return 0;
    int64_t result = linux_failure(status);
    return status == ERR_INTERRUPTED ? -LINUX_ERESTARTNOHAND : result;
}

LINUX_CALL(restart_syscall, void)
{
    struct thread *t = thread_current();
    uint64_t kind = t->restart.kind;
    t->restart.kind = RESTART_NOTHING;
    switch (kind) {
    case RESTART_SLEEP: return sleep_until(t, t->restart.deadline, t->restart.arguments[0]);
    case RESTART_FUTEX: return futex_wait_until(t->restart.arguments, t->restart.deadline);
    default: return -LINUX_EINTR;
    }
}

LINUX_CALL(sched_yield, void)
{
    sys_yield();
    return 0;
}
