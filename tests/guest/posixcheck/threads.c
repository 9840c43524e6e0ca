/* SPDX-License-Identifier: MIT
 * Threads, and signals as fast as they can be sent while registers are watched. */
#include "posixcheck.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#define WORKERS 8
#define ROUNDS 1000
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, ready;
static __thread int own = 5;

static void *work(void *number)
{
    own = (int)(intptr_t)number;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        if (i % 100 == 0)
            sched_yield();
    }
    return (void *)(intptr_t)own;
}

static void *await_ready(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (!ready)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void *sleep_long(void *argument)
{
    struct timespec time = {5, 0};
    (void)argument;
    return (void *)(intptr_t)(nanosleep(&time, NULL) == -1 && errno == EINTR);
}

static void *sleep_for_ever(void *argument)
{
    for (;;)
        pause();
    return argument;
}

static void check_basics(void)
{
    pthread_t threads[WORKERS];
    bool all = true;
    void *result;
    for (intptr_t i = 0; i < WORKERS; i++)
        all &= pthread_create(&threads[i], NULL, work, (void *)i) == 0;
    for (intptr_t i = 0; i < WORKERS; i++)
        all &= pthread_join(threads[i], &result) == 0 && result == (void *)i;
    PROMISE("threads count under a mutex, each with its own variable", all && counter == WORKERS * ROUNDS && own == 5);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, await_ready, NULL);
    usleep(20000);
    pthread_mutex_lock(&mutex);
    ready = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 4; i++)
        all &= pthread_join(threads[i], NULL) == 0;
    PROMISE("a broadcast wakes all", all);
    handle(SIGUSR1, note, 0);
    pthread_create(&threads[0], NULL, sleep_long, NULL);
    usleep(30000);
    pthread_kill(threads[0], SIGUSR1);
    pthread_join(threads[0], &result);
    PROMISE("a signal to a thread interrupts that thread", result == (void *)1);
    pthread_create(&threads[0], NULL, sleep_for_ever, NULL);
    usleep(10000);
    pthread_cancel(threads[0]);
    pthread_join(threads[0], &result);
    PROMISE("a thread is cancelled", result == PTHREAD_CANCELED);
}

static void check_processes_with_threads(void)
{
    pthread_t thread;
    pid_t child = fork();
    if (!child) {
        pthread_create(&thread, NULL, work, NULL);
        pthread_join(thread, NULL);
        _exit(21);
    }
    PROMISE("a forked child makes threads", WEXITSTATUS(status_of(child)) == 21);
    if (!(child = fork())) {
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        usleep(10000);
        execl("/bin/sh", "sh", "-c", "exit 22", (char *)NULL);
    }
    PROMISE("exec ends the other threads", WEXITSTATUS(status_of(child)) == 22);
    if (!(child = fork())) {
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        exit(23);
    }
    PROMISE("so does exit", WEXITSTATUS(status_of(child)) == 23);
}

void check_threads(void)
{
    check_basics();
    check_processes_with_threads();
}

/* -- stress --------------------------------------------------------------------------------------------------------- */

static volatile bool done;

static void spoil(int signal)
{
    note(signal);
    __asm__ volatile("pxor %%xmm5, %%xmm5" ::: "xmm5");
    syscall(SYS_getppid);
}

/* One system call between known registers; false: one of them changed. */
static bool registers_hold(uint64_t a)
{
    uint64_t vector, rbx, r13, rdx, r9;
    long result;
    __asm__ volatile("movq %[a], %%xmm5; mov %[a], %%rbx; mov %[a], %%r13; mov %[a], %%rdx; mov %[a], %%r9; syscall;"
                     "movq %%xmm5, %[vector]; mov %%rbx, %[rbx]; mov %%r13, %[r13]; mov %%rdx, %[rdx]; mov %%r9, %[r9]"
                     : [vector] "=&r"(vector), [rbx] "=&r"(rbx), [r13] "=&r"(r13), [rdx] "=&r"(rdx), [r9] "=&r"(r9), "=a"(result)
                     : [a] "r"(a), "a"((long)SYS_getppid)
                     : "rbx", "r13", "rdx", "r9", "rcx", "r11", "xmm5", "memory");
    return vector == a && rbx == a && r13 == a && rdx == a && r9 == a && result >= 0;
}

static long count_broken(volatile bool *stop, long most)
{
    long broken = 0;
    for (long i = 1; i <= most && !*stop; i++)
        broken += !registers_hold(0x9e3779b97f4a7c15ull * (uint64_t)i);
    return broken;
}

static void *send_many(void *to)
{
    for (int i = 0; i < 3000; i++) {
        pthread_kill(*(pthread_t *)to, SIGUSR1);
        if (i % 3 == 0)
            sched_yield();
    }
    done = true;
    return NULL;
}

void check_stress(void)
{
    struct { volatile bool started, stop; volatile long handled, broken; } *seen =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    handle(SIGUSR1, spoil, SA_RESTART);
    handled = 0;
    pid_t child = fork();
    if (!child) {
        seen->started = true;
        seen->broken = count_broken(&seen->stop, 1l << 60);
        seen->handled = handled;
        _exit(getppid() == 0);
    }
    while (!seen->started)
        sched_yield();
    for (int i = 0; i < 5000; i++) {
        kill(child, SIGUSR1);
        if (i % 5 == 0)
            sched_yield();
    }
    seen->stop = true;
    PROMISE("a process under fire ends as it should", status_of(child) == 0);
    PROMISE("signals from another process break no register", seen->broken == 0 && seen->handled > 0);
    pthread_t self = pthread_self(), sender;
    pthread_create(&sender, NULL, send_many, &self);
    long broken = count_broken(&done, 1l << 60);
    pthread_join(sender, NULL);
    PROMISE("signals from another thread break no register", broken == 0 && handled > 0);
}
