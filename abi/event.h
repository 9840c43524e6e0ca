/* SPDX-License-Identifier: MIT
 * Readiness, event queues, futexes, clocks: everything that a context waits for. Deadlines are absolute monotonic
 * nanoseconds; DEADLINE_NEVER waits for ever, DEADLINE_NOW does not wait. */
#pragma once
#include "abi/handle.h"

#define DEADLINE_NEVER UINT64_MAX
#define DEADLINE_NOW 0ull

enum : uint32_t {
    EVENT_READ = 1u << 0, EVENT_WRITE = 1u << 1, EVENT_HANGUP = 1u << 2, EVENT_ERROR = 1u << 3,
    EVENT_PRIORITY = 1u << 4, EVENT_READ_HANGUP = 1u << 5, EVENT_INVALID = 1u << 6, /* poll only: bad handle */
    EVENT_SIGNALLED = EVENT_READ, /* timer fired, process ended, doorbell rung */
};
struct poll_entry { handle_t handle; uint16_t wanted; uint16_t ready; }; /* a negative handle is skipped: ready = 0 */
static_assert(sizeof(struct poll_entry) == 8);

enum : uint32_t { QUEUE_ADD = 1, QUEUE_CHANGE = 2, QUEUE_REMOVE = 3,
                  QUEUE_EDGE = 1u << 16, QUEUE_ONE_SHOT = 1u << 17, QUEUE_EXCLUSIVE = 1u << 18 }; /* the last three beside the mask */
struct queue_event { uint64_t tag; uint32_t ready; uint32_t reserved; };
static_assert(sizeof(struct queue_event) == 16);

enum : uint32_t {
    FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 2, FUTEX_WAIT_MASK = 3, FUTEX_WAKE_MASK = 4, /* masks: `other value` */
    FUTEX_LOCK = 5,           /* the word is a lock (below): waits until it is the caller's, and lends its priority to the owner meanwhile */
    FUTEX_TRY_LOCK = 6,       /* ERR_WOULD_BLOCK instead of waiting */
    FUTEX_UNLOCK = 7,         /* gives it to the waiter of the highest priority; value: 0, or FUTEX_OWNER_DIED for the new owner to see */
    FUTEX_PRIVATE = 1u << 7,  /* keyed by address space; without it by object and offset, when the mapping is shared */
    FUTEX_REALTIME = 1u << 8, /* the deadline is on the real-time clock */
};

/* A lock with an owner: 0 is free, else the owner's thread_id (struct thread_block). Who finds it free or is the only one there changes it
 * without the kernel; with FUTEX_WAITERS set it must be unlocked by the kernel. */
#define FUTEX_OWNER_MASK 0x3fffffffu
#define FUTEX_OWNER_DIED 0x40000000u /* the last owner ended without unlocking */
#define FUTEX_WAITERS 0x80000000u

enum : uint32_t { CLOCK_MONOTONIC_ = 0, CLOCK_REALTIME_ = 1, CLOCK_PROCESS_CPU_ = 2, CLOCK_CONTEXT_CPU_ = 3 };

/* The clock page, mapped read-only into every process (address: struct start_block, or personality's choice).
 * ns = base_ns + ((tsc - base_tsc) * multiplier >> 32); read `sequence` before and after: odd or changed = again. */
struct clock_page {
    uint32_t sequence, version;      /* version 1 */
    uint64_t base_tsc, base_ns, multiplier;
    int64_t  realtime_offset_ns;     /* realtime = monotonic + this */
    uint64_t tsc_hz;
};

struct system_info {
    uint64_t memory_bytes, free_bytes, cached_bytes, kernel_bytes;
    uint64_t uptime_ns, idle_ns;
    uint64_t switches, interrupts, calls, faults;
    uint64_t boot_realtime_ns;
    uint32_t cpus, processes, contexts, runnable;
    uint64_t load_1, load_5, load_15; /* 16.16 fixed point */
    uint64_t table_loads;             /* page tables loaded: the switches that changed the address space */
};
