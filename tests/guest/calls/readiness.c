/* SPDX-License-Identifier: MIT
 * Pipes, poll, select and epoll. */
#include "calls.h"

void check_readiness(void)
{
    make_file("a.txt");
    int p[2];
    char b[100];
    CHECK(pipe(p) == 0);
    struct pollfd pf[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 7}};
    CHECK(poll(pf, 3, 0) == 1 && pf[0].revents == 0 && pf[1].revents == POLLOUT && pf[2].revents == 0);
    CHECK(write(p[1], "abc", 3) == 3);
    int n = -1;
    CHECK(ioctl(p[0], FIONREAD, &n) == 0 && n == 3);
    CHECK(poll(pf, 1, 1000) == 1 && pf[0].revents == POLLIN);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    struct timeval tv = {1, 0};
    CHECK(select(64, &r, &w, 0, &tv) == 2);
    CHECK(FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
    CHECK(read(p[0], b, 100) == 3);
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    tv = (struct timeval){0, 20000};
    CHECK(select(64, &r, 0, 0, &tv) == 0 && !FD_ISSET(p[0], &r));
    CHECK(fcntl(p[0], F_SETFL, O_NONBLOCK) == 0);
    REFUSED(read(p[0], b, 1), EAGAIN);
    REFUSED(lseek(p[0], 0, SEEK_SET), ESPIPE);
    REFUSED(pread(p[0], b, 1, 0), ESPIPE);
    pf[0] = (struct pollfd){77, POLLIN, 0};
    CHECK(poll(pf, 1, 0) == 1 && pf[0].revents == POLLNVAL);
    hits = 0;
    handle(SIGPIPE, 0);
    close(p[0]);
    REFUSED(write(p[1], "x", 1), EPIPE);
    CHECK(hits == 1);
    pf[0] = (struct pollfd){p[1], POLLOUT, 0};
    CHECK(poll(pf, 1, 0) == 1 && (pf[0].revents & POLLERR));
    close(p[1]);
    CHECK(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(fcntl(p[0], F_GETFD) == FD_CLOEXEC &&
          (fcntl(p[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_WRONLY));
    int e = epoll_create1(EPOLL_CLOEXEC);
    CHECK(e >= 0);
    struct epoll_event ev = {EPOLLIN, {.u64 = 0x1122334455667788}}, out[4];
    CHECK(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev) == 0);
    REFUSED(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev), EEXIST);
    CHECK(epoll_wait(e, out, 4, 0) == 0);
    CHECK(write(p[1], "q", 1) == 1);
    CHECK(epoll_wait(e, out, 4, 1000) == 1 && out[0].events == EPOLLIN && out[0].data.u64 == 0x1122334455667788);
    CHECK(epoll_wait(e, out, 4, 0) == 1);
    ev.events = EPOLLIN | EPOLLET;
    CHECK(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev) == 0);
    CHECK(epoll_wait(e, out, 4, 0) == 1);
    CHECK(epoll_wait(e, out, 4, 0) == 0);
    CHECK(write(p[1], "q", 1) == 1);
    CHECK(epoll_wait(e, out, 4, 0) == 1);
    CHECK(epoll_ctl(e, EPOLL_CTL_DEL, p[0], 0) == 0);
    REFUSED(epoll_ctl(e, EPOLL_CTL_DEL, p[0], 0), ENOENT);
    REFUSED(epoll_ctl(e, EPOLL_CTL_ADD, 99, &ev), EBADF);
    REFUSED(epoll_wait(p[0], out, 4, 0), EINVAL);
    int f = open("a.txt", 0);
    REFUSED(epoll_ctl(e, EPOLL_CTL_ADD, f, &ev), EPERM);
    close(f);
    close(e);
    close(p[1]);
    CHECK(read(p[0], b, 9) == 2);
    CHECK(read(p[0], b, 9) == 0);
    pf[0] = (struct pollfd){p[0], POLLIN, 0};
    CHECK(poll(pf, 1, 0) == 1 && (pf[0].revents & POLLHUP));
    close(p[0]);
    f = open("a.txt", 0);
    pf[0] = (struct pollfd){f, POLLIN | POLLOUT, 0};
    CHECK(poll(pf, 1, 0) == 1 && pf[0].revents == (POLLIN | POLLOUT));
    REFUSED(ioctl(f, TCGETS, b), ENOTTY);
    CHECK(!isatty(f));
    close(f);
    struct timespec t0 = {0, 30000000};
    sigset_t none;
    sigemptyset(&none);
    struct timespec c0, c1;
    clock_gettime(CLOCK_MONOTONIC, &c0);
    CHECK(ppoll(0, 0, &t0, &none) == 0);
    clock_gettime(CLOCK_MONOTONIC, &c1);
    CHECK((c1.tv_sec - c0.tv_sec) * 1000000000L + c1.tv_nsec - c0.tv_nsec >= 29000000);
    struct pollfd lots[100];
    CHECK(pipe(p) == 0);
    for (int i = 0; i < 100; i++)
        lots[i] = (struct pollfd){p[i & 1], POLLIN | POLLOUT, 0};
    CHECK(poll(lots, 100, 0) == 50);
    close(p[0]);
    close(p[1]);
}
