/* SPDX-License-Identifier: MIT
 * What clocks, sleeps and futexes share. */
#pragma once
#include "posix/core/call.h"

/* A struct timespec of the program in ns; EINVAL unless it is normal. */
int64_t timespec_from_program(uint64_t address, uint64_t *out_ns);

/* A new process or program has no timers, and nobody who waits for them. */
void timers_forget(struct process *p);

/* thread.restart.kind: what restart_syscall goes on with. */
enum : uint64_t { RESTART_NOTHING = 0, RESTART_SLEEP = 1, RESTART_FUTEX = 2 };
/* A futex wait to an absolute deadline; arguments: word, operation, value, mask. */
int64_t futex_wait_until(const uint64_t arguments[4], uint64_t deadline);
