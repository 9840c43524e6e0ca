/* SPDX-License-Identifier: MIT
 * What could stand at the cursor: commands, options, paths, variables, methods, users, jobs. It looks into folders and may wait for
 * them, so it runs in a worker (worker.h), never in the editor. */
#pragma once
#include "edit/editor.h"
#include "run/run.h"

/* `asked`: somebody pressed Tab, so that the user's own functions are called too. */
void complete(struct shell *sh, const char *text, size_t size, size_t cursor, bool asked, struct completions *out);

/* options.c: what is known of a command's options and first words, each `NAME[, NAME]<tab>what it does<newline>`; null: nothing. */
const char *options_of(const char *command);
/* What its arguments are. */
enum argument_kind : uint8_t { ARGUMENT_FILES, ARGUMENT_FOLDERS, ARGUMENT_COMMANDS, ARGUMENT_JOBS, ARGUMENT_VARIABLES, ARGUMENT_ALIASES,
    ARGUMENT_USERS, ARGUMENT_SIGNALS, ARGUMENT_WORDS, ARGUMENT_BUILTINS, ARGUMENT_NONE };
enum argument_kind argument_kind_of(const char *command);
/* How well a name fits what is typed: 0 the start, 1 the start in any case, 2 somewhere inside, 3 its letters in this order; -1 not at all. */
int match_rank(const char *name, const char *typed, size_t size);
