/* SPDX-License-Identifier: MIT
 * Waiting for children: what is ready is answered at once, the rest waits in the order of arrival (see process.h). */
#include "process.h"

static bool child_matches(const struct model *m, uint32_t parent, uint32_t child, int32_t which)
{
    const struct process_entry *e = &m->table[child];
    if (which > 0)
        return e->pid == which;
    if (which == 0)
        return e->pgid == m->table[parent].pgid;
    return which == -1 || (which != INT32_MIN && e->pgid == -which);
}

static bool is_ready(const struct model *m, uint32_t child, uint32_t options)
{
    const struct process *p = &m->processes[child];
    if (m->table[child].state == 'Z')
        return options & WAITS_EXITED;
    return (p->stop_unreported && options & WAITS_STOPPED) || (p->continue_unreported && options & WAITS_CONTINUED);
}

/* Fills the answer and, unless WAITS_KEEP, uses up what it reports. */
static void report(struct model *m, uint32_t child, uint32_t options, struct wait_result *out)
{
    struct process *p = &m->processes[child];
    bool ended = m->table[child].state == 'Z', stopped = p->stop_unreported && options & WAITS_STOPPED;
    *out = (struct wait_result){.pid = m->table[child].pid, .usage = p->own};
    out->status = ended ? p->status : stopped ? p->status << 8 | 0x7f : 0xffff;
    if (options & WAITS_KEEP)
        return;
    if (ended)
        process_reap(m, child);
    else if (stopped)
        p->stop_unreported = false;
    else
        p->continue_unreported = false;
}

/* OK, WOULD_BLOCK (children match, none is ready) or NO_CHILD. */
static enum status look(struct model *m, uint32_t parent, int32_t which, uint32_t options, struct wait_result *out)
{
    enum status answer = ERR_NO_CHILD;
    for (uint32_t child = m->processes[parent].first_child; child; child = m->processes[child].next_sibling) {
        if (!child_matches(m, parent, child, which))
            continue;
        answer = ERR_WOULD_BLOCK;
        if (is_ready(m, child, options)) {
            report(m, child, options, out);
            return OK;
        }
    }
    return answer;
}

static uint32_t take_waiter(struct model *m)
{
    uint32_t index = m->free_waiter;
    if (index)
        m->free_waiter = m->waiters[index].next;
    else if (m->waiter_limit < WAITERS_MAX)
        index = m->waiter_limit++;
    return index;
}

enum status process_wait(struct model *m, uint32_t caller, uint64_t request, int32_t which, uint32_t options,
                         struct wait_result *out, bool *out_waits)
{
    *out_waits = false;
    if (!(options & (WAITS_EXITED | WAITS_STOPPED | WAITS_CONTINUED)))
        return ERR_INVALID;
    enum status s = look(m, caller, which, options, out);
    if (s != ERR_WOULD_BLOCK || options & WAITS_NO_HANG)
        return s;
    uint32_t index = take_waiter(m);
    if (!index)
        return ERR_LIMIT;
    m->waiters[index] = (struct waiter){.request = request, .which = which, .options = options};
    uint32_t *end = &m->processes[caller].first_waiter;
    while (*end)
        end = &m->waiters[*end].next;
    *end = index;
    *out_waits = true;
    return ERR_WOULD_BLOCK;
}

/* Takes the waiter at `link` off its list and answers it. */
static void answer(struct model *m, uint32_t *link, enum status s, const struct wait_result *result)
{
    uint32_t index = *link;
    uint64_t request = m->waiters[index].request;
    *link = m->waiters[index].next;
    m->waiters[index].next = m->free_waiter;
    m->free_waiter = index;
    m->effects->answer_wait(m->owner, request, s, result);
}

/* Answers every waiter of `parent` that has its answer now. */
static void serve_waiters(struct model *m, uint32_t parent)
{
    uint32_t *link = &m->processes[parent].first_waiter;
    while (*link) {
        struct waiter *w = &m->waiters[*link];
        struct wait_result result = {0};
        enum status s = look(m, parent, w->which, w->options, &result);
        if (s == ERR_WOULD_BLOCK)
            link = &w->next;
        else
            answer(m, link, s, &result);
    }
}

void wait_child_changed(struct model *m, uint32_t child)
{
    uint32_t parent = m->processes[child].parent, generation = m->table[child].generation;
    if (parent)
        serve_waiters(m, parent);
    bool still_there = m->table[child].pid && m->table[child].generation == generation;
    /* Native parents have no signals and seldom wait: what they do not wait for is gone at once. */
    if (still_there && m->table[child].state == 'Z' && (!parent || m->processes[parent].system)) {
        process_reap(m, child);
        if (parent)
            serve_waiters(m, parent);
    }
}

bool process_wait_cancel(struct model *m, uint64_t request)
{
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        for (uint32_t *link = &m->processes[slot].first_waiter; *link; link = &m->waiters[*link].next) {
            if (m->waiters[*link].request != request)
                continue;
            answer(m, link, ERR_INTERRUPTED, &(struct wait_result){0});
            return true;
        }
    }
    return false;
}

void wait_abandon(struct model *m, uint32_t slot)
{
    while (m->processes[slot].first_waiter)
        answer(m, &m->processes[slot].first_waiter, ERR_CANCELLED, &(struct wait_result){0});
}
