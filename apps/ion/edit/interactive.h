/* SPDX-License-Identifier: MIT
 * The shell at a terminal: prompt, line, run, again. Nothing of it is touched by scripts. */
#pragma once
#include "run/run.h"

/* Until the end; the shell's exit status. False in *out_taken: standard input is no terminal, nothing was done. */
int interactive_run(struct shell *sh, bool vi, bool *out_taken);

/* Builtins. */
builtin_function interactive_history, interactive_keybindings;
