/* SPDX-License-Identifier: MIT
 * Linux's signals as x86_64 programs see them: numbers, sets, actions, siginfo, and the frame on the stack. */
#pragma once
#include <stdint.h>

#define LINUX_NSIG 64u
enum : uint32_t {
    LINUX_SIGHUP = 1, LINUX_SIGINT, LINUX_SIGQUIT, LINUX_SIGILL, LINUX_SIGTRAP, LINUX_SIGABRT, LINUX_SIGBUS, LINUX_SIGFPE,
    LINUX_SIGKILL, LINUX_SIGUSR1, LINUX_SIGSEGV, LINUX_SIGUSR2, LINUX_SIGPIPE, LINUX_SIGALRM, LINUX_SIGTERM, LINUX_SIGSTKFLT,
    LINUX_SIGCHLD, LINUX_SIGCONT, LINUX_SIGSTOP, LINUX_SIGTSTP, LINUX_SIGTTIN, LINUX_SIGTTOU, LINUX_SIGURG, LINUX_SIGXCPU,
    LINUX_SIGXFSZ, LINUX_SIGVTALRM, LINUX_SIGPROF, LINUX_SIGWINCH, LINUX_SIGIO, LINUX_SIGPWR, LINUX_SIGSYS, LINUX_SIGRTMIN,
};
#define LINUX_SIGNAL_BIT(signal) (1ull << ((signal) - 1))
#define LINUX_SIGNALS_UNBLOCKABLE (LINUX_SIGNAL_BIT(LINUX_SIGKILL) | LINUX_SIGNAL_BIT(LINUX_SIGSTOP))
/* Raised by an instruction: they are taken before anything else. */
#define LINUX_SIGNALS_SYNCHRONOUS                                                                               \
    (LINUX_SIGNAL_BIT(LINUX_SIGSEGV) | LINUX_SIGNAL_BIT(LINUX_SIGBUS) | LINUX_SIGNAL_BIT(LINUX_SIGILL) |        \
     LINUX_SIGNAL_BIT(LINUX_SIGTRAP) | LINUX_SIGNAL_BIT(LINUX_SIGFPE) | LINUX_SIGNAL_BIT(LINUX_SIGSYS))

#define LINUX_SIG_DFL 0ull
#define LINUX_SIG_IGN 1ull
enum : uint64_t {
    LINUX_SA_NOCLDSTOP = 1, LINUX_SA_NOCLDWAIT = 2, LINUX_SA_SIGINFO = 4, LINUX_SA_RESTORER = 0x04000000, LINUX_SA_ONSTACK = 0x08000000,
    LINUX_SA_RESTART = 0x10000000, LINUX_SA_NODEFER = 0x40000000, LINUX_SA_RESETHAND = 0x80000000,
};
enum : uint32_t { LINUX_SIG_BLOCK = 0, LINUX_SIG_UNBLOCK = 1, LINUX_SIG_SETMASK = 2 };
enum : int32_t {
    LINUX_SI_USER = 0, LINUX_SI_KERNEL = 0x80, LINUX_SI_QUEUE = -1, LINUX_SI_TIMER = -2, LINUX_SI_TKILL = -6,
    LINUX_SEGV_MAPERR = 1, LINUX_SEGV_ACCERR = 2, LINUX_BUS_ADRERR = 2, LINUX_ILL_ILLOPN = 2, LINUX_FPE_INTDIV = 1, LINUX_FPE_FLTINV = 7,
    LINUX_TRAP_BRKPT = 1, LINUX_TRAP_TRACE = 2,
    LINUX_CLD_EXITED = 1, LINUX_CLD_KILLED = 2, LINUX_CLD_DUMPED = 3, LINUX_CLD_STOPPED = 5, LINUX_CLD_CONTINUED = 6,
};
enum : uint32_t { LINUX_SS_ONSTACK = 1, LINUX_SS_DISABLE = 2, LINUX_SS_AUTODISARM = 1u << 31, LINUX_MINSIGSTKSZ = 2048 };

struct linux_sigaction { uint64_t handler, flags, restorer, mask; };
struct linux_stack { uint64_t address; uint32_t flags, padding; uint64_t size; };

struct linux_siginfo {
    int32_t signal, error, code, padding;
    union {
        struct { int32_t pid; uint32_t uid; uint64_t value; } sender;
        struct { int32_t pid; uint32_t uid; int32_t status, padding; int64_t user_ticks, system_ticks; } child;
        struct { uint64_t address; } fault;
        struct { int32_t timer, overrun; uint64_t value; } timer;
        uint8_t bytes[112];
    };
};
static_assert(sizeof(struct linux_siginfo) == 128);

struct linux_sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, vector, old_mask, cr2, vectors; /* vectors: address of the FXSAVE or XSAVE area */
    uint64_t reserved[8];
};
static_assert(sizeof(struct linux_sigcontext) == 256);
struct linux_ucontext {
    uint64_t flags, link;
    struct linux_stack stack;
    struct linux_sigcontext registers;
    uint64_t mask;
};
static_assert(sizeof(struct linux_ucontext) == 304);
enum : uint64_t { LINUX_UC_FP_XSTATE = 1, LINUX_UC_SIGCONTEXT_SS = 2, LINUX_UC_STRICT_RESTORE_SS = 4 };
struct linux_signal_frame {
    uint64_t return_address;
    struct linux_ucontext context;
    struct linux_siginfo info;
};
static_assert(sizeof(struct linux_signal_frame) == 440);
/* In the last 48 bytes of the FXSAVE area. */
struct linux_xstate_note { uint32_t magic, bytes; uint64_t features; uint32_t xsave_bytes, padding[7]; };
static_assert(sizeof(struct linux_xstate_note) == 48);
#define LINUX_XSTATE_MAGIC_1 0x46505853u
#define LINUX_XSTATE_MAGIC_2 0x46505845u
