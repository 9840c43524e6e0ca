/* SPDX-License-Identifier: MIT
 * Takes all that it can get of one thing. `bomb` has a bomb beside it that forks for ever, until there is no
 * room for more, and ends it; `forks N` forks N children that wait, says how many there
 * were, and ends them; `memory` touches page after page; `memory N` N MiB of it; `pipes` fills pipes; `files` fills /tmp; `descriptors`; `threads N`;
 * `spin N` uses all the time that it gets for N tenths of a second and says how many percent of a CPU that was; `waits` waits for a lock
 * that a program with hardly any share of the CPU holds (`holds`), and says whether it came soon. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ul << 20)

/* A bomb beside us, until it meets the end of something a hundred times; then its group is killed, and we can fork. */
static int bomb(void)
{
    volatile int *failures = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t first = fork();
    if (first == 0) {
        setpgid(0, 0);
        for (;;)
            if (fork() < 0)
                __atomic_add_fetch(failures, 1, __ATOMIC_RELAXED);
    }
    setpgid(first, first);
    while (*failures < 100)
        usleep(1000);
    while (kill(-first, SIGKILL) == 0)
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    pid_t child;
    while ((child = fork()) < 0)
        usleep(1000);
    if (child == 0)
        _exit(0);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    printf("and over\n");
    return 0;
}

static int forks(long wanted)
{
    pid_t children[10000];
    long count = 0;
    for (; count < wanted && count < 10000; count++) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        if (child < 0)
            break;
        children[count] = child;
    }
    printf("%ld children, then %s\n", count, count < wanted ? strerror(errno) : "none wanted");
    fflush(stdout);
    for (long i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return 0;
}

static int memory(long mib)
{
    for (long i = 0; mib < 0 || i < mib; i++) {
        char *more = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) {
            printf("%ld MiB, then %s\n", i, strerror(errno));
            return 1;
        }
        for (unsigned long at = 0; at < MIB; at += 4096)
            more[at] = 1;
    }
    printf("%ld MiB\n", mib);
    return 0;
}

/* Fills up to `most` pipes. At the limit even a page of one's own stack ends the program: what is needed there was touched in a rehearsal. */
static long fill_pipes(long most)
{
    static const char bytes[65536];
    long count = 0;
    int ends[2] = {-1, -1}, before = -1;
    for (ssize_t part = 1; count < most && part > 0 && pipe2(ends, O_NONBLOCK) == 0; count++) {
        for (ssize_t done = 0; done < (ssize_t)sizeof bytes && part > 0; done += part)
            part = write(ends[1], bytes, sizeof bytes - done);
        before = part > 0 ? ends[0] : before;
    }
    if (count == most && write(ends[1], bytes, 1) > 0)
        return -1; /* a pipe holds 64 KiB */
    int error = errno;
    for (int fd = before; fd <= ends[1]; fd++) /* room to say so */
        close(fd);
    errno = error;
    return count;
}

static int pipes(void)
{
    if (fill_pipes(1) != 1)
        return 1;
    long count = fill_pipes(LONG_MAX);
    printf("%ld pipes, then %s\n", count, strerror(errno));
    return 0;
}

static int files(void)
{
    static const char bytes[65536];
    int fd = open("/tmp/greedy", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    long count = 0;
    ssize_t part;
    while ((part = write(fd, bytes, sizeof bytes)) > 0)
        count += part;
    int error = errno;
    if (ftruncate(fd, 0) == 0) /* room to say so */
        printf("%ld KiB, then %s\n", count / 1024, strerror(error));
    unlink("/tmp/greedy");
    return 0;
}

static int descriptors(void)
{
    long count = 0;
    while (dup(0) >= 0)
        count++;
    int error = errno;
    close(count > 0 ? (int)count : 0);
    printf("%ld descriptors, then %s\n", count, strerror(error));
    return 0;
}

static void *sleeper(void *argument)
{
    pause();
    return argument;
}

static int threads(long wanted)
{
    long count = 0;
    int error = 0;
    pthread_t thread;
    while (count < wanted && (error = pthread_create(&thread, NULL, sleeper, NULL)) == 0)
        count++;
    printf("%ld threads, then %s\n", count, strerror(error));
    return 0;
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int spin(long tenths)
{
    double start = seconds(CLOCK_MONOTONIC), passed;
    while ((passed = seconds(CLOCK_MONOTONIC) - start) < (double)tenths / 10)
        ;
    printf("%d\n", (int)(seconds(CLOCK_PROCESS_CPUTIME_ID) / passed * 100));
    return 0;
}

/* The file is the memory that both share. */
struct shared { pthread_mutex_t lock; volatile int held; };
#define HELD_FOR 0.06

static struct shared *share(void)
{
    int fd = open("/tmp/greedy.shared", O_CREAT | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, 4096) != 0)
        return NULL;
    struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return s == MAP_FAILED ? NULL : s;
}

static int holds(void)
{
    struct shared *s = share();
    if (!s || pthread_mutex_lock(&s->lock) != 0)
        return 1;
    s->held = 1;
    for (double start = seconds(CLOCK_THREAD_CPUTIME_ID); seconds(CLOCK_THREAD_CPUTIME_ID) - start < HELD_FOR;)
        ;
    return pthread_mutex_unlock(&s->lock);
}

/* With its 5 % the holder needs twenty times as long as it works, unless it is let go on for our sake. */
static int waits(char *self)
{
    struct shared *s = share();
    pthread_mutexattr_t how;
    if (!s || pthread_mutexattr_init(&how) != 0 || pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_mutexattr_setprotocol(&how, PTHREAD_PRIO_INHERIT) != 0 || pthread_mutex_init(&s->lock, &how) != 0)
        return 1;
    s->held = 0;
    pid_t child = fork();
    if (child == 0) {
        execlp("limit", "limit", "--cpu", "5%", "--", self, "holds", NULL);
        _exit(127);
    }
    while (!s->held && waitpid(child, NULL, WNOHANG) == 0)
        usleep(1000);
    double start = seconds(CLOCK_MONOTONIC);
    if (pthread_mutex_lock(&s->lock) != 0)
        return 1;
    double took = seconds(CLOCK_MONOTONIC) - start;
    pthread_mutex_unlock(&s->lock);
    waitpid(child, NULL, 0);
    if (took < HELD_FOR * 10)
        printf("soon\n");
    else
        printf("after %d ms\n", (int)(took * 1000));
    return 0;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    long number = count > 2 ? atol(arguments[2]) : -1;
    if (strcmp(what, "bomb") == 0)
        return bomb();
    if (strcmp(what, "forks") == 0)
        return forks(number);
    if (strcmp(what, "memory") == 0)
        return memory(number);
    if (strcmp(what, "pipes") == 0)
        return pipes();
    if (strcmp(what, "files") == 0)
        return files();
    if (strcmp(what, "descriptors") == 0)
        return descriptors();
    if (strcmp(what, "threads") == 0)
        return threads(number);
    if (strcmp(what, "spin") == 0)
        return spin(number);
    if (strcmp(what, "holds") == 0)
        return holds();
    if (strcmp(what, "waits") == 0)
        return waits(arguments[0]);
    return 2;
}
