/* SPDX-License-Identifier: MIT
 * Signals as sets and queues: which comes next, what it does by default, which details wait. Pure; the caller's lock guards a queue. */
#pragma once
#include "base/types.h"
#include "posix/linux/signal.h"
#include "protocol/proc_abi.h"

enum signal_default { SIGNAL_TERMINATES, SIGNAL_IGNORED, SIGNAL_STOPS, SIGNAL_CONTINUES };
enum signal_default signal_default_action(uint32_t signal);

/* The one to deliver first: those raised by instructions, then the lowest; 0: none. */
uint32_t signal_first(uint64_t set);

/* Details of pending signals, oldest first; signal 0 ends the queue. `set` has the bit of every pending signal, also of those whose
 * details found no room. Standard signals (below SIGRTMIN) are pending at most once; false: a real-time signal found no room. */
bool signal_queue_add(uint64_t *set, struct proc_signal_info *queue, size_t slots, const struct proc_signal_info *info);
/* Takes `signal`, whose bit is set, and its oldest details; clears the bit with the last of them. */
void signal_queue_take(uint64_t *set, struct proc_signal_info *queue, size_t slots, uint32_t signal, struct proc_signal_info *out);
/* Drops all of `signals` (an action became `ignore`, or SIGCONT and the stops ended each other). */
void signal_queue_drop(uint64_t *set, struct proc_signal_info *queue, size_t slots, uint64_t signals);

/* As a handler sees it. */
void signal_info_to_linux(const struct proc_signal_info *info, struct linux_siginfo *out);
/* rt_sigqueueinfo's. */
void signal_info_from_linux(const struct linux_siginfo *info, uint32_t signal, struct proc_signal_info *out);
