/* SPDX-License-Identifier: MIT
 * Redirections (streams.h). */
#include "run/streams.h"
#include "expand/expand.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TARGETS_MAX = 8, HELPER_FILES_MAX = 256 };
struct targets {
    int at[TARGETS_MAX];
    size_t count;
};

static bool cannot(struct shell *sh, const struct redirect *r, const char *target)
{
    int error = errno;
    if (r->kind >= REDIRECT_IN)
        return fail(sh, "pipeline execution error: failed to redirect '%s' to stdin: %s (os error %d)", target, strerror(error), error);
    return fail(sh, "pipeline execution error: failed to redirect %s to file '%s': %s (os error %d)",
                r->streams == STREAM_OUT ? "stdout" : r->streams == STREAM_ERR ? "stderr" : "both stdout and stderr", target, strerror(error), error);
}

static bool own(struct shell *sh, struct streams *s, int file)
{
    if (s->owned_count == sizeof s->owned / sizeof *s->owned) {
        close(file);
        return fail(sh, "pipeline execution error: too many redirections");
    }
    s->owned[s->owned_count++] = file;
    return true;
}

static int scratch_file(void)
{
    char path[] = "/tmp/ion.XXXXXX";
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0) unlink(path);
    return file;
}

/* A text to read: through a pipe when it fits in one for sure. */
static int text_file(const char *text, size_t size)
{
    int pipes[2];
    if (size <= PIPE_BUF && !pipe2(pipes, O_CLOEXEC)) {
        write_all(pipes[1], text, size);
        close(pipes[1]);
        return pipes[0];
    }
    int file = scratch_file();
    if (file >= 0 && write_all(file, text, size)) lseek(file, 0, SEEK_SET);
    return file;
}

static int open_target(struct shell *sh, const struct redirect *r, const char *target)
{
    if (r->kind == REDIRECT_TEXT) {
        size_t size = strlen(target);
        if (!size || target[size - 1] != '\n') target = arena_print(&sh->scratch, "%s\n", target);
        return text_file(target, strlen(target));
    }
    if (r->kind == REDIRECT_IN) return open(target, O_RDONLY | O_CLOEXEC);
    return open(target, O_WRONLY | O_CREAT | O_CLOEXEC | (r->kind == REDIRECT_APPEND ? O_APPEND : O_TRUNC), 0666);
}

static void copy_all(int from, const struct targets *to)
{
    char part[16384];
    for (;;) {
        ssize_t size = read(from, part, sizeof part);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return;
        for (size_t i = 0; i < to->count; i++) (void)!write_all(to->at[i], part, (size_t)size);
    }
}

static bool in_targets(const struct targets *t, int file)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i] == file) return true;
    return false;
}

/* A process that copies all of `from`, one after the other, to each of `to`. It holds nothing else open: pipes must see their end. */
static pid_t start_helper(const struct targets *from, const struct targets *to)
{
    pid_t pid = fork();
    if (pid) return pid;
    for (int file = 0; file < HELPER_FILES_MAX; file++)
        if (!in_targets(from, file) && !in_targets(to, file)) close(file);
    for (size_t i = 0; i < from->count; i++) copy_all(from->at[i], to);
    _exit(0);
}

/* Several on one side become one pipe on the other: its near end. */
static bool join(struct shell *sh, struct streams *s, const struct targets *several, bool input, int *out_file)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC)) return fail(sh, "pipeline execution error: could not create pipe: %s (os error %d)", strerror(errno), errno);
    int near = pipes[input ? 0 : 1], far = pipes[input ? 1 : 0];
    struct targets far_end = {{far}, 1};
    pid_t pid = input ? start_helper(several, &far_end) : start_helper(&far_end, several);
    close(far);
    if (pid < 0) {
        close(near);
        return fail(sh, "pipeline execution error: could not fork: %s (os error %d)", strerror(errno), errno);
    }
    s->helpers[s->helper_count++] = pid;
    *out_file = near;
    return own(sh, s, near);
}

static bool add(struct shell *sh, struct targets *t, int file)
{
    if (t->count == TARGETS_MAX) return fail(sh, "pipeline execution error: too many redirections");
    t->at[t->count++] = file;
    return true;
}

static bool collect(struct shell *sh, const struct item *item, struct streams *s, struct targets targets[3])
{
    for (const struct redirect *r = item->redirects; r; r = r->next) {
        char *target;
        if (!expand_string(sh, (struct word *)&r->target, &target)) return false;
        int file = open_target(sh, r, target);
        if (file < 0) return cannot(sh, r, target) || word_blame(sh, &r->target);
        if (!own(sh, s, file)) return false;
        if (r->kind >= REDIRECT_IN) {
            if (!add(sh, &targets[0], file)) return false;
            continue;
        }
        if ((r->streams & STREAM_OUT) && !add(sh, &targets[1], file)) return false;
        if ((r->streams & STREAM_ERR) && !add(sh, &targets[2], file)) return false;
    }
    return true;
}

static bool same(const struct targets *a, const struct targets *b)
{
    return a->count == b->count && !memcmp(a->at, b->at, a->count * sizeof *a->at);
}

static bool choose(struct shell *sh, struct streams *s, const struct targets targets[3])
{
    for (int i = 0; i < 3; i++) {
        if (targets[i].count == 1) s->at[i] = targets[i].at[0];
        if (targets[i].count < 2) continue;
        if (i == 2 && same(&targets[1], &targets[2])) s->at[2] = s->at[1];
        else if (!join(sh, s, &targets[i], i == 0, &s->at[i])) return false;
    }
    return true;
}

bool streams_open(struct shell *sh, const struct item *item, int input, int output, struct streams *s)
{
    struct targets targets[3] = {};
    *s = (struct streams){.at = {-1, -1, -1}};
    if (input >= 0) targets[0].at[targets[0].count++] = input;
    if (output >= 0 && (item->pipe & STREAM_OUT)) targets[1].at[targets[1].count++] = output;
    if (output >= 0 && (item->pipe & STREAM_ERR)) targets[2].at[targets[2].count++] = output;
    if (collect(sh, item, s, targets) && choose(sh, s, targets)) return true;
    streams_close(s);
    streams_wait(s);
    return false;
}

void streams_apply(const struct streams *s)
{
    int from[3];
    for (int i = 0; i < 3; i++) {
        from[i] = s->at[i];
        if (from[i] >= 0 && from[i] < 3 && from[i] != i) from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 10);
    }
    for (int i = 0; i < 3; i++) {
        if (from[i] < 0) continue;
        if (from[i] == i) fcntl(i, F_SETFD, 0);
        else dup2(from[i], i);
    }
}

void streams_close(struct streams *s)
{
    for (size_t i = 0; i < s->owned_count; i++) close(s->owned[i]);
    s->owned_count = 0;
}

void streams_wait(struct streams *s)
{
    for (size_t i = 0; i < s->helper_count; i++)
        while (waitpid(s->helpers[i], nullptr, 0) < 0 && errno == EINTR) {}
    s->helper_count = 0;
}
