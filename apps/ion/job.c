/* SPDX-License-Identifier: MIT
 * The processes of pipelines (job.h). */
#include "job.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct process {
    pid_t pid;
    int how;                 /* as wait has it; of interest when it is done */
    bool done, stopped;
};
struct job {
    struct process *processes; /* null: the slot is free */
    size_t count;
    pid_t group;             /* 0: the shell's own */
    char *command;
    bool foreground, spare;  /* spare: no HUP for it */
    bool told;               /* that it is as it is now */
    bool has_modes;
    struct termios modes;    /* of the terminal, when it was stopped */
};
struct job_table {
    struct job *at;
    size_t count;
    size_t latest;           /* the last one stopped or sent to the background */
    bool control, hang_up;
    int terminal;
    pid_t group;             /* the shell's */
    struct termios modes;
};

enum job_state : uint8_t { JOB_RUNNING, JOB_STOPPED, JOB_DONE };

static struct job_table *table(struct shell *sh)
{
    if (!sh->jobs) {
        sh->jobs = heap_alloc(sizeof *sh->jobs);
        *sh->jobs = (struct job_table){.terminal = -1};
    }
    return sh->jobs;
}

static enum job_state state_of(const struct job *job)
{
    bool stopped = false;
    for (size_t i = 0; i < job->count; i++) {
        if (!job->processes[i].done && !job->processes[i].stopped) return JOB_RUNNING;
        stopped = stopped || !job->processes[i].done;
    }
    return stopped ? JOB_STOPPED : JOB_DONE;
}

static size_t job_make(struct shell *sh, const pid_t *pids, size_t count, const char *command, bool foreground)
{
    struct job_table *t = table(sh);
    size_t i = 0;
    while (i < t->count && t->at[i].processes) i++;
    if (i == t->count) t->at = heap_resize(t->at, ++t->count * sizeof *t->at);
    t->at[i] = (struct job){.processes = heap_alloc(count * sizeof(struct process)), .count = count, .command = heap_copy(command),
                            .foreground = foreground, .group = t->control || !foreground ? pids[0] : 0};
    for (size_t k = 0; k < count; k++) t->at[i].processes[k] = (struct process){.pid = pids[k]};
    return i;
}

static void job_forget(struct job *job)
{
    free(job->processes);
    free(job->command);
    *job = (struct job){};
}

static void set_signals(void (*how)(int))
{
    static const int SIGNALS[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGQUIT};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) signal(SIGNALS[i], how);
}

