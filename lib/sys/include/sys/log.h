/* SPDX-License-Identifier: MIT
 * The system's log, one line a call, written through the handle "log"; the program's name is put in front. Without that handle
 * lines are dropped. panic_exit is for a broken promise of our own: it says which and ends the process, and its supervisor
 * starts it again. */
#pragma once
#include "base/types.h"

/* the kernel's levels; log=LEVEL on its command line says which are kept */
enum log_level : uint32_t { LOG_ERROR = 0, LOG_WARNING = 1, LOG_INFO = 2, LOG_DEBUG = 3 };

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* The sentence of a status, for messages. */
const char *status_sentence(int64_t status);

#define EXIT_PANIC 0x50414e49u /* exit status word of panic_exit */
[[noreturn]] void panic_exit(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define PANIC(...) panic_exit(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(condition)                               \
    do {                                                \
        if (unlikely(!(condition)))                     \
            PANIC("assertion failed: %s", #condition);  \
    } while (0)
