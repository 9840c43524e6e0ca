/* SPDX-License-Identifier: MIT
 * The memory functions that a freestanding compiler calls, and nothing that stops at a zero byte of unknown place. */
#pragma once
#include "base/types.h"

#ifdef MH_HOST
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
#endif
/* Length of a zero-terminated string that is at most `limit` long. */
size_t string_length(const char *text, size_t limit);

/* A freestanding compiler takes these for any functions; told that they are the ones it knows, it makes a few moves of a short copy
 * whose length it can see. */
#ifndef MH_HOST
#define memcpy(to, from, length) __builtin_memcpy(to, from, length)
#define memmove(to, from, length) __builtin_memmove(to, from, length)
#define memset(to, byte, length) __builtin_memset(to, byte, length)
#define memcmp(a, b, length) __builtin_memcmp(a, b, length)
#endif
