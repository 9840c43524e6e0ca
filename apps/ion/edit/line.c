/* SPDX-License-Identifier: MIT
 * The text, its undo and its motions (line.h). Undo keeps whole texts: lines are short, and it cannot go wrong. */
#include "edit/line.h"
#include "edit/width.h"
#include "value/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct line *l, size_t size)
{
    if (size + 1 <= l->capacity) return;
    l->capacity = (size + 1) * 2;
    l->text = heap_resize(l->text, l->capacity);
}

void line_init(struct line *l)
{
    *l = (struct line){};
    reserve(l, 0);
    *l->text = 0;
}

static void forget(struct line_state *states, unsigned *count)
{
    while (*count) free(states[--*count].text);
}

void line_fini(struct line *l)
{
    forget(l->undo, &l->undo_count);
    forget(l->redo, &l->redo_count);
    free(l->text);
    *l = (struct line){};
}

void line_reset(struct line *l)
{
    unsigned version = l->version + 1;
    line_fini(l);
    line_init(l);
    l->version = version;
}

static void push(const struct line *l, struct line_state *states, unsigned *count)
{
    if (*count == UNDO_MAX) {
        free(states[0].text);
        memmove(states, states + 1, (UNDO_MAX - 1) * sizeof *states);
        --*count;
    }
    struct line_state *state = &states[(*count)++];
    *state = (struct line_state){heap_alloc(l->size + 1), l->size, l->cursor};
    memcpy(state->text, l->text, l->size + 1);
}

void line_remember(struct line *l, uint8_t kind)
{
    if (kind && kind == l->run) return;
    l->run = kind;
    push(l, l->undo, &l->undo_count);
    forget(l->redo, &l->redo_count);
}

static void put(struct line *l, const char *text, size_t size)
{
    reserve(l, size);
    memcpy(l->text, text, size);
    l->text[size] = 0;
    l->size = size;
    l->version++;
}

static bool go_back(struct line *l, struct line_state *from, unsigned *from_count, struct line_state *to, unsigned *to_count)
{
    if (!*from_count) return false;
    push(l, to, to_count);
    struct line_state state = from[--*from_count];
    put(l, state.text, state.size);
    l->cursor = state.cursor;
    l->run = 0;
    free(state.text);
    return true;
}

bool line_undo(struct line *l)
{
    return go_back(l, l->undo, &l->undo_count, l->redo, &l->redo_count);
}

bool line_redo(struct line *l)
{
    return go_back(l, l->redo, &l->redo_count, l->undo, &l->undo_count);
}

void line_set(struct line *l, const char *text, size_t size)
{
    line_remember(l, 0);
    put(l, text, size);
    l->cursor = size;
}

void line_insert(struct line *l, const char *text, size_t size)
{
    reserve(l, l->size + size);
    memmove(l->text + l->cursor + size, l->text + l->cursor, l->size - l->cursor + 1);
    memcpy(l->text + l->cursor, text, size);
    l->size += size;
    l->cursor += size;
    l->version++;
}

void line_remove(struct line *l, size_t from, size_t to)
{
    memmove(l->text + from, l->text + to, l->size - to + 1);
    l->size -= to - from;
    l->cursor = from;
    l->version++;
}

size_t line_left(const struct line *l, size_t at)
{
    return at ? cluster_before(l->text, l->size, at) : 0;
}

size_t line_right(const struct line *l, size_t at)
{
    return at + cluster_size(l->text, l->size, at);
}

size_t line_row_start(const struct line *l, size_t at)
{
    while (at && l->text[at - 1] != '\n') at--;
    return at;
}

size_t line_row_end(const struct line *l, size_t at)
{
    while (at < l->size && l->text[at] != '\n') at++;
    return at;
}

size_t line_row_text(const struct line *l, size_t at)
{
    at = line_row_start(l, at);
    while (l->text[at] == ' ' || l->text[at] == '\t') at++;
    return at;
}

static size_t at_column(const struct line *l, size_t at, size_t width)
{
    for (size_t column = 0, step; at < l->size && l->text[at] != '\n'; at += step) {
        step = cluster_size(l->text, l->size, at);
        column += cluster_width(l->text + at, step);
        if (column > width) break;
    }
    return at;
}

size_t line_up(const struct line *l, size_t at)
{
    size_t start = line_row_start(l, at);
    return start ? at_column(l, line_row_start(l, start - 1), text_width(l->text + start, at - start)) : at;
}

size_t line_down(const struct line *l, size_t at)
{
    size_t start = line_row_start(l, at), end = line_row_end(l, at);
    return end < l->size ? at_column(l, end + 1, text_width(l->text + start, at - start)) : at;
}

int character_class(char c)
{
    if (isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80) return 2;
    return c && strchr(" \t\n", c) ? 0 : 1;
}

size_t line_word_right(const struct line *l, size_t at)
{
    while (at < l->size && character_class(l->text[at]) != 2) at++;
    while (at < l->size && character_class(l->text[at]) == 2) at++;
    return at;
}

size_t line_word_left(const struct line *l, size_t at)
{
    while (at && character_class(l->text[at - 1]) != 2) at--;
    while (at && character_class(l->text[at - 1]) == 2) at--;
    return at;
}

size_t line_blank_word_left(const struct line *l, size_t at)
{
    while (at && character_class(l->text[at - 1]) == 0) at--;
    while (at && character_class(l->text[at - 1]) != 0) at--;
    return at;
}
