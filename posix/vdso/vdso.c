/* SPDX-License-Identifier: MIT
 * The ELF image that the C libraries call for the time (AT_SYSINFO_EHDR). It runs as the program, not as the library: no system call
 * and no gate, only the clock page, which lies VDSO_TO_CLOCK above its first byte in every process (launch/place.c). */
#include "abi/event.h"
#include "posix/linux/resource.h"
#include "posix/vdso/vdso.h"
#include "sys/clock.h"

#define EXPORTED __attribute__((visibility("default"), used))
#define NS_PER_SECOND 1000000000ull
#define CALL_CLOCK_GETTIME 228
#define CALL_CLOCK_GETRES 229

extern __attribute__((visibility("hidden"))) const char vdso_start[];

int __vdso_clock_gettime(int32_t clock, struct linux_timespec *out);
int __vdso_clock_getres(int32_t clock, struct linux_timespec *out);
int __vdso_gettimeofday(struct linux_timeval *out, int32_t *zone);
int64_t __vdso_time(int64_t *out);

static const volatile struct clock_page *clock_page(void)
{
    return (const volatile struct clock_page *)((uint64_t)vdso_start + VDSO_TO_CLOCK);
}

static int ask_system(uint64_t number, int32_t clock, struct linux_timespec *out)
{
    int64_t answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"((int64_t)clock), "S"(out) : "rcx", "r11", "memory");
    return (int)answer;
}

EXPORTED int __vdso_clock_gettime(int32_t clock, struct linux_timespec *out)
{
    bool realtime = clock == LINUX_CLOCK_REALTIME || clock == LINUX_CLOCK_REALTIME_COARSE;
    bool monotonic = clock == LINUX_CLOCK_MONOTONIC || clock == LINUX_CLOCK_MONOTONIC_RAW ||
                     clock == LINUX_CLOCK_MONOTONIC_COARSE || clock == LINUX_CLOCK_BOOTTIME;
    if (!realtime && !monotonic)
        return ask_system(CALL_CLOCK_GETTIME, clock, out);
    uint64_t ns = clock_page_read(clock_page(), realtime);
    out->seconds = (int64_t)(ns / NS_PER_SECOND);
    out->nanoseconds = (int64_t)(ns % NS_PER_SECOND);
    return 0;
}

EXPORTED int __vdso_clock_getres(int32_t clock, struct linux_timespec *out)
{
    return ask_system(CALL_CLOCK_GETRES, clock, out);
}

EXPORTED int __vdso_gettimeofday(struct linux_timeval *out, int32_t *zone)
{
    uint64_t ns = clock_page_read(clock_page(), true);
    if (out) {
        out->seconds = (int64_t)(ns / NS_PER_SECOND);
        out->microseconds = (int64_t)(ns % NS_PER_SECOND / 1000);
    }
    if (zone)
        zone[0] = zone[1] = 0;
    return 0;
}

EXPORTED int64_t __vdso_time(int64_t *out)
{
    int64_t seconds = (int64_t)(clock_page_read(clock_page(), true) / NS_PER_SECOND);
    if (out)
        *out = seconds;
    return seconds;
}
