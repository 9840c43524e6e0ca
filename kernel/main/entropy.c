/* SPDX-License-Identifier: MIT
 * One generator under one lock; its users are rare (new processes, getrandom). */
#include "kernel/main/entropy.h"
#include "base/random.h"
#include "kernel/core/lock.h"

static struct random generator;
static struct spinlock lock = SPINLOCK_INIT(RANK_FRAME);

void entropy_init(const struct boot_info *boot) { random_init(&generator, boot->seed); }

void entropy_fill(struct span to)
{
    GUARD(&lock);
    random_fill(&generator, to);
}

uint64_t entropy_u64(void)
{
    uint64_t value;
    entropy_fill(SPAN_OF_STRUCT(&value));
    return value;
}
