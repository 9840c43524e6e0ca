/* SPDX-License-Identifier: MIT
 * timerfd on native timers, eventfd on native doorbells: both count, and reading takes the count, so read and write need nothing
 * here. Which clock a timer follows is not kept: see absolute_deadline. */
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "posix/linux/poll.h"
#include "sys/syscall.h"

static placement_t place_for(uint32_t flags)
{
    return PLACE_LOW(0) | (flags & LINUX_O_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0);
}

/* The descriptor becomes the program's, or is closed again when its first use failed. */
static int64_t finish(handle_t handle, int64_t result)
{
    if (result >= 0)
        return handle;
    IGNORE(sys_handle_close(handle));
    return linux_failure(result);
}

static int64_t nonblock_set(handle_t handle, bool on)
{
    return on ? sys_stream_flags(handle, STREAM_NONBLOCK, 0) : 0;
}

LINUX_CALL(eventfd2, uint32_t initial, uint32_t flags)
{
    if (flags & ~(LINUX_EFD_CLOEXEC | LINUX_EFD_NONBLOCK)) /* EFD_SEMAPHORE: a doorbell gives all it has */
        return -LINUX_EINVAL;
    handle_t doorbell;
    enum status s = sys_doorbell_create(place_for(flags), &doorbell);
    if (s != OK)
        return linux_failure(s);
    uint64_t count = initial;
    int64_t result = nonblock_set(doorbell, flags & LINUX_EFD_NONBLOCK);
    if (result >= 0 && count)
        result = sys_write(doorbell, &count, sizeof count, OFFSET_STREAM);
    return finish(doorbell, result);
}

LINUX_CALL(eventfd, uint32_t initial) { return linux_eventfd2(initial, 0); }

LINUX_CALL(timerfd_create, uint32_t clock, uint32_t flags)
{
    if ((clock != LINUX_TIMERFD_REALTIME && clock != LINUX_TIMERFD_MONOTONIC && clock != LINUX_TIMERFD_BOOTTIME) ||
        (flags & ~(LINUX_TFD_CLOEXEC | LINUX_TFD_NONBLOCK)))
        return -LINUX_EINVAL;
    handle_t timer;
    enum status s = sys_timer_create(place_for(flags), &timer);
    if (s != OK)
        return linux_failure(s);
    return finish(timer, nonblock_set(timer, flags & LINUX_TFD_NONBLOCK));
}

static int64_t ns_from_linux(const struct linux_time *t, uint64_t *out_ns)
{
    if (t->seconds < 0 || t->nanoseconds < 0 || t->nanoseconds >= 1000000000)
        return -LINUX_EINVAL;
    if (__builtin_mul_overflow((uint64_t)t->seconds, 1000000000ull, out_ns) ||
        __builtin_add_overflow(*out_ns, (uint64_t)t->nanoseconds, out_ns))
        *out_ns = DEADLINE_NEVER;
    return 0;
}

/* The timer itself runs on the monotonic clock, which begins at boot: an absolute time beyond ten years of it was meant on the
 * real-time clock, which has left those behind. */
#define TEN_YEARS_NS (10ull * 365 * 86400 * 1000000000)
static uint64_t absolute_deadline(uint64_t ns)
{
    if (ns < TEN_YEARS_NS || ns == DEADLINE_NEVER)
        return ns;
    uint64_t offset = clock_realtime() - clock_monotonic();
    return ns > offset ? ns - offset : 1;
}

LINUX_CALL(timerfd_settime, uint32_t fd, uint32_t flags, uint64_t new_address, uint64_t old_address)
{
    struct { struct linux_time interval, value; } new;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    if (flags & ~(LINUX_TFD_TIMER_ABSTIME | LINUX_TFD_TIMER_CANCEL_ON_SET))
        return -LINUX_EINVAL;
    if (old_address) /* what is left is known, its period is not */
        return -LINUX_ENOSYS;
    TRY_LINUX(PROGRAM_READ(&new, new_address));
    uint64_t period, first;
    TRY_LINUX(ns_from_linux(&new.interval, &period));
    TRY_LINUX(ns_from_linux(&new.value, &first));
    if (first && first != DEADLINE_NEVER)
        first = flags & LINUX_TFD_TIMER_ABSTIME ? absolute_deadline(first) : first + clock_monotonic();
    int64_t left = sys_timer_set((handle_t)fd, first, first ? period : 0);
    if (left == ERR_WRONG_TYPE)
        return -LINUX_EINVAL;
    return left < 0 ? linux_failure(left) : 0;
}
