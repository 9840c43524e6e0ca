/* SPDX-License-Identifier: MIT
 * Jobs: the processes of a pipeline from their start to their end. run/process.c calls these; all else is job.c's own. */
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
void job_wait_all(struct shell *sh);
