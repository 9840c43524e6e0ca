/* SPDX-License-Identifier: MIT
 * What the library keeps for one process. In a private mapping of its own; every thread's block points to it. A vfork child has a
 * copy in the same address space. Fields without a lock named are set at start and by exec only. */
#pragma once
#include "abi/credential.h"
#include "abi/event.h"
#include "abi/handle.h"
#include "posix/core/lock.h"
#include "posix/core/thread.h"
#include "posix/linux/resource.h"
#include "posix/linux/signal.h"

#define PROCESS_STATE_BYTES 16384u
#define PROCESS_THREADS 256
#define PROCESS_QUEUE 32
#define PROCESS_PATH_BYTES 1024

#define PROCESS_TIMERS 32
struct timer {                     /* of timer_create */
    bool     used, realtime;
    uint32_t notify, overrun;
    int32_t  signal, tid;          /* tid 0: to the process */
    uint64_t value, deadline, period_ns; /* deadline: monotonic; 0: not armed */
};

struct process {
    /* capabilities; all HIGH, all kept over fork and exec */
    handle_t view;                 /* vfsd: root and current directory; under lock */
    handle_t proc, log, table, image, clock;
    handle_t spare_handles[2];
    /* where things are */
    uint64_t image_base, image_offset, image_bytes; /* image_offset: in the memory object `image` */
    const volatile struct process_entry *table_base;
    const volatile struct process_entry *entry;     /* our own line of the process table */
    const volatile struct clock_page *clock_page;
    uint64_t arena;                /* thread areas: arena + index * 2 * THREAD_AREA_BYTES */
    uint64_t vdso;                 /* 0: none */
    uint32_t xsave_bytes, xsave_mask;
    int32_t  pid;
    uint32_t personality_flags;
    handle_t vfork_writer;         /* closing it lets the parent of a vfork go on; HANDLE_NONE */
    uint32_t is_launch;            /* started natively, has not exec'ed yet */
    /* under lock */
    struct lock lock;
    uint32_t umask;
    uint32_t parent_death_signal, dumpable, no_new_privileges, keep_capabilities, child_subreaper;
    uint64_t brk_start, brk_end;   /* brk_end: as the program set it */
    struct linux_sigaction actions[LINUX_NSIG + 1]; /* [signal]; [0] unused */
    uint64_t pending;              /* process-directed signals that did not pass procd (sent by ourselves) */
    struct proc_signal_info queue[PROCESS_QUEUE]; /* their details; signal 0: free */
    uint32_t thread_count;
    uint64_t areas_mapped[PROCESS_THREADS / 64];
    struct thread *threads[PROCESS_THREADS];
    struct timer timers[PROCESS_TIMERS];
    uint32_t timer_changes;        /* futex word of the context that waits for timers */
    handle_t timer_context;        /* HANDLE_NONE: there is none yet */
    char     name[16];
    uint64_t logged[8];            /* numbers of unknown calls that were logged */
    uint64_t start_ns;
    uint64_t arguments_start, arguments_end, environment_start, environment_end;
    char     executable[PROCESS_PATH_BYTES]; /* path that was exec'ed, zero-terminated */
};
static_assert(sizeof(struct process) <= PROCESS_STATE_BYTES);
