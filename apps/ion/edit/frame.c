/* SPDX-License-Identifier: MIT
 * Filling a frame: clusters, wide ones, tabs, control characters, wrapping, and the colours of prompts. */
#include "edit/frame.h"
#include "edit/width.h"
#include "value/mem.h"
#include <stdlib.h>
#include <string.h>

static void grow(struct frame *f)
{
    if (f->rows == f->capacity) {
        f->capacity = f->capacity ? f->capacity * 2 : 8;
        f->cells = heap_resize(f->cells, (size_t)f->capacity * f->columns * sizeof *f->cells);
        f->wrapped = heap_resize(f->wrapped, f->capacity * sizeof *f->wrapped);
    }
    memset(f->cells + (size_t)f->rows * f->columns, 0, f->columns * sizeof *f->cells);
    for (unsigned i = 0; i < f->columns; i++) f->cells[(size_t)f->rows * f->columns + i].width = 1;
    f->wrapped[f->rows++] = false;
}

void frame_begin(struct frame *f, unsigned columns)
{
    if (!columns) columns = 1;
    if (columns != f->columns) frame_fini(f);
    f->columns = columns;
    f->rows = f->row = f->column = f->cursor_row = f->cursor_column = 0;
    grow(f);
}

void frame_fini(struct frame *f)
{
    free(f->cells);
    free(f->wrapped);
    *f = (struct frame){};
}

void frame_newline(struct frame *f)
{
    if (++f->row == f->rows) grow(f);
    f->column = 0;
}

static void wrap(struct frame *f)
{
    f->wrapped[f->row] = true;
    frame_newline(f);
}

static void put_cluster(struct frame *f, const char *text, size_t size, unsigned width, struct style style)
{
    if (width > f->columns) return;
    if (f->column + width > f->columns) wrap(f);
    struct cell *cell = &f->cells[(size_t)f->row * f->columns + f->column];
    while (size > CELL_TEXT_MAX)
        do size--; while (((unsigned char)text[size] & 0xc0) == 0x80);
    *cell = (struct cell){.size = (uint8_t)size, .width = (uint8_t)width, .style = style};
    memcpy(cell->text, text, size);
    if (size == 1 && *text == ' ' && !style.background && !(style.attributes & (ATTR_REVERSE | ATTR_UNDERLINE))) {
        cell->size = 0;
        cell->style = (struct style){};
    }
    for (unsigned i = 1; i < width; i++) cell[i] = (struct cell){.width = 0, .style = style};
    f->column += width;
}

void frame_put(struct frame *f, const char *text, size_t size, struct style style)
{
    for (size_t at = 0, bytes; (bytes = cluster_size(text, size, at)); at += bytes) {
        unsigned char c = (unsigned char)text[at];
        size_t step;
        if (c == '\n') {
            frame_newline(f);
        } else if (c == '\t') {
            for (unsigned stop = f->column / 4 * 4 + 4; f->column < stop && f->column < f->columns;) put_cluster(f, " ", 1, 1, style);
        } else if (c < 0x20 || c == 0x7f) {
            char shown[2] = {'^', (char)(c ^ 0x40)};
            put_cluster(f, shown, 1, 1, style);
            put_cluster(f, shown + 1, 1, 1, style);
        } else if (utf8_decode(text, size, at, &step) == 0xfffd || (c == 0xc2 && (unsigned char)text[at + 1] < 0xa0)) {
            put_cluster(f, "\xef\xbf\xbd", 3, 1, style);
        } else {
            put_cluster(f, text + at, bytes, cluster_width(text + at, bytes), style);
        }
    }
}

void frame_tab_to(struct frame *f, unsigned column)
{
    if (column < f->columns && column > f->column) f->column = column;
}

void frame_mark_cursor(struct frame *f)
{
    if (f->column == f->columns) wrap(f);
    f->cursor_row = f->row;
    f->cursor_column = f->column;
}

void frame_crop(struct frame *f, unsigned height)
{
    if (!height) height = 1;
    if (f->rows <= height) return;
    unsigned top = f->cursor_row >= height ? f->cursor_row - height + 1 : 0;
    memmove(f->cells, f->cells + (size_t)top * f->columns, (size_t)height * f->columns * sizeof *f->cells);
    memmove(f->wrapped, f->wrapped + top, height * sizeof *f->wrapped);
    f->rows = height;
    f->cursor_row -= top;
}

/* 38;5;N and 38;2;R;G;B: the numbers that were used. */
static size_t extended_colour(const unsigned *numbers, size_t count, uint32_t *out_colour)
{
    if (count >= 2 && numbers[0] == 5) return *out_colour = 1 + (numbers[1] & 255), 2;
    if (count >= 4 && numbers[0] == 2)
        return *out_colour = COLOUR_RGB | (numbers[1] & 255) << 16 | (numbers[2] & 255) << 8 | (numbers[3] & 255), 4;
    return count;
}

static void set_style(struct style *style, const unsigned *numbers, size_t count)
{
    static const uint8_t ON[] = {0, ATTR_BOLD, ATTR_DIM, ATTR_ITALIC, ATTR_UNDERLINE, ATTR_BLINK, 0, ATTR_REVERSE, ATTR_HIDDEN};
    for (size_t i = 0; i < count; i++) {
        unsigned n = numbers[i];
        if (n == 0) *style = (struct style){};
        else if (n < 9) style->attributes |= ON[n];
        else if (n == 22) style->attributes &= (uint8_t)~(ATTR_BOLD | ATTR_DIM);
        else if (n > 22 && n < 29) style->attributes &= (uint8_t)~ON[n - 20];
        else if (n >= 30 && n < 38) style->foreground = n - 30 + 1;
        else if (n >= 40 && n < 48) style->background = n - 40 + 1;
        else if (n >= 90 && n < 98) style->foreground = n - 90 + 9;
        else if (n >= 100 && n < 108) style->background = n - 100 + 9;
        else if (n == 39) style->foreground = 0;
        else if (n == 49) style->background = 0;
        else if (n == 38 || n == 48) i += extended_colour(numbers + i + 1, count - i - 1, n == 38 ? &style->foreground : &style->background);
    }
}

/* Past the sequence that begins with Escape at text[at]; a colour sequence changes the style. */
static size_t read_sequence(const char *text, size_t size, size_t at, struct style *style)
{
    unsigned numbers[16] = {0};
    size_t count = 0;
    if (++at == size) return at;
    char kind = text[at++];
    if (kind == ']') {
        while (at < size && text[at] != 7 && text[at] != 0x1b) at++;
        return at < size && text[at] == 0x1b && at + 1 < size ? at + 2 : at < size ? at + 1 : at;
    }
    if (kind != '[') return at;
    for (; at < size && (unsigned char)text[at] < 0x40; at++) {
        if (text[at] >= '0' && text[at] <= '9' && numbers[count] < 100000) numbers[count] = numbers[count] * 10 + (unsigned)(text[at] - '0');
        if (text[at] == ';' && count < 15) count++;
    }
    if (at < size && text[at] == 'm') set_style(style, numbers, count + 1);
    return at < size ? at + 1 : at;
}

void frame_put_coloured(struct frame *f, const char *text, size_t size)
{
    struct style style = {};
    for (size_t at = 0; at < size;) {
        if (text[at] == 0x1b) {
            at = read_sequence(text, size, at, &style);
            continue;
        }
        const char *escape = memchr(text + at, 0x1b, size - at);
        size_t run = escape ? (size_t)(escape - text) - at : size - at;
        frame_put(f, text + at, run, style);
        at += run;
    }
}
