/* SPDX-License-Identifier: MIT
 * Contexts: threads of execution, and the only code that switches between them.
 *
 * STATE is one atomic word:
 *   RUNNING -> PREPARING  context_block_prepare, by itself: it is about to sleep, and still tests whether it must
 *   PREPARING -> RUNNING  a waker, or itself: it goes on; nobody queues it
 *   PREPARING -> BLOCKED  in schedule or context_switch_direct, by itself: it sleeps. From here to its last instruction it takes
 *                         no lock but a run queue's and waits for nobody
 *   BLOCKED -> READY      context_wake puts it on a run queue; context_claim keeps it for a direct switch, past the run queue
 * arch.on_cpu stays 1 until its registers are saved. Who makes it READY waits for that at once, so whatever is READY can be switched to
 * without waiting: a CPU in the middle of a switch never waits for another one, and there can be no circle.
 *
 * Time and priority belong to a scheduling entity apart from the context. A context runs on `schedule`: its own,
 * or one that a client lent it by a call.
 *
 * Model: tests/models/context.pml. */
#pragma once
#include "arch/context.h"
#include "kernel/core/addresses.h"
#include "kernel/core/cpu.h"
#include "kernel/core/object.h"
#include "kernel/task/schedule.h"
#include "kernel/task/wait.h"

struct group;
struct process;
struct request;
struct endpoint;

enum : uint32_t {                  /* context.attention: looked at before user mode, and by waits */
    ATTENTION_KILLED = 1u << 0,    /* the process ends, or exec replaces it: never goes back to user mode */
    ATTENTION_NOTIFY = 1u << 1,    /* something may be pending in the thread block */
    ATTENTION_SUSPEND = 1u << 2,   /* the process is suspended */
    ATTENTION_SHARE = 1u << 3,     /* its group has used up its share of CPU time */
};

struct waiter {                    /* on at most one wait queue; wait_queue.lock */
    struct list_node link;
    struct context *context;
    bool exclusive;
};

#define CONTEXT_PREPARING 5u

enum requeue : uint8_t { REQUEUE_NOT, REQUEUE_BACK, REQUEUE_FRONT };

#define RECEIVE_PAGES_MAX 16u
struct receive_buffer {            /* of a server context: pinned pages, reached through the direct map */
    uint64_t address, length;      /* user address in the server */
    uint8_t *pages[RECEIVE_PAGES_MAX];
};

struct context {
    struct object object;
    struct arch_context arch;
    /* set at creation */
    struct process *process;       /* a reference; null: idle and kernel contexts */
    struct schedule own;
    struct request *request;       /* its one synchronous request */
    struct timer *timeout;         /* for waits with a deadline */
    struct group *group;           /* pays for it; a reference, or null */
    /* atomic */
    uint32_t state;                /* CONTEXT_* of abi/process.h, and CONTEXT_PREPARING */
    uint32_t attention;
    uint32_t wait_flags;           /* WAIT_*: what may wake it; valid while BLOCKED */
    /* only the CPU that runs it */
    struct schedule *schedule;
    uint64_t switched_in_tsc;
    struct thread_block *block;    /* through the direct map; null: none */
    uint64_t block_user;
    struct waiter waiter;
    uint32_t leaves_specially;     /* its successor has more to do than to mark it off the CPU: */
    enum requeue requeue;          /* NOT: it is over, to be released */
    bool timed_out;                /* set by the timeout, before the wake */
    bool no_fault;                 /* user copies fail instead of sleeping */
#ifdef MH_CHECK
    uint64_t allocations, allocations_left; /* kernel/mm/shortage.h */
#endif
    const char *waits_for;         /* for dumps; a constant string. At the door it is not set: context_waits_for knows */
    uint64_t waits_for_id;
    /* endpoint.lock of the endpoint that it serves */
    struct endpoint *attached;     /* which it serves; a reference, or null */
    struct list_node receive_link, attached_link;
    struct schedule *loan_to;      /* what those who wait for it lend, and to which entity (kernel/ipc/lending.c) */
    uint32_t loan_level;           /* 0: nothing */
    struct request *serving;       /* the request that it received last and did not answer or defer */
    bool delivered;                /* a message is in its frame */
    struct receive_buffer *buffer; /* null: not attached; only the context itself changes it */
    /* run_queue.lock of `cpu` */
    struct list_node run_link;
    uint32_t run_level;            /* on whose list it is */
    uint64_t ready_since_tsc;      /* or since the end of its last time slice */
    uint32_t cpu;                  /* where it runs or ran last */
    uint64_t affinity;             /* bit per CPU */
    /* process.lock */
    struct list_node process_link;
};

/* All contexts, for dumps: context_for_each calls with the registry's lock held. */
void context_for_each(void (*visit)(struct context *c, void *argument), void *argument);

