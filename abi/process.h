/* SPDX-License-Identifier: MIT
 * Processes, contexts, and the kernel's side of a personality. */
#pragma once
#include "abi/handle.h"

/* General registers as the kernel saves them for an upcall, an exception, or a debugger. */
struct user_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags, fs_base, gs_base;
};
static_assert(sizeof(struct user_registers) == 160);

/* THREAD BLOCK. Known to kernel and library; lies in a MAP_WIRED_ mapping at offset THREAD_BLOCK_OFFSET of an area of
 * THREAD_AREA_BYTES, aligned to its size. The library's private stack is the area below the block, its top is the block's own
 * address, so block = (rsp & -THREAD_AREA_BYTES) + THREAD_BLOCK_OFFSET while the library runs (rsp in the area).
 * The kernel writes the first group and `saved`, `reason`, `exception`; never anything else of user memory. */
#define THREAD_AREA_BYTES 16384u
#define THREAD_BLOCK_OFFSET 12288u
struct thread_block {
    uint32_t masked;      /* 1 while the library runs: set by the kernel on entry, cleared by the library's exit gate */
    uint32_t pending;     /* set by the kernel when there is something to look at; cleared by the library */
    uint64_t user_rsp, user_rip, user_rflags; /* saved at redirection of a foreign system call */
    uint64_t reason;      /* of the upcall: UPCALL_* */
    uint64_t exception_vector, exception_error, exception_address; /* UPCALL_EXCEPTION: CPU vector, error code, CR2 */
    struct user_registers saved; /* at an upcall: where the program was */
    uint64_t library[31]; /* the library's own; the kernel never touches it. library[0]: its state */
    uint32_t thread_id;   /* the library's: who this is in a futex that has an owner; unique in the system, below 2^30, 0: cannot own one */
    uint32_t reserved;
};
static_assert(sizeof(struct thread_block) <= 4096);
enum : uint64_t { UPCALL_PENDING = 1, UPCALL_EXCEPTION = 2 };

/* How the kernel reaches the library. Per process, inherited by clone, replaced by exec.
 *  - `syscall` with rax < 0x1000: user rsp, rip, rflags into the block, masked = 1, rsp = block, rip = entry; every other
 *    register but rcx and r11 as the program left it; interrupts stay possible.
 *  - context_resume goes on with `saved` and masked = 0 in one step: iretq at the program's own privilege would do it without the
 *    kernel, but QEMU 7.2 reads its frame as supervisor and faults under SMAP.
 *  - upcall, only when masked is 0: registers into `saved`, masked = 1, rsp = block, rip = upcall.
 *  - a fault at an address in [fault_start, fault_end): rip = fault_landing, nothing else changes (copy functions).
 *  - a fault while masked elsewhere ends the process with an exception status. */
struct personality {
    uint64_t entry, upcall, fault_start, fault_end, fault_landing;
    uint64_t reserved[3];
};

/* Exit status word: what process_exit and process_kill were given, or EXIT_EXCEPTION | vector. Low 32 bits free for the personality. */
#define EXIT_EXCEPTION (1ull << 63)
#define EXIT_NO_MEMORY (1ull << 62) /* ended by the kernel: its group's memory, or the machine's, was used up */

struct process_arguments {     /* process_create: a native process */
    handle_t space;            /* HANDLE_NONE: a new one; otherwise taken (moved) */
    handle_t name_space;       /* namespace handle; HANDLE_NONE: the caller's own */
    handle_t group;            /* write right; HANDLE_NONE: the caller's */
    handle_t identity;         /* HANDLE_NONE: the caller's identity domain */
    uint64_t credential;       /* only with an identity handle; otherwise the caller's token is inherited */
    uint64_t entry, stack;     /* first context: rip, rsp; rdi = argument */
    uint64_t argument;
    uint64_t thread_block;     /* 0: none (native) */
    uint64_t personality;      /* user address of struct personality in the CALLER's memory, 0: none */
    uint64_t handles;          /* ptr<struct handle_transfer[]>: what the process starts with */
    uint32_t handle_count;
    uint32_t priority;         /* 0: the caller's */
    char     name[16];         /* for dumps and traces */
};
struct handle_transfer { handle_t from; uint32_t rights; /* 0: same */ placement_t to; };
static_assert(sizeof(struct handle_transfer) == 16);

