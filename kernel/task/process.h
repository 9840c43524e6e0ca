/* SPDX-License-Identifier: MIT
 * Processes: an address space, a handle table, a namespace, a filter, a credential token, and contexts that share them. */
#pragma once
#include "abi/process.h"
#include "kernel/core/object.h"
#include "kernel/ipc/readiness.h"
#include "kernel/task/context.h"
#include "kernel/task/wait.h"

struct address_space;
struct group;
struct handle_table;
struct namespace;
struct identity;

struct process {
    struct object object;
    /* set at creation; exec changes `space` when only one context is left */
    struct address_space *space;      /* a reference */
    struct handle_table *handles;     /* a reference, and a user of it unless `borrows_handles` */
    bool borrows_handles;             /* its creator's, until it starts; under lock */
    struct namespace *names;          /* a reference */
    struct identity *identity;        /* a reference, or null */
    struct group *group;              /* pays for it; a reference; changed under `lock` by its only context */
    uint64_t start_ns;
    /* atomic words */
    uint64_t credential;
    struct context *first;            /* made, not started; a reference */
    uint64_t filter[2];
    uint64_t user_ns, faults;
    uint64_t limits[LIMIT_KINDS];
    uint32_t suspended;               /* count */
    /* only before its first context runs, or by its only context */
    struct personality personality;
    bool has_personality;
    char name[16];
    /* process.lock */
    struct spinlock lock;
    struct list_node contexts;
    uint32_t context_count;
    uint32_t state;                   /* PROCESS_* */
    bool ending;
    bool shares_parts;                /* space or handle table are another process's too: limits reach them at exec */
    struct context *survivor;         /* exec: the one that goes on */
    uint64_t exit_status;
    struct list_node all_link;
    /* own locks */
    struct readiness exit;            /* EVENT_SIGNALLED once ended */
    struct wait_queue changed;        /* context count fell, or resumed */
};

/* Takes over the references given when OK. names, identity may be null. It belongs to the caller's group. */
enum status process_create(struct address_space *space, struct handle_table *handles, struct namespace *names,
                           struct identity *identity, const char *name, struct process **out);
/* From now on g pays: for the table, the contexts and what is new in memory. ERR_LIMIT: it may not; ERR_BUSY: more than one context, or the
 * space or the table is another process's too. Only before the process runs, or by its only context. */
enum status process_set_group(struct process *p, struct group *g);
void process_add_context(struct process *p, struct context *c);
bool process_remove_context(struct process *p, struct context *c); /* true: it was the last */
void process_end(struct process *p, uint64_t exit_status);          /* asks all contexts to finish; returns at once */
[[noreturn]] void process_exit_current(uint64_t exit_status);
void process_abandon(struct process *p);                            /* nobody can start it any more: if it never ran, it is over */
void process_finished(struct process *p);                           /* by the last context: frees what it held, tells watchers */
enum status process_single_context(struct process *p);             /* exec: ends and awaits all others */
void process_notify(struct process *p);
void process_suspend(struct process *p, bool suspend);
enum status process_check_call(const struct process *p, uint32_t number);
void process_contexts(struct process *p, void (*visit)(struct context *c, void *argument), void *argument);
void process_for_each(void (*visit)(struct process *p, void *argument), void *argument);
/* Limits take effect in the space and the handle table that the process has now. */
void process_limit_set(struct process *p, uint32_t which, uint64_t value);
void process_limits_apply_locked(struct process *p);
void process_limits_inherit(struct process *p, const struct process *from);
void process_fill_info(struct process *p, struct process_info *out);
uint32_t process_count(void);
extern const struct object_type process_type;
