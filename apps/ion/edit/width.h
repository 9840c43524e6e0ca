/* SPDX-License-Identifier: MIT
 * How much of a terminal's row text takes. Text is UTF-8 with its size; bytes that are none count as U+FFFD, one byte each.
 * A cluster is what the cursor steps over: a code point with the marks on it, joined pictures, a pair of flag letters. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* The code point at text[at] and its bytes; at < size. */
uint32_t utf8_decode(const char *text, size_t size, size_t at, size_t *out_bytes);
/* Writes at most 4 bytes; how many. */
size_t utf8_encode(uint32_t code_point, char *out);
/* Columns: 0 for marks, 2 for wide ones, else 1. Control characters count 1; who shows them decides. */
unsigned code_point_width(uint32_t code_point);
/* The bytes of the cluster at text[at], 0 at the end; its columns. */
size_t cluster_size(const char *text, size_t size, size_t at);
unsigned cluster_width(const char *text, size_t bytes);
/* Where the cluster before `at` begins. */
size_t cluster_before(const char *text, size_t size, size_t at);
/* Columns of all of it. */
size_t text_width(const char *text, size_t size);
