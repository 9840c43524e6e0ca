/* SPDX-License-Identifier: MIT
 * The checked flavour (MH_CHECK=1): allocations that fail when a test says so. A context says which of its own next ones shall
 * fail; `fail=N` on the command line makes every Nth of all fail, from the first process on. */
#pragma once
#include "base/types.h"

struct boot_info;

#ifdef MH_CHECK
#define SYS_SHORTAGE 0x1ffe /* for tests/guest/shortage alone: n (0: none) -> see shortage_set */

bool shortage_strikes(void); /* asked by each allocation: fail now? */
/* The nth allocation from now on of the current context fails. Answers how many it made since the last call, and bit 62 when
 * one of them failed. */
uint64_t shortage_set(uint64_t n);
void shortage_from_boot(const struct boot_info *boot);
#else
static inline bool shortage_strikes(void) { return false; }
static inline void shortage_from_boot(const struct boot_info *boot) { (void)boot; }
#endif
