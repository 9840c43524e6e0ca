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
