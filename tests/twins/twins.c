/* SPDX-License-Identifier: MIT
 * Is what osbench finds fast also right? Each check runs in a process of its own with a time limit and must hold on Linux too: a
 * plain static program, built with musl, that prints `ok NAME` or `not ok NAME: line`. Without arguments all checks run. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUST(c)                                                                \
    do {                                                                       \
        if (!(c)) {                                                            \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #c, errno);  \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static char self[256], folder[64];

static pid_t child_that(void (*run)(void))
{
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status = -1;
    MUST(waitpid(pid, &status, 0) == pid);
    return status;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void pause_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000l}, NULL); }

/* -- processes -- */

static void getppid_changes_when_the_parent_ends(void)
{
    int p[2], q[2];
    char byte;
    pid_t seen[2];
    MUST(pipe(p) == 0 && pipe(q) == 0);
    if (fork() == 0) {
        if (fork() == 0) {
            seen[0] = getppid();
            MUST(write(q[1], "x", 1) == 1 && read(p[0], &byte, 1) == 1);
            for (int i = 0; i < 100 && getppid() == seen[0]; i++)
                pause_ms(10);
            seen[1] = getppid();
            MUST(write(q[1], seen, sizeof seen) == sizeof seen);
            _exit(0);
        }
        MUST(read(q[0], &byte, 1) == 1);
        _exit(0);
    }
    wait(NULL);
    MUST(write(p[1], "x", 1) == 1);
    MUST(read(q[0], seen, sizeof seen) == sizeof seen);
    MUST(seen[0] != seen[1]);
}

static int written_by_child = 1;
static void write_it(void) { written_by_child = 2; }
static void fork_copies_memory(void)
{
    MUST(status_of(child_that(write_it)) == 0);
    MUST(written_by_child == 1);
}

static void exec_keeps_and_closes_descriptors(void)
{
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char a[16], b[16];
    snprintf(a, sizeof a, "%d", kept);
    snprintf(b, sizeof b, "%d", closed);
    char *arguments[] = {self, "--descriptors", a, b, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execv(self, arguments);
        _exit(9);
    }
    MUST(status_of(pid) == 0);
    MUST(posix_spawn(&pid, self, NULL, NULL, arguments, environ) == 0);
    MUST(status_of(pid) == 0);
}

static void vfork_shares_memory_and_returns_after_exit(void)
{
    volatile int shared = 1;
    pid_t pid = vfork();
    if (pid == 0) {
        shared = 2;
        _exit(7);
    }
    MUST(shared == 2);
    MUST(WEXITSTATUS(status_of(pid)) == 7);
}

static void exec_of_nothing_leaves_the_process_as_it_was(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *arguments[] = {"x", NULL};
    MUST(execv("/no/such/program", arguments) == -1 && errno == ENOENT);
    MUST(execv("/tmp", arguments) == -1 && errno == EACCES);
    MUST(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

static void sleep_long(void) { pause(); }
static void wait_tells_stop_continue_and_end(void)
{
    int status;
    pid_t pid = child_that(sleep_long);
    MUST(waitpid(pid, &status, WNOHANG) == 0);
    kill(pid, SIGSTOP);
    MUST(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    MUST(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    kill(pid, SIGKILL);
    MUST(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    MUST(waitpid(pid, &status, 0) == -1 && errno == ECHILD);
}

static void a_group_is_killed_together(void)
{
    pid_t first = child_that(sleep_long);
    setpgid(first, first);
    pid_t second = child_that(sleep_long);
    setpgid(second, first);
    MUST(kill(-first, SIGTERM) == 0);
    MUST(WTERMSIG(status_of(first)) == SIGTERM && WTERMSIG(status_of(second)) == SIGTERM);
}

/* -- signals -- */

static volatile sig_atomic_t signals, nested;
static void count(int number)
{
    (void)number;
    signals++;
}
static void count_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_pid == getpid() && info->si_signo == number)
        signals++;
}

static void a_signal_to_oneself_arrives_before_kill_returns(void)
{
    struct sigaction a = {.sa_sigaction = count_info, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &a, NULL);
    for (int i = 1; i <= 100; i++) {
        kill(getpid(), SIGUSR1);
        MUST(signals == i);
    }
}

static void a_blocked_signal_waits_and_is_seen_pending(void)
{
    sigset_t set, pending;
    signal(SIGUSR1, count);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    MUST(signals == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    MUST(signals == 1);
}

static void interrupts(int number)
{
    (void)number;
    signals++;
}
static void a_wait_is_interrupted_or_restarted_as_asked(void)
{
    int p[2];
    char byte;
    struct sigaction a = {.sa_handler = interrupts};
    MUST(pipe(p) == 0);
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 50000}}, NULL);
    MUST(read(p[0], &byte, 1) == -1 && errno == EINTR && signals == 1);
    a.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &a, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pause_ms(200);
        MUST(write(p[1], "x", 1) == 1);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 50000}}, NULL);
    MUST(read(p[0], &byte, 1) == 1 && signals == 2);
    MUST(status_of(pid) == 0);
}

