/* SPDX-License-Identifier: MIT
 * The processes of pipelines (job.h). */
#include "job.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void job_child(struct shell *, pid_t, bool) {}

void job_joined(struct shell *, pid_t, pid_t, bool) {}

static bool note_end(struct shell *sh, pid_t pid, int how, bool *seen_failure)
{
    if (WIFSIGNALED(how) && WTERMSIG(how) != SIGPIPE)
        return fail(sh, "pipeline execution error: process (%d) ended by signal %d", pid, WTERMSIG(how));
    int status = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
    if (!sh->pipefail || !*seen_failure) sh->status = status;
    *seen_failure = *seen_failure || status;
    return true;
}

void job_background(struct shell *sh, const pid_t *pids, size_t count, const char *name)
{
    pid_t pid = pids[count - 1];
    for (int i = 0; i < JOBS_MAX; i++) {
        if (sh->jobs[i].pid) continue;
        sh->jobs[i] = (struct job){pid, heap_copy(name)};
        dprintf(2, "ion: bg [%d] %d\n", i, pid);
        return;
    }
}

void job_wait_all(struct shell *sh)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (!sh->jobs[i].pid) continue;
        while (waitpid(sh->jobs[i].pid, nullptr, 0) < 0 && errno == EINTR) {}
        free(sh->jobs[i].command);
        sh->jobs[i] = (struct job){};
    }
}

bool job_wait(struct shell *sh, const pid_t *pids, size_t count, const char *)
{
    bool good = true, seen_failure = false;
    for (size_t i = 0; i < count; i++) {
        int how = 0;
        while (waitpid(pids[i], &how, 0) < 0 && errno == EINTR) {}
        good = note_end(sh, pids[i], how, &seen_failure) && good;
    }
    return good;
}
