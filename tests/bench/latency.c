/* SPDX-License-Identifier: MIT
 * latency: how late a real-time thread runs after its timer, while every CPU is busy with system calls, forks and page faults.
 * Prints one line for each CPU: `latency_cpuN min avg 99% max n`, in nanoseconds of the monotonic clock, which are instructions
 * under `--icount`. Usage: latency [rounds]. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 700000
#define ROUNDS_MOST 20000
#define AREA (16u << 20)

static uint64_t late[ROUNDS_MOST];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void pin(int cpu)
{
    uint64_t mask = 1ull << cpu;
    if (syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask))
        perror("latency: sched_setaffinity");
}

/* -- load: each runs until it is killed ------------------------------------------------------------------------------------ */

static void load_calls(void)
{
    int ends[2];
    char buffer[4096] = {};
    if (pipe(ends))
        _exit(1);
    for (;;) {
        syscall(SYS_getppid);
        if (write(ends[1], buffer, sizeof buffer) != sizeof buffer || read(ends[0], buffer, sizeof buffer) != sizeof buffer)
            _exit(1);
        close(open("/bin/osbench", O_RDONLY));
    }
}

static void load_forks(void)
{
    for (;;) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (child > 0)
            waitpid(child, NULL, 0);
    }
}

/* Large spaces: filled, cloned, written after the clone, taken apart. */
static void load_memory(void)
{
    for (;;) {
        char *area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            continue;
        for (size_t i = 0; i < AREA; i += 4096)
            area[i] = 1;
        pid_t child = fork();
        if (child == 0) {
            for (size_t i = 0; i < AREA; i += 8192)
                area[i] = 2;
            _exit(0);
        }
        if (child > 0)
            waitpid(child, NULL, 0);
        mprotect(area, AREA, PROT_READ);
        munmap(area, AREA);
    }
}

/* A process with many descriptors ends. */
static void load_descriptors(void)
{
    for (;;) {
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 900; i++)
                if (dup(0) < 0)
                    break;
            _exit(0);
        }
        if (child > 0)
            waitpid(child, NULL, 0);
    }
}

/* -- measuring ----------------------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void measure(int cpu, int rounds)
{
    uint64_t sum = 0, next = now_ns() + PERIOD_NS;
    pin(cpu);
    for (int i = 0; i < rounds; i++) {
        struct timespec at = {(time_t)(next / 1000000000), (long)(next % 1000000000)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
            ;
        uint64_t now = now_ns();
        late[i] = now - next;
        sum += late[i];
        next += PERIOD_NS;
        if (next < now)
            next = now + PERIOD_NS;
    }
    qsort(late, (size_t)rounds, sizeof *late, compare);
    printf("latency_cpu%d %llu %llu %llu %llu %d\n", cpu, (unsigned long long)late[0], (unsigned long long)(sum / (uint64_t)rounds),
           (unsigned long long)late[rounds * 99 / 100], (unsigned long long)late[rounds - 1], rounds);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static void (*const loads[])(void) = {load_calls, load_forks, load_memory, load_descriptors};
    enum { LOADS = sizeof loads / sizeof *loads };
    int rounds = argc > 1 ? atoi(argv[1]) : 2000;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    pid_t children[64];
    int count = 0;
    if (rounds < 1 || rounds > ROUNDS_MOST)
        rounds = ROUNDS_MOST;
    for (int cpu = 0; cpu < cpus && count + LOADS <= 64; cpu++)
        for (int i = 0; i < LOADS; i++) {
            pid_t child = fork();
            if (child == 0) {
                pin(cpu);
                loads[i]();
            }
            children[count++] = child;
        }
    struct sched_param p = {.sched_priority = 95};
    if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p)) {
        perror("latency: sched_setscheduler");
        return 1;
    }
    mlockall(MCL_CURRENT | MCL_FUTURE);
    memset(late, 1, sizeof late);
    for (int cpu = 0; cpu < cpus; cpu++)
        measure(cpu, rounds);
    for (int i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return 0;
}
