/* SPDX-License-Identifier: MIT
 * One thread of the program, as the library knows it: the kernel's thread block and, in the rest of its page, our own part.
 * Found from the stack pointer. Only its own thread touches it, but for the fields that say otherwise. */
#pragma once
#include "abi/process.h"
#include "base/types.h"
#include "posix/core/offsets.h"
#include "posix/linux/signal.h"
#include "protocol/proc_abi.h"

struct process;

/* The program's registers at a system call, at the top of the library's stack; rax, rcx and r11 are not the program's any more. */
struct call_frame { uint64_t rdi, rsi, rdx, r10, r8, r9, rbx, rbp, r12, r13, r14, r15; };
static_assert(sizeof(struct call_frame) == FRAME_BYTES);

/* Thread ids: the first thread's is the pid, the others' have their area's index above it; unique in the system and below 2^30. */
#define TID_PROCESS_BITS 22
#define THREAD_QUEUE 12
struct thread {
    union {
        struct thread_block block;
        struct {
            uint8_t kernel_part[T_PROCESS];
            struct process *process;
            uint64_t number;                 /* of the system call that runs */
            uint64_t reserved[7];
            _Atomic uint32_t used;           /* 0: the area is free; cleared by assembly as the thread's last store */
            uint32_t index;                  /* of the area in the process's arena */
        };
    };
    int32_t  tid;
    handle_t context;                        /* HANDLE_NONE: the first thread */
    uint64_t clear_tid;                      /* address of the word that thread end clears */
    uint64_t robust_list, robust_bytes;
    int32_t  nice;                           /* as the program set it; the kernel has the truth but for -20 */
    /* signals */
    uint64_t mask;
    uint64_t saved_mask;                     /* the mask that delivery restores when `restore_mask` */
    bool     restore_mask;
    bool     waiting;                        /* in sigtimedwait: `wanted` is what it takes */
    uint64_t wanted;
    struct linux_stack alternate;
    _Atomic uint64_t pending;                /* sent to this thread; others add under process->lock */
    struct proc_signal_info queue[THREAD_QUEUE]; /* their details; under process->lock; signal 0: free */
    /* restart_syscall: what to do again until `deadline` */
    struct { uint64_t kind, deadline, arguments[4]; } restart;
};
static_assert(offsetof(struct thread, process) == T_PROCESS && offsetof(struct thread, number) == T_NUMBER);
static_assert(offsetof(struct thread, used) == T_FREE);
static_assert(offsetof(struct thread_block, saved.rip) == T_RIP && offsetof(struct thread_block, saved.r15) == T_R15);
static_assert(offsetof(struct thread_block, user_rflags) == T_USER_RFLAGS && offsetof(struct thread_block, library) == T_PROCESS);
static_assert(sizeof(struct thread) <= THREAD_AREA_BYTES - THREAD_BLOCK_OFFSET);

static inline struct thread *thread_current(void)
{
    uint64_t stack;
    __asm__("mov %%rsp, %0" : "=r"(stack));
    return (struct thread *)((stack & -(uint64_t)THREAD_AREA_BYTES) + THREAD_BLOCK_OFFSET);
}
static inline struct process *process_current(void)
{
    return thread_current()->process;
}
static inline struct call_frame *thread_frame(struct thread *t)
{
    return (struct call_frame *)((uint64_t)t - FRAME_BYTES);
}


/* `pending` belongs to the kernel as well: it may set it at any instruction. */
static inline void thread_set_pending(struct thread *t)
{
    __atomic_store_n(&t->block.pending, 1, __ATOMIC_RELAXED);
}
