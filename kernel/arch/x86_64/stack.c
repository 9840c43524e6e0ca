/* SPDX-License-Identifier: MIT
 * Telling a kernel stack overflow from any other double fault. */
#include "kernel/mm/kernel_stack.h"
#include "machine_private.h"

extern const char boot_stack_guard[];

static bool is_guard(uint64_t address) { return address - (uint64_t)boot_stack_guard < 4096 || kernel_stack_is_guard(address); }

/* The push that overflowed faulted, and pushing that fault's frame faulted again: CR2 lies in the guard page. */
bool stack_overflowed(const struct trap_frame *f, uint64_t address) { return is_guard(address) || is_guard(f->rsp - 8); }
