/* SPDX-License-Identifier: MIT
 * The load, sampled every five seconds on the boot CPU; the samples age exponentially. Only the timer's function writes. */
#include "kernel/task/load.h"
#include "arch/machine.h"
#include "kernel/task/context.h"
#include "kernel/task/timer.h"

#define SAMPLE_NS 5000000000ull
#define ONE (1ull << 16)

/* e^(-5/60), e^(-5/300), e^(-5/900), 16.16. */
static const uint64_t keeps[3] = {60296, 64453, 65173};
static uint64_t averages[3];
static struct timer sampler;

static void sample(struct timer *t)
{
    uint64_t now = (uint64_t)runnable_count() * ONE;
    for (int i = 0; i < 3; i++) {
        uint64_t sum = averages[i] * keeps[i] + now * (ONE - keeps[i]);
        __atomic_store_n(&averages[i], (sum + (now > averages[i] ? ONE - 1 : 0)) / ONE, __ATOMIC_RELAXED);
    }
    timer_arm_again(t, t->deadline_ns + SAMPLE_NS);
}

void load_start(void)
{
    timer_init(&sampler, sample);
    timer_arm(&sampler, arch_time_ns() + SAMPLE_NS);
}

void load_average(uint64_t *out_1, uint64_t *out_5, uint64_t *out_15)
{
    *out_1 = __atomic_load_n(&averages[0], __ATOMIC_RELAXED);
    *out_5 = __atomic_load_n(&averages[1], __ATOMIC_RELAXED);
    *out_15 = __atomic_load_n(&averages[2], __ATOMIC_RELAXED);
}