void job_child(struct shell *sh, pid_t group, bool foreground)
{
    const struct job_table *t = sh->jobs;
    bool control = t && t->control;
    if (control || !foreground) setpgid(0, group);
    if (!control) return;
    if (foreground) tcsetpgrp(t->terminal, group ? group : getpid());
    set_signals(SIG_DFL);
    signal(SIGINT, SIG_DFL);
    /* What came while the shell's handler was still in force is the program's. */
    if (sh->interrupted) kill(getpid(), SIGINT);
    signal(SIGHUP, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

void job_joined(struct shell *sh, pid_t group, pid_t pid, bool foreground)
{
    const struct job_table *t = table(sh);
    /* Both sides do it: whoever comes first, the group is there before it is used. */
    if (t->control || !foreground) setpgid(pid, group);
    if (t->control && foreground && pid == group) tcsetpgrp(t->terminal, group);
}

static const char *signal_name(int number)
{
    static const struct { int number; const char *name; } NAMES[] = {
        {SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"},
        {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
        {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGCONT, "SIGCONT"}, {SIGSTOP, "SIGSTOP"}, {SIGTSTP, "SIGTSTP"},
        {SIGTTIN, "SIGTTIN"}, {SIGTTOU, "SIGTTOU"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
    };
    static char other[24];
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (NAMES[i].number == number) return NAMES[i].name;
    snprintf(other, sizeof other, "SIG%d", number);
    return other;
}

static void note(struct job_table *t, pid_t pid, int how)
{
    for (size_t i = 0; i < t->count; i++) {
        struct job *job = &t->at[i];
        for (size_t k = 0; job->processes && k < job->count; k++) {
            if (job->processes[k].pid != pid || job->processes[k].done) continue;
            enum job_state before = state_of(job);
            if (WIFSTOPPED(how)) job->processes[k].stopped = true;
            else if (WIFCONTINUED(how)) job->processes[k].stopped = false;
            else job->processes[k].done = true, job->processes[k].how = how;
            if (state_of(job) != before) job->told = false;
            return;
        }
    }
}

/* Until one process of the job did something; false when there is nobody to wait for. */
static bool wait_for_change(struct job_table *t, struct job *job)
{
    int how;
    /* In a script what stops the foreground stops the script with it; what goes on then goes on by itself. */
    pid_t pid = waitpid(-1, &how, t->control || !job->foreground ? WUNTRACED : 0);
    if (pid > 0) return note(t, pid, how), true;
    if (errno == EINTR) return true;
    /* Somebody else took their ends: they are done, nobody knows how. */
    for (size_t i = 0; i < job->count; i++) job->processes[i].done = true;
    return false;
}

static void take_terminal_back(struct job_table *t, struct job *job)
{
    bool broken = state_of(job) == JOB_STOPPED;
    for (size_t i = 0; i < job->count; i++) broken = broken || (job->processes[i].done && WIFSIGNALED(job->processes[i].how));
    if (!t->control) return;
    tcsetpgrp(t->terminal, t->group);
    if (!broken) {
        tcgetattr(t->terminal, &t->modes);
        return;
    }
    /* What it did to the terminal goes with it, and comes back with it. */
    if (state_of(job) == JOB_STOPPED) job->has_modes = !tcgetattr(t->terminal, &job->modes);
    tcsetattr(t->terminal, TCSADRAIN, &t->modes);
}

/* The pipeline's status from those of its processes. False: a signal ended it, which is a hard error. */
static bool conclude(struct shell *sh, const struct job *job)
{
    bool seen_failure = false, good = true;
    for (size_t i = 0; i < job->count; i++) {
        int how = job->processes[i].how;
        if (WIFSIGNALED(how) && WTERMSIG(how) != SIGPIPE) {
            sh->status = 128 + WTERMSIG(how);
            /* At a prompt Ctrl-C says what happened well enough. */
            if (sh->jobs->control && WTERMSIG(how) == SIGINT) good = fail(sh, "%s", "");
            else if (WCOREDUMP(how)) good = fail(sh, "pipeline execution error: process (%d) had a core dump", job->processes[i].pid);
            else good = fail(sh, "pipeline execution error: process (%d) ended by signal %s", job->processes[i].pid, signal_name(WTERMSIG(how)));
            continue;
        }
        int status = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
        if (good && (!sh->pipefail || !seen_failure)) sh->status = status;
        seen_failure = seen_failure || status;
    }
    return good;
}

static void announce(const struct job_table *t, const struct job *job)
{
    size_t number = (size_t)(job - t->at);
    pid_t pid = job->processes[job->count - 1].pid;
    int how = job->processes[job->count - 1].how;
    enum job_state state = state_of(job);
    if (state == JOB_STOPPED) dprintf(2, "ion: ([%zu] %d) Stopped\t%s\n", number, pid, job->command);
    else if (state == JOB_RUNNING) dprintf(2, "ion: ([%zu] %d) Running\t%s\n", number, pid, job->command);
    else if (WIFSIGNALED(how)) dprintf(2, "ion: ([%zu] %d) ended by signal %s\n", number, pid, signal_name(WTERMSIG(how)));
    else dprintf(2, "ion: ([%zu] %d) exited with %d\n", number, pid, WIFEXITED(how) ? WEXITSTATUS(how) : 0);
}

static bool wait_in_foreground(struct shell *sh, size_t number)
{
    struct job_table *t = table(sh);
    t->at[number].foreground = true;
    while (state_of(&t->at[number]) == JOB_RUNNING) {
        /* It came while the shell still had the terminal: it was meant for the job. */
        if (t->control && sh->interrupted) kill(-t->at[number].group, SIGINT);
        if (t->control) sh->interrupted = 0;
        wait_for_change(t, &t->at[number]);
    }
    struct job *job = &t->at[number];
    take_terminal_back(t, job);
    if (state_of(job) == JOB_STOPPED) {
        job->foreground = false;
        job->told = true;
        t->latest = number;
        dprintf(2, "\n");
        announce(t, job);
        sh->status = 128 + SIGTSTP;
        return fail(sh, "%s", "");
    }
    bool good = conclude(sh, job);
    job_forget(job);
    return good;
}

bool job_wait(struct shell *sh, const pid_t *pids, size_t count, const char *name)
{
    if (!count) return true;
    return wait_in_foreground(sh, job_make(sh, pids, count, name, true));
}

void job_background(struct shell *sh, const pid_t *pids, size_t count, const char *name)
{
    size_t number = job_make(sh, pids, count, name, false);
    sh->jobs->at[number].told = true;
    sh->jobs->latest = number;
    dprintf(2, "ion: bg [%zu] %d\n", number, pids[count - 1]);
}

void job_wait_all(struct shell *sh)
{
    struct job_table *t = table(sh);
    for (size_t i = 0; i < t->count; i++) {
        while (t->at[i].processes && state_of(&t->at[i]) == JOB_RUNNING && !sh->interrupted) wait_for_change(t, &t->at[i]);
        if (t->at[i].processes && state_of(&t->at[i]) == JOB_DONE && !t->control) job_forget(&t->at[i]);
    }
}

void job_fini(struct shell *sh)
{
    for (size_t i = 0; sh->jobs && i < sh->jobs->count; i++)
        if (sh->jobs->at[i].processes) job_forget(&sh->jobs->at[i]);
    if (sh->jobs) free(sh->jobs->at);
    free(sh->jobs);
    sh->jobs = nullptr;
}

/* -- the shell and its terminal ------------------------------------------------------------------------------------------ */

bool job_control_begin(struct shell *sh, int terminal)
{
    struct job_table *t = table(sh);
    pid_t holder;
    if (tcgetpgrp(terminal) < 0) return false;
    /* Started in the background: wait until somebody puts us in front. */
    while ((holder = tcgetpgrp(terminal)) >= 0 && holder != getpgrp()) kill(0, SIGTTIN);
    set_signals(SIG_IGN);
    if (getpgrp() != getpid()) setpgid(0, 0);
    t->group = getpgrp();
    t->terminal = terminal;
    t->control = tcsetpgrp(terminal, t->group) == 0 && tcgetattr(terminal, &t->modes) == 0;
    return t->control;
}

void job_control_forget(struct shell *sh)
{
    table(sh)->control = false;
}

void job_control_end(struct shell *sh, bool terminate)
{
    struct job_table *t = table(sh);
    for (size_t i = 0; i < t->count; i++) {
        const struct job *job = &t->at[i];
        if (!job->processes || !job->group || job->spare || state_of(job) == JOB_DONE) continue;
        bool stopped = state_of(job) == JOB_STOPPED;
        if (t->hang_up || (stopped && t->control)) {
            kill(-job->group, SIGHUP);
            kill(-job->group, SIGCONT);
        } else if (terminate && !stopped) {
            kill(-job->group, SIGTERM);
        }
    }
}

bool job_look(struct shell *sh)
{
    struct job_table *t = table(sh);
    int how;
    for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG | WUNTRACED | WCONTINUED)) > 0;) note(t, pid, how);
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i].processes && !t->at[i].told) return true;
    return false;
}

