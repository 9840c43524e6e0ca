/* SPDX-License-Identifier: MIT
 * The load: how many contexts run or are ready, averaged over 1, 5 and 15 minutes. */
#pragma once
#include "base/types.h"

void load_start(void);                             /* on the boot CPU, once timers work */
void load_average(uint64_t *out_1, uint64_t *out_5, uint64_t *out_15); /* 16.16 fixed point */
