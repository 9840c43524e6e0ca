/* SPDX-License-Identifier: MIT
 * ion [-n] [-x] [-c COMMAND | SCRIPT [ARGUMENT...]]: the Ion shell for scripts. Without either, standard input is the script. */
#include "expand/expand.h"
#include "job.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static char *read_script(struct shell *sh, FILE *file, size_t *out_size)
{
    char part[4096];
    struct buf text = buf_make(&sh->scratch);
    for (size_t size; (size = fread(part, 1, sizeof part, file));) buf_bytes(&text, part, size);
    *out_size = text.size;
    return text.at;
}

static int run(struct shell *sh, const char *name, const char *text, size_t size)
{
    if (run_text(sh, name, text, size) == FLOW_ERROR) report(sh);
    job_wait_all(sh);
    scope_fini(&sh->global);
    arena_fini(&sh->scratch);
    return sh->status;
}

static int run_file(struct shell *sh, const char *path)
{
    FILE *file = path ? fopen(path, "re") : stdin;
    size_t size;
    if (!file) {
        printf("ion: could not execute '%s': %s (os error %d)\n", path, strerror(errno), errno);
        return 1;
    }
    char *text = read_script(sh, file, &size);
    if (path) fclose(file);
    return run(sh, path ? path : "stdin", text, size);
}

int main(int argc, char **argv)
{
    static struct shell sh;
    const char *command = nullptr;
    int i = 1;
    sh.scope = &sh.global;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) return fputs(USAGE, stdout), 0;
        if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--version")) return puts("ion 1.0.0-alpha"), 0;
        if (!strcmp(argv[i], "-n") || !strcmp(argv[i], "--no-execute")) sh.no_execute = true;
        else if (!strcmp(argv[i], "-x")) sh.trace = true;
        else if (!strcmp(argv[i], "-c") && i + 1 < argc) command = argv[++i];
        else break;
    }
    if (command && i < argc) return fputs("either execute command or file(s)\n", stderr), 1;
    set_predefined(&sh, i < argc ? argv + i : argv, i < argc ? argc - i : 1);
    if (command) return run(&sh, "-c", command, strlen(command));
    return run_file(&sh, i < argc ? argv[i] : nullptr);
}
