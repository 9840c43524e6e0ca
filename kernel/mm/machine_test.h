/* SPDX-License-Identifier: MIT
 * A machine for unit tests: one CPU, and "physical memory" that is an array. */
#pragma once
#include "base/types.h"

#define TEST_MEMORY_BYTES (16ull << 20)

/* Frames and heap as after boot, with all memory free but what they need; again before each test that counts. */
void test_machine_start(void);
