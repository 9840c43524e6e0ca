/* SPDX-License-Identifier: MIT
 * Words that were read become arguments (expand.h). What a mixed word becomes is collected twice: as text, and as a pattern in which
 * quoted bytes follow a backslash. */
#include "expand/expand.h"
#include <stdlib.h>
#include <string.h>

static bool read_selection(struct shell *sh, struct word *word, struct slice *out_slice)
{
    char *text;
    if (!expand_string(sh, word, &text)) return false;
    *out_slice = slice_parse(text);
    return true;
}

/* The statements of the program's own words are read once, those of words made while running each time. */
static bool process_text(struct shell *sh, struct part *part, char **out_text)
{
    if (part->kept && !part->read) {
        part->body = parse_all(part->program, part->text, part->size, part->origin ? part->origin + 2 : nullptr);
        part->read = true;
    }
    return capture(sh, part, out_text);
}

/* The text of a part that gives one. */
static bool part_text(struct shell *sh, struct part *part, char **out_text)
{
    struct slice slice;
    switch (part->kind) {
    case PART_VARIABLE:
        if (!variable_text(sh, part->text, part->hash, out_text)) return false;
        break;
    case PART_NAMESPACE:
        if (!namespace_text(sh, part->text, out_text)) return false;
        break;
    case PART_PROCESS:
        if (!process_text(sh, part, out_text)) return false;
        break;
    case PART_METHOD:
        if (!string_method(sh, part->text, &part->arguments, out_text)) return false;
        break;
    case PART_ARITHMETIC: return *out_text = arithmetic(sh, part->text), true;
    case PART_TILDE: return tilde_text(sh, part->text, out_text);
    default: return *out_text = part->text, true;
    }
    if (!part->selection) return true;
    if (!read_selection(sh, part->selection, &slice)) return false;
    *out_text = slice_string(sh, *out_text, &slice);
    return true;
}

/* What `[SEL]` leaves of a list: out of range is nothing, or an error. */
static bool select_from(struct shell *sh, const struct list *from, const struct slice *slice, bool strict, struct list *out)
{
    size_t start, end;
    if (slice->kind == SLICE_KEY) return fail(sh, "expansion error: can't use key '%s' on array", slice->text);
    if (!slice_resolve(slice, from->count, &start, &end)) {
        if (!strict) return true;
        if (slice->kind == SLICE_INDEX)
            return fail(sh, "expansion error: Invalid index %s for sequence with length %zu", slice->text, from->count);
        return fail(sh, "expansion error: Invalid range between (%ld,%ld) for sequence with length %zu", slice->from,
                    slice->open_end ? (long)from->count : slice->to, from->count);
    }
    for (size_t i = start; i < end; i++) list_add(out, from->at[i]);
    return true;
}

static bool select_key(struct shell *sh, const struct value *map, const struct slice *slice, struct list *out)
{
    if (slice->kind == SLICE_RANGE) return fail(sh, "expansion error: Can't parse '%s' as a valid index for variable", slice->text);
    const struct value *value = value_get(map, slice->text);
    if (value) value_flatten(value, out);
    else list_add(out, "");
    return true;
}

/* One element of an array, without a copy of all the others. */
static bool select_index(struct shell *sh, const struct value *array, const struct slice *slice, struct list *out)
{
    size_t start, end;
    if (!slice_resolve(slice, array->count, &start, &end))
        return fail(sh, "expansion error: Invalid index %s for sequence with length %zu", slice->text, array->count);
    value_flatten(array->entries[start].value, out);
    return true;
}

static bool array_variable(struct shell *sh, struct part *part, struct list *out)
{
    const struct value *value = scope_find_hashed(sh->scope, part->text, part->hash);
    if (!value_is_variable(value)) {
        if (getenv(part->text)) return fail(sh, "expansion error: can't expand a scalar value '%s' as an array-like", part->text);
        return fail(sh, "expansion error: Variable \"%s\" does not exist", part->text);
    }
    if (value->kind == VALUE_STRING) return fail(sh, "expansion error: can't expand a scalar value '%s' as an array-like", part->text);
    char *selection;
    if (!part->selection) return value_flatten(value, out), true;
    if (!expand_string(sh, part->selection, &selection)) return false;
    value = scope_find_hashed(sh->scope, part->text, part->hash);
    if (!value_is_variable(value)) return fail(sh, "expansion error: Variable \"%s\" does not exist", part->text);
    if (value_is_map(value)) {
        struct slice slice = slice_parse(selection);
        return select_key(sh, value, &slice, out);
    }
    struct list all = list_make(&sh->scratch), selectors = list_make(&sh->scratch);
    split_words(selection, &selectors);
    if (!selectors.count) list_add(&selectors, "");
    for (size_t i = 0; i < selectors.count; i++) {
        struct slice slice = slice_parse(selectors.at[i]);
        if (slice.kind == SLICE_KEY)
            return fail(sh, "expansion error: index '%s' is not valid for array variable '%s'", selectors.at[i], part->text);
        if (slice.kind == SLICE_INDEX) {
            if (!select_index(sh, value, &slice, out)) return false;
            continue;
        }
        if (!all.count) value_flatten(value, &all);
        if (!select_from(sh, &all, &slice, true, out)) return false;
    }
    return true;
}

void split_blanks(char *text, struct list *out)
{
    while (*text) {
        while (is_blank(*text)) text++;
        if (!*text) return;
        list_add(out, text);
        while (*text && !is_blank(*text)) text++;
        if (*text) *text++ = 0;
    }
}

