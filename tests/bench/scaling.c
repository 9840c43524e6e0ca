/* SPDX-License-Identifier: MIT
 * scaling: what CPUs have to share, per operation, as the counting flavour of the kernel counts it (kernel/core/count.h). One worker on each
 * of 1, 2 and 4 CPUs does the same operation on things of its own, or all on one thing; only the rows of the second kind may share.
 *
 *   scaling            the table: locks taken, locks found held, foreign lines, interrupts between CPUs, each per operation
 *   scaling -v ROW     one row, and which locks (by rank, kernel/core/lock.h) and references (by kind, abi/handle.h) were foreign
 *   scaling -c COMMAND the longest stretches with interrupts kept out while COMMAND ran */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL_COUNTS 0x1064
#define KINDS_MOST 256
struct kernel_count { char name[24]; uint64_t used, bytes; };
struct counts { struct kernel_count kinds[KINDS_MOST]; long count; };

static long native(long number, long a, long b)
{
    long answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return answer;
}

static void look(struct counts *c)
{
    c->count = native(KERNEL_COUNTS, (long)c->kinds, KINDS_MOST);
    if (c->count > KINDS_MOST)
        c->count = KINDS_MOST;
}

static uint64_t value_of(const struct counts *c, const char *name)
{
    for (long i = 0; i < c->count; i++)
        if (!strcmp(c->kinds[i].name, name))
            return c->kinds[i].used;
    return 0;
}

static uint64_t foreign(const struct counts *before, const struct counts *after, int tell, double n)
{
    uint64_t sum = 0;
    for (long i = 0; i < after->count; i++) {
        const char *name = after->kinds[i].name;
        if (strncmp(name, "foreign ", 8))
            continue;
        uint64_t more = after->kinds[i].used - value_of(before, name);
        sum += more;
        if (tell && more)
            printf("    %-22s %8.3f\n", name, (double)more / n);
    }
    return sum;
}

/* -- operations: `who` is the worker, `all` how often ------------------------------------------------------------------------ */

static void getppids(int who, int n) { for (int i = 0; i < n; i++) syscall(SYS_getppid); }
static void faults(int who, int n)
{
    char *area = mmap(NULL, (size_t)n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < n; i++)
        area[(size_t)i * 4096] = 1;
    munmap(area, (size_t)n * 4096);
}
static void forks(int who, int n)
{
    for (int i = 0; i < n; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
}
static void read_file(const char *name, int n)
{
    char buffer[4096];
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    memset(buffer, 1, sizeof buffer);
    if (pwrite(fd, buffer, sizeof buffer, 0) != sizeof buffer)
        _exit(1);
    for (int i = 0; i < n; i++)
        if (pread(fd, buffer, sizeof buffer, 0) != sizeof buffer)
            _exit(1);
    close(fd);
}
static void reads_own(int who, int n)
{
    char name[32];
    snprintf(name, sizeof name, "/tmp/scaling.%d", who);
    read_file(name, n);
}
static void reads_same(int who, int n) { read_file("/tmp/scaling", n); }
static void pipes(int who, int n)
{
    int ends[2];
    char byte = 0;
    if (pipe(ends))
        _exit(1);
    for (int i = 0; i < n; i++)
        if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
            _exit(1);
}
static void stats_same_server(int who, int n)
{
    struct stat s;
    for (int i = 0; i < n; i++)
        if (stat("/tmp", &s))
            _exit(1);
}

/* A server of its own for each worker: an endpoint, and a thread that answers. Native calls; abi/message.h has the registers. */
/* The compiler may have something below the stack pointer: rbp is saved beyond it. */
static long message_call(long number, uint64_t rdi, uint64_t rsi, uint64_t rbp, uint64_t r15, uint64_t out[2])
{
    long answer;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n push %%rbp\n mov %[rbp], %%rbp\n mov %[r15], %%r15\n xor %%edx, %%edx\n xor %%r10d, %%r10d\n xor %%r8d, %%r8d\n"
                     " xor %%r9d, %%r9d\n xor %%ebx, %%ebx\n xor %%r12d, %%r12d\n xor %%r13d, %%r13d\n xor %%r14d, %%r14d\n syscall\n pop %%rbp\n lea 128(%%rsp), %%rsp"
                     : "=a"(answer), "+D"(rdi), "+S"(rsi)
                     : "a"(number), [rbp] "c"(rbp), [r15] "r"(r15)
                     : "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rbx", "memory");
    out[0] = rdi;
    out[1] = rsi;
    return answer;
}
#define PLACE_HIGH (2ll << 60)
static long endpoint_of[64], resource_of[64];
static void *answer_all(void *argument)
{
    long which = (long)argument;
    uint64_t out[2];
    long kind = message_call(0x1003, (uint64_t)endpoint_of[which], 0, 0, 0, out);
    while (kind >= 0)
        kind = message_call(0x1005 - 1, (uint64_t)endpoint_of[which], out[0], 0, 0, out);
    return NULL;
}
static void calls_own_server(int who, int n)
{
    pthread_t server;
    uint64_t out[2];
    long answer;
    endpoint_of[who] = native(0x1008, 0, PLACE_HIGH);
    __asm__ volatile("mov %[place], %%r8\n mov %[flags], %%r9\n mov $0, %%r10\n syscall" : "=a"(answer)
                     : "a"(0x100a), "D"(endpoint_of[who]), "S"(7), "d"(3), [place] "r"(PLACE_HIGH), [flags] "r"(0l)
                     : "rcx", "r11", "r8", "r9", "r10", "memory");
    resource_of[who] = answer;
    if (answer < 0 || pthread_create(&server, NULL, answer_all, (void *)(long)who))
        _exit(1);
    usleep(20000);
    for (int i = 0; i < n; i++)
        if (message_call(0x1000, (uint64_t)resource_of[who], 0x3f00, 0, 0, out) < 0)
            _exit(1);
}