void job_notices(struct shell *sh)
{
    struct job_table *t = table(sh);
    if (!job_look(sh)) return;
    for (size_t i = 0; i < t->count; i++) {
        struct job *job = &t->at[i];
        if (!job->processes || job->told) continue;
        announce(t, job);
        job->told = true;
        if (state_of(job) == JOB_DONE) job_forget(job);
    }
}

bool job_any_stopped(const struct shell *sh)
{
    for (size_t i = 0; sh->jobs && i < sh->jobs->count; i++)
        if (sh->jobs->at[i].processes && state_of(&sh->jobs->at[i]) == JOB_STOPPED) return true;
    return false;
}

bool job_next(const struct shell *sh, size_t *index, const char **out_command, bool *out_stopped)
{
    for (; sh->jobs && *index < sh->jobs->count; ++*index) {
        const struct job *job = &sh->jobs->at[*index];
        if (!job->processes || state_of(job) == JOB_DONE) continue;
        *out_command = job->command;
        *out_stopped = state_of(job) == JOB_STOPPED;
        return true;
    }
    return false;
}

/* -- builtins ------------------------------------------------------------------------------------------------------------- */

static bool answer(struct shell *sh, int status)
{
    sh->status = status;
    return true;
}

static struct job *find(struct shell *sh, const char *who, const char *text)
{
    struct job_table *t = table(sh);
    char *end;
    if (*text == '%') text++;
    unsigned long number = strtoul(text, &end, 10);
    if (!*text || *end || *text == '-') {
        dprintf(2, "ion: %s: %s is not a valid job number\n", who, text);
        return nullptr;
    }
    if (number < t->count && t->at[number].processes && state_of(&t->at[number]) != JOB_DONE) return &t->at[number];
    dprintf(2, "ion: %s: job %lu does not exist\n", who, number);
    return nullptr;
}

