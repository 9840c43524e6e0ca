/* SPDX-License-Identifier: MIT
 * A static program that checks what it was promised by Linux's manual pages; the same file runs on Linux and here. Each promise prints
 * `ok NAME` or `not ok NAME: line, errno`. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROMISE(name, condition) promise((name), (condition), __LINE__)
void promise(const char *name, bool kept, int line);

/* What the handlers below saw. */
extern volatile sig_atomic_t handled, handled_signal;
extern siginfo_t handled_info;
extern void *volatile handled_stack;
void handle(int signal, void (*handler)(int), int flags); /* SIG_DFL, SIG_IGN, or note */
void handle_info(int signal, int flags);                  /* notes details too */
void note(int signal);

int status_of(pid_t child);          /* waits for it */
long long now_ns(void);

void check_signals(void);
void check_faults(void);
void check_interruption(void);
void check_children(void);
void check_vfork(void);
void check_exec(const char *self);
int  check_after_exec(void);         /* in the program that check_exec starts; its exit status */
void check_threads(void);
void check_memory(void);
void check_bad_addresses(void);
void check_stress(void);
void check_sockets(void);
void check_hostile(void);
