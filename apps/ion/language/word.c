/* SPDX-License-Identifier: MIT
 * A raw word becomes parts, once: texts without their quotes, and what is looked up each time that the word is used. Words of the
 * program stay in its arena, words made while running (from braces, from arguments of methods) in the scratch of the shell. */
#include "language/syntax.h"
#include "value/value.h"
#include <ctype.h>
#include <string.h>

struct word word_make(struct arena *arena, char *raw)
{
    return (struct word){.raw = raw, .arena = arena};
}

struct words words_make(struct arena *arena, const char *text, struct program *program, const struct place *origin)
{
    struct list raw = list_make(arena);
    const char *at = text;
    split_words(text, &raw);
    struct words words = {arena_alloc(arena, raw.count * sizeof(struct word)), raw.count};
    for (size_t i = 0; i < raw.count; i++) {
        words.at[i] = word_make(arena, raw.at[i]);
        words.at[i].program = program;
        while (isspace((unsigned char)*at)) at++;
        if (origin) words.at[i].origin = origin + (at - text);
        at += strlen(raw.at[i]);
    }
    return words;
}

size_t name_size(const char *at)
{
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || at[size] == '_' || (unsigned char)at[size] >= 0x80) size++;
    return size;
}

bool is_bracketed(const char *raw)
{
    return *raw == '[' && !raw[skip_group(raw, 0)] && raw[strlen(raw) - 1] == ']';
}

struct maker {
    struct word *word;
    const char *base;        /* the text being read, and where that is from */
    const struct place *origin;
    struct arena *arena;
    struct part **tail;
    struct buf text;
    bool pattern;            /* the text being collected is one */
    bool array_inside_quotes;
};

static void end_text(struct maker *m)
{
    if (!m->text.size) return;
    struct part *part = *m->tail = arena_alloc(m->arena, sizeof *part);
    *part = (struct part){.kind = m->pattern ? PART_PATTERN : PART_TEXT, .text = m->text.at, .size = m->text.size};
    m->word->globbing = m->word->globbing || m->pattern;
    m->tail = &part->next;
    m->text = buf_make(m->arena);
    m->pattern = false;
}

static void put(struct maker *m, char c, bool pattern)
{
    if (pattern != m->pattern) end_text(m);
    m->pattern = pattern;
    buf_char(&m->text, c);
}

static const struct place *origin_of(const struct maker *m, const char *at)
{
    return m->origin ? m->origin + (at - m->base) : nullptr;
}

/* The inside of the bracket at **at; *at goes past its partner. */
static char *take_group(struct maker *m, const char **at)
{
    size_t size = skip_group(*at, 0);
    char *inside = arena_copy(m->arena, *at + 1, size < 2 ? 0 : size - 2);
    *at += size;
    return inside;
}

/* `from` to `to`: what it is written as. */
static struct part *add(struct maker *m, enum part_kind kind, char *text, const char *from, const char *to)
{
    end_text(m);
    struct part *part = *m->tail = arena_alloc(m->arena, sizeof *part);
    *part = (struct part){.kind = kind, .text = text, .size = strlen(text), .program = m->word->program, .origin = origin_of(m, from),
                          .width = (uint32_t)(to - from), .kept = m->word->program && m->word->arena == &m->word->program->arena};
    m->tail = &part->next;
    return part;
}

static void add_selection(struct maker *m, struct part *part, const char **at)
{
    if (**at != '[') return;
    const char *open = *at;
    part->selection = arena_alloc(m->arena, sizeof *part->selection);
    *part->selection = word_make(m->arena, take_group(m, at));
    part->selection->program = m->word->program;
    part->selection->origin = origin_of(m, open + 1);
    part->width += (uint32_t)(*at - open);
}

static struct words inner_words(struct maker *m, const char **at)
{
    const struct place *origin = origin_of(m, *at + 1);
    return words_make(m->arena, take_group(m, at), m->word->program, origin);
}

