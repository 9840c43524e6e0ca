/* SPDX-License-Identifier: MIT
 * What a foreign library asserts, it may break only by a fault of its own. */
#pragma once
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())
