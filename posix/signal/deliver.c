/* SPDX-License-Identifier: MIT
 * From "something is pending" to the program's handler. Entered from the gates with the program's registers in block.saved; what is
 * there when these functions return is what the program goes on with.
 *
 * Model: tests/models/gate.pml. */
#include "posix/core/image.h"
#include "posix/process/process_calls.h"
#include "posix/signal/signal.h"
#include "sys/syscall.h"

extern IN_IMAGE const char posix_gate[], posix_gate_end[];

/* `restarts`: saved.rax is the result of a system call that ends here. */
void posix_call_interrupted(struct thread *t);
void posix_upcall_arrived(struct thread *t);

[[noreturn]] void process_end_by_signal(struct process *p, uint32_t signal)
{
    (void)p;
    sys_process_exit(signal & 0x7f);
}

bool signal_take(struct thread *t, uint64_t set, struct proc_signal_info *out)
{
    struct process *p = t->process;
    if ((t->pending | p->pending) & set) {
        LOCKED(&p->lock);
        uint64_t own = t->pending;
        if (own & set) {
            signal_queue_take(&own, t->queue, THREAD_QUEUE, signal_first(own & set), out);
            t->pending = own;
            return true;
        }
        if (p->pending & set) {
            signal_queue_take(&p->pending, p->queue, PROCESS_QUEUE, signal_first(p->pending & set), out);
            return true;
        }
    }
    if (!(p->entry->pending & set))
        return false;
    struct proc_take_out taken;
    if (proc_take(p->proc, &(struct proc_take_in){.set = set}, &taken) != OK)
        return false;
    *out = taken.info;
    return true;
}

static bool is_restart(int64_t result)
{
    return result == -LINUX_ERESTARTSYS || result == -LINUX_ERESTARTNOINTR || result == -LINUX_ERESTARTNOHAND ||
           result == -LINUX_ERESTART_RESTARTBLOCK;
}

static void call_again(struct thread *t, uint64_t number)
{
    t->block.saved.rip -= 2; /* the syscall instruction */
    t->block.saved.rax = number;
}

#define LINUX_NR_RESTART_SYSCALL 219
static void finish_without_handler(struct thread *t)
{
    int64_t result = (int64_t)t->block.saved.rax;
    if (result == -LINUX_ERESTART_RESTARTBLOCK)
        call_again(t, LINUX_NR_RESTART_SYSCALL);
    else if (is_restart(result))
        call_again(t, t->number);
}

static void finish_with_handler(struct thread *t, const struct linux_sigaction *action)
{
    int64_t result = (int64_t)t->block.saved.rax;
    if (!is_restart(result))
        return;
    if (result == -LINUX_ERESTARTNOINTR || (result == -LINUX_ERESTARTSYS && action->flags & LINUX_SA_RESTART))
        call_again(t, t->number);
    else
        t->block.saved.rax = (uint64_t)-LINUX_EINTR;
}

/* The action that counts now; one with SA_RESETHAND counts once. */
static struct linux_sigaction action_take(struct process *p, uint32_t signal)
{
    LOCKED(&p->lock);
    struct linux_sigaction action = p->actions[signal];
    if (action.handler > LINUX_SIG_IGN && action.flags & LINUX_SA_RESETHAND)
        p->actions[signal].handler = LINUX_SIG_DFL;
    return action;
}

static void act_by_default(struct process *p, uint32_t signal)
{
    switch (signal_default_action(signal)) {
    case SIGNAL_IGNORED: case SIGNAL_CONTINUES:
        return;
    case SIGNAL_STOPS:
        IGNORE(proc_stop(p->proc, &(struct proc_stop_in){.signal = signal}, nullptr));
        return;
    case SIGNAL_TERMINATES:
        process_end_by_signal(p, signal);
    }
}

/* SIGCHLD: who ignores it, or says SA_NOCLDWAIT, has no zombies; SA_NOCLDSTOP asks for ends only. */
static bool child_matters(struct process *p, const struct linux_sigaction *action, const struct proc_signal_info *info)
{
    if (action->handler == LINUX_SIG_IGN || action->flags & LINUX_SA_NOCLDWAIT)
        process_reap_all(p);
    bool ended = info->code != LINUX_CLD_STOPPED && info->code != LINUX_CLD_CONTINUED;
    return ended || !(action->flags & LINUX_SA_NOCLDSTOP);
}

