/* SPDX-License-Identifier: MIT
 * Waiting for signals. The native sleep answers INTERRUPTED when something is pending at its start or comes later, so looking first
 * and sleeping then misses nothing. */
#include "posix/signal/signal.h"
#include "sys/syscall.h"

LINUX_CALL(pause, void)
{
    (void)linux_result(sys_sleep(DEADLINE_NEVER));
    thread_set_pending(thread_current());
    return -LINUX_ERESTARTNOHAND;
}

LINUX_CALL(rt_sigsuspend, uint64_t mask, uint64_t mask_bytes)
{
    if (!mask)
        return -LINUX_EFAULT;
    TRY_LINUX(signal_mask_enter(mask, mask_bytes));
    return signal_mask_leave(linux_result(sys_sleep(DEADLINE_NEVER)));
}

static int64_t wait_for(struct thread *t, uint64_t set, uint64_t deadline, struct proc_signal_info *out)
{
    for (;;) {
        __atomic_store_n(&t->block.pending, 0, __ATOMIC_SEQ_CST);
        if (signals_pending(t) & set && signal_take(t, set, out))
            return 0;
        if (signals_pending(t) & ~t->mask & ~set) {
            thread_set_pending(t);
            return -LINUX_EINTR;
        }
        enum status status = sys_sleep(deadline);
        if (status == OK || status == ERR_TIMED_OUT)
            return -LINUX_EAGAIN;
        if (status != ERR_INTERRUPTED)
            return linux_failure(status);
    }
}

LINUX_CALL(rt_sigtimedwait, uint64_t set_address, uint64_t info_address, uint64_t timeout, uint64_t set_bytes)
{
    struct thread *t = thread_current();
    struct proc_signal_info info;
    uint64_t set, deadline;
    if (set_bytes != 8)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read_u64(set_address, &set));
    TRY_LINUX(deadline_from_program(timeout, &deadline));
    t->wanted = set & ~LINUX_SIGNALS_UNBLOCKABLE;
    t->waiting = true;
    int64_t result = wait_for(t, t->wanted, deadline, &info);
    t->waiting = false;
    thread_set_pending(t); /* the loop cleared it; what it did not take is looked at on the way out */
    TRY_LINUX(result);
    if (info_address) {
        struct linux_siginfo shown;
        signal_info_to_linux(&info, &shown);
        TRY_LINUX(PROGRAM_WRITE(info_address, &shown));
    }
    return info.signal;
}
