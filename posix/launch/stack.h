/* SPDX-License-Identifier: MIT
 * The first stack of a program: what the x86_64 System V ABI and Linux say lies there when its first instruction runs. Pure:
 * writes into a buffer what belongs at addresses that it says. From low to high:
 *     argc, argv..., 0, envp..., 0, auxv..., { 0, 0 }, 16 random bytes, "x86_64", the strings, 8 zero bytes, top */
#pragma once
#include "base/span.h"
#include "posix/launch/strings.h"

enum : uint64_t {
    LINUX_AT_NULL = 0, LINUX_AT_PHDR = 3, LINUX_AT_PHENT = 4, LINUX_AT_PHNUM = 5, LINUX_AT_PAGESZ = 6, LINUX_AT_BASE = 7,
    LINUX_AT_FLAGS = 8, LINUX_AT_ENTRY = 9, LINUX_AT_UID = 11, LINUX_AT_EUID = 12, LINUX_AT_GID = 13, LINUX_AT_EGID = 14,
    LINUX_AT_PLATFORM = 15, LINUX_AT_HWCAP = 16, LINUX_AT_CLKTCK = 17, LINUX_AT_SECURE = 23, LINUX_AT_RANDOM = 25,
    LINUX_AT_HWCAP2 = 26, LINUX_AT_EXECFN = 31, LINUX_AT_SYSINFO_EHDR = 33, LINUX_AT_MINSIGSTKSZ = 51,
};
struct auxiliary { uint64_t type, value; };

struct stack_input {
    const struct exec_strings *strings;
    const struct auxiliary *values;      /* without NULL, PLATFORM, RANDOM and EXECFN: those are added */
    size_t value_count;
    uint64_t top;                        /* 16-byte aligned */
    uint8_t random[16];
};
struct stack_output {
    uint64_t stack_pointer;              /* what is in the buffer goes here */
    size_t bytes;
    uint64_t strings_address;            /* and exec_strings_view() here */
    uint64_t arguments_end, environment_end;
};

/* How large the buffer must be. */
size_t stack_table_bytes(const struct stack_input *in);
/* PROTOCOL: the strings are not as many as they say; TOO_BIG: the buffer is too small. `buffer` aligned to 8. */
enum status stack_build(const struct stack_input *in, struct span buffer, struct stack_output *out);
