/* SPDX-License-Identifier: MIT
 * What a native process finds when it starts: rdi points to this block, in a read-only page at the top of its stack area. */
#pragma once
#include "abi/handle.h"

#define START_MAGIC 0x3130545241545348ull
#define START_HANDLES_MAX 32u
struct start_handle { char name[24]; handle_t handle; uint32_t reserved; };
struct start_block {
    uint64_t magic;
    uint64_t clock_page;            /* address of struct clock_page */
    uint64_t random[4];             /* seed for this process alone */
    uint32_t handle_count, argument_count;
    struct start_handle handles[START_HANDLES_MAX];
    uint32_t arguments_bytes;       /* zero-terminated strings, one after the other */
    char     arguments[1532];
};
static_assert(sizeof(struct start_block) < 4096);

/* The names of the handles that the kernel gives init: "log", "hardware" (abi/protocol/hardware.proto), "initfs" (memory
 * object, read-only), "boot" (memory object holding struct boot_info), "identity" (the first identity domain), "null", "zero",
 * "clock" (memory object: the clock page, read-only; whoever starts a process maps it there).
 * Names that init gives others by convention: "log", "clock", "init" (abi/protocol/init.proto), "endpoint" (its own scheme's,
 * RIGHT_MANAGE), "table" (the process table of abi/credential.h, made by init so that it outlives procd, who alone may write it),
 * the name of a scheme ("vfs", "proc", "tty": its root resource, token 0), and what its unit file names. */
