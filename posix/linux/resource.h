/* SPDX-License-Identifier: MIT
 * Linux's limits, usage and times (x86_64). */
#pragma once
#include <stdint.h>

struct linux_timespec { int64_t seconds, nanoseconds; };
struct linux_timeval { int64_t seconds, microseconds; };
struct linux_itimerval { struct linux_timeval interval, value; };
struct linux_rlimit { uint64_t current, maximum; };
#define LINUX_RLIM_INFINITY UINT64_MAX
enum : uint32_t {
    LINUX_RLIMIT_CPU = 0, LINUX_RLIMIT_FSIZE, LINUX_RLIMIT_DATA, LINUX_RLIMIT_STACK, LINUX_RLIMIT_CORE, LINUX_RLIMIT_RSS,
    LINUX_RLIMIT_NPROC, LINUX_RLIMIT_NOFILE, LINUX_RLIMIT_MEMLOCK, LINUX_RLIMIT_AS, LINUX_RLIMIT_LOCKS,
    LINUX_RLIMIT_SIGPENDING, LINUX_RLIMIT_MSGQUEUE, LINUX_RLIMIT_NICE, LINUX_RLIMIT_RTPRIO, LINUX_RLIMIT_RTTIME,
    LINUX_RLIMIT_COUNT,
};
struct linux_rusage {
    struct linux_timeval user, system;
    int64_t maximum_resident_kib, shared_kib, data_kib, stack_kib, minor_faults, major_faults, swaps, blocks_in, blocks_out,
            messages_sent, messages_received, signals, voluntary_switches, involuntary_switches;
};
static_assert(sizeof(struct linux_rusage) == 144);
struct linux_tms { int64_t user, system, child_user, child_system; };
struct linux_sysinfo {
    int64_t  uptime;
    uint64_t loads[3], total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
    uint16_t processes, padding[3];
    uint64_t total_high, free_high;
    uint32_t unit, padding_2;
};
static_assert(sizeof(struct linux_sysinfo) == 112);
struct linux_utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domain[65]; };
enum : uint32_t {
    LINUX_CLOCK_REALTIME = 0, LINUX_CLOCK_MONOTONIC = 1, LINUX_CLOCK_PROCESS_CPUTIME = 2, LINUX_CLOCK_THREAD_CPUTIME = 3,
    LINUX_CLOCK_MONOTONIC_RAW = 4, LINUX_CLOCK_REALTIME_COARSE = 5, LINUX_CLOCK_MONOTONIC_COARSE = 6, LINUX_CLOCK_BOOTTIME = 7,
    LINUX_CLOCK_REALTIME_ALARM = 8, LINUX_CLOCK_BOOTTIME_ALARM = 9, LINUX_CLOCK_TAI = 11,
    LINUX_TIMER_ABSTIME = 1,
};