static sigjmp_buf landing;
static void *volatile fault_address;
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    fault_address = info->si_addr;
    siglongjmp(landing, 1);
}
static void catch_faults(void)
{
    struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &a, NULL);
    sigaction(SIGBUS, &a, NULL);
}

static void a_fault_names_its_address_and_can_be_left(void)
{
    catch_faults();
    for (int i = 0; i < 10; i++) {
        fault_address = NULL;
        if (!sigsetjmp(landing, 1))
            *(volatile char *)0x123450 = 1;
        MUST(fault_address == (void *)0x123450);
    }
}

static void on_other_stack(int number)
{
    char here;
    (void)number;
    stack_t now;
    sigaltstack(NULL, &now);
    nested = (now.ss_flags & SS_ONSTACK) && &here >= (char *)now.ss_sp && &here < (char *)now.ss_sp + now.ss_size;
}
static void a_handler_may_have_its_own_stack(void)
{
    static char stack[65536];
    struct sigaction a = {.sa_handler = on_other_stack, .sa_flags = SA_ONSTACK};
    MUST(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL) == 0);
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    MUST(nested);
}

static void vector_registers_survive_a_signal(void)
{
    signal(SIGALRM, count);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
    double sum = 0;
    for (int64_t end = now_ns() + 30000000000; signals < 20 && now_ns() < end;)
        for (int i = 0; i < 1000; i++)
            sum += 0.5;
    setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
    MUST(sum == (double)(int64_t)sum && signals >= 20);
}

static void sigsuspend_opens_the_mask_while_it_waits(void)
{
    sigset_t blocked, before;
    signal(SIGUSR1, count);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    kill(getpid(), SIGUSR1);
    MUST(sigsuspend(&before) == -1 && errno == EINTR && signals == 1);
    kill(getpid(), SIGUSR1);
    MUST(signals == 1);
}

static void writing_to_nobody_raises_sigpipe(void)
{
    int p[2];
    MUST(pipe(p) == 0);
    close(p[0]);
    signal(SIGPIPE, count);
    MUST(write(p[1], "x", 1) == -1 && errno == EPIPE && signals == 1);
}

/* -- memory -- */

static void new_pages_are_zero_and_discarded_ones_again(void)
{
    size_t size = 1 << 20;
    unsigned char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(m != MAP_FAILED);
    for (size_t i = 0; i < size; i += 512)
        MUST(m[i] == 0);
    memset(m, 7, size);
    MUST(madvise(m, size, MADV_DONTNEED) == 0);
    for (size_t i = 0; i < size; i += 512)
        MUST(m[i] == 0);
}

static unsigned char *shared_page;
static void write_shared(void) { shared_page[100] = 42; }
static void shared_memory_is_seen_by_both(void)
{
    shared_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(shared_page != MAP_FAILED);
    MUST(status_of(child_that(write_shared)) == 0);
    MUST(shared_page[100] == 42);
}

static void protection_is_enforced_at_once(void)
{
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    catch_faults();
    for (int i = 0; i < 50; i++) {
        m[0] = 1;
        MUST(mprotect(m, 4096, PROT_READ) == 0);
        fault_address = NULL;
        if (!sigsetjmp(landing, 1))
            *(volatile char *)m = 2;
        MUST(fault_address == m && m[0] == 1);
        m[4096] = 3;
        MUST(mprotect(m, 4096, PROT_READ | PROT_WRITE) == 0);
    }
    munmap(m, 4096);
    fault_address = NULL;
    if (!sigsetjmp(landing, 1))
        (void)*(volatile char *)m;
    MUST(fault_address == m && m[4096] == 3);
}

