/* SPDX-License-Identifier: MIT
 * Pseudo-terminals, sessions and job control as a Linux program sees them. Prints `ok NAME` or `not ok NAME: why`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t seen[65];
static volatile siginfo_t last;
static void on_signal(int s, siginfo_t *i, void *c) { (void)c; seen[s]++; memcpy((void *)&last, i, sizeof last); }
static void listen_to(int s, int flags)
{
    struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};
    sigaction(s, &a, NULL);
}
static void check(const char *name, int held)
{
    if (held) printf("ok %s\n", name);
    else printf("not ok %s: errno %d %s\n", name, errno, strerror(errno));
    fflush(stdout);
}

static int master, slave;
static char path[64];
static void open_pair(int flags)
{
    master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master);
    unlockpt(master);
    ptsname_r(master, path, sizeof path);
    slave = open(path, O_RDWR | flags);
}
static int readable(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, ms) == 1 ? p.revents : 0;
}
static int read_text(int fd, char *to, int size)
{
    int n = 0;
    while (n < size - 1 && readable(fd, 200) & POLLIN) {
        int r = (int)read(fd, to + n, (size_t)(size - 1 - n));
        if (r <= 0) break;
        n += r;
    }
    to[n] = 0;
    return n;
}

static void basics(void)
{
    char b[256];
    struct stat st;
    open_pair(O_NOCTTY);
    check("a pair opens", master >= 0 && slave >= 0);
    check("the slave is a terminal", isatty(slave) == 1);
    check("its name", ttyname_r(slave, b, sizeof b) == 0 && strcmp(b, path) == 0);
    check("its device number", fstat(slave, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev >> 8 == 136);
    check("nothing to read yet", readable(slave, 0) == 0);
    write(master, "hello\n", 6);
    check("what is typed is read", readable(slave, 1000) == POLLIN && read(slave, b, sizeof b) == 6 && !memcmp(b, "hello\n", 6));
    check("and echoed", read_text(master, b, sizeof b) && !strcmp(b, "hello\r\n"));
    write(slave, "x\ny", 3);
    check("output is processed", read_text(master, b, sizeof b) && !strcmp(b, "x\r\ny"));
    write(master, "\004", 1);
    check("end of file", read(slave, b, sizeof b) == 0);
    int n = -1;
    write(master, "abc\n", 4);
    check("FIONREAD", readable(slave, 1000) && ioctl(slave, FIONREAD, &n) == 0 && n == 4);
    tcflush(slave, TCIFLUSH);
    check("flush drops it", readable(slave, 0) == 0);
    fcntl(slave, F_SETFL, O_NONBLOCK);
    check("a read that would wait", read(slave, b, 1) == -1 && errno == EAGAIN);
    fcntl(slave, F_SETFL, 0);
    read_text(master, b, sizeof b);
    struct winsize w = {50, 132, 0, 0}, got;
    check("window size", ioctl(master, TIOCSWINSZ, &w) == 0 && ioctl(slave, TIOCGWINSZ, &got) == 0 && got.ws_col == 132);
    close(slave);
    check("the master of a slave that left", read(master, b, 1) == -1 && errno == EIO);
    check("and poll says so", readable(master, 0) & POLLHUP);
    slave = open(path, O_RDWR | O_NOCTTY);
    check("it can be opened again", slave >= 0);
    close(master);
    check("a slave whose master left reads the end", read(slave, b, 1) == 0);
    check("and cannot write", write(slave, "x", 1) == -1 && errno == EIO);
    check("and poll says so", readable(slave, 0) & POLLHUP);
    close(slave);
    usleep(50000);
    check("its name is gone", access(path, F_OK) == -1 && errno == ENOENT);
}

static void raw_mode(void)
{
    char b[16];
    struct termios t;
    open_pair(O_NOCTTY);
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    check("raw", tcsetattr(slave, TCSANOW, &t) == 0);
    write(master, "a\003", 2);
    check("bytes are bytes", read(slave, b, 16) == 2 && b[1] == 3);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 2;
    tcsetattr(slave, TCSANOW, &t);
    check("a read with a time limit ends", read(slave, b, 16) == 0);
    t.c_cc[VMIN] = 3;
    t.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSANOW, &t);
    if (fork() == 0) {
        write(master, "12", 2);
        usleep(100000);
        write(master, "3", 1);
        _exit(0);
    }
    check("a minimum is waited for", read(slave, b, 16) == 3);
    wait(NULL);
    static char big[200000], back[200000];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (char)('a' + i % 23);
    if (fork() == 0) _exit(write(master, big, sizeof big) != sizeof big);
    size_t n = 0;
    t.c_cc[VMIN] = 1;
    tcsetattr(slave, TCSANOW, &t);
    while (n < sizeof back) { ssize_t r = read(slave, back + n, sizeof back - n); if (r <= 0) break; n += (size_t)r; }
    int status;
    wait(&status);
    check("much typing arrives whole", n == sizeof big && !memcmp(big, back, n) && status == 0);
    if (fork() == 0) _exit(write(slave, big, sizeof big) != sizeof big);
    for (n = 0; n < sizeof back;) { ssize_t r = read(master, back + n, sizeof back - n); if (r <= 0) break; n += (size_t)r; }
    wait(&status);
    check("much output arrives whole", n == sizeof big && !memcmp(big, back, n) && status == 0);
    close(master);
    close(slave);
}

static int expect_child(pid_t child) { int s; return waitpid(child, &s, 0) == child && WIFEXITED(s) ? WEXITSTATUS(s) : 1000 + s; }

static void sessions(void)
{
    open_pair(O_NOCTTY);
    pid_t leader = fork();
    if (leader == 0) {
        close(master);
        if (setsid() != getpid()) _exit(1);
        if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO) _exit(2);
        if (ioctl(slave, TIOCSCTTY, 0)) _exit(3);
        int t = open("/dev/tty", O_RDWR);
        if (t < 0) _exit(4);
        if (tcgetpgrp(t) != getpid() || tcgetsid(t) != getpid()) _exit(5);
        listen_to(SIGINT, 0); listen_to(SIGWINCH, 0); listen_to(SIGHUP, 0); listen_to(SIGCONT, 0);
        write(t, "ready\n", 6);
        while (!seen[SIGINT]) pause();
        write(t, "int\n", 4);
        while (!seen[SIGWINCH]) pause();
        write(t, "winch\n", 6);
        while (!seen[SIGHUP]) pause();
        _exit(42);
    }
    close(slave);
    char b[128];
    read_text(master, b, sizeof b);
    check("the session's terminal", !strcmp(b, "ready\r\n"));
    write(master, "\003", 1);
    read_text(master, b, sizeof b);
    check("interrupt reaches the foreground", !strcmp(b, "^Cint\r\n"));
    struct winsize w = {10, 20, 0, 0};
    ioctl(master, TIOCSWINSZ, &w);
    read_text(master, b, sizeof b);
    check("a new size is told", !strcmp(b, "winch\r\n"));
    close(master);
    int r = expect_child(leader);
    errno = r;
    check("the end of the master hangs up", r == 42);
}

static void background(void)
{
    open_pair(O_NOCTTY);
    pid_t leader = fork();
    if (leader == 0) {
        char b[8];
        int s;
        setsid();
        ioctl(slave, TIOCSCTTY, 0);
        pid_t job = fork();
        if (job == 0) { setpgid(0, 0); _exit(read(slave, b, 8) == 3 ? 7 : 8); }
        setpgid(job, job);
        if (waitpid(job, &s, WUNTRACED) != job || !WIFSTOPPED(s) || WSTOPSIG(s) != SIGTTIN) _exit(1);
        signal(SIGTTOU, SIG_IGN);
        if (tcsetpgrp(slave, job)) _exit(2);
        if (tcgetpgrp(slave) != job) _exit(3);
        kill(job, SIGCONT);
        if (waitpid(job, &s, WCONTINUED) != job || !WIFCONTINUED(s)) _exit(4);
        write(slave, "go", 2);
        if (waitpid(job, &s, 0) != job || !WIFEXITED(s) || WEXITSTATUS(s) != 7) _exit(5);
        if (tcsetpgrp(slave, getpid()) || tcgetpgrp(slave) != getpid()) _exit(6);
        job = fork();
        if (job == 0) { setpgid(0, 0); signal(SIGTTIN, SIG_IGN); _exit(read(slave, b, 8) == -1 && errno == EIO ? 7 : 8); }
        setpgid(job, job);
        if (waitpid(job, &s, 0) != job || !WIFEXITED(s) || WEXITSTATUS(s) != 7) _exit(9);
        job = fork();
        sigset_t set;
        sigemptyset(&set); sigaddset(&set, SIGTTOU);
        if (job == 0) {
            setpgid(0, 0);
            signal(SIGTTOU, SIG_DFL);
            sigprocmask(SIG_BLOCK, &set, NULL);
            if (tcsetpgrp(slave, getpid())) _exit(10);
            sigprocmask(SIG_UNBLOCK, &set, NULL); /* nothing may be left to stop us now */
            _exit(7);
        }
        if (waitpid(job, &s, WUNTRACED) != job || !WIFEXITED(s) || WEXITSTATUS(s) != 7) _exit(WIFSTOPPED(s) ? 11 : 12);
        if (tcsetpgrp(slave, 99999) != -1 || errno != ESRCH) _exit(13);
        _exit(42);
    }
    close(slave);
    char b[64];
    for (int i = 0; i < 20 && !(readable(master, 500) & POLLIN); i++) ;
    read_text(master, b, sizeof b);
    check("the leader says go", !strcmp(b, "go"));
    write(master, "ab\n", 3);
    int r = expect_child(leader);
    errno = r;
    check("background jobs stop, go on, and give the terminal back", r == 42);
    close(master);
}

