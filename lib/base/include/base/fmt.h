/* SPDX-License-Identifier: MIT
 * Formatting without allocation. Understands %d %i %u %x %X %p %c %s %% with l, ll, z, width, 0 and -, %.*s and %.Ns; nothing else. */
#pragma once
#include "base/span.h"
#include <stdarg.h>

/* Writes at most size-1 bytes and a terminating zero; returns what the full text would need, without the zero. */
size_t fmt(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t fmt_v(char *to, size_t size, const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));
