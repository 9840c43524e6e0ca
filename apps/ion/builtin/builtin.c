/* SPDX-License-Identifier: MIT
 * All builtins by name, with what `help` and `-h` say about them. `-h` anywhere in the arguments is a question, not an argument. */
#include "builtin/builtin.h"
#include "edit/interactive.h"
#include "job.h"
#include <string.h>

static builtin_function do_help;

/* In the order of strcmp: they are searched by halves. */
static const struct builtin BUILTINS[] = {
    {"alias", do_alias, true, "View, set or replace an alias",
     "alias\nalias NAME\nalias NAME = \"COMMAND ARGUMENTS\"\nWithout arguments lists all. The text is read as commands when the alias is used."},
    {"bg", job_bg, false, "Let stopped jobs go on in the background", "bg [NUMBER...]"},
    {"bool", do_bool, true, "Tell whether a value is true", "bool VALUE\nTrue for `1` and `true`, or the name of a variable that holds one of these."},
    {"cd", do_cd, false, "Change the current directory",
     "cd [DIRECTORY]\nHome without a directory; `-` is the previous one. Each folder of CDPATH is tried first. Then CD_CHANGE is called, if it is a function."},
    {"contains", do_contains, true, "Tell whether a text contains one of others", "contains TEXT PART..."},
    {"debug", do_debug, true, "Print each pipeline before it runs", "debug on\ndebug off"},
    {"dir_depth", do_dir_depth, true, "Limit the directory stack", "dir_depth [DEPTH]\nWithout a depth there is no limit."},
    {"dirs", do_dirs, true, "Show the directory stack",
     "dirs [-c] [-l] [-p] [-v] [+N | -N]\n-c clears, -l whole paths, -p one on a line, -v with numbers; +N the Nth from the top, -N from the bottom."},
    {"disown", job_disown, false, "Forget jobs", "disown [-r | -h | -a] [NUMBER...]\n-r running ones, -a all; -h keeps them and spares them HUP."},
    {"drop", do_drop, true, "Delete variables", "drop NAME..."},
    {"echo", do_echo, true, "Print its arguments",
     "echo [-e] [-n] [-s] [TEXT...]\n-e reads escapes: \\\\ \\a \\b \\c \\e \\f \\n \\r \\t \\v; -n no newline at the end; -s no blanks between the arguments."},
    {"ends-with", do_ends_with, true, "Tell whether a text ends with one of others", "ends-with TEXT END..."},
    {"eq", do_is, true, "Tell whether two texts are equal", "eq A B\neq not A B\nA quoted '$name' is looked up."},
    {"eval", do_eval, true, "Run its arguments as a command", "eval TEXT..."},
    {"exec", do_exec, false, "Replace the shell with a command", "exec [-c] COMMAND [ARGUMENT...]\n-c with an empty environment."},
    {"exists", do_exists, true, "Tell whether something exists",
     "exists TEXT\nexists -a ARRAY | -b PROGRAM | -d DIRECTORY | -f FILE | -s VARIABLE | --fn FUNCTION\nArrays and variables must not be empty."},
    {"exit", do_exit, false, "Leave the shell", "exit [STATUS]\nThe last status without one. Running jobs get TERM."},
    {"false", do_false, true, "Fail", "false"},
    {"fg", job_fg, false, "Let a job go on in the foreground", "fg [NUMBER...]"},
    {"fn", do_fn, true, "List the functions", "fn"},
    {"help", do_help, true, "Tell about builtins", "help [BUILTIN]"},
    {"history", interactive_history, false, "Show what was typed, or change how it is kept",
     "history\nhistory +inc_append | -inc_append | +share | -share | +duplicates | -duplicates"},
    {"huponexit", job_huponexit, false, "End the jobs when the shell ends", "huponexit [off]"},
    {"is", do_is, true, "Tell whether two texts are equal", "is A B\nis not A B\nA quoted '$name' is looked up."},
    {"isatty", do_isatty, true, "Tell whether a descriptor is a terminal", "isatty [DESCRIPTOR]"},
    {"jobs", job_jobs, false, "List the jobs", "jobs"},
    {"keybindings", interactive_keybindings, false, "Choose the keys of the line editor",
     "keybindings\nkeybindings vi | emacs\nkeybindings KEY ACTION\nkeybindings KEY insert TEXT\nkeybindings KEY run COMMAND\nkeybindings KEY default\n"
     "Without arguments lists keys and actions. A command sees the line as LINE, and may set it. Keys: Ctrl-g, Alt-Enter, F5, ..."},
    {"mapfile", do_mapfile, false, "Read lines into an array",
     "mapfile [-d DELIMITER] [-n COUNT] [-O ORIGIN] [-s SKIP] [-u FILE] [--keep-empty] [NAME]\nInto MAPFILE without a name. Empty lines are left out."},
    {"matches", do_matches, true, "Tell whether a regular expression is found in a text", "matches TEXT PATTERN"},
    {"math", do_math, false, "Calculate",
     "math [EXPRESSION]\nInfix or Polish notation. Without an expression each line of the input is one; on a terminal `ans` is the last result."},
    {"popd", do_popd, false, "Take a directory off the stack", "popd [-n] [+N | -N]\n-n stays where it is."},
    {"pushd", do_pushd, false, "Put a directory on the stack",
     "pushd [-n] [DIRECTORY | +N | -N]\nWithout one the two on top change places; +N and -N turn the stack; -n stays where it is."},
    {"random", do_random, true, "Print a random number or choice",
     "random\nrandom FROM BELOW\nrandom FROM STEP BELOW\nrandom COUNT CHOICE...\nFrom 0 to 32766 without arguments."},
    {"read", do_read, false, "Read lines into variables", "read NAME...\nOne line each, without the blanks around it."},
    {"set", do_set, true, "Set options of the shell, or its arguments",
     "set [-e | +e] [-p | +p] [-- ARGUMENT... | - ARGUMENT...]\n-e end at the first failure; -p a pipeline fails when a part of it does. `-` alone keeps the arguments."},
    {"source", do_source, false, "Run a file in this shell", "source FILE"},
    {"source-sh", do_source_sh, false, "Take over what a script of sh sets in the environment", "source-sh FILE\nsource-sh TEXT"},
    {"starts-with", do_starts_with, true, "Tell whether a text starts with one of others", "starts-with TEXT START..."},
    {"status", do_status, true, "Tell about this shell",
     "status\nstatus -l | --is-login\nstatus -i | --is-interactive\nstatus -f | --current-filename"},
    {"suspend", job_suspend, false, "Stop the shell until it is told to go on", "suspend"},
    {"test", do_test, true, "Ask about files, texts and numbers",
     "test TEXT\ntest -n TEXT | -z TEXT\ntest -b -c -d -e -f -L -r -s -S -w -x FILE\ntest A = B | == | !=\n"
     "test A -eq B | -ne | -lt | -le | -gt | -ge\ntest FILE -ef FILE | -nt | -ot"},
    {"true", do_true, true, "Succeed", "true"},
    {"type", do_which, true, "Tell what a command is", "type NAME..."},
    {"unalias", do_unalias, true, "Delete aliases", "unalias NAME..."},
    {"wait", job_wait_builtin, false, "Wait for the jobs in the background", "wait"},
    {"which", do_which, true, "Tell what a command is", "which NAME..."},
};

