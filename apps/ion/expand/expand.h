/* SPDX-License-Identifier: MIT
 * From words to arguments. All results are in the shell's scratch arena. False: a hard error, in sh->error. */
#pragma once
#include "run/run.h"

/* Arguments of one word: braces, variables, arrays, globs. */
[[nodiscard]] bool expand_word(struct shell *sh, struct word *word, struct list *out);
/* The same as one string, several arguments joined by blanks. */
[[nodiscard]] bool expand_string(struct shell *sh, struct word *word, char **out_text);
[[nodiscard]] bool expand_words(struct shell *sh, struct words *words, struct list *out);
[[nodiscard]] bool expand_raw(struct shell *sh, const char *raw, struct list *out);
/* The elements of `[...]`, with its brackets. */
[[nodiscard]] bool expand_array_literal(struct shell *sh, const char *raw, struct list *out);

/* The pieces between blanks; cuts the text up. */
void split_blanks(char *text, struct list *out);

/* variable.c: what `$name` and the inside of `${...}` stand for. */
[[nodiscard]] bool variable_text(struct shell *sh, const char *name, uint32_t hash, char **out_text);
[[nodiscard]] bool namespace_text(struct shell *sh, const char *inside, char **out_text);
[[nodiscard]] bool tilde_text(struct shell *sh, const char *rest, char **out_text);
/* color.c */
[[nodiscard]] bool color_text(struct shell *sh, char *list, char **out_text);

/* brace.c: raw words without braces. */
[[nodiscard]] bool brace_expand(struct shell *sh, const char *raw, struct list *out);
/* glob.c: what the pattern (quoted bytes after a backslash) names, sorted; nothing when nothing matches. */
void glob_expand(const char *pattern, struct list *out);
/* arith.c: an error becomes the text, as the language has it. */
char *arithmetic(struct shell *sh, const char *expression);
/* The same without looking up names; null with *out_why when it is wrong. */
char *calculate(struct arena *arena, const char *expression, const char **out_why);
/* method.c */
[[nodiscard]] bool string_method(struct shell *sh, const char *name, struct words *arguments, char **out_text);
[[nodiscard]] bool array_method(struct shell *sh, const char *name, struct words *arguments, struct list *out);
const char *method_name(bool arrays, size_t index);
char *unescape(struct arena *arena, const char *text, bool *out_stop);

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
/* The whole text is a signed number. */
bool whole_number(const char *text, long *out_number);
