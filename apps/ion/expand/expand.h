/* SPDX-License-Identifier: MIT
 * From raw words to arguments. All results are in the shell's scratch arena. False: a hard error, in sh->error. */
#pragma once
#include "run/run.h"

/* Arguments of one raw word: braces, variables, arrays, globs. */
[[nodiscard]] bool expand_word(struct shell *sh, const char *raw, struct list *out);
/* The same as one string, several arguments joined by blanks. */
[[nodiscard]] bool expand_string(struct shell *sh, const char *raw, char **out_text);
[[nodiscard]] bool expand_words(struct shell *sh, const struct list *raw, struct list *out);
/* The elements of `[...]`, with its brackets. */
[[nodiscard]] bool expand_array_literal(struct shell *sh, const char *raw, struct list *out);
bool is_bracketed(const char *raw);

/* brace.c: raw words without braces. */
[[nodiscard]] bool brace_expand(struct shell *sh, const char *raw, struct list *out);
/* glob.c: what the pattern (quoted bytes after a backslash) names, sorted; nothing when nothing matches. */
void glob_expand(const char *pattern, struct list *out);
/* arith.c: an error becomes the text, as the language has it. */
char *arithmetic(struct shell *sh, const char *expression);
/* method.c */
[[nodiscard]] bool string_method(struct shell *sh, const char *name, const char *arguments, char **out_text);
[[nodiscard]] bool array_method(struct shell *sh, const char *name, const char *arguments, struct list *out);
const char *method_name(bool arrays, size_t index);
char *unescape(struct arena *arena, const char *text);

/* slice.c */
struct slice {
    enum : uint8_t { SLICE_INDEX, SLICE_RANGE, SLICE_KEY } kind;
    long from, to;           /* negative: from the end */
    bool open_end, inclusive;
    const char *text;
};
struct slice slice_parse(const char *text);
/* Into [start, end) of a sequence; false when out of range. */
bool slice_resolve(const struct slice *slice, size_t length, size_t *out_start, size_t *out_end);
char *slice_string(struct shell *sh, const char *text, const struct slice *slice);
/* A range of a `for` or a brace: false when the text is none. */
struct range {
    long from, step;
    unsigned long count;
    bool letters;
    int width;
};
bool range_parse(const char *text, struct range *out_range);
char *range_at(struct arena *arena, const struct range *range, unsigned long index);

/* text.c: grapheme clusters of UTF-8. */
size_t grapheme_size(const char *at);
size_t grapheme_count(const char *text);
size_t code_point_size(const char *at);
