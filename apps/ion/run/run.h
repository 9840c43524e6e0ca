/* SPDX-License-Identifier: MIT
 * The shell while it runs. A status failure is a number in sh->status; a hard error is `false`, with its words in sh->error, and
 * unwinds everything. Scratch memory is given back after each statement. One thread, no lock. */
#pragma once
#include "language/syntax.h"
#include "value/value.h"
#include <signal.h>
#include <sys/types.h>

struct function {
    unsigned references;
    struct program *program;
    const struct stmt *definition;
    struct scope *scope;     /* where it was defined; lives at least as long as it can be found */
};
struct function *function_get(struct function *function);
void function_put(struct function *function);

enum flow : uint8_t { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT, FLOW_ERROR };

struct shell {
    struct arena scratch;
    struct scope global, *scope;
    int status;
    const char *stack_end;   /* no deeper */
    unsigned aliases;        /* inside what an alias says: no further ones */
    unsigned testing;        /* inside conditions and prefixes: a failure there is an answer */
    bool exiting, no_execute, trace, exit_on_error, pipefail, login, interactive;
    bool goes_on;            /* a hard error is said, and the next line is run */
    /* Only functions and builtins that touch nothing outside the shell run, and at most so many statements: for fuzzing. */
    bool sandbox;
    unsigned long statements, statements_max;
    size_t text_max, words_max; /* what one text may become; what braces may make */
    /* While a process expansion runs: what the shell itself writes goes here, not to descriptor 1, and its messages nowhere. */
    struct buf *caught;
    struct arena caught_arena;
    bool muted;
    struct value *folders;   /* the folder stack below the current one, top first */
    long folders_max;        /* -1: no limit */
    long duration_seconds;
    const char *last_argument; /* of the shell's own */
    /* Set by a handler of SIGINT, SIGHUP or SIGTERM: the script or line ends after the current statement. */
    volatile sig_atomic_t interrupted;
    /* A hard error, and the word or statement where it happened. */
    char error[1024];
    struct place error_place;
    size_t error_width;
    char *error_program, *error_line;
    struct job_table *jobs;  /* job.c's */
};

[[gnu::format(printf, 2, 3)]] bool fail(struct shell *sh, const char *format, ...);
/* Where the hard error is, unless that is known already. */
void error_at(struct shell *sh, const struct program *program, struct place place, size_t width);
/* The same for a word, if it is of a program that is being read. Always false. */
bool word_blame(struct shell *sh, const struct word *word);
void error_forget(struct shell *sh);
/* Says where, and forgets it. */
void report_place(struct shell *sh);
/* Prints the hard error as people expect it, forgets it, and sets the status to 1. */
void report(struct shell *sh);
/* False when the shell is too deep in itself. Each true enter has its leave. */
[[nodiscard]] bool enter(struct shell *sh);
void leave(struct shell *sh);

/* shell.c: a shell without anything predefined. */
void shell_init(struct shell *sh);
void shell_fini(struct shell *sh);

/* output.c: what builtins say, wherever that goes now. */
bool write_all(int file, const char *text, size_t size);
void say(struct shell *sh, const char *text, size_t size);
[[gnu::format(printf, 2, 3)]] void sayf(struct shell *sh, const char *format, ...);
[[gnu::format(printf, 2, 3)]] void complain(struct shell *sh, const char *format, ...);
unsigned long long random_number(void);

/* run.c */
enum flow run_text(struct shell *sh, const char *name, const char *text, size_t size);
/* The statements of a process expansion that have a mistake, or are made while running. */
enum flow run_part(struct shell *sh, const struct part *part);
enum flow run_file(struct shell *sh, int file, const char *name);
enum flow run_list(struct shell *sh, const struct stmt *stmt);
[[nodiscard]] bool function_call(struct shell *sh, struct function *function, struct words *raw);
/* Calls a function of that name without arguments, if there is one. */
[[nodiscard]] bool hook_call(struct shell *sh, const char *name, bool *out_called);

/* assign.c */
[[nodiscard]] bool run_assignment(struct shell *sh, const struct stmt *stmt);
/* Null with *out_why: not of the type. Null without: a hard error. */
[[nodiscard]] struct value *value_typed(struct shell *sh, const char *type, struct word *word, char **out_why);

/* process.c */
[[nodiscard]] bool run_pipeline(struct shell *sh, const struct pipeline *pipeline);
/* alias.c: the pipeline without its aliases; when one is of several statements they run, and *out_pipeline is null. */
[[nodiscard]] bool run_aliases(struct shell *sh, const struct pipeline *pipeline, const struct pipeline **out_pipeline);
/* Runs the statements of a process expansion with their output caught, newlines at the end removed; it is in scratch. */
[[nodiscard]] bool capture(struct shell *sh, const struct part *part, char **out_text);
/* The path of an external command, in scratch; null when there is none. */
char *command_path(struct shell *sh, const char *name);
void command_paths_forget(void);
/* Reads to the end; NUL bytes are left out. */
bool read_everything(int file, struct buf *out);

/* names.c: the names of a kind that are visible here; copies in the list's arena. */
enum name_kind : uint8_t {
    NAMES_BUILTINS, NAMES_FUNCTIONS, NAMES_ALIASES, NAMES_STRINGS, NAMES_ARRAYS, NAMES_STRING_METHODS, NAMES_ARRAY_METHODS,
};
void shell_names(struct shell *sh, enum name_kind kind, struct list *out);

/* builtin/builtin.c: false is a hard error. */
typedef bool builtin_function(struct shell *sh, const struct list *arguments);
struct builtin {
    const char *name;
    builtin_function *run;
    bool pure;               /* touches nothing outside the shell */
    const char *summary, *usage;
};
/* Null when there is none of that name. */
const struct builtin *builtin_find(const char *name);
[[nodiscard]] bool builtin_run(struct shell *sh, const struct builtin *builtin, const struct list *arguments);
/* The names of all in order; null after the last. */
const char *builtin_name(size_t index);
