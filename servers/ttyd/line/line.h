/* SPDX-License-Identifier: MIT
 * The line discipline: what stands between the keys of a terminal and the program that reads it. A pure state machine: bytes
 * from the device go in through line_input, bytes from programs through line_write; bytes for programs come out of
 * line_read, bytes for the device out of line_transmit. It never waits and never calls anybody: what it wants done
 * (signals) it leaves in `raised`, which the owner takes after each input.
 *
 * INVARIANT: tail <= canonical <= head, head - tail <= LINE_INPUT_BYTES; likewise for the output ring. Counters run freely and
 * wrap. Owner: the terminal that contains it (ttyd has one loop, no lock). */
#pragma once
#include "base/span.h"
#include "base/types.h"

#define LINE_INPUT_BYTES 4096u
#define LINE_OUTPUT_BYTES 8192u
#define LINE_ECHO_RESERVE 1024u /* programs leave this much of the output ring to echoes */

/* Flag bits as in the settings of abi/protocol/tty.proto. */
enum : uint32_t {
    INPUT_IGNORE_BREAK = 01, INPUT_BREAK_INTERRUPTS = 02, INPUT_STRIP = 040, INPUT_NL_TO_CR = 0100, INPUT_IGNORE_CR = 0200,
    INPUT_CR_TO_NL = 0400, INPUT_LOWER = 01000, INPUT_FLOW = 02000, INPUT_ANY_RESTARTS = 04000, INPUT_SEND_FLOW = 010000,
    INPUT_BELL_WHEN_FULL = 020000, INPUT_UTF8 = 040000,
};
enum : uint32_t {
    OUTPUT_PROCESS = 01, OUTPUT_UPPER = 02, OUTPUT_NL_TO_CRNL = 04, OUTPUT_CR_TO_NL = 010, OUTPUT_NO_CR_AT_0 = 020,
    OUTPUT_NL_RETURNS = 040, OUTPUT_TAB_MASK = 014000, OUTPUT_EXPAND_TABS = 014000,
};
enum : uint32_t {
    CONTROL_BAUD_MASK = 010017, CONTROL_115200 = 010002, CONTROL_38400 = 017, CONTROL_8_BITS = 060, CONTROL_READ = 0200,
    CONTROL_HANGUP = 02000, CONTROL_LOCAL = 04000,
};
enum : uint32_t {
    LOCAL_SIGNALS = 01, LOCAL_CANONICAL = 02, LOCAL_ECHO = 010, LOCAL_ECHO_ERASE = 020, LOCAL_ECHO_KILL = 040,
    LOCAL_ECHO_NL = 0100, LOCAL_NO_FLUSH = 0200, LOCAL_STOP_WRITERS = 0400, LOCAL_ECHO_CONTROL = 01000,
    LOCAL_ECHO_KILL_ERASES = 04000, LOCAL_EXTENDED = 0100000,
};
enum { CC_INTERRUPT, CC_QUIT, CC_ERASE, CC_KILL, CC_EOF, CC_TIME, CC_MINIMUM, CC_SWITCH, CC_START, CC_STOP, CC_SUSPEND, CC_EOL,
       CC_REPRINT, CC_DISCARD, CC_WORD_ERASE, CC_LITERAL, CC_EOL2, CC_COUNT = 20 };

enum : uint32_t { RAISE_INTERRUPT = 1, RAISE_QUIT = 2, RAISE_SUSPEND = 4 };

struct line_settings {
    uint32_t input, output, control, local, discipline, input_speed, output_speed;
    uint8_t characters[CC_COUNT];
};

struct line {
    struct line_settings settings;
    uint32_t tail, canonical, head;      /* unread data; where complete lines end; end of what was typed */
    uint32_t output_tail, output_head;
    uint32_t column, line_column;        /* of the cursor; where the line being typed starts */
    uint32_t raised;                     /* RAISE_*: taken by the owner */
    bool literal_next, stopped, flow_sent;
    uint8_t input[LINE_INPUT_BYTES];
    uint8_t marks[LINE_INPUT_BYTES / 8]; /* bit set: a line ends with this byte; a marked zero is end of file */
    uint8_t output[LINE_OUTPUT_BYTES];
};

void line_init(struct line *l);
/* Takes one byte from the device. False: no room, offer it again after a read (raw mode only; canonical input beyond the
 * limit is dropped with a bell, as people expect of a keyboard). */
[[nodiscard]] bool line_input(struct line *l, uint8_t byte);
void line_break(struct line *l);
/* Takes bytes from a program through output processing; says how many it had room for. */
size_t line_write(struct line *l, struct view bytes);
/* Moves input to a program. Canonical: at most one line; 0 with line_has_input true beforehand means end of file. */
size_t line_read(struct line *l, struct span to);
/* Is there something that a read could return now (a whole line, or any byte in raw mode)? */
bool line_has_input(const struct line *l);
/* How many bytes a read would return at most (FIONREAD). */
uint32_t line_available(const struct line *l);
bool line_is_canonical(const struct line *l);
/* Room for at least one byte of a program's output, whatever processing makes of it. */
bool line_can_write(const struct line *l);
/* Takes bytes for the device off the output ring; none while stopped. */
size_t line_transmit(struct line *l, struct span to);
bool line_output_empty(const struct line *l);
void line_flush_input(struct line *l);
void line_flush_output(struct line *l);
void line_set(struct line *l, const struct line_settings *settings);
