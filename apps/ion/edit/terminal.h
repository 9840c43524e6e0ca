/* SPDX-License-Identifier: MIT
 * The terminal while a line is edited: keys one by one, no echo. Signals become bytes in a pipe that the editor's loop waits on. */
#pragma once
#include "edit/frame.h"
#include <termios.h>

struct terminal {
    int file, wake[2];
    struct termios cooked;
    bool raw, plain, dumb, reflows, integrates; /* integrates: it understands the marks of OSC 7 and 133 */
    bool unknown, asked;     /* the system does not know the size; the terminal was asked */
    unsigned columns, rows;
};

/* False when there is no terminal on the file. */
bool terminal_init(struct terminal *terminal, int file);
void terminal_enter(struct terminal *terminal);
void terminal_leave(struct terminal *terminal);
void terminal_measure(struct terminal *terminal);
/* The terminal's answer to terminal_enter's question: its last row and column. */
void terminal_told(struct terminal *terminal, unsigned rows, unsigned columns);
void terminal_write(const struct terminal *terminal, const char *text, size_t size);
/* The cursor at the left margin, whatever was printed before; a mark shows where a newline was missing. */
void terminal_fresh_row(const struct terminal *terminal);

enum wake : uint8_t { WAKE_NONE, WAKE_RESIZE = 1, WAKE_CHILD = 2, WAKE_HANGUP = 4, WAKE_WORKER = 8, WAKE_INPUT = 16, WAKE_AGAIN = 32 };
/* Until there are bytes (if `input`), a signal, or bytes on `other` (-1: none). What happened, as a set; WAKE_NONE: the time
 * is over. */
unsigned terminal_wait(struct terminal *terminal, bool input, int other, int timeout_ms);
