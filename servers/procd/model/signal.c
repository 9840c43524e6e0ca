/* SPDX-License-Identifier: MIT
 * Signals between processes: permission, the pending set and its queue, stop and continue (see process.h).
 * The set of pending signals stands in the shared table; what each came with is queued here, bounded, and a standard signal
 * is queued once. KILL and STOP act at once and never wait in a queue. */
#include "process.h"
#include "base/try.h"

static bool is_member(const struct process_entry *e, int32_t pgid) { return e->pid && e->pgid == pgid; }

bool signal_may(const struct model *m, uint32_t sender, uint32_t target, uint32_t signal)
{
    if (sender == 0)
        return true;
    const struct process_entry *s = &m->table[sender], *t = &m->table[target];
    if (m->processes[target].system) /* they have no signals; root may end one, and its supervisor starts it again */
        return s->euid == 0 && target != m->init && (signal == 0 || signal == SIGNAL_KILL);
    if (s->euid == 0 || s->euid == t->suid || s->euid == t->uid || s->uid == t->suid || s->uid == t->uid)
        return true;
    return signal == SIGNAL_CONT && s->sid == t->sid;
}

/* -- the queue -- */

static void set_pending(struct model *m, uint32_t slot, uint64_t pending)
{
    if (m->table[slot].pending == pending)
        return;
    entry_begin(m, slot)->pending = pending;
    entry_end(m, slot);
}

static void unqueue(struct model *m, uint32_t slot, uint32_t *link)
{
    uint32_t index = *link;
    *link = m->signals[index].next;
    m->signals[index].next = m->free_signal;
    m->free_signal = index;
    m->processes[slot].signal_count--;
}

static void drop(struct model *m, uint32_t slot, uint64_t set)
{
    uint32_t *link = &m->processes[slot].first_signal;
    while (*link) {
        if (signal_bit((uint32_t)m->signals[*link].details.signal) & set)
            unqueue(m, slot, link);
        else
            link = &m->signals[*link].next;
    }
    set_pending(m, slot, m->table[slot].pending & ~set);
}

void signal_drop_all(struct model *m, uint32_t slot) { drop(m, slot, UINT64_MAX); }

static uint32_t take_place(struct model *m)
{
    uint32_t index = m->free_signal;
    if (index)
        m->free_signal = m->signals[index].next;
    else if (m->signal_limit < SIGNALS_QUEUED_MAX)
        index = m->signal_limit++;
    return index;
}

/* A standard signal that is pending already says nothing new. Without room the bit alone is kept, which is all that a plain
 * kill needs; one that carries a value is refused instead. */
static enum status enqueue(struct model *m, uint32_t slot, const struct signal_details *details)
{
    struct process *p = &m->processes[slot];
    uint32_t signal = (uint32_t)details->signal;
    uint64_t pending = m->table[slot].pending;
    if (signal < SIGNAL_REALTIME && pending & signal_bit(signal))
        return OK;
    uint32_t index = p->signal_count < SIGNALS_PER_PROCESS ? take_place(m) : 0;
    if (!index && signal >= SIGNAL_REALTIME && details->code == CODE_QUEUE)
        return ERR_WOULD_BLOCK;
    if (index) {
        m->signals[index] = (struct queued_signal){.details = *details};
        uint32_t *end = &p->first_signal;
        while (*end)
            end = &m->signals[*end].next;
        *end = index;
        p->signal_count++;
    }
    set_pending(m, slot, pending | signal_bit(signal));
    return OK;
}

enum status signal_take(struct model *m, uint32_t slot, uint64_t set, struct signal_details *out)
{
    uint64_t ready = m->table[slot].pending & set;
    if (!ready)
        return ERR_WOULD_BLOCK;
    uint32_t signal = (uint32_t)__builtin_ctzll(ready) + 1;
    *out = (struct signal_details){.signal = (int32_t)signal};
    uint32_t *link = &m->processes[slot].first_signal;
    while (*link && (uint32_t)m->signals[*link].details.signal != signal)
        link = &m->signals[*link].next;
    if (*link) {
        *out = m->signals[*link].details;
        unqueue(m, slot, link);
    }
    while (*link && (uint32_t)m->signals[*link].details.signal != signal)
        link = &m->signals[*link].next;
    if (!*link)
        set_pending(m, slot, m->table[slot].pending & ~signal_bit(signal));
    struct process *p = &m->processes[slot];
    p->stop_taken = signal_bit(signal) & STOP_SIGNALS;
    p->stop_cancelled = false;
    return OK;
}

/* -- stop and continue -- */

static void tell_parent_state(struct model *m, uint32_t slot, int32_t code, uint32_t signal)
{
    uint32_t parent = m->processes[slot].parent;
    const struct process_entry *e = &m->table[slot];
    const struct signal_details details = {
        .signal = SIGNAL_CHLD, .code = code, .pid = e->pid, .uid = e->uid, .status = (int32_t)signal};
    /* The signal first, as at an end (process_ended). */
    if (parent && !m->processes[parent].system)
        IGNORE(signal_send(m, parent, &details));
    wait_child_changed(m, slot);
}