static void a_mapped_file_and_its_reads_are_one(void)
{
    char bytes[8] = "";
    int fd = open("mapped", O_RDWR | O_CREAT, 0600);
    MUST(ftruncate(fd, 8192) == 0);
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(m != MAP_FAILED);
    memcpy(m + 4090, "mapping", 7);
    MUST(pread(fd, bytes, 7, 4090) == 7 && !memcmp(bytes, "mapping", 7));
    MUST(pwrite(fd, "written", 7, 4093) == 7 && !memcmp(m + 4093, "written", 7));
    char *private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    private[0] = 'p';
    MUST(m[0] == 0 && pread(fd, bytes, 1, 0) == 1 && bytes[0] == 0);
    catch_faults();
    MUST(ftruncate(fd, 4096) == 0);
    fault_address = NULL;
    if (!sigsetjmp(landing, 1))
        (void)*(volatile char *)(m + 4096);
    MUST(fault_address == m + 4096);
}

static void mremap_moves_what_was_there(void)
{
    char *m = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(m + 4000, "across");
    char *n = mremap(m, 16384, 1 << 20, MREMAP_MAYMOVE);
    MUST(n != MAP_FAILED && !strcmp(n + 4000, "across") && n[(1 << 20) - 1] == 0);
}

static void addresses_that_are_wrong_are_efault(void)
{
    int p[2];
    MUST(pipe(p) == 0);
    MUST(write(p[1], (void *)8, 1) == -1 && errno == EFAULT);
    MUST(write(p[1], "x", 1) == 1);
    MUST(read(p[0], (void *)8, 1) == -1 && errno == EFAULT);
    MUST(open((void *)8, O_RDONLY) == -1 && errno == EFAULT);
    MUST(write(p[1], (void *)0xffff800000000000, 1) == -1 && errno == EFAULT);
    MUST(syscall(SYS_stat, "/", (void *)8) == -1 && errno == EFAULT);
}

/* -- files -- */

static void append_it(void)
{
    int fd = open("log", O_WRONLY | O_APPEND);
    for (int i = 0; i < 100; i++)
        MUST(write(fd, "0123456789\n", 11) == 11);
}
static void appends_of_many_never_mix(void)
{
    char line[12] = "";
    pid_t pids[4];
    close(open("log", O_CREAT | O_WRONLY, 0600));
    for (int i = 0; i < 4; i++)
        pids[i] = child_that(append_it);
    for (int i = 0; i < 4; i++)
        MUST(status_of(pids[i]) == 0);
    int fd = open("log", O_RDONLY), lines = 0;
    while (read(fd, line, 11) == 11) {
        MUST(!strcmp(line, "0123456789\n"));
        lines++;
    }
    MUST(lines == 400);
}