/* True: a handler was set up. `from_call` ends with the first one: its result is settled then. */
static bool deliver(struct thread *t, const struct proc_signal_info *info, bool *from_call, bool is_exception)
{
    struct process *p = t->process;
    uint32_t signal = (uint32_t)info->signal;
    struct linux_sigaction action = action_take(p, signal);
    if (signal == LINUX_SIGCHLD && !child_matters(p, &action, info))
        return false;
    if (action.handler == LINUX_SIG_IGN)
        return false;
    if (action.handler == LINUX_SIG_DFL) {
        act_by_default(p, signal);
        return false;
    }
    if (*from_call)
        finish_with_handler(t, &action);
    *from_call = false;
    if (!signal_frame_push(t, &action, info, is_exception))
        process_end_by_signal(p, LINUX_SIGSEGV);
    t->mask |= action.mask & ~LINUX_SIGNALS_UNBLOCKABLE;
    if (!(action.flags & LINUX_SA_NODEFER))
        t->mask |= LINUX_SIGNAL_BIT(signal);
    return true;
}

static void deliver_all(struct thread *t, bool from_call)
{
    struct proc_signal_info info;
    bool handled = false;
    /* Cleared before looking: what comes later sets it again, and the gate sees that. */
    __atomic_store_n(&t->block.pending, 0, __ATOMIC_SEQ_CST);
    while (signals_pending(t) & ~t->mask && signal_take(t, ~t->mask, &info))
        handled |= deliver(t, &info, &from_call, false);
    if (from_call)
        finish_without_handler(t);
    if (t->restore_mask) {
        t->restore_mask = false;
        if (!handled)
            t->mask = t->saved_mask;
        signals_check(t);
    }
}

void posix_call_interrupted(struct thread *t)
{
    deliver_all(t, true);
}

/* -- exceptions ---------------------------------------------------------------------------------------------------- */

/* The kernel found no page to give. Nothing is mapped there; or it is, and not for this; or it is a file that ends before. */
static void explain_page_fault(const struct thread_block *b, struct proc_signal_info *info)
{
    uint64_t error = b->exception_error, page = align_down(b->exception_address, PAGE_SIZE_BYTES);
    uint32_t wanted = error & 16 ? PROT_EXECUTE_ : error & 2 ? PROT_WRITE_ : PROT_READ_; /* SDM 3A, 4.7 */
    struct mapping_info m;
    info->code = LINUX_SEGV_MAPERR;
    if (sys_space_query(HANDLE_SELF_SPACE, page, &m) != OK || m.start > page)
        return;
    info->code = LINUX_SEGV_ACCERR;
    if (m.flags & wanted) {
        info->signal = LINUX_SIGBUS;
        info->code = LINUX_BUS_ADRERR;
    }
}

static struct proc_signal_info exception_info(const struct thread_block *b)
{
    struct proc_signal_info info = {.signal = LINUX_SIGSEGV, .code = LINUX_SI_KERNEL, .address = b->saved.rip};
    switch (b->exception_vector) {
    case 0: info.signal = LINUX_SIGFPE; info.code = LINUX_FPE_INTDIV; break;
    case 1: info.signal = LINUX_SIGTRAP; info.code = LINUX_TRAP_TRACE; break;
    case 3: info.signal = LINUX_SIGTRAP; break;
    case 6: info.signal = LINUX_SIGILL; info.code = LINUX_ILL_ILLOPN; break;
    case 11: case 12: info.signal = LINUX_SIGBUS; break;
    case 14:
        info.address = b->exception_address;
        explain_page_fault(b, &info);
        break;
    case 16: case 19: info.signal = LINUX_SIGFPE; info.code = LINUX_FPE_FLTINV; break;
    case 17: info.signal = LINUX_SIGBUS; info.code = 1; break;
    }
    return info;
}

static void deliver_exception(struct thread *t)
{
    struct proc_signal_info info = exception_info(&t->block);
    uint64_t bit = LINUX_SIGNAL_BIT((uint32_t)info.signal);
    uint64_t handler = t->process->actions[info.signal].handler;
    bool from_call = false;
    if (t->mask & bit || handler <= LINUX_SIG_IGN) {
        posix_log("signal %d at %lx, address %lx", info.signal, t->block.saved.rip, t->block.exception_address);
        process_end_by_signal(t->process, (uint32_t)info.signal);
    }
    deliver(t, &info, &from_call, true);
}

/* In the middle of the gate `saved` is not yet the program's: the missing registers are where the gate would have taken them. */
static bool complete_gate(struct thread *t)
{
    struct user_registers *r = &t->block.saved;
    if (r->rip >= (uint64_t)posix_gate && r->rip < (uint64_t)posix_gate_end) {
        r->rip = r->rcx = t->block.user_rip;
        r->rsp = t->block.user_rsp;
        r->rflags = r->r11 = t->block.user_rflags;
        return true;
    }
    return false;
}

void posix_upcall_arrived(struct thread *t)
{
    bool from_call = complete_gate(t);
    if (t->block.reason == UPCALL_EXCEPTION)
        deliver_exception(t);
    deliver_all(t, from_call);
}
