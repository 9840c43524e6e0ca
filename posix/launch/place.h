/* SPDX-License-Identifier: MIT
 * Where the parts of a POSIX process lie in its address space. Everything below `program` is left to programs that ask for addresses. */
#pragma once
#include "abi/memory.h"
#include "abi/process.h"
#include "base/types.h"

#define POSIX_STACK_BYTES (8ull << 20)
#define POSIX_STACK_BYTES_MAX (64ull << 20)
struct posix_place {
    uint64_t program;       /* base of a position-independent program; its break follows it */
    uint64_t interpreter;   /* base of its dynamic loader */
    uint64_t image, clock, table, state, arena, vdso; /* the library's: one region */
    uint64_t stack_top;
};
/* Pure: the addresses that these random numbers give. */
void posix_place_choose(const uint64_t random[4], struct posix_place *out);
