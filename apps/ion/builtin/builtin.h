/* SPDX-License-Identifier: MIT
 * Commands that are part of the shell. Each sets sh->status: 0 yes, 1 no or an error, 2 wrong use. */
#pragma once
#include "expand/expand.h"

static inline bool answer(struct shell *sh, int status)
{
    sh->status = status;
    return true;
}

/* words.c */
builtin_function do_echo, do_contains, do_starts_with, do_ends_with, do_matches, do_is, do_bool, do_math, do_random;
/* test.c */
builtin_function do_test, do_exists, do_isatty;
/* input.c */
builtin_function do_read, do_mapfile;
/* folder.c */
builtin_function do_cd, do_pushd, do_popd, do_dirs, do_dir_depth;
/* name.c */
builtin_function do_alias, do_unalias, do_drop, do_fn, do_set, do_which;
/* control.c */
builtin_function do_true, do_false, do_eval, do_source, do_source_sh, do_exec, do_exit, do_status, do_debug;
