/* SPDX-License-Identifier: MIT
 * Time: the TSC scaled to nanoseconds. rate.* is constant once clock_init has run; before that time stands at 0. */
#include "arch/machine.h"
#include "asm.h"
#include "early.h"
#include "machine_private.h"

static struct { uint64_t base_tsc, hz, multiplier; } rate;

uint64_t arch_tsc(void) { return asm_tsc(); }
uint64_t arch_tsc_hz(void) { return rate.hz; }
uint64_t arch_time_multiplier(void) { return rate.multiplier; }
uint64_t arch_time_base_tsc(void) { return rate.base_tsc; }

uint64_t arch_time_ns(void)
{
    return (uint64_t)((unsigned __int128)(asm_tsc() - rate.base_tsc) * rate.multiplier >> 32);
}
