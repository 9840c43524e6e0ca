/* SPDX-License-Identifier: MIT
 * Asking, reading, giving up (worker.h). */
#include "edit/worker.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_MAX = 10 };

void worker_end(struct worker *w)
{
    if (!w->pid) return;
    kill(-w->pid, SIGKILL); /* with what it started */
    kill(w->pid, SIGKILL);
    close(w->file);
    waitpid(w->pid, nullptr, WNOHANG); /* or the shell, when it looks after its jobs */
    w->pid = 0;
    w->answer.size = 0;
}

bool worker_ask(struct worker *w, void (*work)(void *, struct output *), void *context)
{
    int pipes[2];
    worker_end(w);
    if (pipe2(pipes, O_CLOEXEC)) return false;
    pid_t pid = fork();
    if (pid == 0) {
        struct output answer = {};
        setpgid(0, 0);
        int nothing = open("/dev/null", O_RDWR); /* the terminal is the editor's */
        for (int i = 0; i < 3 && nothing >= 0; i++) dup2(nothing, i);
        alarm(SECONDS_MAX); /* a folder that does not answer shall not keep it for ever */
        work(context, &answer);
        for (size_t at = 0; at < answer.size;) {
            ssize_t done = write(pipes[1], answer.at + at, answer.size - at);
            if (done <= 0) break;
            at += (size_t)done;
        }
        _exit(0);
    }
    close(pipes[1]);
    if (pid > 0) setpgid(pid, pid);
    if (pid < 0) return close(pipes[0]), false;
    *w = (struct worker){.pid = pid, .file = pipes[0], .answer = w->answer};
    w->answer.size = 0;
    return true;
}

bool worker_read(struct worker *w)
{
    char part[8192];
    ssize_t size = read(w->file, part, sizeof part);
    if (size < 0 && errno == EINTR) return false;
    if (size > 0) return output_bytes(&w->answer, part, (size_t)size), false;
    close(w->file);
    waitpid(w->pid, nullptr, WNOHANG);
    w->pid = 0;
    return true;
}
