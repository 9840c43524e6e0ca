/* SPDX-License-Identifier: MIT
 * The interval timer of SIGALRM; procd keeps it, because it outlives exec. */
#include "posix/signal/signal.h"

static int64_t timer_swap(uint64_t first_ns, uint64_t period_ns, struct proc_timer_out *old)
{
    return linux_result(proc_timer(process_current()->proc, &(struct proc_timer_in){.first_ns = first_ns, .period_ns = period_ns}, old));
}

LINUX_CALL(alarm, uint32_t seconds)
{
    struct proc_timer_out old;
    TRY_LINUX(timer_swap(seconds * 1000000000ull, 0, &old));
    return (int64_t)((old.left_ns + 999999999) / 1000000000);
}

static int64_t ns_of_timeval(const struct linux_timeval *v, uint64_t *out)
{
    if (v->seconds < 0 || v->microseconds < 0 || v->microseconds >= 1000000)
        return -LINUX_EINVAL;
    *out = (uint64_t)v->seconds * 1000000000 + (uint64_t)v->microseconds * 1000;
    return 0;
}

static struct linux_timeval timeval_of_ns(uint64_t ns)
{
    return (struct linux_timeval){(int64_t)(ns / 1000000000), (int64_t)(ns % 1000000000 / 1000)};
}

/* ITIMER_VIRTUAL and ITIMER_PROF would need a clock that only runs with the process. */
#define ITIMER_REAL 0

LINUX_CALL(setitimer, uint32_t which, uint64_t new_value, uint64_t old_value)
{
    struct linux_itimerval value = {};
    uint64_t first, period;
    struct proc_timer_out old;
    if (which != ITIMER_REAL)
        return which <= 2 ? -LINUX_ENOSYS : -LINUX_EINVAL;
    if (new_value)
        TRY_LINUX(PROGRAM_READ(&value, new_value));
    TRY_LINUX(ns_of_timeval(&value.value, &first));
    TRY_LINUX(ns_of_timeval(&value.interval, &period));
    TRY_LINUX(timer_swap(first, period, &old));
    if (!old_value)
        return 0;
    struct linux_itimerval shown = {timeval_of_ns(old.old_period_ns), timeval_of_ns(old.left_ns)};
    return PROGRAM_WRITE(old_value, &shown);
}

/* The protocol swaps: asking means setting again what was there. */
LINUX_CALL(getitimer, uint32_t which, uint64_t value)
{
    struct proc_timer_out old, ignored;
    if (which != ITIMER_REAL)
        return which <= 2 ? -LINUX_ENOSYS : -LINUX_EINVAL;
    TRY_LINUX(timer_swap(0, 0, &old));
    if (old.left_ns)
        TRY_LINUX(timer_swap(old.left_ns, old.old_period_ns, &ignored));
    struct linux_itimerval shown = {timeval_of_ns(old.old_period_ns), timeval_of_ns(old.left_ns)};
    return PROGRAM_WRITE(value, &shown);
}
