/* SPDX-License-Identifier: MIT
 * The end: our own promise is broken. Never for input. Prints the promise, registers, a symbolized backtrace, and every
 * context's state; writes "panic" to the status port; stops all CPUs. */
#pragma once

struct trap_frame;
[[noreturn]] void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For an exception in the kernel: the registers and the backtrace are those of the frame. */
[[noreturn]] void panic_at(const struct trap_frame *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Kept in every build: the trust edges. */
#define ASSERT(condition)                                                                  \
    do {                                                                                   \
        if (__builtin_expect(!(condition), 0))                                             \
            panic("%s:%d: broken promise: %s", __FILE_NAME__, __LINE__, #condition);       \
    } while (0)
#ifdef MH_DEBUG
#define DEBUG_ASSERT(condition) ASSERT(condition)
#else
#define DEBUG_ASSERT(condition) ((void)0)
#endif
