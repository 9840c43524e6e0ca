/* SPDX-License-Identifier: MIT
 * The shell while it runs. A status failure is a number in sh->status; a hard error is `false`, with its words in sh->error, and
 * unwinds everything. Scratch memory is given back after each statement. One thread, no lock. */
#pragma once
#include "language/syntax.h"
#include "value/value.h"
#include <signal.h>
#include <sys/types.h>

enum { RUN_DEPTH_MAX = 500, JOBS_MAX = 64 };

struct function {
    unsigned references;
    struct program *program;
    const struct stmt *definition;
    struct scope *scope;     /* where it was defined; lives at least as long as it can be found */
};
struct function *function_get(struct function *function);
void function_put(struct function *function);

struct job {
    pid_t pid;               /* 0: free */
    char *command;
};

enum flow : uint8_t { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT, FLOW_ERROR };

struct shell {
    struct arena scratch;
    struct scope global, *scope;
    int status;
    unsigned depth;
    bool exiting, no_execute, trace, exit_on_error, pipefail;
    /* Set by a handler of SIGINT, SIGHUP or SIGTERM: the script or line ends after the current statement. */
    volatile sig_atomic_t interrupted;
    char error[1024];
    struct place error_place;
    char *error_program;
    struct job jobs[JOBS_MAX];
};

[[gnu::format(printf, 2, 3)]] bool fail(struct shell *sh, const char *format, ...);
/* Counts how deep the shell is in itself; false when too deep. Each true enter has its leave. */
[[nodiscard]] bool enter(struct shell *sh);
void leave(struct shell *sh);

/* run.c */
/* Prints the hard error as people expect it, forgets it, and sets the status to 1. */
void report(struct shell *sh);
enum flow run_text(struct shell *sh, const char *name, const char *text, size_t size);
enum flow run_list(struct shell *sh, const struct stmt *stmt);
[[nodiscard]] bool function_call(struct shell *sh, struct function *function, const struct list *raw);

/* assign.c */
[[nodiscard]] bool run_let(struct shell *sh, const char *text, bool exporting);
[[nodiscard]] struct value *value_typed(struct shell *sh, const char *type, const char *raw, char **out_why);

/* process.c */
[[nodiscard]] bool run_pipeline(struct shell *sh, const struct pipeline *pipeline);
/* Runs statements with their output caught, newlines at the end removed; the text is in scratch. */
[[nodiscard]] bool capture(struct shell *sh, const char *text, char **out_text);

/* names.c: the names of a kind that are visible here; copies in the list's arena. */
enum name_kind : uint8_t {
    NAMES_BUILTINS, NAMES_FUNCTIONS, NAMES_ALIASES, NAMES_STRINGS, NAMES_ARRAYS, NAMES_STRING_METHODS, NAMES_ARRAY_METHODS,
};
void shell_names(struct shell *sh, enum name_kind kind, struct list *out);

/* builtin.c: null when there is none of that name. False: a hard error. */
typedef bool builtin_function(struct shell *sh, const struct list *arguments);
builtin_function *builtin_find(const char *name);
/* The names of all in order; null after the last. */
const char *builtin_name(size_t index);
