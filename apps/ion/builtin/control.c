/* SPDX-License-Identifier: MIT
 * Builtins that run something, or change how the shell runs. */
#include "builtin/builtin.h"
#include "job.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool do_true(struct shell *sh, const struct list *)
{
    return answer(sh, 0);
}

bool do_false(struct shell *sh, const struct list *)
{
    return answer(sh, 1);
}

static struct list after(struct shell *sh, const struct list *a, size_t from)
{
    struct list rest = list_make(&sh->scratch);
    for (size_t i = from; i < a->count; i++) list_add(&rest, a->at[i]);
    return rest;
}

bool do_eval(struct shell *sh, const struct list *a)
{
    struct list rest = after(sh, a, 1);
    char *text = rest.count ? list_join(&rest, " ") : "";
    sh->status = 0;
    enum flow flow = run_text(sh, "eval", text, strlen(text));
    if (flow != FLOW_ERROR) return true;
    if (sh->interrupted) return false;
    report(sh);
    complain(sh, "ion: supplied eval expression was not terminated\n");
    return answer(sh, 1);
}

bool do_source(struct shell *sh, const struct list *a)
{
    if (a->count < 2) return complain(sh, "ion: source: an argument must be supplied\n"), answer(sh, 1);
    int file = open(a->at[1], O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        complain(sh, "ion: source: failed to open '%s': %s (os error %d)\n", a->at[1], strerror(errno), errno);
        return answer(sh, 1);
    }
    sh->status = 0;
    enum flow flow = run_file(sh, file, a->at[1]);
    close(file);
    if (flow != FLOW_ERROR) return true;
    if (sh->interrupted) return false;
    report(sh);
    return answer(sh, 1);
}

/* What `sh` leaves in its environment; null when it did not run to its end. */
static char *environment_after(struct shell *sh, const char *script)
{
    int pipes[2], how = 0;
    bool is_file = !access(script, R_OK);
    if (pipe2(pipes, O_CLOEXEC)) return nullptr;
    pid_t pid = fork();
    if (!pid) {
        dup2(pipes[1], 3);
        const char *run = is_file ? ". \"$0\" && env -0 >&3" : "eval \"$0\" && env -0 >&3";
        if (is_file && !strchr(script, '/')) script = arena_print(&sh->scratch, "./%s", script);
        execlp("sh", "sh", "-c", run, script, nullptr);
        _exit(127);
    }
    close(pipes[1]);
    struct buf out = buf_make(&sh->scratch);
    char part[4096];
    for (ssize_t size; (size = read(pipes[0], part, sizeof part)) > 0 || (size < 0 && errno == EINTR);)
        for (ssize_t i = 0; i < size; i++) buf_char(&out, part[i] ? part[i] : '\1');
    close(pipes[0]);
    while (pid > 0 && waitpid(pid, &how, 0) < 0 && errno == EINTR) {}
    return pid > 0 && WIFEXITED(how) && !WEXITSTATUS(how) ? out.at : nullptr;
}

bool do_source_sh(struct shell *sh, const struct list *a)
{
    struct list rest = after(sh, a, 1);
    char *left, *all = rest.count ? environment_after(sh, list_join(&rest, " ")) : nullptr;
    if (!all) return complain(sh, "ion: source-sh: the script failed\n"), answer(sh, 1);
    for (char *entry = strtok_r(all, "\1", &left); entry; entry = strtok_r(nullptr, "\1", &left)) {
        char *equals = strchr(entry, '=');
        if (!equals) continue;
        *equals = 0;
        const char *old = getenv(entry);
        if ((old && !strcmp(old, equals + 1)) || !strcmp(entry, "_") || !strcmp(entry, "SHLVL")) continue;
        setenv(entry, equals + 1, 1);
        sayf(sh, "Set %s to %s\n", entry, equals + 1);
    }
    return answer(sh, 0);
}

bool do_exec(struct shell *sh, const struct list *a)
{
    extern char **environ;
    size_t first = a->count > 1 && !strcmp(a->at[1], "-c") ? 2 : 1;
    char *nothing[] = {nullptr};
    if (first == a->count) return complain(sh, "ion: exec: no command provided\n"), answer(sh, 1);
    char *path = command_path(sh, a->at[first]);
    struct list rest = after(sh, a, first);
    list_add(&rest, nullptr);
    job_child(sh, 0, true);
    if (path) execve(path, rest.at, first == 2 ? nothing : environ);
    complain(sh, "ion: exec: %s: %s\n", a->at[first], path ? strerror(errno) : "command not found");
    return answer(sh, 1);
}

bool do_exit(struct shell *sh, const struct list *a)
{
    long status;
    if (a->count > 1 && whole_number(a->at[1], &status)) sh->status = (int)status;
    return sh->exiting = true;
}

bool do_status(struct shell *sh, const struct list *a)
{
    if (a->count == 1) return sayf(sh, "This is %sa login shell\n", sh->login ? "" : "not "), answer(sh, 0);
    const char *word = a->at[1];
    if (!strcmp(word, "-l") || !strcmp(word, "--is-login")) return answer(sh, sh->login ? 0 : 1);
    if (!strcmp(word, "-i") || !strcmp(word, "--is-interactive")) return answer(sh, sh->interactive ? 0 : 1);
    if (!strcmp(word, "-f") || !strcmp(word, "--current-filename")) {
        const char *last = sh->last_argument ? sh->last_argument : "ion";
        size_t size = strlen(last);
        bool own = size >= 3 && !strcmp(last + size - 3, "ion");
        return sayf(sh, "%s\n", own ? "stdio" : last), answer(sh, 0);
    }
    return complain(sh, "ion: status: invalid argument '%s'\n", word), answer(sh, 1);
}

bool do_debug(struct shell *sh, const struct list *a)
{
    bool on = a->count == 2 && !strcmp(a->at[1], "on");
    if (!on && (a->count != 2 || strcmp(a->at[1], "off") != 0)) return complain(sh, "ion: debug: on or off\n"), answer(sh, 2);
    sh->trace = on;
    return answer(sh, 0);
}
