/* SPDX-License-Identifier: MIT
 * Taking back clean pages of paged files, when frames run low: a clock hand over all frames. */
#pragma once
#include "base/types.h"

#define RECLAIM_BATCH 32u

/* Tries to free about `frames`; how many it got. No spinlock held. */
uint64_t reclaim(uint64_t frames);