static void add_method(struct maker *m, enum part_kind kind, char *name, const char *sigil, const char **at)
{
    struct part *part = add(m, kind, name, sigil, *at + skip_group(*at, 0));
    part->arguments = inner_words(m, at);
    bool string = kind == PART_METHOD && strcmp(name, "join") != 0;
    if (!string) add_selection(m, part, at);
}

/* At a `$`. */
static void take_string(struct maker *m, const char **at)
{
    const char *p = *at + 1, *sigil = *at;
    struct part *part;
    if (p[0] == '(' && p[1] == '(') {
        char *inside = take_group(m, &p);
        size_t size = strlen(inside);
        part = add(m, PART_ARITHMETIC, arena_copy(m->arena, inside + 1, size > 1 ? size - 2 : 0), sigil, p);
    } else if (*p == '(') {
        char *inside = take_group(m, &p);
        part = add(m, PART_PROCESS, inside, sigil, p);
        add_selection(m, part, &p);
    } else if (*p == '{') {
        char *name = take_group(m, &p);
        part = add(m, strstr(name, "::") ? PART_NAMESPACE : PART_VARIABLE, name, sigil, p);
        part->hash = name_hash(name);
        add_selection(m, part, &p);
    } else {
        size_t size = *p == '?' ? 1 : name_size(p);
        char *name = arena_copy(m->arena, p, size);
        p += size;
        if (*p == '(' && size) {
            add_method(m, PART_METHOD, name, sigil, &p);
        } else {
            part = add(m, PART_VARIABLE, name, sigil, p);
            part->hash = name_hash(name);
            add_selection(m, part, &p);
        }
    }
    *at = p;
}

/* At an `@`. */
static void take_array(struct maker *m, const char **at)
{
    const char *p = *at + 1, *sigil = *at;
    if (*p == '(') {
        char *inside = take_group(m, &p);
        struct part *part = add(m, PART_ARRAY_PROCESS, inside, sigil, p);
        add_selection(m, part, &p);
        *at = p;
        return;
    }
    bool braced = *p == '{';
    size_t size = braced ? 0 : name_size(p);
    char *name = braced ? take_group(m, &p) : arena_copy(m->arena, p, size);
    p += size;
    if (*p == '(' && !braced) {
        add_method(m, PART_ARRAY_METHOD, name, sigil, &p);
    } else {
        struct part *part = add(m, PART_ARRAY, name, sigil, p);
        part->hash = name_hash(name);
        add_selection(m, part, &p);
    }
    *at = p;
}

/* `[abc]` in a word: closed, and nothing in it that a list of words would have. */
static bool is_class(const char *p)
{
    size_t i = 1;
    if (p[i] == '!' || p[i] == '^') i++;
    if (p[i] == ']') i++;
    while (p[i] && p[i] != ']' && !is_blank(p[i]) && !strchr("'\"${}", p[i])) i++;
    return p[i] == ']' && i > 1;
}

static void take_tilde(struct maker *m, const char **at, bool quoted)
{
    size_t size = 1;
    while ((*at)[size] && !is_blank((*at)[size]) && !strchr("/'\"$@:", (*at)[size])) size++;
    if (quoted && size > 1 && !isalnum((unsigned char)(*at)[1])) size = 1;
    add(m, PART_TILDE, arena_copy(m->arena, *at + 1, size - 1), *at, *at + size);
    *at += size;
}

static void take_text(struct maker *m, const char **at, bool quoted)
{
    char c = **at;
    if (!quoted && c == '[' && is_class(*at)) {
        size_t past = (size_t)(strchr(*at + 2, ']') - *at);
        if ((*at)[1] == '!' && (*at)[2] == ']') past = (size_t)(strchr(*at + 3, ']') - *at);
        for (size_t i = 0; i <= past; i++) put(m, (*at)[i], true);
        *at += past + 1;
        return;
    }
    put(m, c, !quoted && (c == '*' || c == '?'));
    ++*at;
}

