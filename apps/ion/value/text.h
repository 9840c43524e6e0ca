/* SPDX-License-Identifier: MIT
 * Grapheme clusters of UTF-8, near enough. */
#pragma once
#include <stddef.h>
#include <stdint.h>

size_t grapheme_size(const char *at);
size_t grapheme_count(const char *text);
size_t code_point_size(const char *at);
/* Bytes of the white space that is here, as Unicode has it; 0: something else. */
size_t space_size(const char *at);
uint32_t code_point(const char *at);
/* Writes at most 4 bytes; how many. */
size_t code_point_put(uint32_t c, char *out);
/* The other case of a letter, if it has one of a single code point: Latin, Greek, Cyrillic, Armenian, Georgian left out. */
uint32_t code_point_case(uint32_t c, bool upper);
