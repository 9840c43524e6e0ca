/* SPDX-License-Identifier: MIT
 * schedcheck: scheduling as a Linux program sees it. Every check is about order or about shares, never about how long something takes:
 * what competes is tied to one CPU, and who is slow is given time until the other side has done its part. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* linux/futex.h, which musl does not have */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_LOCK_PI = 6, FUTEX_UNLOCK_PI = 7, FUTEX_PRIVATE_FLAG = 128 };
#define FUTEX_LOCK_PI_PRIVATE (FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG)
#define FUTEX_UNLOCK_PI_PRIVATE (FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG)

static int failed;
static void verdict(const char *name, int holds, const char *why)
{
    printf(holds ? "ok %s\n" : "not ok %s: %s\n", name, why);
    failed += !holds;
    fflush(stdout);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}
static void sleep_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }
static void burn_ns(uint64_t ns)
{
    for (uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID); clock_ns(CLOCK_THREAD_CPUTIME_ID) - start < ns;)
        ;
}

/* musl's own answer ENOSYS without asking. */
static int set_policy(int policy, int priority)
{
    return (int)syscall(SYS_sched_setscheduler, 0, policy, &(struct sched_param){.sched_priority = priority});
}
static int get_policy(void) { return (int)syscall(SYS_sched_getscheduler, 0); }
static int pin(int tid, int cpu)
{
    uint64_t mask = 1ull << cpu;
    return (int)syscall(SYS_sched_setaffinity, tid, sizeof mask, &mask);
}
static int cpu_now(void)
{
    unsigned cpu = ~0u;
    syscall(SYS_getcpu, &cpu, NULL, NULL);
    return (int)cpu;
}
static long cpus_online(void) { return sysconf(_SC_NPROCESSORS_ONLN); }

/* -- competing threads: each counts while it may ------------------------------------------------------------------------ */

struct runner {
    pthread_t thread;
    int policy, priority, nice;
    _Atomic uint64_t count;
    _Atomic int ready;
    uint64_t cpu_ns;
};
static _Atomic int go, stop;