static void take_all(struct maker *m, const char *p, bool quoted);

/* At a double quote. */
static void take_quoted(struct maker *m, const char **at)
{
    const char *base = m->base;
    const struct place *origin = m->origin, *inside = origin_of(m, *at + 1);
    m->base = take_group(m, at), m->origin = inside;
    take_all(m, m->base, true);
    m->base = base, m->origin = origin;
}

static void take_all(struct maker *m, const char *p, bool quoted)
{
    bool start = true;
    while (*p) {
        char c = *p;
        if (c == '\\') {
            p++;
            if (!*p || !strchr(" '\"$@~?*{}()\\", *p)) put(m, '\\', false);
            if (*p) put(m, *p++, false);
        } else if (!quoted && c == '\'') {
            size_t size = skip_group(p, 0);
            for (size_t i = 1; i + 1 < size; i++) put(m, p[i], false);
            p += size;
        } else if (!quoted && c == '"') {
            take_quoted(m, &p);
        } else if (c == '$' && p[1] != ' ') {
            take_string(m, &p);
        } else if (c == '@' && p[1] != ' ') {
            m->array_inside_quotes = m->array_inside_quotes || quoted;
            take_array(m, &p);
        } else if (c == '~' && start) {
            take_tilde(m, &p, quoted);
        } else {
            take_text(m, &p, quoted);
        }
        start = p[-1] == ' ';
    }
}

static void choose_shape(struct maker *m)
{
    struct word *word = m->word;
    const struct part *only = word->parts;
    word->shape = WORD_MIXED;
    if (!only) {
        word->shape = WORD_PLAIN;
        word->plain = "";
    } else if (only->next || only->kind == PART_PATTERN) {
        return;
    } else if (only->kind == PART_TEXT) {
        word->shape = WORD_PLAIN;
        word->plain = only->text;
    } else if (only->kind < PART_ARRAY || only->kind == PART_TILDE) {
        word->shape = WORD_STRING;
    } else if (!m->array_inside_quotes) {
        word->shape = WORD_ARRAY;
    }
}

/* A group of braces that is not a sigil's, outside quotes and other brackets. */
static bool has_braces(const char *raw)
{
    for (size_t i = 0; raw[i];) {
        if (raw[i] == '{' && (!i || (raw[i - 1] != '$' && raw[i - 1] != '@'))) return true;
        i = strchr("\\'\"([{", raw[i]) ? skip_group(raw, i) : i + 1;
    }
    return false;
}

/* `[a b]` and `[a b][SEL]`; `[ab]*` is a pattern. */
static bool starts_literal(const char *raw)
{
    if (*raw != '[') return false;
    size_t past = skip_group(raw, 0);
    return !raw[past] || raw[past] == '[';
}

void word_read(struct word *word)
{
    const char *raw = word->raw;
    if (!raw[strcspn(raw, "\\'\"$@{[~*?")]) {
        word->plain = word->raw;
        word->shape = WORD_PLAIN;
        return;
    }
    struct maker m = {.word = word, .base = raw, .origin = word->origin, .arena = word->arena, .tail = &word->parts};
    if (starts_literal(raw)) {
        struct part *part = arena_alloc(m.arena, sizeof *part);
        *part = (struct part){.kind = PART_LITERAL, .text = word->raw, .program = word->program, .origin = word->origin,
                              .width = (uint32_t)skip_group(raw, 0)};
        part->arguments = inner_words(&m, &raw);
        add_selection(&m, part, &raw);
        word->parts = part;
        word->shape = WORD_ARRAY;
        return;
    }
    if (has_braces(raw)) {
        word->shape = WORD_BRACES;
        return;
    }
    m.text = buf_make(m.arena);
    take_all(&m, raw, false);
    end_text(&m);
    choose_shape(&m);
}
