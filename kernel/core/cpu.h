/* SPDX-License-Identifier: MIT
 * What each CPU has of its own. Reached through GS; only the CPU itself writes it, but for `work` and the run queue. */
#pragma once
#include "arch/percpu.h"
#include "kernel/core/lock.h"

#define CPU_MAX 64

struct context;
struct address_space;

enum : uint32_t {                     /* cpu.work: looked at on the way back to user mode; set by anyone (atomic or) */
    WORK_RESCHEDULE = 1u << 0,
    WORK_NOTIFY = 1u << 1,            /* the current context has something pending */
};

/* Pages that are charged to a group already (mm/group.h), not given out yet. */
struct group_stock { uint32_t number, pages; };
#define GROUP_STOCKS 4u

struct cpu {
    struct arch_cpu arch;             /* first: assembly knows its offsets (arch/percpu.h) */
    /* only this CPU */
    struct context *current;
    struct context *idle;
    struct address_space *space;      /* whose page tables are loaded */
    struct context *leaving;          /* switched away from, not yet released by its successor */
    uint32_t number;
    uint64_t bit;                     /* 1 << number */
    struct group_stock stocks[GROUP_STOCKS];
    uint32_t lock_depth;              /* MH_DEBUG: held locks */
    const struct spinlock *locks_held[16];
    uint64_t switches, table_loads, calls, interrupts, faults;
    /* any CPU */
    bool online;
};

extern struct cpu *cpus[CPU_MAX];
extern uint32_t cpu_count;            /* brought up */
static inline struct cpu *this_cpu(void) { return (struct cpu *)arch_this_cpu(); }
static inline struct context *current(void) { return this_cpu()->current; }

/* Called by every loop over user-sized work, with no spinlock held: lets interrupts in, and another context when it is time. */
void preempt_point(void);