/* The one that was stopped or sent to the background last. */
static struct job *latest(struct shell *sh, bool only_stopped)
{
    struct job_table *t = table(sh);
    for (size_t i = 0, at = t->latest < t->count ? t->latest : 0; i < t->count; i++, at = at ? at - 1 : t->count - 1) {
        struct job *job = &t->at[at];
        if (job->processes && state_of(job) != JOB_DONE && (!only_stopped || state_of(job) == JOB_STOPPED)) return job;
    }
    return nullptr;
}

static void resume(struct job *job)
{
    for (size_t i = 0; i < job->count; i++) job->processes[i].stopped = false;
    if (job->group) kill(-job->group, SIGCONT);
}

static bool foreground(struct shell *sh, struct job *job)
{
    struct job_table *t = table(sh);
    if (t->control) {
        dprintf(2, "%s\n", job->command);
        if (job->has_modes) tcsetattr(t->terminal, TCSADRAIN, &job->modes);
        tcsetpgrp(t->terminal, job->group);
    }
    job->has_modes = false;
    resume(job);
    return wait_in_foreground(sh, (size_t)(job - t->at));
}

bool job_fg(struct shell *sh, const struct list *a)
{
    job_look(sh);
    if (a->count == 1) {
        struct job *job = latest(sh, false);
        if (!job) return dprintf(2, "ion: fg: no jobs are running in the background\n"), answer(sh, 1);
        return foreground(sh, job);
    }
    bool all = true;
    for (size_t i = 1; i < a->count; i++) {
        struct job *job = find(sh, "fg", a->at[i]);
        if (!job) all = false;
        else if (!foreground(sh, job)) return false;
    }
    return answer(sh, all ? 0 : 1);
}

static bool background(struct shell *sh, struct job *job)
{
    size_t number = (size_t)(job - table(sh)->at);
    if (state_of(job) == JOB_RUNNING) return dprintf(2, "ion: bg: job %zu is already running\n", number), false;
    resume(job);
    job->told = true;
    announce(sh->jobs, job);
    return true;
}

