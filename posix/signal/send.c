/* SPDX-License-Identifier: MIT
 * Sending. To ourselves it never leaves the process; to others procd decides who may and tells the receiver. */
#include "posix/signal/signal.h"
#include "sys/syscall.h"

static void interrupt(struct thread *target)
{
    thread_set_pending(target);
    if (target == thread_current())
        return;
    /* Nobody has a handle of the first thread: all are told, and those that it does not concern go on with what they did. */
    handle_t whom = target->context != HANDLE_NONE ? target->context : HANDLE_SELF_PROCESS;
    IGNORE(sys_notify(whom)); /* gone meanwhile: then there is nobody to tell */
}

int64_t signal_send_thread(struct thread *target, const struct proc_signal_info *info)
{
    LOCKED(&target->process->lock);
    uint64_t pending = target->pending;
    if (!signal_queue_add(&pending, target->queue, THREAD_QUEUE, info))
        return -LINUX_EAGAIN;
    target->pending = pending;
    interrupt(target);
    return 0;
}

/* Somebody who does not block it: the caller first. */
static struct thread *receiver_locked(struct process *p, uint64_t bit)
{
    struct thread *self = thread_current();
    if (!(self->mask & bit))
        return self;
    for (uint32_t i = 0; i < PROCESS_THREADS; i++) {
        struct thread *t = p->threads[i];
        if (t && (!(t->mask & bit) || (t->waiting && t->wanted & bit)))
            return t;
    }
    return nullptr;
}

int64_t signal_send_process(struct process *p, const struct proc_signal_info *info)
{
    LOCKED(&p->lock);
    uint64_t bit = LINUX_SIGNAL_BIT((uint32_t)info->signal);
    if (!signal_queue_add(&p->pending, p->queue, PROCESS_QUEUE, info))
        return -LINUX_EAGAIN;
    struct thread *t = receiver_locked(p, bit);
    if (t)
        interrupt(t);
    return 0;
}

void signal_raise(uint32_t signal)
{
    struct thread *t = thread_current();
    struct proc_signal_info info = {.signal = (int32_t)signal, .code = LINUX_SI_KERNEL};
    (void)signal_send_thread(t, &info); /* standard signals always find room */
}

static struct proc_signal_info info_from_self(const struct process *p, uint32_t signal, int32_t code)
{
    return (struct proc_signal_info){.signal = (int32_t)signal, .code = code, .pid = p->pid, .uid = p->entry->uid};
}

/* What poweroff, halt and reboot send to process 1, whose number a native init has here: it knows no signals, procd knows what is meant. */
#define INIT_PID 1
static bool asks_init(const struct process *p, int32_t pid, uint32_t signal, uint32_t *out_how)
{
    if (pid != INIT_PID || p->entry->euid != 0 || (signal != LINUX_SIGUSR2 && signal != LINUX_SIGTERM && signal != LINUX_SIGUSR1))
        return false;
    *out_how = signal == LINUX_SIGUSR2 ? 0 : signal == LINUX_SIGTERM ? 1 : 2;
    return true;
}

static int64_t send_outside(struct process *p, int32_t pid, uint32_t signal, int32_t code, uint64_t value)
{
    uint32_t how;
    if (asks_init(p, pid, signal, &how))
        return linux_result(proc_power(p->proc, &(struct proc_power_in){.how = how}, nullptr));
    return linux_result(proc_kill(p->proc, &(struct proc_kill_in){.pid = pid, .signal = signal, .code = code, .value = value}, nullptr));
}

LINUX_CALL(kill, int32_t pid, uint32_t signal)
{
    struct process *p = process_current();
    if (signal > LINUX_NSIG)
        return -LINUX_EINVAL;
    /* SIGKILL and SIGSTOP to oneself go through procd like everybody's: no library can refuse them. */
    if (pid != p->pid || signal == LINUX_SIGKILL || signal == LINUX_SIGSTOP)
        return send_outside(p, pid, signal, LINUX_SI_USER, 0);
    if (signal == 0)
        return 0;
    struct proc_signal_info info = info_from_self(p, signal, LINUX_SI_USER);
    return signal_send_process(p, &info);
}

static struct thread *thread_of(struct process *p, int32_t tid)
{
    struct thread *self = thread_current();
    if (self->tid == tid)
        return self;
    LOCKED(&p->lock);
    for (uint32_t i = 0; i < PROCESS_THREADS; i++)
        if (p->threads[i] && p->threads[i]->tid == tid)
            return p->threads[i];
    return nullptr;
}

static int64_t send_to_tid(int32_t tgid, int32_t tid, const struct proc_signal_info *info)
{
    struct process *p = process_current();
    uint32_t signal = (uint32_t)info->signal;
    if (tid <= 0 || signal > LINUX_NSIG)
        return -LINUX_EINVAL;
    int32_t process_of_tid = tid & ((1 << TID_PROCESS_BITS) - 1);
    if (process_of_tid != p->pid || signal == LINUX_SIGKILL || signal == LINUX_SIGSTOP) {
        if (tgid > 0 && tgid != process_of_tid)
            return -LINUX_ESRCH;
        return send_outside(p, process_of_tid, signal, info->code, info->value);
    }
    struct thread *target = thread_of(p, tid);
    if (!target || (tgid > 0 && tgid != p->pid))
        return -LINUX_ESRCH;
    return signal ? signal_send_thread(target, info) : 0;
}

LINUX_CALL(tkill, int32_t tid, uint32_t signal)
{
    struct proc_signal_info info = info_from_self(process_current(), signal, LINUX_SI_TKILL);
    return send_to_tid(0, tid, &info);
}

LINUX_CALL(tgkill, int32_t tgid, int32_t tid, uint32_t signal)
{
    if (tgid <= 0)
        return -LINUX_EINVAL;
    struct proc_signal_info info = info_from_self(process_current(), signal, LINUX_SI_TKILL);
    return send_to_tid(tgid, tid, &info);
}

LINUX_CALL(rt_sigqueueinfo, int32_t pid, uint32_t signal, uint64_t info_address)
{
    struct process *p = process_current();
    struct linux_siginfo given;
    struct proc_signal_info info;
    TRY_LINUX(PROGRAM_READ(&given, info_address));
    if (signal > LINUX_NSIG)
        return -LINUX_EINVAL;
    if (pid != p->pid && (given.code >= 0 || given.code == LINUX_SI_TKILL))
        return -LINUX_EPERM; /* only what nobody could mistake for the system's own word */
    if (pid != p->pid || signal == LINUX_SIGKILL || signal == LINUX_SIGSTOP)
        return send_outside(p, pid, signal, given.code, given.sender.value);
    signal_info_from_linux(&given, signal, &info);
    return signal ? signal_send_process(p, &info) : 0;
}

LINUX_CALL(rt_tgsigqueueinfo, int32_t tgid, int32_t tid, uint32_t signal, uint64_t info_address)
{
    struct linux_siginfo given;
    struct proc_signal_info info;
    TRY_LINUX(PROGRAM_READ(&given, info_address));
    signal_info_from_linux(&given, signal, &info);
    return send_to_tid(tgid, tid, &info);
}
