/* SPDX-License-Identifier: MIT
 * System-call numbers; the table with their arguments is abi/syscall.def. */
#pragma once
#include <stdint.h>

#define SYSCALL_FIRST 0x1000
enum syscall_number : uint32_t {
#define SYSCALL(number, name, arguments) SYS_##name = number,
#include "abi/syscall.def"
#undef SYSCALL
};
#define SYSCALL_LIMIT 0x1078 /* one past the last */
#define SYSCALL_COUNT (SYSCALL_LIMIT - SYSCALL_FIRST)