static void write_more(void)
{
    int fd = open("watched", O_WRONLY | O_APPEND);
    MUST(write(fd, "more", 4) == 4);
}
static void stat_sees_anothers_write(void)
{
    struct stat before, after;
    close(open("watched", O_CREAT | O_WRONLY, 0600));
    MUST(stat("watched", &before) == 0);
    pause_ms(20);
    MUST(status_of(child_that(write_more)) == 0);
    MUST(stat("watched", &after) == 0 && after.st_size == before.st_size + 4);
    MUST(after.st_mtim.tv_sec > before.st_mtim.tv_sec || after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
}

static void move_shared(void) { MUST(lseek(9, 5, SEEK_CUR) >= 0); }
static void a_position_is_shared_by_dup_and_fork(void)
{
    int fd = open("position", O_CREAT | O_RDWR, 0600), copy = dup(fd), own = open("position", O_RDONLY);
    MUST(dup2(fd, 9) == 9 && write(fd, "0123456789", 10) == 10);
    MUST(lseek(copy, 0, SEEK_CUR) == 10 && lseek(own, 0, SEEK_CUR) == 0);
    MUST(status_of(child_that(move_shared)) == 0);
    MUST(lseek(fd, 0, SEEK_CUR) == 15);
}

static void dup_takes_the_lowest_number(void)
{
    int a = open("/dev/null", O_RDONLY), b = dup(a), c = dup(b);
    MUST(b > a && c > b);
    close(a);
    MUST(dup(c) == a);
    close(b);
    MUST(fcntl(c, F_DUPFD, 0) == b && fcntl(c, F_DUPFD_CLOEXEC, 50) == 50 && fcntl(50, F_GETFD) == FD_CLOEXEC);
    MUST(dup2(c, c) == c && dup2(99, 3) == -1 && errno == EBADF);
}

static void a_removed_file_lives_while_it_is_open(void)
{
    char bytes[5] = "";
    struct stat s;
    int fd = open("gone", O_CREAT | O_RDWR, 0600);
    MUST(unlink("gone") == 0 && write(fd, "here", 4) == 4 && pread(fd, bytes, 4, 0) == 4 && !strcmp(bytes, "here"));
    MUST(fstat(fd, &s) == 0 && s.st_nlink == 0 && s.st_size == 4 && access("gone", F_OK) == -1);
}

static void names_are_all_listed_while_they_are_removed(void)
{
    char name[300];
    struct dirent *entry;
    int seen = 0, removed = 0;
    MUST(mkdir("many", 0700) == 0);
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "many/%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    DIR *d = opendir("many");
    while ((entry = readdir(d))) {
        if (entry->d_name[0] == '.')
            continue;
        seen++;
        snprintf(name, sizeof name, "many/%s", entry->d_name);
        removed += unlink(name) == 0;
    }
    MUST(seen == 500 && removed == 500 && rmdir("many") == 0);
}

static void holes_are_zero_and_sizes_exact(void)
{
    char bytes[100];
    int fd = open("hole", O_CREAT | O_RDWR, 0600);
    MUST(pwrite(fd, "x", 1, 1000000) == 1 && lseek(fd, 0, SEEK_END) == 1000001);
    MUST(pread(fd, bytes, 100, 500000) == 100 && !memchr(bytes, 'x', 100) && bytes[50] == 0);
    MUST(pread(fd, bytes, 100, 999990) == 11 && bytes[10] == 'x');
    MUST(ftruncate(fd, 10) == 0 && ftruncate(fd, 2000000) == 0 && pread(fd, bytes, 1, 1000000) == 1 && bytes[0] == 0);
}

static void vectors_are_read_and_written_in_order(void)
{
    char a[3] = "", b[10] = "";
    int fd = open("vector", O_CREAT | O_RDWR, 0600);
    MUST(writev(fd, (struct iovec[]){{"one", 3}, {"", 0}, {"two", 3}}, 3) == 6);
    MUST(preadv(fd, (struct iovec[]){{a, 2}, {b, 9}}, 2, 1) == 5 && !memcmp(a, "ne", 2) && !memcmp(b, "two", 3));
}

static void the_current_folder_follows_a_rename(void)
{
    char path[256], wanted[256];
    MUST(mkdir("old", 0700) == 0 && mkdir("old/in", 0700) == 0 && chdir("old/in") == 0);
    snprintf(wanted, sizeof wanted, "%s/new/in", folder);
    char from[256], to[256];
    snprintf(from, sizeof from, "%s/old", folder);
    snprintf(to, sizeof to, "%s/new", folder);
    MUST(rename(from, to) == 0 && getcwd(path, sizeof path) && !strcmp(path, wanted));
}

/* -- pipes, readiness -- */

static int stream_pipe[2];
static void write_stream(void)
{
    static unsigned char block[7777];
    unsigned n = 0;
    close(stream_pipe[0]);
    for (int i = 0; i < 200; i++) {
        for (size_t j = 0; j < sizeof block; j++)
            block[j] = (unsigned char)(n++ * 31 >> 3);
        MUST(write(stream_pipe[1], block, sizeof block) == sizeof block);
    }
}
static void a_pipe_loses_and_changes_nothing(void)
{
    static unsigned char block[5001];
    unsigned n = 0;
    ssize_t got;
    MUST(pipe(stream_pipe) == 0);
    pid_t pid = child_that(write_stream);
    close(stream_pipe[1]);
    while ((got = read(stream_pipe[0], block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++, n++)
            MUST(block[i] == (unsigned char)(n * 31 >> 3));
    MUST(got == 0 && n == 200 * 7777 && status_of(pid) == 0);
}

static int ready(int fd, short events, int timeout)
{
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, timeout);
    return n <= 0 ? n : p.revents;
}
static void poll_follows_a_pipe(void)
{
    int p[2];
    static char block[65536];
    MUST(pipe2(p, O_NONBLOCK) == 0);
    MUST(ready(p[0], POLLIN, 0) == 0 && ready(p[1], POLLOUT, 0) == POLLOUT);
    MUST(read(p[0], block, 1) == -1 && errno == EAGAIN);
    while (write(p[1], block, sizeof block) > 0)
        ;
    MUST(errno == EAGAIN && ready(p[1], POLLOUT, 0) == 0 && ready(p[0], POLLIN, 0) == POLLIN);
    while (read(p[0], block, sizeof block) > 0)
        ;
    MUST(ready(p[1], POLLOUT, 0) == POLLOUT && ready(p[0], POLLIN, 0) == 0);
    close(p[1]);
    MUST(ready(p[0], POLLIN, -1) == POLLHUP && read(p[0], block, 1) == 0);
    int64_t start = now_ns();
    MUST(poll(NULL, 0, 50) == 0 && now_ns() - start >= 50000000);
    MUST(ready(77, POLLIN, 0) == POLLNVAL);
}

static void epoll_knows_edges_levels_and_one_shots(void)
{
    int p[2], q = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 0x123456789abcull}, got;
    MUST(pipe(p) == 0 && epoll_ctl(q, EPOLL_CTL_ADD, p[0], &e) == 0);
    MUST(epoll_ctl(q, EPOLL_CTL_ADD, p[0], &e) == -1 && errno == EEXIST);
    MUST(epoll_wait(q, &got, 1, 0) == 0 && write(p[1], "x", 1) == 1);
    MUST(epoll_wait(q, &got, 1, -1) == 1 && got.data.u64 == 0x123456789abcull && epoll_wait(q, &got, 1, 0) == 1);
    e.events = EPOLLIN | EPOLLET;
    MUST(epoll_ctl(q, EPOLL_CTL_MOD, p[0], &e) == 0);
    MUST(epoll_wait(q, &got, 1, 0) == 1 && epoll_wait(q, &got, 1, 0) == 0);
    MUST(write(p[1], "y", 1) == 1 && epoll_wait(q, &got, 1, 0) == 1 && epoll_wait(q, &got, 1, 0) == 0);
    e.events = EPOLLIN | EPOLLONESHOT;
    MUST(epoll_ctl(q, EPOLL_CTL_MOD, p[0], &e) == 0);
    MUST(epoll_wait(q, &got, 1, 0) == 1 && epoll_wait(q, &got, 1, 0) == 0);
    MUST(write(p[1], "z", 1) == 1 && epoll_wait(q, &got, 1, 0) == 0);
    MUST(epoll_ctl(q, EPOLL_CTL_DEL, p[0], NULL) == 0);
    MUST(epoll_ctl(q, EPOLL_CTL_DEL, p[0], NULL) == -1 && errno == ENOENT);
}

static void an_eventfd_counts(void)
{
    int fd = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 4;
    MUST(fd >= 0 && write(fd, &value, 8) == 8 && read(fd, &value, 8) == 8 && value == 7);
    MUST(read(fd, &value, 8) == -1 && errno == EAGAIN && ready(fd, POLLIN, 0) == 0);
}

/* -- threads, time -- */

static _Thread_local int mine;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int total;
static void *add_up(void *argument)
{
    mine = (int)(intptr_t)argument;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&mutex);
        total++;
        if (i % 100 == 0)
            sched_yield();
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(intptr_t)mine;
}
static void threads_share_memory_and_have_their_own(void)
{
    pthread_t threads[16];
    void *result;
    for (intptr_t i = 0; i < 16; i++)
        MUST(pthread_create(&threads[i], NULL, add_up, (void *)i) == 0);
    for (intptr_t i = 0; i < 16; i++)
        MUST(pthread_join(threads[i], &result) == 0 && result == (void *)i);
    MUST(total == 16000 && mine == 0);
}

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;
static void *take_turns(void *argument)
{
    int me = (int)(intptr_t)argument;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != me)
            pthread_cond_wait(&condition, &mutex);
        turn = !me;
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}
static void a_condition_wakes_whoever_waits(void)
{
    pthread_t other;
    MUST(pthread_create(&other, NULL, take_turns, (void *)1) == 0);
    take_turns((void *)0);
    MUST(pthread_join(other, NULL) == 0);
}