enum : uint32_t {
    CLONE_SHARE_SPACE_   = 1u << 0,  /* otherwise a copy-on-write copy */
    CLONE_SHARE_HANDLES_ = 1u << 1,  /* otherwise a copy of the LOW handles and of those named */
};
struct clone_arguments {       /* process_clone: a process like the caller, with one context like the calling one */
    uint32_t flags;
    uint32_t high_count;
    uint64_t high_handles;     /* ptr<handle_t[]>: HIGH handles that the child gets too, at the same numbers */
    uint64_t thread_block;     /* 0: the caller's address (its copy in the child); needed with CLONE_SHARE_SPACE_ */
    uint64_t stack;            /* 0: the caller's rsp */
    uint64_t entry;            /* 0: return from process_clone; else rip, with rdi = argument */
    uint64_t argument;
    uint64_t fs_base;          /* UINT64_MAX: the caller's */
};

struct context_arguments {     /* context_create: a thread */
    uint64_t entry, stack, argument; /* rip, rsp, rdi */
    uint64_t thread_block;     /* 0: none; starts masked when there is one */
    uint64_t fs_base;          /* UINT64_MAX: the caller's */
    uint32_t priority;         /* 0: the caller's */
    uint32_t flags;            /* none yet */
};

struct exec_arguments {        /* process_exec: the calling context goes on in the new space; all others end; close-on-exec and
                                * HIGH handles but those named are closed */
    handle_t space;            /* taken */
    uint32_t keep_count;
    uint64_t keep_handles;     /* ptr<handle_t[]> */
    uint64_t entry, stack, argument;  /* rip, rsp, rdi of the library's start in the new space; masked = 1 */
    uint64_t thread_block;     /* in the new space */
    struct personality personality;
    char name[16];
};

/* process_limit: what one process may have; UINT64_MAX: no limit. A clone inherits, exec keeps. Mapped and data bytes are counted beyond
 * what the space had when the process entered it by exec: its image, its stack and the personality's own memory. */
enum : uint32_t {
    LIMIT_HANDLES_LOW = 0,     /* LOW handles are below it: ERR_NO_HANDLES */
    LIMIT_MAPPED_BYTES,        /* of address space: ERR_NO_MEMORY */
    LIMIT_DATA_BYTES,          /* of it private and writable: ERR_NO_MEMORY */
    LIMIT_FILE_BYTES,          /* no file is written or lengthened beyond it: ERR_FILE_TOO_BIG */
    LIMIT_KINDS,
};

enum : uint32_t { PROCESS_CREATED = 0, PROCESS_RUNNING = 1, PROCESS_SUSPENDED = 2, PROCESS_ENDED = 3 };
struct process_info {
    uint64_t id;               /* object id: the caller id in messages */
    uint64_t credential;
    uint64_t exit_status;      /* when state is PROCESS_ENDED */
    uint64_t user_ns, kernel_ns, start_ns;
    uint64_t resident_bytes, mapped_bytes;
    uint64_t faults;
    uint32_t state, contexts, handles, reserved;
    char     name[16];
};

/* Priorities: the higher runs first. Below PRIORITY_REALTIME who waits long gets its turn in the end; from there on it does not. */
#define PRIORITY_DEFAULT 20u
#define PRIORITY_REALTIME 40u   /* by realtime_set only, and above this number */
#define PRIORITY_LIMIT 140u     /* one past the highest */
enum : uint32_t { SCHEDULE_SHARED = 0, SCHEDULE_ROUND_ROBIN = 1, SCHEDULE_FIFO = 2 }; /* FIFO: no time slice */

/* kernel_counts: one for each kind of thing in the kernel's memory. Exact when nothing else runs. */
struct kernel_count { char name[24]; uint64_t used, bytes; }; /* in use; bytes of memory behind them, free ones included */
static_assert(sizeof(struct kernel_count) == 40);

enum : uint32_t { CONTEXT_CREATED = 0, CONTEXT_READY, CONTEXT_RUNNING, CONTEXT_BLOCKED, CONTEXT_ZOMBIE };
struct context_info {
    uint64_t id, process_id;
    uint32_t state, cpu, priority, policy;
    uint64_t affinity;
    uint64_t cpu_ns;
    char     waits_for[48];    /* "reply from vfsd", "futex 0x7f..", "pipe" */
};
