/* SPDX-License-Identifier: MIT
 * The prompt: the function PROMPT, the variable PROMPT, or ours. */
#pragma once
#include "run/run.h"

struct prompt {
    char *left, *right;      /* of the heap */
};
/* `milliseconds` of the command before, -1 when there was none. The status stays as it is. */
struct prompt prompt_make(struct shell *sh, long milliseconds, bool plain);
void prompt_fini(struct prompt *prompt);
/* The branch, or the first of its commit's digits, of the work tree that the folder is in; null when it is in none. */
char *git_branch(struct arena *arena, const char *folder);