void context_system_init(void);                    /* on the boot CPU, before any other call here */
[[noreturn]] void context_idle_loop(void);         /* turns the calling CPU's boot stack into its idle context */
/* A context in state CREATED whose user frame is zero; context_start makes it ready. block_user 0: none. */
enum status context_create(struct process *p, uint64_t block_user, struct context **out);
enum status context_set_block(struct context *c, struct address_space *space, uint64_t block_user);
void context_inherit(struct context *c, uint32_t priority); /* how it is scheduled: like the current one; priority 0: that, too */
/* From now on g pays for c; ERR_LIMIT: it may not. */
enum status context_set_group(struct context *c, struct group *g);
void context_start(struct context *c);
[[noreturn]] void context_finish(void);            /* the current one is over */

/* Time and priority are those of s from now on. */
void context_run_on(struct context *c, struct schedule *s);
/* Where it may run. Who runs on a client's entity stays where the client may be, so that the reply finds it there. */
static inline uint64_t context_affinity(const struct context *c)
{
    uint64_t both = c->affinity & container_of(c->schedule, const struct context, own)->affinity;
    return likely(both) ? both : c->affinity;
}
static inline bool context_may_use(const struct context *c, uint32_t cpu) { return context_affinity(c) >> cpu & 1; }

void context_ready(struct context *c);             /* a claimed one: onto a run queue instead of a direct switch */
/* A claimed one, woken by the current one, which (`sleeps`) is about to wait: answered when it should run next on this CPU, for a direct
 * switch, each on its own entity; else null, and it is ready. */
struct context *context_ready_unless_next(struct context *c, bool sleeps);
void context_wake(struct context *c);              /* it goes on if it sleeps or is about to; does nothing otherwise */
/* BLOCKED -> READY for a direct switch, waiting while it is PREPARING; false: somebody else was faster. Between prepare and sleep
 * such a context takes no lock. */
bool context_claim_slow(struct context *c);
void context_await_off_cpu(const struct context *c);
static inline bool context_claim(struct context *c)
{
    uint32_t blocked = CONTEXT_BLOCKED;
    if (unlikely(!__atomic_compare_exchange_n(&c->state, &blocked, CONTEXT_READY, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
        return context_claim_slow(c);
    if (unlikely(__atomic_load_n(&c->arch.on_cpu, __ATOMIC_ACQUIRE)))
        context_await_off_cpu(c);
    return true;
}
bool context_block_undo_now(struct context *c);    /* BLOCKED -> RUNNING by itself; false: somebody was faster, and waits for it to switch away */
void context_idle_prepare(void);                   /* the calling CPU's idle context, before any switch */
void context_block_prepare(const char *what, uint64_t id, uint32_t wait_flags); /* the current one: RUNNING -> PREPARING */
void context_block_undo(void);                     /* the current one is RUNNING again, woken or not */
void schedule(void);                               /* switches away unless the current one should go on */
void context_switch_direct(struct context *to);    /* `to` was claimed; the current one is PREPARING, and goes on if it was woken */
void context_yield(void);
void context_attention(struct context *c, uint32_t bits); /* sets them, and makes c look soon: IPI, or wake from its wait */
static inline bool context_is_killed(const struct context *c)
{
    return __atomic_load_n(&c->attention, __ATOMIC_ACQUIRE) & ATTENTION_KILLED;
}
static inline bool context_is_interrupted(const struct context *c) /* killed, or something pending for its library */
{
    return context_is_killed(c) || (c->block && __atomic_load_n(&c->block->pending, __ATOMIC_ACQUIRE));
}
/* 0 keeps the priority or the affinity; the real-time band is by right: context_realtime_set. */
enum status context_schedule_set(struct context *c, uint32_t priority, uint64_t affinity);
enum status context_realtime_set(struct context *c, uint32_t priority, uint32_t policy);
uint64_t context_cpu_ns(const struct context *c);
void context_notify(struct context *c);            /* sets pending in its block, wakes or upcalls it */
[[noreturn]] void context_exit(uint64_t word);     /* the current one ends; a word (0: none) is cleared and its futex woken afterwards */
uint64_t context_running_ns(void);                 /* the current one's time since it was switched in */
/* Of one that may run on another CPU: what it used since it was switched in, or nothing if that changes just now. */
uint64_t context_uncharged_ns(const struct context *c);
struct process *context_payer(const struct context *c); /* whose time it uses: its own, or that of the client it serves */
const char *context_waits_for(const struct context *c, uint64_t *out_id); /* of one that is BLOCKED */
void context_fill_info(struct context *c, struct context_info *out);
void context_for_each_unlocked(void (*visit)(struct context *c, void *argument), void *argument); /* for panic and NMI */
void context_load_block(struct context *c);        /* this CPU's entry data follows c; after a change to the current one */
uint32_t runnable_count(void);
