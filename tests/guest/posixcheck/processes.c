/* SPDX-License-Identifier: MIT
 * Children, waiting, interruption of waits, vfork, exec. */
#include "posixcheck.h"
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

extern char **environ;

static void alarm_in(long us)
{
    struct itimerval soon = {.it_value = {0, us}};
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void check_timers(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 7};
    struct itimerspec every = {{0, 20000000}, {0, 20000000}}, shown;
    handled = 0;
    handle_info(SIGUSR2, SA_RESTART);
    PROMISE("a timer is made", timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    long long start = now_ns();
    timer_settime(timer, 0, &every, NULL);
    while (handled < 3 && now_ns() - start < 2000000000)
        pause();
    PROMISE("it fires again and again", handled >= 3 && now_ns() - start >= 60000000);
    PROMISE("its signal says which", handled_info.si_code == SI_TIMER && handled_info.si_value.sival_int == 7);
    PROMISE("what is left", timer_gettime(timer, &shown) == 0 && shown.it_value.tv_nsec > 0 && shown.it_value.tv_nsec <= 20000000);
    pid_t child = fork();
    if (!child)
        _exit(timer_gettime(timer, &shown) == -1 && errno == EINVAL ? 0 : 1);
    PROMISE("a child has no timers", status_of(child) == 0);
    PROMISE("a timer is deleted once", timer_delete(timer) == 0 && timer_delete(timer) != 0);
}

void check_interruption(void)
{
    check_timers();
    int ends[2];
    char byte;
    if (pipe(ends) != 0)
        return;
    handled = 0;
    handle(SIGALRM, note, 0);
    alarm_in(30000);
    PROMISE("a handler interrupts read", read(ends[0], &byte, 1) == -1 && errno == EINTR && handled == 1);
    handle(SIGALRM, note, SA_RESTART);
    pid_t child = fork();
    if (!child) {
        usleep(100000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    alarm_in(30000);
    PROMISE("SA_RESTART goes on with it", read(ends[0], &byte, 1) == 1 && handled == 2);
    status_of(child);
    struct timespec rest, time = {0, 200000000};
    alarm_in(30000);
    PROMISE("nanosleep says what is left", nanosleep(&time, &rest) == -1 && errno == EINTR && rest.tv_nsec > 0 && rest.tv_nsec < 190000000);
    struct pollfd entry = {ends[0], POLLIN, 0};
    alarm_in(30000);
    PROMISE("poll is never restarted", poll(&entry, 1, 2000) == -1 && errno == EINTR);
    long long start = now_ns();
    if (!(child = fork()))
        _exit(0);
    time.tv_nsec = 50000000;
    PROMISE("a signal without a handler does not shorten a sleep", nanosleep(&time, NULL) == 0 && now_ns() - start >= 50000000);
    status_of(child);
    PROMISE("alarm says what was left", alarm(10) == 0 && alarm(0) == 10);
    close(ends[0]);
    close(ends[1]);
}

static void check_ends(void)
{
    pid_t child = fork();
    if (!child)
        _exit(7);
    int status = status_of(child);
    PROMISE("an exit status", WIFEXITED(status) && WEXITSTATUS(status) == 7);
    PROMISE("no child is left", waitpid(-1, &status, 0) == -1 && errno == ECHILD);
    if (!(child = fork()))
        for (;;)
            pause();
    PROMISE("WNOHANG does not wait", waitpid(child, &status, WNOHANG) == 0);
    kill(child, SIGTERM);
    status = status_of(child);
    PROMISE("ended by a signal", WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    if (!(child = fork())) {
        raise(SIGSTOP);
        usleep(300000); /* time to be seen continued: an ended child is only that */
        _exit(5);
    }
    PROMISE("a stopped child", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(child, SIGCONT);
    PROMISE("a continued child", waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    PROMISE("it ends as it would have", WEXITSTATUS(status_of(child)) == 5);
}

static void check_notices(void)
{
    handle_info(SIGCHLD, SA_RESTART);
    pid_t child = fork();
    if (!child)
        _exit(3);
    status_of(child);
    PROMISE("SIGCHLD says who and how", handled_info.si_pid == child && handled_info.si_status == 3 && handled_info.si_code == CLD_EXITED);
    handle(SIGCHLD, SIG_IGN, 0);
    if (!(child = fork()))
        _exit(0);
    int status;
    PROMISE("who ignores SIGCHLD has no zombies", waitpid(child, &status, 0) == -1 && errno == ECHILD);
    handle(SIGCHLD, SIG_DFL, 0);
    siginfo_t info;
    if (!(child = fork()))
        for (;;)
            pause();
    kill(child, SIGKILL);
    PROMISE("waitid leaves it waitable", waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0 && info.si_code == CLD_KILLED);
    PROMISE("and it is still there", WTERMSIG(status_of(child)) == SIGKILL);
}

static void check_families(void)
{
    int ends[2];
    pid_t parent = 0, child;
    if (pipe(ends) != 0)
        return;
    if (!(child = fork())) {
        if (!fork()) {
            usleep(50000);
            parent = getppid();
            _exit(write(ends[1], &parent, sizeof parent) < 0);
        }
        _exit(0);
    }
    pid_t dead = child;
    status_of(child);
    PROMISE("an orphan gets another parent", read(ends[0], &parent, sizeof parent) == sizeof parent && parent != dead && parent > 0);
    close(ends[0]);
    close(ends[1]);
    if (!(child = fork()))
        _exit(setsid() == getpid() && getsid(0) == getpid() ? 0 : 1);
    PROMISE("setsid", status_of(child) == 0);
    if (!(child = fork()))
        for (;;)
            pause();
    PROMISE("a child's group", setpgid(child, child) == 0 && getpgid(child) == child);
    kill(-child, SIGTERM);
    PROMISE("a signal to a group", WTERMSIG(status_of(child)) == SIGTERM);
    if (!(child = fork())) {
        bool gone = setgid(100) == 0 && setuid(1000) == 0 && getuid() == 1000 && setuid(0) == -1 && errno == EPERM;
        _exit(gone && kill(1, SIGTERM) == -1 && errno == EPERM ? 0 : 1);
    }
    PROMISE("another user may not go back, nor kill", status_of(child) == 0);
}

void check_children(void)
{
    check_ends();
    check_notices();
    check_families();
    bool all = true;
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (!child)
            _exit(i);
        all &= WEXITSTATUS(status_of(child)) == i;
    }
    PROMISE("a hundred children", all);
}

static volatile int shared;

void check_vfork(void)
{
    pid_t child = vfork();
    if (!child) {
        shared = 42;
        _exit(9);
    }
    PROMISE("a vfork child has our memory, and we wait", shared == 42 && WEXITSTATUS(status_of(child)) == 9);
    if (!(child = vfork())) {
        execl("/bin/sh", "sh", "-c", "exit 11", (char *)NULL);
        _exit(1);
    }
    PROMISE("vfork and exec", WEXITSTATUS(status_of(child)) == 11);
    if (!(child = vfork())) {
        execl("/nonexistent", "x", (char *)NULL);
        _exit(errno == ENOENT ? 13 : 1);
    }
    PROMISE("vfork and an exec that fails", WEXITSTATUS(status_of(child)) == 13);
    char *words[] = {"true", NULL};
    bool all = true;
    for (int i = 0; i < 20; i++)
        all &= posix_spawn(&child, "/bin/true", NULL, NULL, words, environ) == 0 && status_of(child) == 0;
    PROMISE("posix_spawn", all);
    PROMISE("posix_spawn says why not", posix_spawn(&child, "/nonexistent", NULL, NULL, words, environ) == ENOENT);
    PROMISE("system", system("exit 4") == 4 << 8);
}

static int run(const char *path, const char *word)
{
    pid_t child = fork();
    if (!child) {
        execl(path, "zero", word, (char *)NULL);
        _exit(100 + errno);
    }
    return WEXITSTATUS(status_of(child));
}

static void make_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

void check_exec(const char *self)
{
    struct rlimit limit;
    PROMISE("the auxiliary vector", getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && getauxval(AT_EXECFN));
    PROMISE("the stack's limit", getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur == 8 << 20);
    pid_t child = fork();
    if (!child) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        handle(SIGUSR1, SIG_IGN, 0);
        handle(SIGTERM, note, 0);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGUSR2);
        execl(self, "posixcheck", "after-exec", (char *)NULL);
        _exit(100);
    }
    PROMISE("exec keeps mask, pending and ignored signals, and drops handlers", status_of(child) == 0);
    make_file("/tmp/script", "#!/bin/sh -e\n[ $0 = /tmp/script ] && [ $1 = one ] && exit 6\n", 0755);
    PROMISE("a script runs by its first line", run("/tmp/script", "one") == 6);
    make_file("/tmp/script", "garbage", 0755);
    PROMISE("what is no program is refused", run("/tmp/script", NULL) == 100 + ENOEXEC);
    chmod("/tmp/script", 0644);
    PROMISE("a file without permission is refused", run("/tmp/script", NULL) == 100 + EACCES);
    PROMISE("a directory is refused", run("/bin", NULL) == 100 + EACCES);
    unlink("/tmp/script");
    if (!(child = fork())) {
        static char *words[3000];
        for (int i = 0; i < 2999; i++)
            words[i] = "0123456789012345678901234567890123456789";
        words[0] = "true";
        execv("/bin/true", words);
        _exit(1);
    }
    PROMISE("three thousand arguments", status_of(child) == 0);
}

int check_after_exec(void)
{
    struct sigaction ignored, dropped;
    sigset_t mask, pending;
    sigaction(SIGUSR1, NULL, &ignored);
    sigaction(SIGTERM, NULL, &dropped);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigpending(&pending);
    return ignored.sa_handler == SIG_IGN && dropped.sa_handler == SIG_DFL && sigismember(&mask, SIGUSR2) &&
           sigismember(&pending, SIGUSR2) ? 0 : 1;
}
