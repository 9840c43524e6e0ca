/* SPDX-License-Identifier: MIT
 * A question that may take long is answered by a copy of the shell (fork), which knows all that the shell knows, and writes its answer
 * into a pipe. The editor goes on; the next question ends the one before. */
#pragma once
#include "edit/frame.h"
#include <sys/types.h>

struct worker {
    pid_t pid;               /* 0: nothing is asked */
    int file;
    struct output answer;
};
/* In the copy `work` runs with the output; it may write nothing. */
bool worker_ask(struct worker *worker, void (*work)(void *context, struct output *answer), void *context);
/* Bytes are there: true when the answer is whole, in worker->answer, and the worker is free. */
bool worker_read(struct worker *worker);
void worker_end(struct worker *worker);