static void a_futex_wait_ends_in_time(void)
{
    int word = 5;
    int64_t start = now_ns();
    MUST(syscall(SYS_futex, &word, 0, 5, &(struct timespec){0, 50000000}, NULL, 0) == -1 && errno == ETIMEDOUT);
    MUST(now_ns() - start >= 50000000);
    MUST(syscall(SYS_futex, &word, 0, 6, NULL, NULL, 0) == -1 && errno == EAGAIN);
}

static void clocks_agree_and_never_go_back(void)
{
    struct timespec a, b, c;
    for (int i = 0; i < 10000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &a);
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
        clock_gettime(CLOCK_MONOTONIC, &c);
        MUST(a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec));
        MUST(b.tv_sec < c.tv_sec || (b.tv_sec == c.tv_sec && b.tv_nsec <= c.tv_nsec));
    }
    MUST(time(NULL) > 1700000000);
}

static void sleep_is_never_short(void)
{
    for (int i = 0; i < 5; i++) {
        int64_t start = now_ns();
        pause_ms(20);
        MUST(now_ns() - start >= 20000000 && now_ns() - start < 2000000000);
    }
}

static void processor_time_is_counted(void)
{
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int64_t end = now_ns() + 100000000; now_ns() < end;)
        ;
    getrusage(RUSAGE_SELF, &after);
    int64_t used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000ll + after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                   (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000ll + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    MUST(used > 20000 && used < 5000000);
}

