/* SPDX-License-Identifier: MIT
 * Regular expressions as the language knows them: leftmost, the first alternative that works, lazy repeats, named groups, \d \w \s \b,
 * (?i) and its like. A search takes time linear in text times pattern, whatever the pattern; a pattern that would become
 * too large is refused. Characters are code points of UTF-8; classes such as \d are ASCII. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { REGEX_GROUPS_MAX = 32 };
struct regex;
/* Null: *out_why says what is wrong with it. */
struct regex *regex_make(const char *pattern, const char **out_why);
void regex_free(struct regex *regex);
struct regex_match {
    /* Byte offsets; -1 where a group took no part. Group 0 is all. */
    long start[REGEX_GROUPS_MAX], end[REGEX_GROUPS_MAX];
};
/* The first match that starts at `from` or later. */
bool regex_search(const struct regex *regex, const char *text, size_t size, size_t from, struct regex_match *out_match);
/* The number of a named group, or -1. */
int regex_group(const struct regex *regex, const char *name, size_t size);
size_t regex_group_count(const struct regex *regex);
/* The whole text; compiled patterns are remembered for the next time. */
bool regex_matches_whole(const char *pattern, const char *text);
/* A pattern from the memory of recent ones, or made; owned by the memory. */
const struct regex *regex_recent(const char *pattern, const char **out_why);