static void set_state(struct model *m, uint32_t slot, uint32_t state)
{
    entry_begin(m, slot)->state = state;
    entry_end(m, slot);
}

static void stop_process(struct model *m, uint32_t slot, uint32_t signal)
{
    struct process *p = &m->processes[slot];
    if (m->table[slot].state != 'R')
        return;
    struct process_entry *e = entry_begin(m, slot);
    e->state = 'T';
    e->stops++;
    m->stopped++;
    entry_end(m, slot);
    p->status = signal;
    p->stop_unreported = true;
    p->continue_unreported = false;
    m->effects->suspend(m->owner, slot, true);
    tell_parent_state(m, slot, CHILD_STOPPED, signal);
}

static void continue_process(struct model *m, uint32_t slot)
{
    struct process *p = &m->processes[slot];
    if (p->stop_taken)
        p->stop_cancelled = true;
    if (m->table[slot].state != 'T')
        return;
    set_state(m, slot, 'R');
    m->stopped--;
    p->stop_unreported = false;
    p->continue_unreported = true;
    m->effects->suspend(m->owner, slot, false);
    if (p->stop_request)
        m->effects->answer_stop(m->owner, take_request(&p->stop_request));
    tell_parent_state(m, slot, CHILD_CONTINUED, SIGNAL_CONT);
}

bool signal_stop_self(struct model *m, uint32_t slot, uint32_t signal, uint64_t request)
{
    struct process *p = &m->processes[slot];
    bool cancelled = p->stop_taken && p->stop_cancelled;
    p->stop_taken = p->stop_cancelled = false;
    if (cancelled || m->table[slot].state != 'R' || p->stop_request)
        return false;
    if (signal != SIGNAL_STOP && group_is_orphaned(m, m->table[slot].pgid, 0))
        return false;
    p->stop_request = request;
    stop_process(m, slot, signal);
    return true;
}

/* -- sending -- */

enum status signal_send(struct model *m, uint32_t target, const struct signal_details *details)
{
    uint32_t signal = (uint32_t)details->signal;
    if (signal == 0 || m->table[target].state == 'Z')
        return OK;
    if (signal == SIGNAL_KILL) {
        m->effects->kill(m->owner, target, signal);
        return OK;
    }
    if (m->processes[target].system)
        return ERR_NOT_PERMITTED;
    if (signal == SIGNAL_CONT) {
        drop(m, target, STOP_SIGNALS);
        continue_process(m, target);
    } else if (signal_bit(signal) & STOP_SIGNALS) {
        drop(m, target, signal_bit(SIGNAL_CONT));
    }
    if (signal == SIGNAL_STOP) {
        stop_process(m, target, signal);
        return OK;
    }
    TRY(enqueue(m, target, details));
    m->effects->notify(m->owner, target);
    return OK;
}

/* Sends to each that `pid` names as kill does; counts those that match and those that could be signalled. */
static enum status kill_many(struct model *m, uint32_t sender, int32_t pid, const struct signal_details *details)
{
    int32_t pgid = pid == 0 ? m->table[sender].pgid : -pid;
    bool found = false, sent = false;
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        const struct process_entry *e = &m->table[slot];
        bool matches = pid == -1 ? e->pid && slot != sender && slot != m->init && !m->processes[slot].system
                                 : is_member(e, pgid) && !m->processes[slot].system;
        if (!matches)
            continue;
        found = true;
        if (!signal_may(m, sender, slot, (uint32_t)details->signal))
            continue;
        sent |= signal_send(m, slot, details) == OK;
    }
    return sent ? OK : found ? ERR_NOT_PERMITTED : ERR_NO_PROCESS;
}

enum status signal_kill(struct model *m, uint32_t sender, int32_t pid, const struct signal_details *details)
{
    if ((uint32_t)details->signal > SIGNAL_LAST || pid == INT32_MIN)
        return (uint32_t)details->signal > SIGNAL_LAST ? ERR_INVALID : ERR_NO_PROCESS;
    if (pid <= 0)
        return kill_many(m, sender, pid, details);
    uint32_t target = process_by_pid(m, pid);
    if (!target)
        return ERR_NO_PROCESS;
    if (!signal_may(m, sender, target, (uint32_t)details->signal))
        return ERR_NOT_PERMITTED;
    return signal_send(m, target, details);
}

enum status signal_group(struct model *m, int32_t pgid, uint32_t signal)
{
    const struct signal_details details = {.signal = (int32_t)signal, .code = CODE_KERNEL};
    bool found = false;
    if (signal == 0 || signal > SIGNAL_LAST)
        return ERR_INVALID;
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        if (!is_member(&m->table[slot], pgid) || m->processes[slot].system)
            continue;
        found = true;
        IGNORE(signal_send(m, slot, &details));
    }
    return found ? OK : ERR_NO_PROCESS;
}

void signal_withdraw(struct model *m, int32_t pgid, uint32_t signal)
{
    if (signal == 0 || signal > SIGNAL_LAST)
        return;
    for (uint32_t slot = 1; slot < m->limit; slot++)
        if (is_member(&m->table[slot], pgid))
            drop(m, slot, signal_bit(signal));
}
