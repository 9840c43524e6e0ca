/* SPDX-License-Identifier: MIT
 * Signals during calls that wait: restarted, ended, and in time for ppoll. */
#include "calls.h"

void check_interruption(void)
{
    int p[2];
    char b[10];
    pipe(p);
    struct itimerval it = {{0, 0}, {0, 50000}}, off = {0};
    handle(SIGALRM, 0);
    hits = 0;
    setitimer(ITIMER_REAL, &it, 0);
    REFUSED(read(p[0], b, 1), EINTR);
    CHECK(hits == 1);
    handle(SIGALRM, SA_RESTART);
    hits = 0;
    pid_t c = fork();
    if (!c) {
        usleep(200000);
        write(p[1], "r", 1);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &it, 0);
    CHECK(read(p[0], b, 1) == 1 && b[0] == 'r');
    CHECK(hits == 1);
    waitpid(c, 0, 0);
    struct pollfd pf = {p[0], POLLIN, 0};
    setitimer(ITIMER_REAL, &it, 0);
    REFUSED(poll(&pf, 1, 2000), EINTR);
    fd_set r;
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    setitimer(ITIMER_REAL, &it, 0);
    REFUSED(select(p[0] + 1, &r, 0, 0, 0), EINTR);
    int e = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev);
    setitimer(ITIMER_REAL, &it, 0);
    REFUSED(epoll_wait(e, &ev, 1, -1), EINTR);
    close(e);
    sigset_t m, o;
    sigemptyset(&m);
    sigaddset(&m, SIGALRM);
    sigprocmask(SIG_BLOCK, &m, &o);
    hits = 0;
    setitimer(ITIMER_REAL, &it, 0);
    usleep(100000);
    CHECK(hits == 0);
    struct timespec t = {5, 0};
    REFUSED(ppoll(&pf, 1, &t, &o), EINTR);
    CHECK(hits == 1);
    sigprocmask(SIG_SETMASK, 0, &m);
    CHECK(sigismember(&m, SIGALRM));
    sigprocmask(SIG_SETMASK, &o, 0);
    static char big[300000];
    handle(SIGALRM, 0);
    setitimer(ITIMER_REAL, &it, 0);
    long w = write(p[1], big, sizeof big);
    CHECK(w >= 4096 && w < (long)sizeof big);
    setitimer(ITIMER_REAL, &off, 0);
    close(p[0]);
    close(p[1]);
    CHECK(mkfifo("ff", 0600) == 0);
    setitimer(ITIMER_REAL, &it, 0);
    REFUSED(open("ff", O_RDONLY), EINTR);
    REFUSED(open("ff", O_WRONLY | O_NONBLOCK), ENXIO);
    int f = open("ff", O_RDONLY | O_NONBLOCK);
    CHECK(f >= 0);
    int g = open("ff", O_WRONLY);
    CHECK(g >= 0 && write(g, "x", 1) == 1 && read(f, b, 9) == 1);
    close(g);
    CHECK(read(f, b, 1) == 0);
    close(f);
    unlink("ff");
}
