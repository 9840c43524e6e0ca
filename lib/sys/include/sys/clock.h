/* SPDX-License-Identifier: MIT
 * The clock, read without a system call from the page that the kernel keeps current (abi/event.h). */
#pragma once
#include "abi/event.h"
#include "base/types.h"

static inline uint64_t clock_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Monotonic ns; with `realtime`, ns since 1970. Reads again while the kernel writes. */
static inline uint64_t clock_page_read(const volatile struct clock_page *page, bool realtime)
{
    for (;;) {
        /* acquire: the fields are read after the first look at the sequence, and before the second (the fence below) */
        uint32_t before = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
        uint64_t ticks = clock_tsc() - page->base_tsc;
        uint64_t ns = page->base_ns + (uint64_t)((unsigned __int128)ticks * page->multiplier >> 32);
        if (realtime)
            ns += (uint64_t)page->realtime_offset_ns;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (likely(!(before & 1) && __atomic_load_n(&page->sequence, __ATOMIC_RELAXED) == before))
            return ns;
    }
}

/* For native programs: with the page that the start block names. */
uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);
