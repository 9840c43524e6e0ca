/* SPDX-License-Identifier: MIT
 * What setrlimit(2) promises, one forked child for each promise, so that no limit reaches the next. The same file runs on Linux as root
 * and here: `ok NAME` or `not ok NAME: how the child ended`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1ul << 20)
static int broken;

/* In a child: the line that failed becomes its exit status. */
#define HOLDS(condition)             \
    do {                             \
        if (!(condition))            \
            _exit(__LINE__ % 255 + 1); \
    } while (0)

static void set(int which, rlim_t current, rlim_t maximum)
{
    HOLDS(setrlimit(which, &(struct rlimit){current, maximum}) == 0);
}

static void promise(const char *name, void (*body)(void), int wanted)
{
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        body();
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    bool kept = wanted ? WIFSIGNALED(status) && WTERMSIG(status) == wanted : status == 0;
    if (kept)
        printf("ok %s\n", name);
    else
        printf("not ok %s: status %x (a line %% 255 + 1 in its second byte)\n", name, (unsigned)status);
    broken += !kept;
}

static int wait_child(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void become_user(void)
{
    HOLDS(setresgid(60123, 60123, 60123) == 0);
    HOLDS(setresuid(60123, 60123, 60123) == 0);
}

/* -- NOFILE -- */

static void descriptors(void)
{
    int ends[2];
    struct rlimit limit;
    set(RLIMIT_NOFILE, 20, 30);
    HOLDS(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 20 && limit.rlim_max == 30);
    for (int fd; (fd = open("/dev/null", O_RDONLY)) != -1;)
        HOLDS(fd < 20);
    HOLDS(errno == EMFILE);
    HOLDS(dup(0) == -1 && errno == EMFILE);
    HOLDS(pipe(ends) == -1 && errno == EMFILE);
    HOLDS(epoll_create1(0) == -1 && errno == EMFILE);
    HOLDS(eventfd(0, 0) == -1 && errno == EMFILE);
    HOLDS(fcntl(0, F_DUPFD, 5) == -1 && errno == EMFILE);
    HOLDS(fcntl(0, F_DUPFD, 20) == -1 && errno == EINVAL);
    HOLDS(dup2(0, 20) == -1 && errno == EBADF);
    HOLDS(dup2(0, 19) == 19);
    close(19);
    HOLDS(pipe(ends) == -1 && errno == EMFILE); /* one place is too few, and is free afterwards */
    HOLDS(dup(0) == 19);
    set(RLIMIT_NOFILE, 30, 30);
    HOLDS(dup2(0, 29) == 29);
}

static void descriptors_stay(void)
{
    HOLDS(dup2(1, 100) == 100);
    set(RLIMIT_NOFILE, 10, 10);
    HOLDS(fcntl(100, F_GETFD) == 0);
    pid_t child = fork();
    if (!child) {
        HOLDS(fcntl(100, F_GETFD) == 0);
        HOLDS(dup2(0, 11) == -1 && errno == EBADF);
        _exit(0);
    }
    HOLDS(wait_child(child) == 0);
}

/* -- AS, DATA, STACK, MEMLOCK -- */

static void *take(size_t bytes, int protection)
{
    return mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void address_space(void)
{
    set(RLIMIT_AS, 64 * MIB, RLIM_INFINITY);
    HOLDS(take(128 * MIB, PROT_NONE) == MAP_FAILED && errno == ENOMEM);
    char *half = take(32 * MIB, PROT_READ);
    HOLDS(half != MAP_FAILED);
    HOLDS(take(48 * MIB, PROT_READ) == MAP_FAILED && errno == ENOMEM);
    HOLDS(mremap(half, 32 * MIB, 80 * MIB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    HOLDS(sbrk(80 * MIB) == (void *)-1 && errno == ENOMEM);
    HOLDS(munmap(half, 32 * MIB) == 0);
    half = take(40 * MIB, PROT_READ);
    HOLDS(half != MAP_FAILED && mremap(half, 40 * MIB, 41 * MIB, MREMAP_MAYMOVE) != MAP_FAILED);
    pid_t child = fork();
    if (!child)
        _exit(take(48 * MIB, PROT_READ) == MAP_FAILED ? 0 : 1);
    HOLDS(wait_child(child) == 0);
}

static void data(void)
{
    set(RLIMIT_DATA, 16 * MIB, RLIM_INFINITY);
    HOLDS(sbrk(32 * MIB) == (void *)-1 && errno == ENOMEM);
    HOLDS(take(32 * MIB, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
    HOLDS(take(32 * MIB, PROT_READ) != MAP_FAILED);
    HOLDS(take(4 * MIB, PROT_READ | PROT_WRITE) != MAP_FAILED);
}

static volatile int depth;
static int __attribute__((noinline)) recurse(int n)
{
    volatile char page[4096];
    memset((void *)page, n, sizeof page);
    depth++;
    return n > 0 ? recurse(n - 1) + page[0] : 0;
}

static const char *self;
static void stack(void)
{
    set(RLIMIT_STACK, 512 * 1024, RLIM_INFINITY);
    execl(self, self, "recurse", "1000", NULL);
}
static void stack_enough(void)
{
    set(RLIMIT_STACK, 8 * MIB, RLIM_INFINITY);
    execl(self, self, "recurse", "1000", NULL);
}

static void locked(void)
{
    char *memory = take(4 * MIB, PROT_READ | PROT_WRITE);
    HOLDS(memory != MAP_FAILED);
    set(RLIMIT_MEMLOCK, 64 * 1024, 64 * 1024);
    become_user();
    HOLDS(mlock(memory, 32 * 1024) == 0);
    HOLDS(mlock(memory, 2 * MIB) == -1 && errno == ENOMEM);
    set(RLIMIT_MEMLOCK, 0, 0);
    HOLDS(mlock(memory, 2 * MIB) == -1 && errno == EPERM);
}

/* -- FSIZE -- */

static volatile sig_atomic_t told;
static void note(int signal) { told += signal == SIGXFSZ; }

static int scratch(void)
{
    char name[] = "/tmp/limitXXXXXX";
    int fd = mkstemp(name);
    HOLDS(fd >= 0 && unlink(name) == 0);
    return fd;
}

static void file_size(void)
{
    char bytes[4096] = {1};
    int fd = scratch();
    HOLDS(write(fd, bytes, 4096) == 4096);
    signal(SIGXFSZ, note);
    set(RLIMIT_FSIZE, 6000, 6000);
    HOLDS(write(fd, bytes, 4096) == 6000 - 4096 && told == 0);
    HOLDS(write(fd, bytes, 1) == -1 && errno == EFBIG && told == 1);
    HOLDS(pwrite(fd, bytes, 4096, 100) == 4096);
    HOLDS(pwrite(fd, bytes, 1, 7000) == -1 && errno == EFBIG && told == 2);
    HOLDS(ftruncate(fd, 6001) == -1 && errno == EFBIG && told == 3);
    HOLDS(ftruncate(fd, 6000) == 0 && ftruncate(fd, 10) == 0);
    int ends[2];
    HOLDS(pipe(ends) == 0);
    for (int i = 0; i < 3; i++)
        HOLDS(write(ends[1], bytes, 4096) == 4096); /* no file */
}

static void file_size_kills(void)
{
    int fd = scratch();
    set(RLIMIT_FSIZE, 0, 0);
    HOLDS(write(fd, "x", 1) == 1);
}

/* -- CPU -- */

static void burn(void)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}
static void cpu_time(void)
{
    set(RLIMIT_CPU, 1, 3);
    burn();
}
static volatile sig_atomic_t warned;
static void warn(int signal) { warned += signal == SIGXCPU; }
static void cpu_time_hard(void)
{
    signal(SIGXCPU, warn);
    set(RLIMIT_CPU, 1, 2);
    burn();
}

/* -- NPROC -- */

static void processes(void)
{
    pid_t children[8];
    int count = 0;
    become_user();
    set(RLIMIT_NPROC, 4, 4);
    while (count < 8 && (children[count] = fork()) > 0)
        count++;
    if (count < 8 && children[count] == 0)
        for (;;)
            pause();
    HOLDS(count == 3 && errno == EAGAIN);
    kill(children[0], SIGKILL);
    HOLDS(wait_child(children[0]) == SIGKILL);
    pid_t again = fork();
    if (!again)
        _exit(fork() == -1 && errno == EAGAIN ? 0 : 1);
    HOLDS(wait_child(again) == 0);
    for (int i = 1; i < count; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
}

static void processes_of_root(void)
{
    set(RLIMIT_NPROC, 0, 0);
    pid_t child = fork();
    if (!child)
        _exit(0);
    HOLDS(wait_child(child) == 0);
}

/* -- who may -- */

static void rules(void)
{
    struct rlimit limit;
    HOLDS(setrlimit(RLIMIT_AS, &(struct rlimit){2 * MIB, MIB}) == -1 && errno == EINVAL);
    HOLDS(getrlimit((int)99, &limit) == -1 && errno == EINVAL);
    set(RLIMIT_CORE, 100, 200);
    become_user();
    set(RLIMIT_CORE, 150, 150);
    HOLDS(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 151}) == -1 && errno == EPERM);
    HOLDS(prlimit(1, RLIMIT_CORE, NULL, &limit) == -1 && errno == EPERM);
    HOLDS(prlimit(4000000, RLIMIT_CORE, NULL, &limit) == -1 && errno == ESRCH);
}

static void another_process(void)
{
    int ends[2];
    char byte;
    struct rlimit old;
    HOLDS(pipe(ends) == 0);
    pid_t child = fork();
    if (!child) {
        HOLDS(read(ends[0], &byte, 1) == 1);
        struct rlimit limit;
        HOLDS(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 12);
        HOLDS(dup2(0, 11) == 11 && dup2(0, 12) == -1 && errno == EBADF);
        HOLDS(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 64 * MIB);
        HOLDS(take(128 * MIB, PROT_READ) == MAP_FAILED);
        _exit(0);
    }
    HOLDS(prlimit(child, RLIMIT_NOFILE, &(struct rlimit){12, 50}, &old) == 0 && old.rlim_cur > 12);
    HOLDS(prlimit(child, RLIMIT_AS, &(struct rlimit){64 * MIB, 64 * MIB}, NULL) == 0);
    HOLDS(prlimit(child, RLIMIT_NOFILE, NULL, &old) == 0 && old.rlim_cur == 12 && old.rlim_max == 50);
    HOLDS(write(ends[1], "x", 1) == 1);
    HOLDS(wait_child(child) == 0);
}

static void over_exec(void)
{
    set(RLIMIT_NOFILE, 17, 17);
    set(RLIMIT_AS, 64 * MIB, 64 * MIB);
    set(RLIMIT_FSIZE, 1234, 1234);
    execl(self, self, "inherited", NULL);
}

static void inherited(void)
{
    struct rlimit limit;
    HOLDS(getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == 1234);
    HOLDS(dup2(0, 16) == 16 && dup2(0, 17) == -1 && errno == EBADF);
    HOLDS(take(128 * MIB, PROT_READ) == MAP_FAILED && errno == ENOMEM);
    HOLDS(take(16 * MIB, PROT_READ) != MAP_FAILED);
    int fd = scratch();
    signal(SIGXFSZ, note);
    HOLDS(pwrite(fd, "x", 1, 1234) == -1 && errno == EFBIG && told == 1);
}

int main(int count, char **arguments)
{
    self = "/proc/self/exe";
    if (count == 3 && strcmp(arguments[1], "recurse") == 0)
        return recurse(atoi(arguments[2])) & 0;
    if (count == 2 && strcmp(arguments[1], "inherited") == 0) {
        inherited();
        return 0;
    }
    promise("NOFILE stops every call that makes a descriptor", descriptors, 0);
    promise("what is above a lowered NOFILE stays, also in a child", descriptors_stay, 0);
    promise("AS stops mmap, mremap and brk, in a child too", address_space, 0);
    promise("DATA stops brk and private writable memory", data, 0);
    promise("STACK ends who recurses too deep", stack, SIGSEGV);
    promise("a larger STACK lets it", stack_enough, 0);
    promise("MEMLOCK stops mlock", locked, 0);
    promise("FSIZE shortens a write, then EFBIG and SIGXFSZ", file_size, 0);
    promise("SIGXFSZ ends who does not catch it", file_size_kills, SIGXFSZ);
    promise("CPU sends SIGXCPU", cpu_time, SIGXCPU);
    promise("CPU's maximum kills", cpu_time_hard, SIGKILL);
    promise("NPROC counts a user's processes", processes, 0);
    promise("NPROC does not count root's", processes_of_root, 0);
    promise("who may set what", rules, 0);
    promise("prlimit sets another process's", another_process, 0);
    promise("limits survive exec", over_exec, 0);
    return broken ? 1 : 0;
}
