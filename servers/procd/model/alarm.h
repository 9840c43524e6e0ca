/* SPDX-License-Identifier: MIT
 * Interval timers of many processes on one clock: a heap of deadlines, the earliest on top. Pure; the caller has the clock and arms
 * the one native timer. INVARIANT: position[slot] is where slot stands in the heap plus one, 0: not armed. */
#pragma once
#include "abi/credential.h"
#include "base/types.h"

struct alarm { uint64_t deadline_ns, period_ns; };
struct alarms {
    uint32_t count;
    uint32_t heap[PROCESS_TABLE_SLOTS], position[PROCESS_TABLE_SLOTS];
    struct alarm timers[PROCESS_TABLE_SLOTS];
};

/* deadline_ns 0: disarm. Answers what was set before (0, 0: nothing). */
struct alarm alarm_set(struct alarms *a, uint32_t slot, struct alarm next);
/* The earliest deadline, UINT64_MAX without one. */
uint64_t alarm_next(const struct alarms *a);
/* Takes one slot whose time has come, and arms it again when it has a period; 0: none is due. */
uint32_t alarm_due(struct alarms *a, uint64_t now_ns);
