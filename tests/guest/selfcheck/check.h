/* SPDX-License-Identifier: MIT
 * Checks of the native interface, run inside the system: each is a promise that the kernel or a library makes. */
#pragma once
#include "base/types.h"
#include "sys/log.h"
#include "sys/start.h"
#include "sys/syscall.h"

struct check { const char *promise; bool (*holds)(void); };
extern const struct check memory_checks[], handle_checks[], pipe_checks[], time_checks[], message_checks[], process_checks[],
    file_checks[], cost_checks[], crowd_checks[];
extern const struct start_block *check_block;

/* In a check: returns false and says which condition failed. */
#define EXPECT(condition)                                                             \
    do {                                                                              \
        if (!(condition)) {                                                           \
            log_error("%s:%d: not so: %s", __FILE__, __LINE__, #condition);           \
            return false;                                                             \
        }                                                                             \
    } while (0)
#define EXPECT_STATUS(expression, wanted)                                                                      \
    do {                                                                                                       \
        int64_t got_ = (int64_t)(expression);                                                                  \
        if (got_ != (int64_t)(wanted)) {                                                                       \
            log_error("%s:%d: %s is %d, wanted %d", __FILE__, __LINE__, #expression, (int)got_, (int)(wanted)); \
            return false;                                                                                      \
        }                                                                                                      \
    } while (0)
