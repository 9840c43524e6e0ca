/* SPDX-License-Identifier: MIT
 * What frames promise: the bytes that lead from one to the next make a terminal show the next one, whatever both are. */
#include "edit/frame.h"
#include "edit/width.h"
#include "unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 60, COLUMNS = 24 };

/* A terminal that knows what change.c uses, and remembers whether it was sent anything else. */
struct terminal {
    char cells[ROWS][COLUMNS][CELL_TEXT_MAX + 1];
    unsigned columns, row, column;
    bool pending, strange;
};

static void put(struct terminal *t, const char *text, size_t size)
{
    unsigned width = cluster_width(text, size);
    if (t->pending || t->column + width > t->columns) t->row++, t->column = 0, t->pending = false;
    if (t->row >= ROWS) {
        t->strange = true;
        return;
    }
    memcpy(t->cells[t->row][t->column], text, size);
    t->cells[t->row][t->column][size] = 0;
    if (size == 1 && *text == ' ') t->cells[t->row][t->column][0] = 0;
    if (width == 2) t->cells[t->row][t->column + 1][0] = 0;
    t->column += width;
    if (t->column == t->columns) t->column--, t->pending = true;
}

static void clear(struct terminal *t, unsigned row, unsigned from)
{
    for (unsigned i = from; i < t->columns; i++) t->cells[row][i][0] = 0;
}

static size_t sequence(struct terminal *t, const char *at)
{
    size_t size = 2;
    unsigned number = 0;
    for (; at[size] >= '0' && at[size] <= ';'; size++) number = at[size] == ';' ? number : number * 10 + (unsigned)(at[size] - '0');
    if (!number) number = 1;
    if (at[size] != 'm') t->pending = false;
    if (at[size] == 'A') t->row -= number <= t->row ? number : (t->strange = true, t->row);
    else if (at[size] == 'B') t->row += number;
    else if (at[size] == 'C') t->column = t->column + number < t->columns ? t->column + number : t->columns - 1;
    else if (at[size] == 'K') clear(t, t->row, t->column);
    else if (at[size] == 'J') {
        clear(t, t->row, t->column);
        for (unsigned row = t->row + 1; row < ROWS; row++) clear(t, row, 0);
    } else if (at[size] != 'm') t->strange = true;
    return size + 1;
}

static void feed(struct terminal *t, const char *at, size_t size)
{
    for (size_t i = 0; i < size && !t->strange;) {
        if (at[i] == 0x1b) {
            i += sequence(t, at + i);
        } else if (at[i] == '\r') {
            t->column = 0, t->pending = false, i++;
        } else if (at[i] == '\n') {
            t->row++, t->pending = false, i++;
            if (t->row >= ROWS) t->strange = true;
        } else if (at[i] == '\b') {
            t->column -= t->column ? 1 : 0, t->pending = false, i++;
        } else {
            size_t bytes = cluster_size(at, size, i);
            put(t, at + i, bytes);
            i += bytes;
        }
    }
}

static bool shows(const struct terminal *t, const struct frame *f)
{
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned column = 0; column < t->columns; column++) {
            const struct cell *cell = row < f->rows ? &f->cells[row * f->columns + column] : nullptr;
            size_t size = cell ? cell->size : 0;
            const char *there = t->cells[row][column];
            if (strlen(there) != size || (size && memcmp(there, cell->text, size))) {
                fprintf(stderr, "row %u column %u: '%s' for '%.*s'\n", row, column, there, (int)size, cell ? cell->text : "");
                return false;
            }
        }
    }
    return t->row == f->cursor_row && t->column == f->cursor_column;
}

static bool change(struct terminal *t, const struct frame *old, const struct frame *new)
{
    struct output out = {};
    frame_change(old, new, &out);
    feed(t, out.at ? out.at : "", out.size);
    free(out.at);
    return !t->strange && shows(t, new);
}

static unsigned state = 1;
static unsigned chance(unsigned below)
{
    state = state * 1103515245 + 12345;
    return (state >> 16) % below;
}