bool job_bg(struct shell *sh, const struct list *a)
{
    job_look(sh);
    bool all = true;
    if (a->count == 1) {
        struct job *job = latest(sh, true);
        if (!job) return dprintf(2, "ion: bg: no jobs are running in the background\n"), answer(sh, 1);
        all = background(sh, job);
    }
    for (size_t i = 1; i < a->count; i++) {
        struct job *job = find(sh, "bg", a->at[i]);
        all = job && background(sh, job) && all;
    }
    return answer(sh, all ? 0 : 1);
}

bool job_jobs(struct shell *sh, const struct list *)
{
    struct job_table *t = table(sh);
    job_look(sh);
    for (size_t i = 0; i < t->count; i++) {
        struct job *job = &t->at[i];
        if (!job->processes) continue;
        enum job_state state = state_of(job);
        if (state == JOB_DONE) continue;
        dprintf(2, "[%zu] %d %s\t%s\n", i, job->processes[job->count - 1].pid, state == JOB_STOPPED ? "Stopped" : "Running", job->command);
    }
    return answer(sh, 0);
}

bool job_disown(struct shell *sh, const struct list *a)
{
    struct job_table *t = table(sh);
    bool every = false, running = false, keep = false, named = false;
    job_look(sh);
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (*word != '-') named = true;
        else if (!strcmp(word, "-a")) every = true;
        else if (!strcmp(word, "-r")) running = true;
        else if (!strcmp(word, "-h")) keep = true;
        else return dprintf(2, "ion: disown: unknown option %s\n", word), answer(sh, 2);
    }
    if (named && (every || running)) return dprintf(2, "ion: disown: -a and -r go without job numbers\n"), answer(sh, 1);
    if (!named && !every && !running) {
        struct job *job = latest(sh, false);
        if (!job) return dprintf(2, "ion: disown: must provide arguments\n"), answer(sh, 1);
        if (keep) job->spare = true;
        else job_forget(job);
        return answer(sh, 0);
    }
    int status = 0;
    for (size_t i = 0; i < t->count && !named; i++) {
        if (!t->at[i].processes || (running && state_of(&t->at[i]) != JOB_RUNNING)) continue;
        if (keep) t->at[i].spare = true;
        else job_forget(&t->at[i]);
    }
    for (size_t i = 1; i < a->count && named; i++) {
        struct job *job = *a->at[i] == '-' ? nullptr : find(sh, "disown", a->at[i]);
        if (!job && *a->at[i] != '-') status = 1;
        if (job && keep) job->spare = true;
        else if (job) job_forget(job);
    }
    return answer(sh, status);
}

/* Without arguments until no job runs; with numbers until these have ended, and the last one's status. */
bool job_wait_builtin(struct shell *sh, const struct list *a)
{
    sh->status = 0;
    if (a->count == 1) job_wait_all(sh);
    for (size_t i = 1; i < a->count; i++) {
        struct job_table *t = table(sh);
        char *end;
        unsigned long number = strtoul(a->at[i] + (*a->at[i] == '%'), &end, 10);
        if (*end || number >= t->count || !t->at[number].processes) {
            dprintf(2, "ion: wait: job %s does not exist\n", a->at[i]);
            sh->status = 127;
            continue;
        }
        while (state_of(&t->at[number]) == JOB_RUNNING && !sh->interrupted) wait_for_change(t, &t->at[number]);
        if (state_of(&t->at[number]) != JOB_DONE) continue;
        int how = t->at[number].processes[t->at[number].count - 1].how;
        sh->status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
        job_forget(&t->at[number]);
    }
    return true;
}

bool job_suspend(struct shell *sh, const struct list *)
{
    struct job_table *t = table(sh);
    if (t->control) set_signals(SIG_DFL);
    kill(getpid(), SIGSTOP);
    if (t->control) {
        set_signals(SIG_IGN);
        tcsetpgrp(t->terminal, t->group);
    }
    return answer(sh, 0);
}

bool job_huponexit(struct shell *sh, const struct list *a)
{
    bool off = a->count > 1 && (!strcmp(a->at[1], "off") || !strcmp(a->at[1], "false"));
    table(sh)->hang_up = !off;
    return answer(sh, 0);
}
