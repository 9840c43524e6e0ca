/* SPDX-License-Identifier: MIT
 * Where the three streams of a command go: files, texts, pipes, or several of these at once through a helper process. All files are
 * opened by the shell, so that one which cannot be is the shell's error, and nothing has run yet. */
#pragma once
#include "run/run.h"

struct streams {
    int at[3];               /* what becomes descriptors 0, 1, 2; -1: as it is */
    int owned[16];           /* to be closed by the shell once the command runs */
    size_t owned_count;
    pid_t helpers[4];        /* that copy between several; the command's output is whole when they have ended */
    size_t helper_count;
};
/* input and output: ends of the pipes to the neighbours, or -1; they stay the caller's. */
[[nodiscard]] bool streams_open(struct shell *sh, const struct item *item, int input, int output, struct streams *out);
/* Inside a new process: makes them 0, 1, 2. System calls only. */
void streams_apply(const struct streams *streams);
void streams_close(struct streams *streams);
void streams_wait(struct streams *streams);
