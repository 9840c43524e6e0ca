/* SPDX-License-Identifier: MIT
 * Pipelines as processes. A single builtin or function runs in the shell itself, its descriptors swapped and put back. */
#include "expand/expand.h"
#include "job.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const struct item *item;
    struct list arguments;
    struct function *function;
    builtin_function *builtin;
};

static int scratch_file(void)
{
    char path[] = "/tmp/ion.XXXXXX";
    int file = mkstemp(path);
    if (file >= 0) unlink(path);
    if (file >= 0) fcntl(file, F_SETFD, FD_CLOEXEC);
    return file;
}

static bool write_all(int file, const char *text, size_t size)
{
    while (size) {
        ssize_t done = write(file, text, size);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text += done, size -= (size_t)done;
    }
    return true;
}

static int open_redirect(struct shell *sh, const struct redirect *r, const char *target)
{
    if (r->kind == REDIRECT_TEXT) {
        int file = scratch_file();
        size_t size = strlen(target);
        const char *text = size && target[size - 1] == '\n' ? target : arena_print(&sh->scratch, "%s\n", target);
        if (file >= 0 && write_all(file, text, strlen(text))) lseek(file, 0, SEEK_SET);
        return file;
    }
    if (r->kind == REDIRECT_IN) return open(target, O_RDONLY | O_CLOEXEC);
    return open(target, O_WRONLY | O_CREAT | O_CLOEXEC | (r->kind == REDIRECT_APPEND ? O_APPEND : O_TRUNC), 0666);
}

static bool redirect(struct shell *sh, const struct item *item)
{
    for (const struct redirect *r = item->redirects; r; r = r->next) {
        char *target;
        if (!expand_string(sh, r->target, &target)) return false;
        int file = open_redirect(sh, r, target);
        if (file < 0) {
            const char *what = r->kind >= REDIRECT_IN ? "stdin" : r->streams == STREAM_OUT ? "stdout" : r->streams == STREAM_ERR ? "stderr" : "both stdout and stderr";
            return fail(sh, "pipeline execution error: failed to redirect %s%s'%s'%s: %s (os error %d)", r->kind >= REDIRECT_IN ? "" : what,
                        r->kind >= REDIRECT_IN ? "" : " to file ", target, r->kind >= REDIRECT_IN ? " to stdin" : "", strerror(errno), errno);
        }
        if (r->kind >= REDIRECT_IN) dup2(file, 0);
        else {
            if (r->streams & STREAM_OUT) dup2(file, 1);
            if (r->streams & STREAM_ERR) dup2(file, 2);
        }
        close(file);
    }
    return true;
}

static bool run_inside(struct shell *sh, struct command *c)
{
    if (c->builtin) return c->builtin(sh, &c->arguments);
    return function_call(sh, c->function, &c->item->words);
}

static bool run_in_shell(struct shell *sh, struct command *c)
{
    if (!c->item->redirects) return run_inside(sh, c);
    int saved[3];
    for (int i = 0; i < 3; i++) saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
    bool good = redirect(sh, c->item) && run_inside(sh, c);
    for (int i = 0; i < 3; i++) {
        if (saved[i] < 0) continue;
        dup2(saved[i], i);
        close(saved[i]);
    }
    return good;
}

[[noreturn]] static void run_child(struct shell *sh, struct command *c)
{
    bool good = redirect(sh, c->item);
    if (good && (c->builtin || c->function)) good = run_inside(sh, c);
    else if (good) {
        list_add(&c->arguments, nullptr);
        execvp(c->arguments.at[0], c->arguments.at);
        int error = errno;
        dprintf(2, error == ENOENT ? "ion: command not found: %s\n" : "ion: command exec error: %s\n", c->arguments.at[0]);
        _exit(error == ENOENT ? 127 : 126);
    }
    if (!good) dprintf(2, "ion: %s\n", sh->error);
    _exit(good ? sh->status : 1);
}

static bool is_executable(struct shell *sh, const char *name)
{
    if (strchr(name, '/')) return !access(name, X_OK);
    const char *path = getenv("PATH");
    char *folders = arena_print(&sh->scratch, "%s", path ? path : "/bin:/usr/bin");
    for (char *folder = strtok(folders, ":"); folder; folder = strtok(nullptr, ":"))
        if (!access(arena_print(&sh->scratch, "%s/%s", folder, name), X_OK)) return true;
    return false;
}

