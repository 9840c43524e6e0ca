/* SPDX-License-Identifier: MIT
 * lib/base's moves, and the few others that foreign sources use. */
#pragma once
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t length);
char *strchr(const char *text, int byte);
