/* SPDX-License-Identifier: MIT
 * From one frame to the next (frame.h). Moves are relative: a carriage return, then up, down and right. A row below the last one is
 * reached with a newline, which scrolls; a row that goes on in a new one is left by writing on, so that the terminal knows that both
 * are one line. */
#include "edit/frame.h"
#include "value/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void output_bytes(struct output *o, const char *text, size_t size)
{
    if (o->size + size + 1 > o->capacity) {
        o->capacity = (o->size + size + 1) * 2;
        o->at = heap_resize(o->at, o->capacity);
    }
    memcpy(o->at + o->size, text, size);
    o->size += size;
    o->at[o->size] = 0;
}

void output_text(struct output *o, const char *text)
{
    output_bytes(o, text, strlen(text));
}

void output_print(struct output *o, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    output_bytes(o, text, size < (int)sizeof text ? (size_t)size : sizeof text - 1);
}

struct painter {
    const struct frame *old, *new;
    struct output *output;
    unsigned row, column, rows;   /* where the terminal's cursor is; how many rows there are below the start */
    struct style style;
    bool pending;                 /* the last column was written: the cursor is on it and would wrap */
};

static bool same_style(struct style a, struct style b)
{
    return a.foreground == b.foreground && a.background == b.background && a.attributes == b.attributes;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->size == b->size && a->width == b->width && !memcmp(a->text, b->text, a->size) && same_style(a->style, b->style);
}

static void colour(struct painter *p, uint32_t c, unsigned base)
{
    if (!c) output_print(p->output, ";%u", base + 9);
    else if (c & COLOUR_RGB) output_print(p->output, ";%u;2;%u;%u;%u", base + 8, c >> 16 & 255, c >> 8 & 255, c & 255);
    else if (c <= 8) output_print(p->output, ";%u", base + c - 1);
    else if (c <= 16) output_print(p->output, ";%u", base + 60 + c - 9);
    else output_print(p->output, ";%u;5;%u", base + 8, c - 1);
}

static void set_style(struct painter *p, struct style style)
{
    static const uint8_t CODES[] = {1, 2, 3, 4, 5, 7, 8};
    if (same_style(style, p->style)) return;
    output_text(p->output, "\x1b[0");
    for (size_t i = 0; i < sizeof CODES; i++)
        if (style.attributes & 1u << i) output_print(p->output, ";%u", CODES[i]);
    if (style.foreground) colour(p, style.foreground, 30);
    if (style.background) colour(p, style.background, 40);
    output_text(p->output, "m");
    p->style = style;
}

static bool cell_is_blank(const struct painter *p, unsigned row, unsigned column)
{
    const struct cell *cell = &p->new->cells[(size_t)row * p->new->columns + column];
    return row < p->new->rows && cell->size == 0 && cell->width == 1 && !cell->style.background;
}

static void move(struct painter *p, unsigned row, unsigned column)
{
    if (row == p->row && column == p->column && !p->pending) return;
    if (row < p->row) output_print(p->output, "\x1b[%uA", p->row - row);
    if (row > p->row && row < p->rows) output_print(p->output, "\x1b[%uB", row - p->row);
    if (row >= p->rows) {
        set_style(p, (struct style){});
        if (p->rows - 1 > p->row) output_print(p->output, "\x1b[%uB", p->rows - 1 - p->row);
        for (; p->rows <= row; p->rows++) output_text(p->output, "\r\n");
        p->column = 0, p->pending = false;
    }
    p->row = row;
    if (column == p->column && !p->pending) return;
    if (column == 0) {
        output_text(p->output, "\r");
    } else if (!p->pending && column < p->column && p->column - column < 4) {
        output_bytes(p->output, "\b\b\b", p->column - column);
    } else if (!p->pending && column == p->column + 1 && cell_is_blank(p, row, p->column)) {
        set_style(p, (struct style){});
        output_text(p->output, " ");
    } else if (!p->pending && column > p->column) {
        output_print(p->output, "\x1b[%uC", column - p->column);
    } else {
        output_print(p->output, "\r\x1b[%uC", column);
    }
    p->column = column, p->pending = false;
}

static void write_cell(struct painter *p, unsigned row, unsigned column, const struct cell *cell, bool flows)
{
    if (flows) p->rows++, p->row = row, p->column = 0, p->pending = false;
    else move(p, row, column);
    set_style(p, cell->style);
    output_bytes(p->output, cell->size ? cell->text : " ", cell->size ? cell->size : 1);
    p->column = column + cell->width;
    p->pending = p->column == p->new->columns;
    if (p->pending) p->column--;
    /* Terminals do not agree on the width of joined and marked clusters: say where the next one goes. */
    if (cell->size > 4 && !p->pending) {
        output_print(p->output, "\r\x1b[%uC", p->column);
    }
}

/* One past the last cell that is not blank. */
static unsigned used_columns(const struct frame *f, unsigned row)
{
    unsigned column = f->columns;
    const struct cell *cells = f->cells + (size_t)row * f->columns;
    while (column && cells[column - 1].size == 0 && cells[column - 1].width == 1 && !cells[column - 1].style.background) column--;
    return column;
}

static void change_row(struct painter *p, unsigned row)
{
    static const struct cell BLANK = {.width = 1};
    bool existed = row < p->old->rows && p->old->columns == p->new->columns;
    unsigned columns = p->new->columns, used = used_columns(p->new, row), was = existed ? used_columns(p->old, row) : 0;
    const struct cell *now = p->new->cells + (size_t)row * columns;
    const struct cell *then = existed ? p->old->cells + (size_t)row * columns : nullptr;
    /* A new row is reached by writing on, when it continues the one that was just filled. */
    bool flows = p->pending && row == p->row + 1 && row >= p->rows && p->new->wrapped[p->row] && used;
    if (row >= p->rows && !flows) move(p, row, 0);
    for (unsigned i = 0; i < used; i += now[i].width ? now[i].width : 1) {
        const struct cell *before = then ? &then[i] : &BLANK;
        bool covered = now[i].width == 2 && then && i + 1 < columns && then[i + 1].width != 0;
        if (same_cell(&now[i], before) && !covered && !(flows && i == 0)) continue;
        if (now[i].width) write_cell(p, row, i, &now[i], flows && i == 0);
    }
    if (was > used) {
        move(p, row, used);
        set_style(p, (struct style){});
        output_text(p->output, "\x1b[K");
    }
}

void frame_change(const struct frame *old, const struct frame *new, struct output *output)
{
    struct painter p = {.old = old, .new = new, .output = output, .row = old->cursor_row, .column = old->cursor_column,
                        .rows = old->rows ? old->rows : 1};
    for (unsigned row = 0; row < new->rows; row++) change_row(&p, row);
    if (old->rows > new->rows) {
        move(&p, new->rows, 0);
        set_style(&p, (struct style){});
        output_text(output, "\x1b[J");
    }
    set_style(&p, (struct style){});
    move(&p, new->cursor_row, new->cursor_column);
}

unsigned frame_rows_reflowed(const struct frame *old, unsigned columns)
{
    unsigned rows = 0, length = 0;
    for (unsigned row = 0; row < old->rows; row++) {
        if (row == old->cursor_row) return rows + (length + old->cursor_column) / columns;
        length += used_columns(old, row);
        if (old->wrapped[row]) continue;
        rows += length ? (length + columns - 1) / columns : 1;
        length = 0;
    }
    return rows;
}
