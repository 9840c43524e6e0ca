/* SPDX-License-Identifier: MIT
 * Pseudo-terminals: line discipline, sizes, controlling terminal, hang-up. */
#include "calls.h"

void check_terminals(void)
{
    char b[200], n[100];
    int m = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(m >= 0);
    if (m < 0)
        return;
    CHECK(grantpt(m) == 0 && unlockpt(m) == 0);
    CHECK(ptsname_r(m, n, 100) == 0);
    CHECK(!strncmp(n, "/dev/pts/", 9));
    int s = open(n, O_RDWR | O_NOCTTY);
    CHECK(s >= 0);
    if (s < 0)
        return;
    CHECK(isatty(s) && isatty(m));
    CHECK(ttyname(s) && !strcmp(ttyname(s), n));
    struct termios t;
    CHECK(tcgetattr(s, &t) == 0);
    CHECK((t.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
    struct stat st;
    CHECK(fstat(s, &st) == 0 && S_ISCHR(st.st_mode) && (st.st_rdev >> 8) == 136);
    CHECK(write(m, "line\n", 5) == 5);
    long r = read(s, b, 100);
    CHECK(r == 5 && !memcmp(b, "line\n", 5));
    r = read(m, b, 100);
    CHECK(r == 6 && !memcmp(b, "line\r\n", 6));
    CHECK(write(s, "out\n", 4) == 4);
    r = read(m, b, 100);
    CHECK(r == 5 && !memcmp(b, "out\r\n", 5));
    CHECK(write(m, "ab\177c\n", 5) == 5);
    r = read(s, b, 100);
    CHECK(r == 3 && !memcmp(b, "ac\n", 3));
    struct pollfd q = {m, POLLIN, 0};
    CHECK(poll(&q, 1, 1000) == 1);
    CHECK(read(m, b, 200) > 0);
    int av = -1;
    CHECK(write(m, "xy\n", 3) == 3);
    q = (struct pollfd){s, POLLIN, 0};
    CHECK(poll(&q, 1, 1000) == 1);
    CHECK(ioctl(s, FIONREAD, &av) == 0 && av == 3);
    CHECK(tcflush(s, TCIFLUSH) == 0);
    CHECK(ioctl(s, FIONREAD, &av) == 0 && av == 0);
    read(m, b, 200);
    cfmakeraw(&t);
    CHECK(tcsetattr(s, TCSANOW, &t) == 0);
    CHECK(write(m, "q", 1) == 1 && read(s, b, 9) == 1 && b[0] == 'q');
    struct winsize w = {30, 90, 0, 0}, w2;
    CHECK(ioctl(m, TIOCSWINSZ, &w) == 0 && ioctl(s, TIOCGWINSZ, &w2) == 0 && w2.ws_row == 30 && w2.ws_col == 90);
    q = (struct pollfd){s, POLLIN, 0};
    CHECK(poll(&q, 1, 0) == 0);
    pid_t c = fork();
    if (!c) {
        close(m);
        setsid();
        if (ioctl(s, TIOCSCTTY, 0))
            _exit(1);
        int d = open("/dev/tty", O_RDWR);
        if (d < 0)
            _exit(2);
        pid_t g = 0;
        if (ioctl(d, TIOCGPGRP, &g) || g != getpid())
            _exit(3);
        if (tcgetsid(d) != getpid())
            _exit(4);
        handle(SIGWINCH, 0);
        handle(SIGINT, 0);
        t.c_lflag |= ISIG;
        tcsetattr(s, TCSANOW, &t);
        write(s, "R", 1);
        while (hits < 1)
            pause();
        write(s, "W", 1);
        while (hits < 2)
            pause();
        write(s, "I", 1);
        handle(SIGHUP, 0);
        char z;
        read(s, &z, 1);
        _exit(hits >= 3 ? 0 : 5);
    }
    close(s);
    CHECK(read(m, b, 1) == 1 && b[0] == 'R');
    w.ws_row = 31;
    ioctl(m, TIOCSWINSZ, &w);
    CHECK(read(m, b, 1) == 1 && b[0] == 'W');
    CHECK(write(m, "\3", 1) == 1);
    CHECK(read(m, b, 1) == 1);
    usleep(100000);
    close(m);
    int stt;
    waitpid(c, &stt, 0);
    CHECK(stt == 0);
    REFUSED(open("/dev/pts/999", O_RDWR), ENOENT);
}
