/* SPDX-License-Identifier: MIT
 * The end: our own promise is broken. Never for input. Prints the promise, registers, a symbolized backtrace, and every
 * context's state; writes "panic" to the status port; stops all CPUs. */
#pragma once

[[noreturn]] void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

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
