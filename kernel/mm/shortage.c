/* SPDX-License-Identifier: MIT
 * Allocations that fail on purpose (see shortage.h). A context's count is its own; the machine's is atomic. */
#include "kernel/mm/shortage.h"
#ifdef MH_CHECK /* the unit tests of this folder have it as well */
#include "boot/ranges.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/task/context.h"

#define STRUCK (1ull << 62)

static uint64_t every, counted; /* fail=N */

bool shortage_strikes(void)
{
    struct context *c = current();
    if (!c || !c->process)
        return false;
    c->allocations++;
    if (c->allocations_left && --c->allocations_left == 0) {
        c->allocations |= STRUCK;
        return true;
    }
    return every && __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED) % every == 0;
}

uint64_t shortage_set(uint64_t n)
{
    struct context *c = current();
    uint64_t before = c->allocations;
    c->allocations_left = n;
    c->allocations = 0;
    return before;
}

void shortage_from_boot(const struct boot_info *boot)
{
    struct view word;
    if (boot_command_word(boot, VIEW_OF_LITERAL("fail"), &word) == OK && view_to_u64(word, &every) == OK)
        log_warning("every %lu. allocation fails", (unsigned long)every);
}
#endif