/* -- the list -- */

#define CHECK(name) {#name, name}
static const struct { const char *name; void (*run)(void); } checks[] = {
    CHECK(getppid_changes_when_the_parent_ends), CHECK(fork_copies_memory), CHECK(exec_keeps_and_closes_descriptors),
    CHECK(vfork_shares_memory_and_returns_after_exit), CHECK(exec_of_nothing_leaves_the_process_as_it_was),
    CHECK(wait_tells_stop_continue_and_end), CHECK(a_group_is_killed_together),
    CHECK(a_signal_to_oneself_arrives_before_kill_returns), CHECK(a_blocked_signal_waits_and_is_seen_pending),
    CHECK(a_wait_is_interrupted_or_restarted_as_asked), CHECK(a_fault_names_its_address_and_can_be_left),
    CHECK(a_handler_may_have_its_own_stack), CHECK(vector_registers_survive_a_signal), CHECK(sigsuspend_opens_the_mask_while_it_waits),
    CHECK(writing_to_nobody_raises_sigpipe), CHECK(new_pages_are_zero_and_discarded_ones_again),
    CHECK(shared_memory_is_seen_by_both), CHECK(protection_is_enforced_at_once), CHECK(a_mapped_file_and_its_reads_are_one),
    CHECK(mremap_moves_what_was_there), CHECK(addresses_that_are_wrong_are_efault), CHECK(appends_of_many_never_mix),
    CHECK(stat_sees_anothers_write), CHECK(a_position_is_shared_by_dup_and_fork), CHECK(dup_takes_the_lowest_number),
    CHECK(a_removed_file_lives_while_it_is_open), CHECK(names_are_all_listed_while_they_are_removed),
    CHECK(holes_are_zero_and_sizes_exact), CHECK(vectors_are_read_and_written_in_order), CHECK(the_current_folder_follows_a_rename),
    CHECK(a_pipe_loses_and_changes_nothing), CHECK(poll_follows_a_pipe), CHECK(epoll_knows_edges_levels_and_one_shots),
    CHECK(an_eventfd_counts), CHECK(threads_share_memory_and_have_their_own), CHECK(a_condition_wakes_whoever_waits),
    CHECK(a_futex_wait_ends_in_time), CHECK(clocks_agree_and_never_go_back), CHECK(sleep_is_never_short),
    CHECK(processor_time_is_counted),
};

static int descriptors(char **words)
{
    return fcntl(atoi(words[0]), F_GETFD) != 0 || fcntl(atoi(words[1]), F_GETFD) != -1;
}

static int run_one(size_t i)
{
    int p[2], status;
    char why[256] = "";
    if (pipe(p) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 2);
        close(p[0]);
        if (p[1] != 2)
            close(p[1]);
        alarm(60);
        checks[i].run();
        _exit(0);
    }
    close(p[1]);
    if (read(p[0], why, sizeof why - 1) < 0)
        why[0] = 0;
    close(p[0]);
    waitpid(pid, &status, 0);
    why[strcspn(why, "\n")] = 0;
    if (status == 0) {
        printf("ok %s\n", checks[i].name);
        return 0;
    }
    if (WIFSIGNALED(status))
        printf("not ok %s: signal %d %s\n", checks[i].name, WTERMSIG(status), why);
    else
        printf("not ok %s: %s\n", checks[i].name, why);
    return 1;
}

int main(int count, char **words)
{
    int failed = 0;
    if (count == 4 && !strcmp(words[1], "--descriptors"))
        return descriptors(words + 2);
    if (!realpath(words[0], self))
        snprintf(self, sizeof self, "%s", words[0]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(folder, sizeof folder, "/tmp/twins.%d", (int)getpid());
    if (mkdir(folder, 0700) != 0 || chdir(folder) != 0)
        return 2;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (count == 1 || strstr(checks[i].name, words[1]))
            failed |= run_one(i);
    return failed;
}