/* The elements of a part that gives an array. */
static bool part_list(struct shell *sh, struct part *part, struct list *out)
{
    struct list all = list_make(&sh->scratch), *to = part->selection ? &all : out;
    struct slice slice;
    char *text;
    if (part->kind == PART_ARRAY) return array_variable(sh, part, out);
    if (part->kind == PART_ARRAY_PROCESS) {
        if (!process_text(sh, part, &text)) return false;
        split_blanks(text, to);
    } else if (part->kind == PART_ARRAY_METHOD) {
        if (!array_method(sh, part->text, &part->arguments, to)) return false;
    } else if (!expand_words(sh, &part->arguments, to)) {
        return false;
    }
    if (!part->selection) return true;
    return read_selection(sh, part->selection, &slice) && select_from(sh, &all, &slice, part->kind == PART_LITERAL, out);
}

/* Where in the program it went wrong: the innermost word that has a place. */
bool word_blame(struct shell *sh, const struct word *word)
{
    if (word->origin && word->program->text) error_at(sh, word->program, *word->origin, strlen(word->raw));
    return false;
}

/* The same of one part of it. */
static bool mark_part(struct shell *sh, const struct part *part)
{
    if (part->origin && part->program->text) error_at(sh, part->program, *part->origin, part->width);
    return false;
}

struct mixed {
    struct buf text, pattern;
    bool globbing;
};

static void put(struct mixed *m, const char *text, size_t size, bool special)
{
    buf_bytes(&m->text, text, size);
    for (size_t i = 0; m->globbing && i < size; i++) {
        if (!special && strchr("*?[]\\", text[i])) buf_char(&m->pattern, '\\');
        buf_char(&m->pattern, text[i]);
    }
}

static bool put_part(struct shell *sh, struct part *part, struct mixed *m)
{
    if (part->kind <= PART_PATTERN) return put(m, part->text, part->size, part->kind == PART_PATTERN), true;
    char *text;
    bool array = part->kind >= PART_ARRAY && part->kind <= PART_LITERAL;
    if (array) {
        struct list elements = list_make(&sh->scratch);
        if (!part_list(sh, part, &elements)) return mark_part(sh, part);
        text = list_join(&elements, " ");
    } else if (!part_text(sh, part, &text)) {
        return mark_part(sh, part);
    }
    put(m, text, strlen(text), false);
    return m->text.size <= sh->text_max || fail(sh, "expansion error: a text of more than %zu bytes", sh->text_max);
}

static bool expand_mixed(struct shell *sh, struct word *word, bool braced, struct list *out)
{
    struct mixed m = {.text = buf_make(&sh->scratch), .globbing = word->globbing};
    if (m.globbing) m.pattern = buf_make(&sh->scratch);
    for (struct part *part = word->parts; part; part = part->next)
        if (!put_part(sh, part, &m)) return false;
    size_t before = out->count;
    if (m.globbing && (!braced || strchr(m.pattern.at, '*'))) {
        glob_expand(m.pattern.at, out);
        if (out->count > before || braced) return true;
    }
    list_add(out, m.text.at);
    return true;
}

static bool expand_braces(struct shell *sh, struct word *word, struct list *out);

static bool expand_shape(struct shell *sh, struct word *word, bool braced, struct list *out)
{
    char *text;
    switch (word->shape) {
    case WORD_STRING:
        if (!part_text(sh, word->parts, &text)) return mark_part(sh, word->parts);
        list_add(out, text);
        return true;
    case WORD_ARRAY: return part_list(sh, word->parts, out) || mark_part(sh, word->parts);
    case WORD_MIXED: return expand_mixed(sh, word, braced, out) || word_blame(sh, word);
    case WORD_BRACES: return expand_braces(sh, word, out) || word_blame(sh, word);
    default: list_add(out, word->plain); return true;
    }
}

static bool expand_braces(struct shell *sh, struct word *word, struct list *out)
{
    struct list raws = list_make(&sh->scratch);
    if (!brace_expand(sh, word->raw, &raws)) return false;
    for (size_t i = 0; i < raws.count; i++) {
        struct word one = word_make(&sh->scratch, raws.at[i]);
        word_ready(&one);
        if (one.shape == WORD_BRACES) list_add(out, one.raw);
        else if (!expand_shape(sh, &one, true, out)) return false;
    }
    return true;
}

bool expand_word(struct shell *sh, struct word *word, struct list *out)
{
    word_ready(word);
    if (word->shape == WORD_PLAIN) return list_add(out, word->plain), true;
    if (!enter(sh)) return word_blame(sh, word);
    bool expanded = expand_shape(sh, word, false, out);
    leave(sh);
    return expanded;
}

bool expand_words(struct shell *sh, struct words *words, struct list *out)
{
    for (size_t i = 0; i < words->count; i++)
        if (!expand_word(sh, &words->at[i], out)) return false;
    return true;
}

bool expand_string(struct shell *sh, struct word *word, char **out_text)
{
    word_ready(word);
    if (word->shape == WORD_PLAIN) return *out_text = word->plain, true;
    struct list words = list_make(&sh->scratch);
    if (!expand_word(sh, word, &words)) return false;
    *out_text = words.count ? list_join(&words, " ") : "";
    return true;
}

bool expand_raw(struct shell *sh, const char *raw, struct list *out)
{
    struct word word = word_make(&sh->scratch, (char *)raw);
    return expand_word(sh, &word, out);
}

bool expand_array_literal(struct shell *sh, const char *raw, struct list *out)
{
    size_t size = skip_group(raw, 0);
    struct words words = words_make(&sh->scratch, arena_copy(&sh->scratch, raw + 1, size < 2 ? 0 : size - 2), nullptr, nullptr);
    return expand_words(sh, &words, out);
}
