/* SPDX-License-Identifier: MIT
 * Limits of processes by the rules of setrlimit (see process.h). What the kernel enforces it is told by protocol.c; here is who may set
 * what, how many processes a user has, and when the CPU time is over. */
#include "process.h"
#include "base/string.h"
#include "base/try.h"

#define SECOND_NS 1000000000ull
#define FILES_MAX (1ull << 20)
#define STACK_DEFAULT (8ull << 20)
#define LOCKED_DEFAULT (8ull << 20)
#define PROCESSES_DEFAULT 2048ull

void limits_default(struct process *p)
{
    for (uint32_t i = 0; i < LIMIT_COUNT; i++)
        p->limits[i] = (struct limit_pair){UNLIMITED, UNLIMITED};
    p->limits[LIMIT_STACK].current = STACK_DEFAULT;
    p->limits[LIMIT_CORE].current = 0;
    p->limits[LIMIT_NPROC] = (struct limit_pair){PROCESSES_DEFAULT, PROCESSES_DEFAULT};
    p->limits[LIMIT_NOFILE] = (struct limit_pair){1024, FILES_MAX};
    p->limits[LIMIT_MEMLOCK] = (struct limit_pair){LOCKED_DEFAULT, LOCKED_DEFAULT};
    p->limits[LIMIT_SIGPENDING] = (struct limit_pair){SIGNALS_PER_PROCESS, SIGNALS_PER_PROCESS};
    p->limits[LIMIT_MSGQUEUE] = (struct limit_pair){819200, 819200};
    p->limits[LIMIT_NICE] = p->limits[LIMIT_RTPRIO] = (struct limit_pair){0, 0};
    p->cpu_next_ns = UNLIMITED;
}

bool limit_may(const struct model *m, uint32_t caller, uint32_t target)
{
    const struct process_entry *c = &m->table[caller], *t = &m->table[target];
    if (caller == target || c->euid == 0)
        return true;
    return c->uid == t->uid && c->uid == t->euid && c->uid == t->suid && c->gid == t->gid && c->gid == t->egid && c->gid == t->sgid;
}

static uint64_t seconds_to_ns(uint64_t seconds)
{
    return seconds > UNLIMITED / SECOND_NS ? UNLIMITED : seconds * SECOND_NS;
}

enum status limit_set(struct model *m, uint32_t caller, uint32_t target, enum limit which, const struct limit_pair *next)
{
    bool root = m->table[caller].euid == 0;
    struct limit_pair *l = &m->processes[target].limits[which];
    if (next->current > next->maximum)
        return ERR_INVALID;
    if (which == LIMIT_NOFILE && next->maximum > FILES_MAX)
        return ERR_NOT_PERMITTED;
    if (next->maximum > l->maximum && !root)
        return ERR_NOT_PERMITTED;
    *l = *next;
    if (which == LIMIT_CPU) /* 0 is too early to be meant: as on Linux, it means one second */
        m->processes[target].cpu_next_ns = seconds_to_ns(next->current ? next->current : 1);
    return OK;
}

uint32_t limit_cpu_signal(struct process *p, uint64_t used_ns)
{
    if (used_ns < p->cpu_next_ns)
        return 0;
    if (used_ns >= seconds_to_ns(p->limits[LIMIT_CPU].maximum)) {
        p->cpu_next_ns = UNLIMITED;
        return SIGNAL_KILL;
    }
    p->cpu_next_ns = (used_ns / SECOND_NS + 1) * SECOND_NS;
    return SIGNAL_XCPU;
}

bool limit_processes_reached(const struct model *m, uint32_t parent)
{
    uint32_t uid = m->table[parent].uid;
    uint64_t count = 0;
    if (uid == 0 || m->table[parent].euid == 0)
        return false;
    for (uint32_t slot = 1; slot < m->limit; slot++)
        count += m->table[slot].pid && m->table[slot].uid == uid;
    return count >= m->processes[parent].limits[LIMIT_NPROC].current;
}