static const struct row { const char *name; void (*act)(int who, int n); int n, shares; } rows[] = {
    {"getppid", getppids, 20000, 0},
    {"call, own server", calls_own_server, 5000, 0},
    {"call, same server (stat)", stats_same_server, 2000, 1},
    {"page fault", faults, 2000, 0},
    {"fork, exit, wait", forks, 100, 1},
    {"read 4 KiB, own file", reads_own, 5000, 0},
    {"read 4 KiB, same file", reads_same, 5000, 1},
    {"pipe, own", pipes, 5000, 0},
};

/* -- the table ------------------------------------------------------------------------------------------------------------------- */

struct start { _Atomic int ready, go, done, leave; };

static void work(const struct row *row, int who, struct start *s)
{
    uint64_t mask = 1ull << who;
    syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask);
    row->act(who, row->n / 10 + 1); /* what is made at first use */
    s->ready++;
    while (!s->go)
        usleep(1000);
    row->act(who, row->n);
    s->done++;
    while (!s->leave)
        usleep(1000);
    _exit(0);
}

static void measure(const struct row *row, int cpus, int tell)
{
    static struct counts before, after;
    struct start *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int who = 0; who < cpus; who++)
        if (fork() == 0)
            work(row, who, s);
    while (s->ready < cpus)
        usleep(1000);
    look(&before);
    s->go = 1;
    while (s->done < cpus)
        usleep(1000);
    look(&after);
    s->leave = 1;
    while (wait(NULL) > 0)
        ;
    double n = (double)row->n * cpus;
    printf("%-26s %4d %8.2f %8.3f %8.3f %8.3f\n", row->name, cpus, (double)(value_of(&after, "locks") - value_of(&before, "locks")) / n,
           (double)(value_of(&after, "locks found held") - value_of(&before, "locks found held")) / n,
           (double)foreign(&before, &after, 0, n) / n,
           (double)(value_of(&after, "interrupts to CPUs") - value_of(&before, "interrupts to CPUs")) / n);
    if (tell)
        foreign(&before, &after, 1, n);
    fflush(stdout);
    munmap(s, 4096);
}

static int closed_stretches(char **command)
{
    static struct counts after;
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    look(&after);
    for (long i = 0; i < after.count; i++)
        if (after.kinds[i].name[0] == '~')
            printf("%10llu %s+%llu\n", (unsigned long long)after.kinds[i].used, after.kinds[i].name + 1,
                   (unsigned long long)after.kinds[i].bytes);
    return 0;
}

int main(int argc, char **argv)
{
    static struct counts first;
    look(&first);
    if (!value_of(&first, "locks")) {
        fprintf(stderr, "scaling: this kernel does not count (make BUILD=build/count MH_COUNT=1)\n");
        return 1;
    }
    if (argc > 2 && !strcmp(argv[1], "-c"))
        return closed_stretches(argv + 2);
    int tell = argc > 2 && !strcmp(argv[1], "-v");
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    printf("%-26s %4s %8s %8s %8s %8s\n", "operation", "CPUs", "locks", "held", "foreign", "ipis");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int n = 1; n <= cpus && n <= 4; n *= 2)
            if (!tell || strstr(rows[i].name, argv[2]))
                measure(&rows[i], n, tell);
    return 0;
}
