/* SPDX-License-Identifier: MIT
 * Signals inside the library: who may look at what is pending, and how one thread interrupts another.
 *
 * Three places hold pending signals: the thread (tkill), the process (what it sends itself; struct process), and procd's table entry
 * (everything from outside; fetched with proc.take). `block.pending` only says "look": whoever makes a signal deliverable sets it. */
#pragma once
#include "posix/core/call.h"
#include "posix/linux/signal_set.h"

/* Everything pending for t, blocked or not. */
static inline uint64_t signals_pending(const struct thread *t)
{
    const struct process *p = t->process;
    return t->pending | p->pending | p->entry->pending;
}
/* After a change of the mask: the way out of the call looks if something is deliverable now. */
static inline void signals_check(struct thread *t)
{
    if (unlikely(signals_pending(t) & ~t->mask))
        thread_set_pending(t);
}
/* Takes one of `set`, own before the process's before procd's; false: none of them is pending any more. */
bool signal_take(struct thread *t, uint64_t set, struct proc_signal_info *out);
/* To a thread of this process, or to the process. -LINUX_EAGAIN: no room for a real-time signal. */
int64_t signal_send_thread(struct thread *target, const struct proc_signal_info *info);
int64_t signal_send_process(struct process *p, const struct proc_signal_info *info);
/* Makes the program run a handler: frame on its stack, registers in block.saved. False: the frame could not be written. */
bool signal_frame_push(struct thread *t, const struct linux_sigaction *action, const struct proc_signal_info *info, bool is_exception);
/* Blocks all signals that can be blocked; answers the old mask (for fork, exec and clone). */
uint64_t signal_block_all(struct thread *t);
[[noreturn]] void process_end_by_signal(struct process *p, uint32_t signal);
/* Leaves the library with the registers in block.saved. In entry.S. */
[[noreturn]] void thread_resume(struct thread *t);
