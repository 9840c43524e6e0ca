/* SPDX-License-Identifier: MIT
 * More contexts (threads) for a native program. They share everything; what they both touch needs heap/lock.h or an atomic. */
#pragma once
#include "abi/handle.h"
#include "abi/status.h"
#include "base/types.h"

/* Runs run(argument) in a context of its own, on a stack of `stack_bytes` (0: 64 KiB) with a guard page below. The context ends when run
 * returns; its stack stays mapped. */
enum status context_start(void (*run)(void *argument), void *argument, size_t stack_bytes, handle_t *out_context);