static void *count_up(void *argument)
{
    struct runner *r = argument;
    pin(0, 0);
    if (r->nice)
        setpriority(PRIO_PROCESS, 0, r->nice);
    r->ready = 1;
    while (!go)
        sleep_ms(1);
    while (!stop)
        r->count++;
    r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static void compete(struct runner *r, int n, uint64_t wall_ns)
{
    go = stop = 0;
    for (int i = 0; i < n; i++) {
        pthread_create(&r[i].thread, NULL, count_up, &r[i]);
        while (!r[i].ready)
            sleep_ms(1);
    }
    set_policy(SCHED_FIFO, 90);
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    go = 1;
    while (clock_ns(CLOCK_MONOTONIC) - start < wall_ns)
        sleep_ms(20);
    stop = 1;
    set_policy(SCHED_OTHER, 0);
    for (int i = 0; i < n; i++)
        pthread_join(r[i].thread, NULL);
}

static void nobody_starves(void)
{
    struct runner r[2] = {{.nice = 0}, {.nice = 19}};
    char why[160];
    compete(r, 2, 3000000000ull);
    snprintf(why, sizeof why, "%llu and %llu", (unsigned long long)r[0].count, (unsigned long long)r[1].count);
    verdict("nice 19 goes on beside a nice 0 that never sleeps", r[1].count > 0, why);
    verdict("nice 0 gets most of the CPU beside nice 19", r[0].count > 5 * r[1].count, why);
    struct runner s[2] = {{.nice = 0}, {.nice = 5}};
    compete(s, 2, 2000000000ull);
    snprintf(why, sizeof why, "%llu ns and %llu ns", (unsigned long long)s[0].cpu_ns, (unsigned long long)s[1].cpu_ns);
    verdict("nice 5 gets less than nice 0, and not little", s[0].cpu_ns > s[1].cpu_ns && s[1].cpu_ns * 10 > s[0].cpu_ns, why);
    struct runner t[3] = {};
    compete(t, 3, 1500000000ull);
    uint64_t least = UINT64_MAX, most = 0, sum = 0;
    for (int i = 0; i < 3; i++) {
        least = t[i].cpu_ns < least ? t[i].cpu_ns : least;
        most = t[i].cpu_ns > most ? t[i].cpu_ns : most;
        sum += t[i].cpu_ns;
    }
    snprintf(why, sizeof why, "%llu to %llu ns", (unsigned long long)least, (unsigned long long)most);
    verdict("three equals get equal shares", most < least + least / 3, why);
    snprintf(why, sizeof why, "%llu ns used in 1500 ms", (unsigned long long)sum);
    verdict("what three on one CPU used is the time that passed", sum > 1350000000ull && sum < 1900000000ull, why);
}

static void realtime_is_bounded(void)
{
    struct runner r[1] = {{.nice = 10}};
    char why[80];
    go = stop = 0;
    pthread_create(&r[0].thread, NULL, count_up, &r[0]);
    while (!r[0].ready)
        sleep_ms(1);
    pin(0, 0);
    set_policy(SCHED_FIFO, 50);
    go = 1;
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    while (clock_ns(CLOCK_MONOTONIC) - start < 1000000000ull)
        ;
    uint64_t while_spinning = r[0].count;
    stop = 1;
    set_policy(SCHED_OTHER, 0);
    pthread_join(r[0].thread, NULL);
    snprintf(why, sizeof why, "it used %llu of 1000000000 ns", (unsigned long long)r[0].cpu_ns);
    verdict("an ordinary thread goes on beside a real-time one that never sleeps", while_spinning > 0, why);
    verdict("the real-time one got most of the time", r[0].cpu_ns < 400000000ull, why);
}

/* -- order --------------------------------------------------------------------------------------------------------------- */

#define ORDERED 6
static _Atomic int arrival;
static int arrived[64];
static _Atomic int waiting;
static _Atomic unsigned gate;

struct ordered { pthread_t thread; int policy, priority, index, rounds; };

static void *arrive(void *argument)
{
    struct ordered *o = argument;
    pin(0, 0);
    set_policy(o->policy, o->priority);
    waiting++;
    while (!gate)
        syscall(SYS_futex, &gate, FUTEX_WAIT, 0, NULL, NULL, 0);
    for (int i = 0; i < o->rounds; i++) {
        int at = arrival++;
        if (at < 64)
            arrived[at] = o->index;
        burn_ns(8000000); /* longer than a slice */
    }
    return NULL;
}

static void line_up(struct ordered *o, int n)
{
    arrival = waiting = 0;
    gate = 0;
    pin(0, 0);
    for (int i = 0; i < n; i++) {
        o[i].index = i;
        pthread_create(&o[i].thread, NULL, arrive, &o[i]);
    }
    while (waiting < n)
        sleep_ms(1);
    sleep_ms(20);
    set_policy(SCHED_FIFO, 95); /* nobody runs here until we sleep */
    gate = 1;
    syscall(SYS_futex, &gate, FUTEX_WAKE, n, NULL, NULL, 0);
    for (int i = 0; i < n; i++)
        pthread_join(o[i].thread, NULL);
    set_policy(SCHED_OTHER, 0);
}

static int switches_seen(int n)
{
    int switches = 0;
    for (int i = 1; i < n; i++)
        switches += arrived[i] != arrived[i - 1];
    return switches;
}

static void realtime_order(void)
{
    char why[80];
    struct ordered o[ORDERED];
    const int priorities[ORDERED] = {10, 60, 30, 11, 59, 45};
    const int wanted[ORDERED] = {1, 4, 5, 2, 3, 0};
    for (int i = 0; i < ORDERED; i++)
        o[i] = (struct ordered){.policy = SCHED_FIFO, .priority = priorities[i], .rounds = 1};
    line_up(o, ORDERED);
    snprintf(why, sizeof why, "%d %d %d %d %d %d", arrived[0], arrived[1], arrived[2], arrived[3], arrived[4], arrived[5]);
    verdict("real-time threads run by priority", memcmp(arrived, wanted, sizeof wanted) == 0, why);
    struct ordered f[2] = {{.policy = SCHED_FIFO, .priority = 20, .rounds = 5}, {.policy = SCHED_FIFO, .priority = 20, .rounds = 5}};
    line_up(f, 2);
    snprintf(why, sizeof why, "%d changes", switches_seen(10));
    verdict("FIFO: the first of two equals goes on until it is done", switches_seen(10) == 1, why);
    struct ordered r[2] = {{.policy = SCHED_RR, .priority = 20, .rounds = 5}, {.policy = SCHED_RR, .priority = 20, .rounds = 5}};
    line_up(r, 2);
    snprintf(why, sizeof why, "%d changes", switches_seen(10));
    verdict("round robin: two equals take turns", switches_seen(10) > 3, why);
}

/* -- who may, and what is kept ------------------------------------------------------------------------------------------- */

static int as_user(int (*what)(void))
{
    pid_t child = fork();
    int status = -1;
    if (child == 0) {
        if (syscall(SYS_setresuid, 1000, 1000, 1000))
            _exit(99);
        _exit(what());
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
static int try_realtime(void) { return set_policy(SCHED_FIFO, 1) == -1 && errno == EPERM ? 0 : 1; }
static int try_nice(void)
{
    if (setpriority(PRIO_PROCESS, 0, 3) || getpriority(PRIO_PROCESS, 0) != 3)
        return 1;
    return setpriority(PRIO_PROCESS, 0, 0) == -1 && errno == EACCES ? 0 : 2;
}
static int child_policy(void) { return get_policy(); }

static void rights_and_inheritance(void)
{
    verdict("real time needs the right to it", as_user(try_realtime) == 0, "a user got it");
    verdict("a user lowers its priority and does not raise it again", as_user(try_nice) == 0, "see try_nice");
    verdict("impossible priorities are refused", set_policy(SCHED_FIFO, 0) == -1 && set_policy(SCHED_FIFO, 100) == -1 &&
            set_policy(SCHED_OTHER, 1) == -1 && set_policy(17, 0) == -1, "one was taken");
    struct sched_param p = {};
    set_policy(SCHED_RR, 33);
    syscall(SYS_sched_getparam, 0, &p);
    verdict("policy and priority are what was set", get_policy() == SCHED_RR && p.sched_priority == 33, "others");
    verdict("a child has its parent's policy", as_user(child_policy) == SCHED_RR, "another");
    set_policy(SCHED_OTHER, 0);
    verdict("and back", get_policy() == SCHED_OTHER, "not");
}

static void other_processes(void)
{
    uint64_t mask = 0;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    struct sched_param p = {.sched_priority = 12};
    int set = (int)syscall(SYS_sched_setscheduler, child, SCHED_FIFO, &p);
    int got = (int)syscall(SYS_sched_getscheduler, child);
    int masked = pin(child, 0);
    syscall(SYS_sched_getaffinity, child, sizeof mask, &mask);
    verdict("another process's policy and processors can be set", !set && got == SCHED_FIFO && !masked && mask == 1, strerror(errno));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    verdict("no process, no answer", syscall(SYS_sched_getscheduler, child) == -1 && errno == ESRCH, strerror(errno));
}

/* -- affinity --------------------------------------------------------------------------------------------------------------- */

static _Atomic int mover_tid, seen_cpus;

static void *watch_cpu(void *argument)
{
    mover_tid = (int)syscall(SYS_gettid);
    while (!stop)
        seen_cpus |= 1 << cpu_now();
    return NULL;
}

static void affinity(void)
{
    long cpus = cpus_online();
    int bad = 0;
    for (int round = 0; round < 20; round++)
        for (int cpu = 0; cpu < cpus; cpu++) {
            pin(0, cpu);
            bad += cpu_now() != cpu;
            syscall(SYS_sched_yield);
            sleep_ms(1);
            bad += cpu_now() != cpu;
        }
    verdict("a thread is where its affinity says", bad == 0, "elsewhere");
    pthread_t t;
    stop = 0;
    pthread_create(&t, NULL, watch_cpu, NULL);
    while (!mover_tid)
        sleep_ms(1);
    bad = 0;
    for (int round = 0; round < 10; round++) {
        int cpu = round % (int)cpus;
        pin(mover_tid, cpu);
        int tries = 2000;
        do { /* what it saw before may arrive late; in the end it sees nothing else */
            seen_cpus = 0;
            sleep_ms(2);
        } while (seen_cpus != 1 << cpu && --tries);
        bad += !tries;
    }
    stop = 1;
    pthread_join(t, NULL);
    verdict("a running thread follows an affinity that another one sets", bad == 0, "it stayed");
    uint64_t all = ~0ull, none = 0;
    syscall(SYS_sched_setaffinity, 0, sizeof all, &all);
    verdict("no processor at all is refused", syscall(SYS_sched_setaffinity, 0, sizeof none, &none) == -1 && errno == EINVAL, "taken");
}

/* -- balance ------------------------------------------------------------------------------------------------------------ */

static void *burn_until_stop(void *argument)
{
    struct runner *r = argument;
    while (!stop)
        r->count++;
    r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static void balance(void)
{
    long cpus = cpus_online();
    if (cpus < 2)
        return;
    struct runner r[8] = {};
    uint64_t start = clock_ns(CLOCK_MONOTONIC), least = UINT64_MAX;
    char why[80];
    stop = 0;
    for (int i = 0; i < 2 * cpus && i < 8; i++)
        pthread_create(&r[i].thread, NULL, burn_until_stop, &r[i]);
    sleep_ms(1500);
    stop = 1;
    for (int i = 0; i < 2 * cpus && i < 8; i++) {
        pthread_join(r[i].thread, NULL);
        least = r[i].cpu_ns < least ? r[i].cpu_ns : least;
    }
    uint64_t wall = clock_ns(CLOCK_MONOTONIC) - start;
    snprintf(why, sizeof why, "the least got %llu of %llu ns", (unsigned long long)least, (unsigned long long)wall);
    verdict("two for each CPU are spread over all CPUs", least > wall / 5, why);
}

/* -- a lock's owner inherits ------------------------------------------------------------------------------------------------ */

static _Atomic uint32_t lock_word;
static _Atomic int owner_has_it, high_done, middle_seen;

static int lock_pi(void)
{
    uint32_t none = 0, tid = (uint32_t)syscall(SYS_gettid);
    if (atomic_compare_exchange_strong(&lock_word, &none, tid))
        return 0;
    return (int)syscall(SYS_futex, &lock_word, FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
}
static int unlock_pi(void)
{
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    if (atomic_compare_exchange_strong(&lock_word, &tid, 0))
        return 0;
    return (int)syscall(SYS_futex, &lock_word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
}

static void *low_owner(void *argument)
{
    pin(0, 0);
    set_policy(SCHED_FIFO, 10);
    lock_pi();
    owner_has_it = 1;
    burn_ns(30000000);
    unlock_pi();
    return NULL;
}
static void *middle_spinner(void *argument)
{
    pin(0, 0);
    set_policy(SCHED_FIFO, 30);
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    while (!high_done && clock_ns(CLOCK_MONOTONIC) - start < 3000000000ull)
        ;
    middle_seen = high_done ? 1 : 2;
    return NULL;
}
static void *high_waiter(void *argument)
{
    pin(0, 0);
    set_policy(SCHED_FIFO, 50);
    *(int *)argument = lock_pi();
    high_done = 1;
    unlock_pi();
    return NULL;
}

static void lock_inheritance(void)
{
    pthread_t low, middle, high;
    int locked = -1;
    pin(0, 0);
    set_policy(SCHED_FIFO, 90);
    pthread_create(&low, NULL, low_owner, NULL);
    while (!owner_has_it)
        sleep_ms(1);
    pthread_create(&high, NULL, high_waiter, &locked);
    sleep_ms(1); /* the high one runs first, and waits for the low one */
    pthread_create(&middle, NULL, middle_spinner, NULL);
    pthread_join(middle, NULL);
    pthread_join(high, NULL);
    pthread_join(low, NULL);
    set_policy(SCHED_OTHER, 0);
    verdict("the owner of a lock runs at its waiter's priority", locked == 0 && middle_seen == 1, "the middle one kept the CPU from it");
    verdict("the lock is free afterwards", lock_word == 0, "it is not");
    lock_word = (uint32_t)syscall(SYS_gettid);
    verdict("a lock that is one's own is a deadlock", syscall(SYS_futex, &lock_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 &&
            errno == EDEADLK, strerror(errno));
    lock_word = 0x12345;
    verdict("a lock whose owner is nobody says so", syscall(SYS_futex, &lock_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 &&
            errno == ESRCH, strerror(errno));
    verdict("only the owner unlocks", syscall(SYS_futex, &lock_word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EPERM,
            strerror(errno));
    lock_word = 0;
}

#define CROWD 6
static uint64_t protected_count;
static void *lock_often(void *argument)
{
    for (int i = 0; i < 3000; i++) {
        if (lock_pi())
            return argument;
        protected_count++;
        if (i % 64 == 0)
            sched_yield();
        unlock_pi();
    }
    return NULL;
}

static void lock_crowd(void)
{
    pthread_t t[CROWD];
    int errors = 0;
    for (long i = 0; i < CROWD; i++)
        pthread_create(&t[i], NULL, lock_often, (void *)1);
    for (int i = 0; i < CROWD; i++) {
        void *result;
        pthread_join(t[i], &result);
        errors += result != NULL;
    }
    char why[80];
    snprintf(why, sizeof why, "%llu of %d, %d errors", (unsigned long long)protected_count, CROWD * 3000, errors);
    verdict("a crowd on one such lock loses nothing", !errors && protected_count == CROWD * 3000ull && !lock_word, why);
}

/* -- accounts: what nobody used is idle, and nothing is lost in between -------------------------------------------------- */

static int read_numbers(const char *file, const char *format, unsigned long long *a, unsigned long long *b, unsigned long long *c)
{
    FILE *f = fopen(file, "r");
    int n = f ? fscanf(f, format, a, b, c) : 0;
    if (f)
        fclose(f);
    return n;
}

static void accounts(void)
{
    unsigned long long user[2] = {}, kernel[2] = {}, idle[2] = {};
    pthread_t t[2];
    char why[120];
    int looked = read_numbers("/proc/stat", "cpu %llu 0 %llu %llu", &user[0], &kernel[0], &idle[0]);
    struct runner r[2] = {};
    stop = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, burn_until_stop, &r[i]);
    for (int i = 0; i < 20; i++) { /* and calls to servers, forks and sleeps */
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
        sleep_ms(50);
    }
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    looked += read_numbers("/proc/stat", "cpu %llu 0 %llu %llu", &user[1], &kernel[1], &idle[1]);
    unsigned long long all = user[1] - user[0] + kernel[1] - kernel[0] + idle[1] - idle[0], rest = kernel[1] - kernel[0];
    snprintf(why, sizeof why, "user %llu idle %llu, of nobody %llu ticks", user[1] - user[0], idle[1] - idle[0], rest);
    /* /proc/stat shows as kernel's what is neither a process's nor idle. */
    verdict("processes and idleness add up to the time of all CPUs", looked == 6 && all > 0 && rest * 50 <= all, why);
}

static void load(void)
{
    double one = -1, five = -1, fifteen = -1;
    char why[80];
    pthread_t t[3];
    struct runner r[3] = {};
    stop = 0;
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, burn_until_stop, &r[i]);
    FILE *f;
    for (int i = 0; i < 600 && one < 0.15; i++) { /* 3 x (1 - e^(-5/60)) = 0.24 after one sample */
        sleep_ms(100);
        if ((f = fopen("/proc/loadavg", "r"))) {
            if (fscanf(f, "%lf %lf %lf", &one, &five, &fifteen) != 3)
                one = -2;
            fclose(f);
        }
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    snprintf(why, sizeof why, "%.2f %.2f %.2f", one, five, fifteen);
    verdict("the load grows with what runs, the short average first", one >= 0.15 && one > five && five >= fifteen, why);
}

/* -- times ---------------------------------------------------------------------------------------------------------------- */

static _Atomic int alarms;
static void on_alarm(int signal) { alarms++; }

static int counts_by(int which, int signal)
{
    struct itimerval every = {{0, 20000}, {0, 20000}}, off = {};
    struct sigaction a = {.sa_handler = on_alarm};
    sigaction(signal, &a, NULL);
    alarms = 0;
    if (setitimer(which, &every, NULL))
        return -1;
    sleep_ms(200);
    int asleep = alarms;
    burn_ns(200000000);
    setitimer(which, &off, NULL);
    return asleep > 2 ? -2 : alarms;
}

static void cpu_timers(void)
{
    char why[80];
    int virtual = counts_by(ITIMER_VIRTUAL, SIGVTALRM), prof = counts_by(ITIMER_PROF, SIGPROF);
    snprintf(why, sizeof why, "%d and %d alarms in 200 ms of work, 20 ms each (-2: they came in sleep)", virtual, prof);
    verdict("ITIMER_VIRTUAL runs with the process", virtual >= 6 && virtual <= 12, why);
    verdict("ITIMER_PROF runs with the process", prof >= 6 && prof <= 12, why);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } parts[] = {
        {"rights", rights_and_inheritance}, {"others", other_processes}, {"affinity", affinity}, {"order", realtime_order},
        {"bound", realtime_is_bounded}, {"starve", nobody_starves}, {"balance", balance}, {"lock", lock_inheritance}, {"crowd", lock_crowd},
        {"accounts", accounts}, {"load", load}, {"timers", cpu_timers},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int wanted = argc < 2;
        for (int a = 1; a < argc; a++)
            wanted |= !strcmp(argv[a], parts[i].name);
        if (wanted)
            parts[i].run();
    }
    return failed != 0;
}
