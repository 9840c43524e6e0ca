/* SPDX-License-Identifier: MIT
 * Checks of the native interface, run inside the system: each is a promise that the kernel or a library makes. */
#pragma once
#include "base/types.h"
#include "sys/log.h"
#include "sys/start.h"
#include "sys/syscall.h"

struct check { const char *promise; bool (*holds)(void); };
extern const struct check memory_checks[], handle_checks[], pipe_checks[], time_checks[], message_checks[], process_checks[],
    file_checks[], crowd_checks[], death_checks[], load_checks[], loop_checks[], capability_checks[],
    scheduling_checks[];
extern const struct start_block *check_block;

/* echod in a process of its own. */
struct child { handle_t endpoint, root, process; };
enum status start_echod(struct child *out);
/* The same behind the endpoint of one that ended. */
enum status start_echod_at(struct child *c);

/* What primitives cost (costs.c, pairs.c): `act` is one operation; `prepare`, if there is one, comes once before. */
struct cost { const char *name; bool (*prepare)(void), (*act)(void); };
extern const struct cost single_costs[], pair_costs[];
/* Says what each costs; with loop=NAME does that one for ever, for a profile. The number of those that do not work. */
uint32_t costs_report(const struct start_block *block, void (*say)(const char *line));

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
