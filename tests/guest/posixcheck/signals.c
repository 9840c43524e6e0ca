/* SPDX-License-Identifier: MIT
 * Handlers, masks, queues, alternate stacks, registers; faults as signals. */
#include "posixcheck.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <time.h>

static sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void check_handlers(void)
{
    handled = 0;
    handle(SIGUSR1, note, 0);
    raise(SIGUSR1);
    PROMISE("a handler runs before raise returns", handled == 1 && handled_signal == SIGUSR1);
    kill(getpid(), SIGUSR1);
    PROMISE("a handler runs before kill of oneself returns", handled == 2);
    handle_info(SIGUSR2, 0);
    kill(getpid(), SIGUSR2);
    PROMISE("siginfo says who sent it", handled_info.si_pid == getpid() && handled_info.si_code == SI_USER);
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 77});
    PROMISE("sigqueue carries a value", handled_info.si_code == SI_QUEUE && handled_info.si_value.sival_int == 77);
    handle(SIGUSR1, note, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    PROMISE("SA_RESETHAND handles once", action.sa_handler == SIG_DFL);
    PROMISE("kill 0 only looks", kill(getpid(), 0) == 0 && kill(999999, 0) == -1 && errno == ESRCH);
    PROMISE("a signal number is checked", kill(getpid(), 99) == -1 && errno == EINVAL);
}

static void check_masks(void)
{
    sigset_t usr1 = set_of(SIGUSR1), old, pending;
    handled = 0;
    handle(SIGUSR1, note, 0);
    sigprocmask(SIG_BLOCK, &usr1, &old);
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    PROMISE("a blocked signal is pending", handled == 0 && sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    PROMISE("it is delivered when it is unblocked", handled == 1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    kill(getpid(), SIGUSR1);
    PROMISE("sigsuspend takes it and answers EINTR", sigsuspend(&old) == -1 && errno == EINTR && handled == 2);
    sigprocmask(SIG_BLOCK, NULL, &pending);
    PROMISE("sigsuspend puts the mask back", sigismember(&pending, SIGUSR1));
    struct timespec soon = {0, 20000000};
    siginfo_t info;
    PROMISE("sigtimedwait ends without a signal", sigtimedwait(&usr1, &info, &soon) == -1 && errno == EAGAIN);
    pid_t child = fork();
    if (!child) {
        usleep(20000);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    int taken = 0;
    sigwait(&usr1, &taken);
    PROMISE("sigwait takes a signal from another process", taken == SIGUSR1);
    status_of(child);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void check_queue(void)
{
    sigset_t set = set_of(SIGRTMIN + 1);
    siginfo_t info;
    bool in_order = true;
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
    for (int i = 0; i < 3; i++)
        in_order &= sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == i;
    PROMISE("real-time signals queue in order", in_order);
}

static void check_alternate_stack(void)
{
    static char stack[65536];
    stack_t use = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&use, NULL);
    handle_info(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    PROMISE("SA_ONSTACK runs on the alternate stack", (char *)handled_stack > stack && (char *)handled_stack < stack + sizeof stack);
    use.ss_flags = SS_DISABLE;
    sigaltstack(&use, NULL);
    raise(SIGUSR1);
    PROMISE("without it, on the usual one", (char *)handled_stack < stack || (char *)handled_stack > stack + sizeof stack);
}

static void spoil_registers(int signal)
{
    note(signal);
    __asm__ volatile("pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15; xor %%r15d, %%r15d" ::: "xmm7", "xmm15", "r15");
}

static void check_registers(void)
{
    uint64_t a = 0x1122334455667788, vector, low, high;
    handle(SIGUSR1, spoil_registers, 0);
    __asm__ volatile("movq %[a], %%xmm7; mov %[a], %%rbx; mov %[a], %%r15; mov $62, %%eax; syscall;"
                     "movq %%xmm7, %[vector]; mov %%rbx, %[low]; mov %%r15, %[high]"
                     : [vector] "=&r"(vector), [low] "=&r"(low), [high] "=&r"(high)
                     : [a] "r"(a), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rax", "rcx", "r11", "rbx", "r15", "xmm7", "memory");
    PROMISE("a handler leaves every register as it was", vector == a && low == a && high == a);
}

void check_signals(void)
{
    check_handlers();
    check_masks();
    check_queue();
    check_alternate_stack();
    check_registers();
}

/* -- faults --------------------------------------------------------------------------------------------------------- */

static sigjmp_buf back;
static void *volatile nowhere = (void *)0x1234;

static void jump_back(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    handled_info = *info;
    siglongjmp(back, 1);
}

/* Does `act` end in the signal? */
#define FAULTS(signal, act)                             \
    ({                                                  \
        handled_info.si_signo = 0;                      \
        if (!sigsetjmp(back, 1))                        \
            act;                                        \
        handled_info.si_signo == (signal);              \
    })

void check_faults(void)
{
    static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP};
    struct sigaction action = {.sa_sigaction = jump_back, .sa_flags = SA_SIGINFO};
    volatile int zero = 0, hundred = 100;
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &action, NULL);
    PROMISE("a store to nothing", FAULTS(SIGSEGV, *(volatile int *)nowhere = 1));
    PROMISE("siginfo says where and why", handled_info.si_addr == nowhere && handled_info.si_code == SEGV_MAPERR);
    char *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    PROMISE("a store to a constant", FAULTS(SIGSEGV, *(volatile char *)constant = 1) && handled_info.si_code == SEGV_ACCERR);
    PROMISE("an unknown instruction", FAULTS(SIGILL, __asm__ volatile("ud2")));
    PROMISE("a division by zero", FAULTS(SIGFPE, hundred /= zero));
    PROMISE("a breakpoint", FAULTS(SIGTRAP, __asm__ volatile("int3")));
    nowhere = (void *)0x8000000000001234;
    PROMISE("a store to an address that is none", FAULTS(SIGSEGV, *(volatile int *)nowhere = 1));
    PROMISE("a jump to an address that is none", FAULTS(SIGSEGV, ((void (*)(void))nowhere)()));
    for (int i = 0; i < 4; i++)
        handle(signals[i], SIG_DFL, 0);
    pid_t child = fork();
    if (!child) {
        nowhere = NULL;
        *(volatile int *)nowhere = 1;
    }
    int status = status_of(child);
    PROMISE("without a handler it ends the process", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    if (!(child = fork()))
        __asm__ volatile("xor %esp, %esp; push %rax");
    status = status_of(child);
    PROMISE("also when there is no stack", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
