/* SPDX-License-Identifier: MIT
 * Processes as POSIX sees them, without a system call: who is whose child, which group and session, who may do what to whom,
 * what is pending, who waits. What must happen outside (a notify, a kill, a late answer) goes through struct effects, so the
 * same code runs under tests on the build machine.
 *
 * A process is a slot: entry `slot` of the shared table (abi/credential.h) is what others may see, model.processes[slot] is
 * what only procd knows. Slot 0 is never used and means none.
 * INVARIANT: an entry with pid != 0 has a living generation, is on its parent's list of children (unless its parent is none) and
 * in the pid hash. Owner: procd's single loop, no lock. */
#pragma once
#include "abi/credential.h"
#include "abi/status.h"
#include "base/types.h"

#define PID_LIMIT 4194304       /* pids are below it */
#define PID_REUSE_FIRST 300     /* where numbers start again after the limit */
#define SIGNALS_QUEUED_MAX 4096u
#define SIGNALS_PER_PROCESS 256u
#define WAITERS_MAX 4096u
#define SLOTS_FOR_ROOT 64u      /* the last ones only uid 0 gets */

enum : uint32_t { /* signal numbers of the POSIX personality that procd must know */
    SIGNAL_HUP = 1, SIGNAL_INT = 2, SIGNAL_QUIT = 3, SIGNAL_KILL = 9, SIGNAL_ALRM = 14, SIGNAL_CHLD = 17, SIGNAL_CONT = 18,
    SIGNAL_STOP = 19, SIGNAL_TSTP = 20, SIGNAL_TTIN = 21, SIGNAL_TTOU = 22, SIGNAL_XCPU = 24, SIGNAL_WINCH = 28, SIGNAL_REALTIME = 32,
    SIGNAL_LAST = 64,
};
static inline uint64_t signal_bit(uint32_t signal) { return 1ull << (signal - 1); }
#define STOP_SIGNALS (signal_bit(SIGNAL_STOP) | signal_bit(SIGNAL_TSTP) | signal_bit(SIGNAL_TTIN) | signal_bit(SIGNAL_TTOU))

enum : int32_t { /* where a signal comes from */
    CODE_USER = 0, CODE_KERNEL = 0x80, CODE_QUEUE = -1, CODE_TIMER = -2,
    CHILD_EXITED = 1, CHILD_KILLED = 2, CHILD_DUMPED = 3, CHILD_STOPPED = 5, CHILD_CONTINUED = 6,
};
enum : uint32_t { /* as WAIT_* of abi/protocol/proc.proto */
    WAITS_NO_HANG = 1, WAITS_STOPPED = 2, WAITS_CONTINUED = 4, WAITS_KEEP = 8, WAITS_EXITED = 16,
};
enum identity : uint32_t { IDENTITY_UID = 0, IDENTITY_GID = 1, IDENTITY_FSUID = 2, IDENTITY_FSGID = 3 };
#define ID_KEEP UINT32_MAX

struct signal_details {
    int32_t signal, code, pid;
    uint32_t uid;
    int32_t status;
    uint32_t timer;
    uint64_t value, address;
};
enum limit : uint32_t { /* numbers of Linux's setrlimit */
    LIMIT_CPU = 0, LIMIT_FSIZE, LIMIT_DATA, LIMIT_STACK, LIMIT_CORE, LIMIT_RSS, LIMIT_NPROC, LIMIT_NOFILE, LIMIT_MEMLOCK, LIMIT_AS,
    LIMIT_LOCKS, LIMIT_SIGPENDING, LIMIT_MSGQUEUE, LIMIT_NICE, LIMIT_RTPRIO, LIMIT_RTTIME, LIMIT_COUNT,
};
#define UNLIMITED UINT64_MAX
struct limit_pair { uint64_t current, maximum; };

struct usage_sums { uint64_t user_ns, kernel_ns, faults, peak_bytes; };

struct wait_result {
    int32_t pid;
    uint32_t status;
    struct usage_sums usage;
};

struct effects {
    void (*notify)(void *owner, uint32_t slot);
    void (*kill)(void *owner, uint32_t slot, uint32_t signal);
    void (*suspend)(void *owner, uint32_t slot, bool suspended);
    void (*answer_wait)(void *owner, uint64_t request, enum status status, const struct wait_result *result);
    void (*answer_stop)(void *owner, uint64_t request);
    void (*session_ended)(void *owner, int32_t sid);
    void (*freed)(void *owner, uint32_t slot); /* the entry is about to become free */
};

struct waiter { uint64_t request; int32_t which; uint32_t options, next; };
struct queued_signal { struct signal_details details; uint32_t next; };

struct process {
    uint32_t parent, first_child, next_sibling, previous_sibling, next_in_hash; /* slots */
    uint32_t exit_signal;          /* what the parent gets; 0: nothing */
    uint32_t status;               /* wait status word: of the end, or of the stop */
    uint32_t first_waiter;         /* index into model.waiters, 0: none; in the order of arrival */
    uint32_t first_signal, signal_count;
    uint64_t stop_request;         /* an open request of `stop` */
    struct usage_sums own, children;
    struct limit_pair limits[LIMIT_COUNT]; /* a child begins with its parent's */
    uint64_t cpu_next_ns;          /* CPU time at which LIMIT_CPU says something next; UNLIMITED: never */
    bool system;                   /* a native process: it is listed, but has no signals */
    bool stop_unreported, continue_unreported;
    bool stop_taken, stop_cancelled; /* a stop signal is being handled; a CONT came meanwhile */
};

