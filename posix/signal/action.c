/* SPDX-License-Identifier: MIT
 * Dispositions, masks and the alternate stack: calls that end in the library. */
#include "posix/signal/signal.h"

#define SET_BYTES 8u

LINUX_CALL(rt_sigaction, uint32_t signal, uint64_t new_action, uint64_t old_action, uint64_t set_bytes)
{
    struct process *p = process_current();
    struct linux_sigaction action = {}, old;
    if (set_bytes != SET_BYTES || signal == 0 || signal > LINUX_NSIG)
        return -LINUX_EINVAL;
    if (new_action && LINUX_SIGNAL_BIT(signal) & LINUX_SIGNALS_UNBLOCKABLE)
        return -LINUX_EINVAL;
    if (new_action)
        TRY_LINUX(PROGRAM_READ(&action, new_action));
    lock_take(&p->lock);
    old = p->actions[signal];
    if (new_action) {
        action.mask &= ~LINUX_SIGNALS_UNBLOCKABLE;
        p->actions[signal] = action;
        bool ignored = action.handler == LINUX_SIG_IGN ||
                       (action.handler == LINUX_SIG_DFL && signal_default_action(signal) == SIGNAL_IGNORED);
        if (ignored)
            signal_queue_drop(&p->pending, p->queue, PROCESS_QUEUE, LINUX_SIGNAL_BIT(signal));
    }
    lock_release(&p->lock);
    return old_action ? PROGRAM_WRITE(old_action, &old) : 0;
}

LINUX_CALL(rt_sigprocmask, uint32_t how, uint64_t set, uint64_t old_set, uint64_t set_bytes)
{
    struct thread *t = thread_current();
    uint64_t old = t->mask, mask;
    if (set_bytes != SET_BYTES)
        return -LINUX_EINVAL;
    if (set) {
        TRY_LINUX(program_read_u64(set, &mask));
        switch (how) {
        case LINUX_SIG_BLOCK: mask |= old; break;
        case LINUX_SIG_UNBLOCK: mask = old & ~mask; break;
        case LINUX_SIG_SETMASK: break;
        default: return -LINUX_EINVAL;
        }
        t->mask = mask & ~LINUX_SIGNALS_UNBLOCKABLE;
        signals_check(t);
    }
    return old_set ? program_write_u64(old_set, old) : 0;
}

LINUX_CALL(rt_sigpending, uint64_t set, uint64_t set_bytes)
{
    struct thread *t = thread_current();
    if (set_bytes > SET_BYTES)
        return -LINUX_EINVAL;
    uint64_t pending = signals_pending(t) & t->mask;
    return program_write(set, &pending, set_bytes);
}

static bool runs_on_alternate(const struct thread *t)
{
    uint64_t rsp = t->block.user_rsp;
    return !(t->alternate.flags & LINUX_SS_DISABLE) && rsp > t->alternate.address && rsp - t->alternate.address <= t->alternate.size;
}

LINUX_CALL(sigaltstack, uint64_t new_stack, uint64_t old_stack)
{
    struct thread *t = thread_current();
    struct linux_stack stack = {}, old = t->alternate;
    bool in_use = runs_on_alternate(t);
    if (in_use)
        old.flags |= LINUX_SS_ONSTACK;
    if (new_stack) {
        TRY_LINUX(PROGRAM_READ(&stack, new_stack));
        uint32_t mode = stack.flags & ~LINUX_SS_AUTODISARM;
        if (in_use)
            return -LINUX_EPERM;
        if (mode != 0 && mode != LINUX_SS_DISABLE && mode != LINUX_SS_ONSTACK)
            return -LINUX_EINVAL;
        if (mode != LINUX_SS_DISABLE && stack.size < LINUX_MINSIGSTKSZ)
            return -LINUX_ENOMEM;
        stack.flags &= ~LINUX_SS_ONSTACK;
        t->alternate = mode == LINUX_SS_DISABLE ? (struct linux_stack){.flags = LINUX_SS_DISABLE} : stack;
    }
    return old_stack ? PROGRAM_WRITE(old_stack, &old) : 0;
}

uint64_t signal_block_all(struct thread *t)
{
    uint64_t old = t->mask;
    t->mask = ~LINUX_SIGNALS_UNBLOCKABLE;
    return old;
}

/* -- masks for one wait ------------------------------------------------------------------------------------------- */

int64_t signal_mask_enter(uint64_t mask_address, uint64_t mask_bytes)
{
    struct thread *t = thread_current();
    uint64_t mask;
    if (!mask_address)
        return 0;
    if (mask_bytes != SET_BYTES)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read_u64(mask_address, &mask));
    t->saved_mask = t->mask;
    t->restore_mask = true;
    t->mask = mask & ~LINUX_SIGNALS_UNBLOCKABLE;
    signals_check(t); /* then the wait itself answers INTERRUPTED */
    return 0;
}

int64_t signal_mask_leave(int64_t result)
{
    struct thread *t = thread_current();
    if (result == -LINUX_ERESTARTSYS)
        result = -LINUX_ERESTARTNOHAND;
    if (!t->restore_mask)
        return result;
    if (result == -LINUX_ERESTARTNOHAND || result == -LINUX_EINTR) {
        thread_set_pending(t); /* delivery restores the mask, after the handler's frame has noted it */
        return result;
    }
    t->restore_mask = false;
    t->mask = t->saved_mask;
    signals_check(t);
    return result;
}
