/* SPDX-License-Identifier: MIT
 * What the kernel's command line (abi/boot.h) says about the first program. Pure; host-tested. */
#pragma once
#include "base/span.h"

#define COMMAND_BYTES 4096u
#define COMMAND_WORDS 256u
#define COMMAND_SHELL_BYTES 64u

struct command {
    bool is_given;               /* exec= was there */
    bool stdin_console;          /* stdin=console */
    uint32_t word_count;
    uint32_t bytes;
    char shell[COMMAND_SHELL_BYTES]; /* shell=PATH: what the console has; /bin/sh unless said */
    char words[COMMAND_BYTES];   /* zero-terminated, one after the other */
};

/* INVALID: exec= is empty or badly encoded, shell= is no path of plain characters; TOO_BIG. */
enum status command_parse(struct view command_line, struct command *out);
/* Word `index`, without its zero. */
struct view command_word(const struct command *c, uint32_t index);

/* The exit status that a shell shows for the word with which a process ended: its own, 128 + signal, 128 + 11 for an exception. */
uint32_t command_exit_code(uint64_t status_word);