static void orphans(void)
{
    int p[2];
    char b[8] = {0};
    pipe(p);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t job = fork();
        if (job == 0) {
            listen_to(SIGHUP, 0);
            setpgid(0, 0);
            raise(SIGSTOP);
            while (!seen[SIGHUP]) usleep(10000);
            write(p[1], getppid() == 1 ? "h1" : "hx", 2);
            _exit(0);
        }
        int s;
        waitpid(job, &s, WUNTRACED);
        _exit(WIFSTOPPED(s) ? 0 : 1);
    }
    int r = expect_child(middle);
    errno = r;
    check("a child that stops itself is reported", r == 0);
    check("its group is hung up and continued when its parent leaves", readable(p[0], 3000) && read(p[0], b, 2) == 2 && b[0] == 'h');
    check("and init is its parent", b[1] == '1');
}

static void waits_and_signals(void)
{
    siginfo_t i;
    pid_t c = fork();
    if (c == 0) _exit(9);
    check("waitid leaves it", waitid(P_PID, (id_t)c, &i, WEXITED | WNOWAIT) == 0 && i.si_status == 9 && i.si_pid == c);
    check("and takes it", waitid(P_PID, (id_t)c, &i, WEXITED) == 0 && i.si_code == CLD_EXITED);
    check("no child is left", wait(NULL) == -1 && errno == ECHILD);
    listen_to(SIGCHLD, 0);
    c = fork();
    if (c == 0) { usleep(50000); _exit(5); }
    int s = 0;
    pid_t w;
    while ((w = waitpid(c, &s, 0)) == -1 && errno == EINTR) ;
    check("wait and SIGCHLD", w == c && WEXITSTATUS(s) == 5);
    usleep(1000);
    check("what SIGCHLD tells", seen[SIGCHLD] == 1 && last.si_pid == c && last.si_status == 5 && last.si_code == CLD_EXITED);
    signal(SIGCHLD, SIG_DFL);
    listen_to(SIGALRM, 0);
    struct itimerval t = {{0, 20000}, {0, 20000}}, old;
    setitimer(ITIMER_REAL, &t, NULL);
    while (seen[SIGALRM] < 3) pause();
    check("an interval timer repeats", 1);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, &old);
    check("and tells what it was", old.it_interval.tv_usec == 20000);
    alarm(10);
    check("alarm tells what is left", alarm(0) >= 9);
    listen_to(SIGUSR1, 0);
    c = fork();
    if (c == 0) {
        sigset_t all, none;
        sigfillset(&all); sigemptyset(&none);
        sigprocmask(SIG_BLOCK, &all, NULL);
        listen_to(SIGRTMIN + 1, 0);
        kill(getppid(), SIGUSR1);
        int sum = 0;
        for (int k = 0; k < 3; k++) { siginfo_t q; sigset_t one; sigemptyset(&one); sigaddset(&one, SIGRTMIN + 1);
            if (sigtimedwait(&one, &q, &(struct timespec){3, 0}) < 0) _exit(99); sum = sum * 10 + q.si_value.sival_int; }
        _exit(sum == 123 ? 3 : 98);
    }

    while (!seen[SIGUSR1]) usleep(1000);
    for (int k = 1; k <= 3; k++) sigqueue(c, SIGRTMIN + 1, (union sigval){.sival_int = k});
    int r = expect_child(c);
    errno = r;
    check("queued signals arrive in order with their values", r == 3);
    c = fork();
    if (c == 0) for (;;) pause();
    kill(c, SIGSTOP);
    check("stopped", waitpid(c, &s, WUNTRACED) == c && WIFSTOPPED(s));
    kill(c, SIGTERM);
    usleep(50000);
    check("a stopped process does not act on TERM", waitpid(c, &s, WNOHANG) == 0);
    kill(c, SIGKILL);
    check("but ends by KILL", waitpid(c, &s, 0) == c && WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL);
    check("setpgid of a stranger", setpgid(1, 0) == -1 && errno == ESRCH);
    check("kill of nobody", kill(999999, 0) == -1 && errno == ESRCH);
    c = fork();
    if (c == 0) { if (setresuid(1000, 1000, 1000)) _exit(1); if (kill(getppid(), 0) != -1 || errno != EPERM) _exit(2);
        if (setuid(0) != -1 || errno != EPERM) _exit(3); if (getuid() != 1000 || geteuid() != 1000) _exit(4); _exit(0); }
    r = expect_child(c);
    errno = r;
    check("one that gave up root stays without", r == 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    setvbuf(stdout, NULL, _IONBF, 0);
    basics();
    raw_mode();
    sessions();
    background();
    orphans();
    waits_and_signals();
    puts("end of terminals");
    return 0;
}
