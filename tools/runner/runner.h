/* SPDX-License-Identifier: MIT
 * One emulated machine: what to run, and how it ended. The guest's ports: COM1 log (and console), 0x500 standard output,
 * 0x508 standard error, 0x520 status lines ("ready", "exit N", "hang", "panic"). */
#pragma once
#include "base/span.h"

enum { EXIT_TIMEOUT = 124, EXIT_MH = 125, EXIT_PANIC = 126 };

struct machine_options {
    unsigned timeout_s;     /* 0: none */
    bool interactive;       /* COM1 is the terminal */
    const char *log_path;   /* COM1 goes here too; null: kept in memory for a failure's report */
    const char *until;      /* success when a log line contains it; null: not looked for */
    char **qemu;            /* program and arguments, ended by null */
};
/* Runs it and answers the exit status for ./mh; says on standard error why when that is not the command's own. */
int machine_run(const struct machine_options *options);

/* A status line of the guest. */
enum ending { ENDING_NONE, ENDING_READY, ENDING_EXIT, ENDING_HANG, ENDING_PANIC };
/* ENDING_NONE when the line is not one of them; *out_code for ENDING_EXIT, 0..255. */
enum ending status_line_parse(struct view line, int *out_code);
/* Words as the kernel's command line carries them (abi/boot.h): joined by %00, every byte but [A-Za-z0-9_./=-] as %XX.
 * Answers the length that the whole text has, without the terminating zero. */
size_t words_encode(char *const *words, size_t count, char *to, size_t size);
/* Collects bytes and gives whole lines; a longer one comes in pieces. */
struct line_buffer { uint8_t bytes[512]; size_t used; };
/* Takes from *from up to and with the next line end; true when *out_line is a line (valid until the next call). */
bool line_take(struct line_buffer *b, struct view *from, struct view *out_line);