static void fill(struct frame *f, unsigned columns)
{
    static const char *const PIECES[] = {"a", "b", "c ", "  ", "\n", "日", "e\xcc\x81", "word", "\t", "x", "\x01", "👨‍👩‍👧", "\xff"};
    unsigned pieces = chance(60), cursor = chance(pieces + 1);
    frame_begin(f, columns);
    frame_put_coloured(f, "\x1b[36mp>\x1b[0m ", 12);
    for (unsigned i = 0; i <= pieces; i++) {
        if (i == cursor) frame_mark_cursor(f);
        const char *piece = PIECES[chance(sizeof PIECES / sizeof *PIECES)];
        frame_put(f, piece, strlen(piece), (struct style){.foreground = chance(3)});
    }
    if (chance(4) == 0) frame_crop(f, 1 + chance(6));
}

TEST(a_change_makes_the_terminal_show_the_new_frame)
{
    for (unsigned round = 0; round < 3000; round++) {
        struct frame frames[2] = {};
        struct terminal t = {.columns = 2 + chance(COLUMNS - 2)};
        struct frame nothing = {};
        state = round + 1;
        fill(&frames[0], t.columns);
        bool good = change(&t, &nothing, &frames[0]);
        for (unsigned i = 1; i < 6 && good; i++) {
            fill(&frames[i % 2], t.columns);
            good = change(&t, &frames[(i + 1) % 2], &frames[i % 2]);
        }
        frame_fini(&frames[0]);
        frame_fini(&frames[1]);
        if (!CHECK(good)) {
            fprintf(stderr, "round %u\n", round);
            return;
        }
    }
}

TEST(a_typed_letter_costs_a_byte)
{
    struct frame old = {}, new = {};
    struct output out = {};
    frame_begin(&old, 80);
    frame_put(&old, "echo ab", 7, (struct style){});
    frame_mark_cursor(&old);
    frame_begin(&new, 80);
    frame_put(&new, "echo abc", 8, (struct style){});
    frame_mark_cursor(&new);
    frame_change(&old, &new, &out);
    CHECK_TEXT(out.at, "c");
    frame_fini(&old), frame_fini(&new), free(out.at);
}

TEST(a_long_row_flows_into_the_next)
{
    struct frame nothing = {}, new = {};
    struct output out = {};
    frame_begin(&new, 4);
    frame_put(&new, "abcdef", 6, (struct style){});
    frame_mark_cursor(&new);
    frame_change(&nothing, &new, &out);
    CHECK_TEXT(out.at, "abcdef");
    CHECK(new.wrapped[0] && !new.wrapped[1]);
    frame_fini(&new), free(out.at);
}

TEST(colours_of_a_prompt_become_styles)
{
    struct frame f = {};
    const char *text = "\x1b[1;31ma\x1b[38;5;200mb\x1b[48;2;1;2;3mc\x1b[0md\x1b]0;title\x07" "e";
    frame_begin(&f, 20);
    frame_put_coloured(&f, text, strlen(text));
    CHECK_EQUAL(f.column, 5);
    CHECK_EQUAL(f.cells[0].style.foreground, 2);
    CHECK_EQUAL(f.cells[0].style.attributes, ATTR_BOLD);
    CHECK_EQUAL(f.cells[1].style.foreground, 201);
    CHECK_EQUAL(f.cells[2].style.background, COLOUR_RGB | 0x010203);
    CHECK_EQUAL(f.cells[3].style.foreground, 0);
    CHECK_TEXT(f.cells[4].text, "e");
    frame_fini(&f);
}

TEST(widths_are_those_of_terminals)
{
    CHECK_EQUAL(code_point_width('a'), 1);
    CHECK_EQUAL(code_point_width(0x65e5), 2);
    CHECK_EQUAL(code_point_width(0x301), 0);
    CHECK_EQUAL(code_point_width(0x1f600), 2);
    CHECK_EQUAL(code_point_width(0x2500), 1);
    CHECK_EQUAL(cluster_size("e\xcc\x81x", 4, 0), 3);
    CHECK_EQUAL(cluster_before("e\xcc\x81", 3, 3), 0);
    CHECK_EQUAL(text_width("日本", 6), 4);
}
