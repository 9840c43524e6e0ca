/* SPDX-License-Identifier: MIT
 * Signals as sets and queues. */
#include "posix/linux/signal_set.h"
#include "base/string.h"

enum signal_default signal_default_action(uint32_t signal)
{
    switch (signal) {
    case LINUX_SIGCHLD: case LINUX_SIGURG: case LINUX_SIGWINCH:
        return SIGNAL_IGNORED;
    case LINUX_SIGSTOP: case LINUX_SIGTSTP: case LINUX_SIGTTIN: case LINUX_SIGTTOU:
        return SIGNAL_STOPS;
    case LINUX_SIGCONT:
        return SIGNAL_CONTINUES;
    default:
        return SIGNAL_TERMINATES;
    }
}

uint32_t signal_first(uint64_t set)
{
    uint64_t urgent = set & LINUX_SIGNALS_SYNCHRONOUS;
    if (urgent)
        set = urgent;
    return set ? (uint32_t)__builtin_ctzll(set) + 1 : 0;
}

static size_t queue_length(const struct proc_signal_info *queue, size_t slots)
{
    size_t n = 0;
    while (n < slots && queue[n].signal)
        n++;
    return n;
}

static void queue_remove(struct proc_signal_info *queue, size_t slots, size_t at)
{
    memmove(&queue[at], &queue[at + 1], (slots - at - 1) * sizeof *queue);
    queue[slots - 1] = (struct proc_signal_info){};
}

bool signal_queue_add(uint64_t *set, struct proc_signal_info *queue, size_t slots, const struct proc_signal_info *info)
{
    uint32_t signal = (uint32_t)info->signal;
    bool standard = signal < LINUX_SIGRTMIN;
    if (standard && *set & LINUX_SIGNAL_BIT(signal))
        return true;
    size_t n = queue_length(queue, slots);
    if (n < slots)
        queue[n] = *info;
    else if (!standard)
        return false;
    *set |= LINUX_SIGNAL_BIT(signal);
    return true;
}

void signal_queue_take(uint64_t *set, struct proc_signal_info *queue, size_t slots, uint32_t signal, struct proc_signal_info *out)
{
    *out = (struct proc_signal_info){.signal = (int32_t)signal, .code = LINUX_SI_USER};
    bool taken = false, more = false;
    for (size_t i = 0; i < slots && queue[i].signal;) {
        if (queue[i].signal != (int32_t)signal) {
            i++;
        } else if (!taken) {
            *out = queue[i];
            taken = true;
            queue_remove(queue, slots, i);
        } else {
            more = true;
            break;
        }
    }
    if (!more)
        *set &= ~LINUX_SIGNAL_BIT(signal);
}

void signal_queue_drop(uint64_t *set, struct proc_signal_info *queue, size_t slots, uint64_t signals)
{
    *set &= ~signals;
    for (size_t i = 0; i < slots && queue[i].signal;) {
        if (signals & LINUX_SIGNAL_BIT((uint32_t)queue[i].signal))
            queue_remove(queue, slots, i);
        else
            i++;
    }
}

static bool is_fault(const struct proc_signal_info *info)
{
    return info->code > 0 && info->code != LINUX_SI_KERNEL &&
           LINUX_SIGNAL_BIT((uint32_t)info->signal) & LINUX_SIGNALS_SYNCHRONOUS;
}

void signal_info_to_linux(const struct proc_signal_info *info, struct linux_siginfo *out)
{
    *out = (struct linux_siginfo){.signal = info->signal, .code = info->code};
    if (is_fault(info)) {
        out->fault.address = info->address;
    } else if (info->code == LINUX_SI_TIMER) {
        out->timer.timer = (int32_t)info->timer;
        out->timer.overrun = info->status;
        out->timer.value = info->value;
    } else if (info->signal == LINUX_SIGCHLD && info->code > 0) {
        out->child.pid = info->pid;
        out->child.uid = info->uid;
        out->child.status = info->status;
    } else if (info->code != LINUX_SI_KERNEL) {
        out->sender.pid = info->pid;
        out->sender.uid = info->uid;
        out->sender.value = info->value;
    }
}

void signal_info_from_linux(const struct linux_siginfo *info, uint32_t signal, struct proc_signal_info *out)
{
    *out = (struct proc_signal_info){
        .signal = (int32_t)signal, .code = info->code, .pid = info->sender.pid, .uid = info->sender.uid, .value = info->sender.value,
    };
}
