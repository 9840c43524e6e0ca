/* SPDX-License-Identifier: MIT
 * The text that is being edited: UTF-8, with newlines when it is a block, a cursor between two clusters, and what it was before.
 * Positions are byte offsets. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { UNDO_MAX = 256 };
struct line_state {
    char *text;
    size_t size, cursor;
};
struct line {
    char *text;              /* ends in NUL */
    size_t size, capacity, cursor;
    struct line_state undo[UNDO_MAX], redo[UNDO_MAX];
    unsigned undo_count, redo_count;
    unsigned version;        /* another number after each change */
    uint8_t run;             /* the kind of change that one undo takes back as a whole; 0: none */
};

void line_init(struct line *line);
void line_fini(struct line *line);
/* Another text, the cursor at its end; undo leads back over it. */
void line_set(struct line *line, const char *text, size_t size);
/* Empty, with nothing to undo. */
void line_reset(struct line *line);
void line_insert(struct line *line, const char *text, size_t size);
/* The cursor goes to `from`. */
void line_remove(struct line *line, size_t from, size_t to);
/* Called before a change. Changes of the same kind (not 0) one after the other are undone together. */
void line_remember(struct line *line, uint8_t kind);
bool line_undo(struct line *line);
bool line_redo(struct line *line);

/* Where one gets to; none leaves the text. */
size_t line_left(const struct line *line, size_t at);
size_t line_right(const struct line *line, size_t at);
size_t line_row_start(const struct line *line, size_t at);
size_t line_row_end(const struct line *line, size_t at);
size_t line_row_text(const struct line *line, size_t at);      /* past its blanks */
/* The same column in the row above or below; `at` itself when there is none. */
size_t line_up(const struct line *line, size_t at);
size_t line_down(const struct line *line, size_t at);
/* Words of letters and digits, as Alt-f and Alt-b have them. */
size_t line_word_right(const struct line *line, size_t at);
size_t line_word_left(const struct line *line, size_t at);
/* Words between blanks. */
size_t line_blank_word_left(const struct line *line, size_t at);
/* 0 blank, 1 punctuation, 2 letters, digits, `_` and everything beyond ASCII. */
int character_class(char c);