static bool do_help(struct shell *sh, const struct list *a)
{
    for (size_t i = 0; a->count < 2 && i < sizeof BUILTINS / sizeof *BUILTINS; i++) sayf(sh, "%s\n", BUILTINS[i].name);
    for (size_t i = 1; i < a->count; i++) {
        const struct builtin *builtin = builtin_find(a->at[i]);
        if (builtin) sayf(sh, "%s\n", builtin->summary);
        else sayf(sh, "Command helper not found [run 'help']...\n");
    }
    return answer(sh, 0);
}

const struct builtin *builtin_find(const char *name)
{
    size_t low = 0, high = sizeof BUILTINS / sizeof *BUILTINS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, BUILTINS[middle].name);
        if (!order) return &BUILTINS[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return nullptr;
}

static bool explain(struct shell *sh, const struct builtin *builtin)
{
    sayf(sh, "NAME\n    %s - %s\n\nUSAGE\n    ", builtin->name, builtin->summary);
    for (const char *at = builtin->usage; *at; at++) {
        say(sh, at, 1);
        if (*at == '\n') say(sh, "    ", 4);
    }
    say(sh, "\n", 1);
    return answer(sh, 0);
}

bool builtin_run(struct shell *sh, const struct builtin *builtin, const struct list *a)
{
    for (size_t i = 1; i < a->count; i++)
        if (a->at[i][0] == '-' && (!strcmp(a->at[i], "-h") || !strcmp(a->at[i], "--help"))) return explain(sh, builtin);
    return builtin->run(sh, a);
}

const char *builtin_name(size_t index)
{
    return index < sizeof BUILTINS / sizeof *BUILTINS ? BUILTINS[index].name : nullptr;
}
