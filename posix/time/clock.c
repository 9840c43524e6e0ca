/* SPDX-License-Identifier: MIT
 * Clocks: read from the page that the kernel keeps current; only CPU time asks the kernel. */
#include "posix/time/time.h"
#include "sys/clock.h"
#include "sys/syscall.h"

#define NS_PER_SECOND 1000000000ull

uint64_t clock_monotonic(void)
{
    return clock_page_read(process_current()->clock_page, false);
}

uint64_t clock_realtime(void)
{
    return clock_page_read(process_current()->clock_page, true);
}

/* Negative numbers name the CPU clock of a process or thread: ~id << 3, 4: thread. Only our own can be read. */
static int64_t cpu_clock(int32_t clock, uint32_t *out_native)
{
    struct thread *t = thread_current();
    int32_t id = ~(clock >> 3);
    bool of_thread = clock & 4;
    if (id && id != (of_thread ? t->tid : t->process->pid))
        return -LINUX_EINVAL;
    *out_native = of_thread ? CLOCK_CONTEXT_CPU_ : CLOCK_PROCESS_CPU_;
    return 0;
}

static int64_t clock_read(int32_t clock, uint64_t *out_ns)
{
    uint32_t native = CLOCK_PROCESS_CPU_;
    switch (clock) {
    case LINUX_CLOCK_REALTIME: case LINUX_CLOCK_REALTIME_COARSE: case LINUX_CLOCK_REALTIME_ALARM: case LINUX_CLOCK_TAI:
        *out_ns = clock_realtime();
        return 0;
    case LINUX_CLOCK_MONOTONIC: case LINUX_CLOCK_MONOTONIC_RAW: case LINUX_CLOCK_MONOTONIC_COARSE: case LINUX_CLOCK_BOOTTIME:
    case LINUX_CLOCK_BOOTTIME_ALARM:
        *out_ns = clock_monotonic();
        return 0;
    case LINUX_CLOCK_THREAD_CPUTIME:
        native = CLOCK_CONTEXT_CPU_;
        break;
    case LINUX_CLOCK_PROCESS_CPUTIME:
        break;
    default:
        if (clock >= 0)
            return -LINUX_EINVAL;
        TRY_LINUX(cpu_clock(clock, &native));
    }
    return linux_result(sys_clock_get(native, out_ns));
}

LINUX_CALL(clock_gettime, int32_t clock, uint64_t out)
{
    uint64_t ns;
    TRY_LINUX(clock_read(clock, &ns));
    struct linux_timespec shown = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
    return PROGRAM_WRITE(out, &shown);
}

LINUX_CALL(clock_getres, int32_t clock, uint64_t out)
{
    uint64_t ns;
    struct linux_timespec resolution = {0, 1};
    TRY_LINUX(clock_read(clock, &ns));
    return out ? PROGRAM_WRITE(out, &resolution) : 0;
}

LINUX_CALL(gettimeofday, uint64_t out, uint64_t zone)
{
    uint64_t ns = clock_realtime();
    struct linux_timeval shown = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
    if (out)
        TRY_LINUX(PROGRAM_WRITE(out, &shown));
    return zone ? program_write_u64(zone, 0) : 0;
}

LINUX_CALL(time, uint64_t out)
{
    uint64_t seconds = clock_realtime() / NS_PER_SECOND;
    if (out)
        TRY_LINUX(program_write_u64(out, seconds));
    return (int64_t)seconds;
}

/* The clock is the kernel's; nobody sets it yet. */
LINUX_CALL(clock_settime, void) { return -LINUX_EPERM; }
LINUX_CALL(settimeofday, void) { return -LINUX_EPERM; }

int64_t timespec_from_program(uint64_t address, uint64_t *out_ns)
{
    struct linux_timespec t;
    TRY_LINUX(PROGRAM_READ(&t, address));
    if (t.seconds < 0 || t.nanoseconds < 0 || t.nanoseconds >= (int64_t)NS_PER_SECOND)
        return -LINUX_EINVAL;
    /* about 290 years: for ever, and nothing below wraps */
    *out_ns = t.seconds > 9000000000 ? DEADLINE_NEVER / 2 : (uint64_t)t.seconds * NS_PER_SECOND + (uint64_t)t.nanoseconds;
    return 0;
}

int64_t deadline_from_program(uint64_t timespec_address, uint64_t *out_deadline)
{
    uint64_t ns;
    if (!timespec_address) {
        *out_deadline = DEADLINE_NEVER;
        return 0;
    }
    TRY_LINUX(timespec_from_program(timespec_address, &ns));
    *out_deadline = ns ? clock_monotonic() + ns : DEADLINE_NOW;
    return 0;
}
