/* SPDX-License-Identifier: MIT
 * ion [-n] [-x] [-c COMMAND | SCRIPT [ARGUMENT...]]: the Ion shell for scripts. Without either, standard input is the script. */
#include "edit/interactive.h"
#include "expand/expand.h"
#include "job.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: ion [-n] [-x] [-c COMMAND | SCRIPT [ARGUMENT...]]\n"
    "  -c COMMAND        run the command\n"
    "  -n, --no-execute  parse and expand, run no pipelines\n"
    "  -x                show each pipeline before it runs\n"
    "  -v, --version     print the version\n"
    "  -h, --help        print this text\n";

static void set_predefined(struct shell *sh, char **arguments, int count)
{
    struct value *args = value_make(VALUE_ARRAY);
    for (int i = 0; i < count; i++) value_insert(args, args->count, value_string(arguments[i]));
    scope_set(&sh->global, "args", args);
    scope_set(&sh->global, "CDPATH", value_make(VALUE_ARRAY));
    scope_set(&sh->global, "HISTORY_SIZE", value_string("1000"));
    scope_set(&sh->global, "HISTFILE_SIZE", value_string("100000"));
    scope_set(&sh->global, "PID", value_string(arena_print(&sh->scratch, "%d", getpid())));
    scope_set(&sh->global, "UID", value_string(arena_print(&sh->scratch, "%u", getuid())));
    scope_set(&sh->global, "EUID", value_string(arena_print(&sh->scratch, "%u", geteuid())));
}

void shell_init(struct shell *sh)
{
    struct rlimit stack;
    size_t room = 8u << 20;
    if (!getrlimit(RLIMIT_STACK, &stack) && stack.rlim_cur < room) room = stack.rlim_cur;
    *sh = (struct shell){.folders_max = -1};
    sh->scope = &sh->global;
    sh->stack_end = (const char *)__builtin_frame_address(0) - room + room / 4;
}

void shell_fini(struct shell *sh)
{
    error_forget(sh);
    job_fini(sh);
    value_free(sh->folders);
    scope_fini(&sh->global);
    arena_fini(&sh->scratch);
    arena_fini(&sh->caught_arena);
}

static int finish(struct shell *sh, enum flow flow)
{
    if (flow == FLOW_ERROR) report(sh);
    job_wait_all(sh);
    int status = sh->status;
    shell_fini(sh);
    return status;
}

static int run_path(struct shell *sh, const char *path)
{
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : 0;
    if (file < 0) {
        printf("ion: could not execute '%s': %s (os error %d)\n", path, strerror(errno), errno);
        return 1;
    }
    return finish(sh, run_file(sh, file, path ? path : "stdin"));
}

int main(int argc, char **argv)
{
    static struct shell sh;
    const char *command = nullptr;
    int i = 1;
    bool vi = false;
    shell_init(&sh);
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) return fputs(USAGE, stdout), 0;
        if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--version")) return puts("ion 1.0.0-alpha"), 0;
        if (!strcmp(argv[i], "-n") || !strcmp(argv[i], "--no-execute")) sh.no_execute = true;
        else if (!strcmp(argv[i], "-x")) sh.trace = true;
        else if (!strcmp(argv[i], "-o") && i + 1 < argc) vi = !strcmp(argv[++i], "vi");
        else if (!strcmp(argv[i], "-c") && i + 1 < argc) command = argv[++i];
        else break;
    }
    if (command && i < argc) return fputs("either execute command or file(s)\n", stderr), 1;
    set_predefined(&sh, i < argc ? argv + i : argv, i < argc ? argc - i : 1);
    if (command) return finish(&sh, run_text(&sh, "-c", command, strlen(command)));
    if (i == argc && isatty(0)) {
        bool taken;
        int status = interactive_run(&sh, vi, &taken);
        if (taken) return shell_fini(&sh), status;
    }
    return run_path(&sh, i < argc ? argv[i] : nullptr);
}
