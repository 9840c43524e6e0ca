/* SPDX-License-Identifier: MIT
 * The program's heap (heap/heap.h) by C's names. */
#pragma once
#include <stddef.h>
void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void free(void *block);
[[noreturn]] void abort(void);