struct model {
    struct process_entry *table;
    const struct effects *effects;
    void *owner;
    uint32_t limit;                /* slots at or above it were never used */
    uint32_t used, first_free_slot, init;
    int32_t last_pid;
    bool pids_wrapped;
    uint32_t stopped;              /* how many are */
    uint32_t free_waiter, free_signal, waiter_limit, signal_limit; /* limits as above: what was never used is never touched */
    uint32_t hash[PROCESS_TABLE_SLOTS];
    uint32_t next_free_slot[PROCESS_TABLE_SLOTS];
    struct process processes[PROCESS_TABLE_SLOTS];
    struct waiter waiters[WAITERS_MAX];
    struct queued_signal signals[SIGNALS_QUEUED_MAX];
};

static inline uint64_t take_request(uint64_t *request)
{
    uint64_t taken = *request;
    *request = 0;
    return taken;
}
static inline uint64_t process_token(const struct model *m, uint32_t slot)
{
    return (uint64_t)m->table[slot].generation << 32 | slot;
}

/* -- process.c: the tree, groups and sessions -- */
/* *m and the table are all zero. */
void model_init(struct model *m, struct process_entry *table, const struct effects *effects, void *owner);
uint32_t process_by_pid(const struct model *m, int32_t pid);
uint32_t process_by_token(const struct model *m, uint64_t token); /* 0 for an old or wrong token */
/* A process that nobody forked. The first one becomes pid 1, which inherits orphans. */
enum status process_adopt(struct model *m, int32_t parent_pid, uint64_t id, bool system, const char *name, size_t name_bytes,
                          uint32_t *out_slot);
enum status process_fork(struct model *m, uint32_t parent, uint64_t id, uint32_t exit_signal, bool to_grandparent,
                         uint32_t *out_slot);
/* Takes a process back that never ran. */
void process_forget(struct model *m, uint32_t slot);
/* `status`: wait status word. */
void process_ended(struct model *m, uint32_t slot, uint32_t status, const struct usage_sums *usage);
void process_set_name(struct model *m, uint32_t slot, const char *name, size_t name_bytes);
void process_mark_exec(struct model *m, uint32_t slot);
enum status process_set_group(struct model *m, uint32_t caller, int32_t pid, int32_t pgid);
enum status process_set_session(struct model *m, uint32_t caller);
/* sid < 0: only the process -sid. The leader's entry remembers the terminal's foreground group. */
void session_set_terminal(struct model *m, int32_t sid, int32_t terminal, int32_t foreground);
bool group_is_orphaned(const struct model *m, int32_t pgid, uint32_t ignored_slot);
/* Brackets every change of a table entry, so that readers see all of it or try again. */
struct process_entry *entry_begin(struct model *m, uint32_t slot);
void entry_end(struct model *m, uint32_t slot);

/* -- wait.c -- */
/* OK: *out is filled. WOULD_BLOCK with *out_waits true: the answer comes by effects->answer_wait. */
enum status process_wait(struct model *m, uint32_t caller, uint64_t request, int32_t which, uint32_t options,
                         struct wait_result *out, bool *out_waits);
/* The client wants to leave; false: no such waiter. Answers INTERRUPTED. */
bool process_wait_cancel(struct model *m, uint64_t request);
/* Something about `child` changed: tells its parent's waiters. */
void wait_child_changed(struct model *m, uint32_t child);
void wait_abandon(struct model *m, uint32_t slot); /* the waiting process is gone */
/* Frees a zombie and adds its usage to its parent's. */
void process_reap(struct model *m, uint32_t slot);

/* -- signal.c -- */
enum status signal_send(struct model *m, uint32_t target, const struct signal_details *details);
/* kill(2); sender 0 is the system. */
enum status signal_kill(struct model *m, uint32_t sender, int32_t pid, const struct signal_details *details);
/* To a whole group, by the system; NOT_FOUND: nobody in it. */
enum status signal_group(struct model *m, int32_t pgid, uint32_t signal);
void signal_withdraw(struct model *m, int32_t pgid, uint32_t signal);
enum status signal_take(struct model *m, uint32_t slot, uint64_t set, struct signal_details *out);
/* True: the caller is stopped now and answered when it continues. False: it does not stop (a CONT came, or orphaned group). */
bool signal_stop_self(struct model *m, uint32_t slot, uint32_t signal, uint64_t request);
void signal_drop_all(struct model *m, uint32_t slot);
bool signal_may(const struct model *m, uint32_t sender, uint32_t target, uint32_t signal);

/* -- limit.c -- */
void limits_default(struct process *p);
/* May `caller` look at and change the limits of `target`? */
bool limit_may(const struct model *m, uint32_t caller, uint32_t target);
/* NOT_PERMITTED: a maximum raised without uid 0. */
enum status limit_set(struct model *m, uint32_t caller, uint32_t target, enum limit which, const struct limit_pair *next);
/* What the CPU time used so far calls for: 0, SIGXCPU once a second above the limit, SIGKILL from the maximum on. Moves cpu_next_ns. */
uint32_t limit_cpu_signal(struct process *p, uint64_t used_ns);
/* Whether the user of `parent` has as many processes as it may. */
bool limit_processes_reached(const struct model *m, uint32_t parent);

/* -- identity.c -- */
enum status identity_set(struct model *m, uint32_t slot, enum identity which, uint32_t real, uint32_t effective, uint32_t saved);
enum status identity_set_groups(struct model *m, uint32_t slot, const uint32_t *groups, size_t count);
