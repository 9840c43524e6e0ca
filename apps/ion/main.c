/* SPDX-License-Identifier: MIT
 * ion [OPTIONS] [-c COMMAND | SCRIPT [ARGUMENT...]]: the Ion shell. Without either it talks with a terminal, or runs its input. */
#include "edit/interactive.h"
#include "expand/expand.h"
#include "job.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
    "ion - The Ion shell\n\n"
    "USAGE:\n"
    "    ion [OPTIONS] [-c COMMAND | SCRIPT [ARGUMENT...]]\n\n"
    "OPTIONS:\n"
    "    -c COMMAND               run the command\n"
    "    -f, --fake-interactive   read the standard input, print errors, go on\n"
    "    -h, --help               print this text\n"
    "    -i, --interactive        talk with the user in any case\n"
    "    -l, --login              nothing; a login shell is one whose name starts with -\n"
    "    -n, --no-execute         parse and expand, run no pipelines\n"
    "    -o vi | emacs            the keys of the line editor\n"
    "    -v, --version            print the version\n"
    "    -x                       show each pipeline before it runs\n";

struct options {
    const char *command;
    int first;               /* of the words that are no options */
    bool fake, interactive, login, vi, keys;
};

static struct shell *noted_for;

static void note_signal(int number)
{
    noted_for->interrupted = number;
}

/* INT, HUP and TERM end the script after its current statement, and then the shell by the same signal. */
static void note_signals(struct shell *sh)
{
    static const int SIGNALS[] = {SIGINT, SIGHUP, SIGTERM};
    struct sigaction before, action = {.sa_handler = note_signal};
    noted_for = sh;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        if (!sigaction(SIGNALS[i], nullptr, &before) && before.sa_handler != SIG_IGN) sigaction(SIGNALS[i], &action, nullptr);
}

[[noreturn]] static void end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
    _exit(128 + number);
}

static int finish(struct shell *sh, enum flow flow)
{
    int died = flow == FLOW_ERROR && strstr(sh->error, ") ended by signal ") && sh->status > 128 ? sh->status - 128 : sh->interrupted;
    if (flow == FLOW_ERROR) report(sh);
    if (died) end_by(died);
    job_wait_all(sh);
    int status = sh->status;
    shell_fini(sh);
    return status;
}

static int run_path(struct shell *sh, const char *path, bool go_on)
{
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : 0;
    if (file < 0) {
        printf("ion: could not execute '%s': %s (os error %d)\n", path, strerror(errno), errno);
        return 1;
    }
    sh->goes_on = go_on;
    return finish(sh, run_file(sh, file, path ? path : "stdin"));
}

static void set_predefined(struct shell *sh, char **arguments, int count)
{
    char here[4096];
    struct value *args = value_make(VALUE_ARRAY);
    for (int i = 0; i < count; i++) value_insert(args, args->count, value_string(arguments[i]));
    scope_set(&sh->global, "args", args);
    scope_set(&sh->global, "CDPATH", value_make(VALUE_ARRAY));
    scope_set(&sh->global, "HISTORY_SIZE", value_string("1000"));
    scope_set(&sh->global, "HISTFILE_SIZE", value_string("100000"));
    scope_set(&sh->global, "PID", value_string(arena_number(&sh->scratch, getpid())));
    scope_set(&sh->global, "UID", value_string(arena_number(&sh->scratch, getuid())));
    scope_set(&sh->global, "EUID", value_string(arena_number(&sh->scratch, geteuid())));
    if (getcwd(here, sizeof here)) {
        if (!getenv("OLDPWD")) setenv("OLDPWD", here, 1);
        setenv("PWD", here, 1);
    }
    if (!gethostname(here, 256)) setenv("HOST", here, 1);
}

static int refuse(const char *why)
{
    fprintf(stderr, "%s\n", why);
    return 1;
}

static bool set_flag(bool *flag)
{
    bool twice = *flag;
    *flag = true;
    return !twice;
}

/* One option; -1: it is none. Otherwise 0, or the status to end with. */
static int take_option(struct shell *sh, struct options *o, char **argv, int argc, int *i)
{
    static const char TWICE[] = "flag or option set twice, see --help";
    const char *word = argv[*i];
    bool once = true;
    if (!strcmp(word, "-n") || !strcmp(word, "--no-execute")) once = set_flag(&sh->no_execute);
    else if (!strcmp(word, "-x")) once = set_flag(&sh->trace);
    else if (!strcmp(word, "-f") || !strcmp(word, "--fake-interactive")) once = set_flag(&o->fake);
    else if (!strcmp(word, "-i") || !strcmp(word, "--interactive")) once = set_flag(&o->interactive);
    else if (!strcmp(word, "-l") || !strcmp(word, "--login")) once = set_flag(&o->login);
    else if (!strcmp(word, "-o") && *i + 1 < argc) {
        const char *keys = argv[++*i];
        if (strcmp(keys, "vi") != 0 && strcmp(keys, "emacs") != 0) return refuse("invalid keybinding, see --help");
        once = set_flag(&o->keys);
        o->vi = *keys == 'v';
    } else if (!strcmp(word, "-c") && *i + 1 < argc) {
        once = !o->command;
        o->command = argv[++*i];
    } else {
        return -1;
    }
    return once ? 0 : refuse(TWICE);
}

int main(int argc, char **argv)
{
    static struct shell sh;
    struct options o = {};
    shell_init(&sh);
    for (o.first = 1; o.first < argc && argv[o.first][0] == '-'; o.first++) {
        const char *word = argv[o.first];
        if (!strcmp(word, "-h") || !strcmp(word, "--help")) return fputs(USAGE, stdout), 0;
        if (!strcmp(word, "-v") || !strcmp(word, "--version")) return puts("ion 1.0.0-alpha"), 0;
        int status = take_option(&sh, &o, argv, argc, &o.first);
        if (status > 0) return status;
        if (status < 0) break;
    }
    if (o.command && o.first < argc) return refuse("either execute command or file(s)");
    sh.login = argv[0] && argv[0][0] == '-';
    sh.last_argument = argc ? argv[argc - 1] : "ion";
    set_predefined(&sh, o.first < argc ? argv + o.first : argv, o.first < argc ? argc - o.first : 1);
    if (!o.command && !o.fake && o.first == argc && (isatty(0) || o.interactive)) {
        bool taken;
        int status = interactive_run(&sh, o.vi, &taken);
        if (taken) return shell_fini(&sh), status;
    }
    note_signals(&sh);
    if (o.command) return finish(&sh, run_text(&sh, "-c", o.command, strlen(o.command)));
    return run_path(&sh, o.first < argc ? argv[o.first] : nullptr, o.fake && o.first == argc);
}