static bool resolve(struct shell *sh, const struct item *item, bool alone, struct command *c)
{
    *c = (struct command){.item = item, .arguments = list_make(&sh->scratch)};
    for (size_t i = 0; i < item->words.count; i++) {
        size_t before = c->arguments.count;
        if (!expand_word(sh, item->words.at[i], &c->arguments)) return false;
        if (c->arguments.count == before && *item->words.at[i] == '@') list_add(&c->arguments, "");
    }
    if (!c->arguments.count) list_add(&c->arguments, "");
    const struct value *value = scope_find(sh->scope, item->words.at[0]);
    c->builtin = builtin_find(c->arguments.at[0]);
    if (value && value->kind == VALUE_FUNCTION && !(alone && c->builtin)) {
        c->function = value->function;
        c->builtin = nullptr;
    }
    if (c->builtin || c->function || sh->no_execute || is_executable(sh, c->arguments.at[0])) return true;
    return fail(sh, "pipeline execution error: command not found: %s", c->arguments.at[0]);
}

static pid_t spawn(struct shell *sh, struct command *c, const struct pipeline *pipeline, pid_t group, int input, const int pipes[2])
{
    pid_t pid = fork();
    if (pid) return pid;
    job_child(sh, group, !pipeline->background);
    if (input >= 0) dup2(input, 0);
    if (c->item->pipe & STREAM_OUT) dup2(pipes[1], 1);
    if (c->item->pipe & STREAM_ERR) dup2(pipes[1], 2);
    if (pipeline->disowned) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, 1), dup2(nothing, 2);
    }
    run_child(sh, c);
}

static bool run_processes(struct shell *sh, const struct pipeline *pipeline, struct command *commands, size_t count)
{
    pid_t *pids = arena_alloc(&sh->scratch, count * sizeof *pids);
    int input = -1;
    size_t made = 0;
    for (; made < count; made++) {
        int pipes[2] = {-1, -1};
        if (commands[made].item->pipe && pipe2(pipes, O_CLOEXEC)) break;
        pids[made] = spawn(sh, &commands[made], pipeline, made ? pids[0] : 0, input, pipes);
        if (pids[made] > 0) job_joined(sh, pids[0], pids[made], !pipeline->background);
        if (input >= 0) close(input);
        if (pipes[1] >= 0) close(pipes[1]);
        input = pipes[0];
        if (pids[made] < 0) break;
    }
    int error = errno;
    if (input >= 0) close(input);
    if (pipeline->background && made == count) {
        if (!pipeline->disowned) job_background(sh, pids, count, commands[0].arguments.at[0]);
        return sh->status = 0, true;
    }
    bool good = job_wait(sh, pids, made, commands[0].arguments.at[0]);
    if (made < count) return fail(sh, "pipeline execution error: could not fork: %s (os error %d)", strerror(error), error);
    return good;
}

bool run_pipeline(struct shell *sh, const struct pipeline *pipeline)
{
    size_t count = 0;
    for (const struct item *item = pipeline->items; item; item = item->next) count++;
    struct command *commands = arena_alloc(&sh->scratch, count * sizeof *commands);
    size_t i = 0;
    bool alone = count == 1 && !pipeline->background;
    for (const struct item *item = pipeline->items; item; item = item->next)
        if (!resolve(sh, item, alone, &commands[i++])) return false;
    for (i = 0; sh->trace && i < count; i++) dprintf(2, "> %s\n", list_join(&commands[i].arguments, " "));
    if (sh->no_execute) return true;
    if (alone && (commands[0].builtin || commands[0].function)) return run_in_shell(sh, &commands[0]);
    return run_processes(sh, pipeline, commands, count);
}

static bool read_back(int file, struct buf *out)
{
    char part[4096];
    ssize_t size;
    lseek(file, 0, SEEK_SET);
    while ((size = read(file, part, sizeof part)) > 0) buf_bytes(out, part, strnlen(part, (size_t)size));
    while (out->size && out->at[out->size - 1] == '\n') out->at[--out->size] = 0;
    return size == 0;
}

/* The output goes to a file, not a pipe: the shell itself writes it, and nobody would read the other end meanwhile. */
bool capture(struct shell *sh, const char *text, char **out_text)
{
    if (!enter(sh)) return false;
    int file = scratch_file(), saved = fcntl(1, F_DUPFD_CLOEXEC, 10);
    enum flow flow = FLOW_ERROR;
    struct buf out = buf_make(&sh->scratch);
    if (file < 0) {
        fail(sh, "%s (os error %d)", strerror(errno), errno);
    } else {
        dup2(file, 1);
        flow = run_text(sh, "$()", text, strlen(text));
        if (saved >= 0) dup2(saved, 1);
        else close(1);
        read_back(file, &out);
        close(file);
    }
    if (saved >= 0) close(saved);
    leave(sh);
    *out_text = out.at;
    if (flow != FLOW_ERROR) return true;
    free(sh->error_program);
    sh->error_program = nullptr;
    char *why = arena_print(&sh->scratch, "%s", sh->error);
    return fail(sh, "expansion error: Could not expand subprocess: %s", why);
}
