/* SPDX-License-Identifier: MIT
 * Kernel stacks: 16 KiB with an unmapped page below. Freed ones are kept mapped for the next context. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

#define KERNEL_STACK_BYTES 16384u

enum status kernel_stack_allocate(uint64_t *out_base, uint64_t *out_top);
void kernel_stack_free(uint64_t base);
bool kernel_stack_is_guard(uint64_t address); /* a fault here is a stack overflow */
