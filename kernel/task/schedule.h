/* SPDX-License-Identifier: MIT
 * Scheduling entities: time and priority apart from the context. Each context has one of its own; a call moves the client's to the
 * server, the reply returns it, so that what a server does for a client costs the client's time and happens at its priority.
 *
 * LENDING. Who waits without running lends its priority to who keeps it waiting:
 *   - a client on the queue of a busy server, to the entities that its servers run on (kernel/ipc/lending.c);
 *   - a sleeper on a lock that has an owner, to the entity that the owner runs on (kernel/task/futex_owner.c).
 * What an entity was lent is counted by level, so a loan is taken back without looking at the others, and the changes of one loan may
 * arrive in any order. A loan that raises an entity whose own context waits goes on to whom that one waits for, one step at a time
 * and with one lock at a time: a chain is as long as it is, a circle ends after LENDING_STEPS.
 *
 * The memory of entities is never given back (it is a context's), so a stale pointer costs a wrong level for a moment, not more.
 *
 * Model: tests/models/lending.pml. */
#pragma once
#include "abi/process.h"
#include "kernel/core/lock.h"
#include "kernel/task/levels.h"

struct context;
struct endpoint;
struct request;

#define LENDING_STEPS 32u
#define TIME_SLICE_NS 5000000ull

struct schedule {
    /* read by anyone */
    uint32_t priority;                 /* what it runs at: base, or what it was lent when that is more */
    struct context *runner;            /* who runs on it now */
    /* the CPU that runs it */
    uint64_t slice_left_ns;
    uint64_t cpu_ns;                   /* atomic: all time used on this entity */
    /* under lock */
    struct spinlock lock;
    uint32_t base, policy;             /* SCHEDULE_* */
    struct level_set lent;
    struct endpoint *queued_at;        /* its runner's request waits on this endpoint's queue, and keeps the endpoint alive */
    struct request *queued;
    struct schedule *lends_to;         /* its runner waits for a lock's owner, who runs on this */
    uint32_t lends_level;
};

void schedule_init(struct schedule *s, struct context *owner);
void schedule_set_base(struct schedule *s, uint32_t base, uint32_t policy);
/* A loan to s changes its level; 0: none. Nothing is passed on yet. Callable with locks below RANK_SCHEDULE held. */
void schedule_adjust(struct schedule *s, uint32_t from, uint32_t to);
static inline bool schedule_passes_on(const struct schedule *s)
{
    return __atomic_load_n(&s->queued_at, __ATOMIC_RELAXED) || __atomic_load_n(&s->lends_to, __ATOMIC_RELAXED);
}
/* The priority of s changed while its runner may be waiting for others: they get to know. No lock is held. */
void schedule_pass_on(struct schedule *s);
/* s lends what it has to `to`; null: to nobody any more. No endpoint's or schedule's lock is held; passes nothing on. */
void schedule_lend(struct schedule *s, struct schedule *to);
