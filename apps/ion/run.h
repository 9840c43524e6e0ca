/* SPDX-License-Identifier: MIT
 * The shell while it runs. A status failure is a number in sh->status; a hard error is `false`, with its words in sh->error, and
 * unwinds everything. Scratch memory is given back after each statement. One thread, no lock. */
#pragma once
#include "syntax.h"
#include "value.h"
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
void wait_for_jobs(struct shell *sh);

/* builtin.c: null when there is none of that name. False: a hard error. */
typedef bool builtin_function(struct shell *sh, const struct list *arguments);
builtin_function *builtin_find(const char *name);
