/* SPDX-License-Identifier: MIT
 * What a file with Linux calls includes: how a call is written, and how native answers become Linux's. */
#pragma once
#include "posix/core/process.h"
#include "posix/core/program.h"
#include "posix/core/thread.h"
#include "posix/linux/errno.h"
#include "protocol/proc.h"

/* Arguments as on Linux, at most six integers; the result goes into rax: a value, or -LINUX_E.... */
#define LINUX_CALL(name, ...)        \
    int64_t linux_##name(__VA_ARGS__); \
    int64_t linux_##name(__VA_ARGS__)

/* Negative status to negative errno. ERR_INTERRUPTED becomes -LINUX_ERESTARTSYS: on the way out the call is done again, or answers EINTR
 * when a handler without SA_RESTART ran. A call that never restarts returns -LINUX_ERESTARTNOHAND instead. */
int64_t linux_failure(int64_t status) __attribute__((cold));
static inline int64_t linux_result(int64_t result)
{
    return likely(result >= 0) ? result : linux_failure(result);
}

/* Linux calls never reach HIGH handles or pseudo handles. */
static inline bool fd_is_valid(uint32_t fd) { return fd < (uint32_t)HANDLE_HIGH_BASE; }

/* ppoll, pselect, epoll_pwait: enter installs the program's mask for one wait (address 0: keeps); leave puts the old one back, or leaves that to
 * signal delivery when the wait was interrupted. Both pass errors through:
 *     TRY_LINUX(signal_mask_enter(mask, bytes));  return signal_mask_leave(wait(...)); */
int64_t signal_mask_enter(uint64_t mask_address, uint64_t mask_bytes);
int64_t signal_mask_leave(int64_t result);

/* Sends a signal to the calling thread (SIGPIPE, SIGXFSZ); it arrives when the call returns. */
void signal_raise(uint32_t signal);

/* Monotonic and real time, ns. */
uint64_t clock_monotonic(void);
uint64_t clock_realtime(void);
/* A relative struct timespec of the program to a deadline; address 0: never. */
int64_t deadline_from_program(uint64_t timespec_address, uint64_t *out_deadline);

/* One line into the system's log, formatted as lib/base fmt. */
void posix_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
