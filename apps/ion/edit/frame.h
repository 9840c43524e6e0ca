/* SPDX-License-Identifier: MIT
 * What should stand on the terminal, as cells, and how it gets there from what stands there now: the fewest bytes that are easy
 * to find. No input or output here. A frame's rows begin where the prompt began; nothing is known of the rows above. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_ITALIC = 4, ATTR_UNDERLINE = 8, ATTR_BLINK = 16, ATTR_REVERSE = 32, ATTR_HIDDEN = 64 };
struct style {
    uint32_t foreground, background; /* 0: the terminal's; 1 + n: palette; COLOUR_RGB | rgb */
    uint8_t attributes;
};
enum : uint32_t { COLOUR_RGB = 0x1000000 };

enum { CELL_TEXT_MAX = 20 };
struct cell {
    char text[CELL_TEXT_MAX]; /* a cluster; what is longer is cut at a code point */
    uint8_t size, width;      /* size 0: a blank; width 0: the right half of the one before */
    struct style style;
};

struct frame {
    unsigned columns, rows, row, column;    /* row, column: where the next cluster goes */
    unsigned cursor_row, cursor_column;
    struct cell *cells;
    bool *wrapped;                          /* a row that goes on in the next one */
    unsigned capacity;                      /* of rows */
};

void frame_begin(struct frame *frame, unsigned columns);
void frame_fini(struct frame *frame);
void frame_put(struct frame *frame, const char *text, size_t size, struct style style);
/* The same with the terminal's colour sequences understood, others dropped: for prompts. */
void frame_put_coloured(struct frame *frame, const char *text, size_t size);
void frame_newline(struct frame *frame);
/* To the column in this row, if there is room. */
void frame_tab_to(struct frame *frame, unsigned column);
/* The cursor is where the next cluster would go. */
void frame_mark_cursor(struct frame *frame);
/* Leaves at most `height` rows, those around the cursor. */
void frame_crop(struct frame *frame, unsigned height);

struct output {
    char *at;
    size_t size, capacity;
};
void output_text(struct output *output, const char *text);
void output_bytes(struct output *output, const char *text, size_t size);
[[gnu::format(printf, 2, 3)]] void output_print(struct output *output, const char *format, ...);

/* From the old frame, with its cursor, to the new one. An old frame without rows: the terminal's cursor is at the left margin. */
void frame_change(const struct frame *old, const struct frame *new, struct output *output);
/* The rows that the old frame's cursor is below its start once the terminal is `columns` wide and wraps long rows anew. */
unsigned frame_rows_reflowed(const struct frame *old, unsigned columns);
