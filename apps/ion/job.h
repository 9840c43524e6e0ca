/* SPDX-License-Identifier: MIT
 * Jobs: the processes of a pipeline from their start to their end. run/process.c calls the first four; all else is job.c's own.
 * Where the shell talks with a terminal, each pipeline is a process group and the one in the foreground has the terminal. In a script
 * the foreground stays in the shell's group, so that Ctrl-C ends both; what runs in the background has a group there too.
 * A job that ended stays in the table until somebody was told. One thread; signals only set flags. */
#pragma once
#include "run/run.h"

/* In the child, first of all: into its group (0: it leads one), signals as a program expects them. System calls only: the child may
 * borrow the shell's memory. */
void job_child(struct shell *sh, pid_t group, bool foreground);
/* In the shell, after each process is made; the first one leads. */
void job_joined(struct shell *sh, pid_t group, pid_t pid, bool foreground);
/* Waits for the pipeline in the foreground and sets sh->status; false is a hard error (a signal ended it). */
[[nodiscard]] bool job_wait(struct shell *sh, const pid_t *pids, size_t count, const char *name);
/* The pipeline goes on by itself. */
void job_background(struct shell *sh, const pid_t *pids, size_t count, const char *name);
/* Until no job runs; stopped ones are not waited for. */
void job_wait_all(struct shell *sh);
void job_fini(struct shell *sh);

/* The shell takes the terminal and answers for the groups on it; false: there is none to take. */
bool job_control_begin(struct shell *sh, int terminal);
/* In a copy of the shell: the terminal and the jobs are the other's. */
void job_control_forget(struct shell *sh);
/* Ends what runs: TERM to running jobs, and with huponexit CONT and HUP to all. */
void job_control_end(struct shell *sh, bool terminate);
/* Looks who ended or stopped, without waiting. True when there is something to say. */
bool job_look(struct shell *sh);
/* Says it, on stderr, and forgets the jobs that ended. */
void job_notices(struct shell *sh);
bool job_any_stopped(const struct shell *sh);
/* For completion: the jobs from *index on; false after the last. */
bool job_next(const struct shell *sh, size_t *index, const char **out_command, bool *out_stopped);

/* Builtins. */
builtin_function job_bg, job_fg, job_jobs, job_disown, job_wait_builtin, job_suspend, job_huponexit;
