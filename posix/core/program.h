/* SPDX-License-Identifier: MIT
 * The program's memory. Every access of the library to it goes through these or through a native call: an address that cannot be
 * read or written is -LINUX_EFAULT, never a fault. They return 0 or that. Written in copy.S, inside the fault range. */
#pragma once
#include "base/types.h"

int64_t program_read(void *to, uint64_t from, uint64_t length);
int64_t program_write(uint64_t to, const void *from, uint64_t length);
int64_t program_clear(uint64_t to, uint64_t length);
int64_t program_read_u32(uint64_t from, uint32_t *out);
int64_t program_read_u64(uint64_t from, uint64_t *out);
int64_t program_write_u32(uint64_t to, uint32_t value);
int64_t program_write_u64(uint64_t to, uint64_t value);
/* poll's answer: struct poll_entry[count] into struct pollfd[count], each `ready` by the table of 128. How many are not zero. */
int64_t program_write_revents(uint64_t pollfds, const void *entries, uint64_t count, const uint16_t *table);
/* Length without the zero, at most `limit`: a result equal to `limit` means that there was no zero; negative: EFAULT. */
int64_t program_string_length(uint64_t from, uint64_t limit);
/* Atomically: *out = *at; if it is `expected`, *at = value. */
int64_t program_exchange_u32(uint64_t at, uint32_t expected, uint32_t value, uint32_t *out);
/* Vector state; `at` aligned to 64. mask: the XSAVE components; 0: FXSAVE. The header must be zero before a save. */
int64_t program_save_vectors(uint64_t at, uint64_t mask);
int64_t program_restore_vectors(uint64_t at, uint64_t mask);

#define PROGRAM_READ(pointer, from) program_read((pointer), (from), sizeof *(pointer))
#define PROGRAM_WRITE(to, pointer) program_write((to), (pointer), sizeof *(pointer))

/* Returns from a call with the negative errno. */
#define TRY_LINUX(expression)                              \
    do {                                                   \
        int64_t try_linux_ = (expression);                 \
        if (__builtin_expect(try_linux_ < 0, 0))           \
            return try_linux_;                             \
    } while (0)
