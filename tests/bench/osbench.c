/* SPDX-License-Identifier: MIT
 * osbench - one static program of OS micro-benchmarks, plain POSIX + a few
 * Linux calls (futex, epoll).  The same ELF is meant to be run on Linux and on
 * any system with a Linux-compatible ABI; one file, so that it can be carried anywhere and built by hand.
 *
 * Output, one line a metric:   name value unit n [min=.. ]
 *   value  median of the batches, per operation (lower is always better)
 *   unit   ticks (TSC ticks per operation) or ticks/MiB; with -c ns / ns/MiB
 *   n      operations per batch after self-calibration
 * or:                          name skip reason
 *
 * Under `qemu -accel tcg -icount shift=0` the TSC counts guest instructions,
 * so 'ticks' are instructions and a re-run gives the same figures.
 *
 * Usage: osbench [-b ticks] [-r batches] [-d dir] [-D diskdir] [-s MiB]
 *                [-e selfpath] [-c] [-i] [-l] [-x name]... [name|prefix*]...
 *   -b  tick budget a metric (default 24000000)   -r  batches (default 5)
 *   -d  directory for the file metrics (/tmp)      -D  second directory: disk_*
 *   -s  size of the sequential files in MiB (64)   -e  path of this program
 *   -c  time with clock_gettime instead of rdtsc   -i  do not fork per metric
 *   -l  list metrics   -x  skip this metric        -T  print TSC and exit
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;

static u64 budget = 24000000;
static int batches = 5, use_clock = 0, inline_mode = 0;
static const char *dir_mem = "/tmp", *dir_disk = NULL, *curdir = "/tmp";
static char selfpath[512];
static long file_mib = 64;
static char path[600];
static char *buf;                       /* 1 MiB scratch, touched */
#define BUFSZ (1 << 20)

static inline u64 now(void)
{
        if (use_clock) {
                struct timespec ts;
                clock_gettime(CLOCK_MONOTONIC, &ts);
                return (u64)ts.tv_sec * 1000000000ull + ts.tv_nsec;
        }
#if defined(__x86_64__)
        uint32_t lo, hi;
        __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
        return ((u64)hi << 32) | lo;
#else
        struct timespec ts;
        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (u64)ts.tv_sec * 1000000000ull + ts.tv_nsec;
#endif
}

/* ---- failure: a metric that cannot run says why and leaves ------------- */
static const char *fail_what;
static int fail_errno;
static int fail(const char *w) { fail_what = w; fail_errno = errno; return -1; }
static u64 opfail(const char *w) { fail(w); return 0; }
#define OPFAIL(w) return opfail(w)

/* ---- shared state of the running metric -------------------------------- */
static int fd0 = -1, fd1 = -1, fd2 = -1, fd3 = -1;
static pid_t partner = -1;
static int pa[2], pb[2];

static void kill_partner(void)
{
        if (partner > 0) {
                kill(partner, SIGKILL);
                waitpid(partner, NULL, 0);
                partner = -1;
        }
}
static void closefds(void)
{
        kill_partner();
        if (fd0 >= 0) close(fd0);
        if (fd1 >= 0) close(fd1);
        if (fd2 >= 0) close(fd2);
        if (fd3 >= 0) close(fd3);
        fd0 = fd1 = fd2 = fd3 = -1;
}
static int full_write(int fd, const char *p, size_t n)
{
        while (n) {
                ssize_t k = write(fd, p, n);
                if (k <= 0) return -1;
                p += k; n -= k;
        }
        return 0;
}
static int full_read(int fd, char *p, size_t n)
{
        while (n) {
                ssize_t k = read(fd, p, n);
                if (k <= 0) return -1;
                p += k; n -= k;
        }
        return 0;
}

/* ---- trivial calls ------------------------------------------------------ */
static u64 op_timer(long n)
{
        u64 a = now(); volatile u64 s = 0;
        for (long i = 0; i < n; i++) s = now();
        (void)s; return now() - a;
}
static u64 op_getppid(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) syscall(SYS_getppid);
        return now() - a;
}
static int su_zero(void) { fd0 = open("/dev/zero", O_RDONLY); return fd0 < 0 ? fail("/dev/zero") : 0; }
static int su_null(void) { fd0 = open("/dev/null", O_WRONLY); return fd0 < 0 ? fail("/dev/null") : 0; }
static u64 rd(long n, size_t k)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (read(fd0, buf, k) != (ssize_t)k) OPFAIL("read");
        return now() - a;
}
static u64 op_read1(long n) { return rd(n, 1); }
static u64 op_read4k(long n) { return rd(n, 4096); }
static u64 op_write1(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (write(fd0, buf, 1) != 1) OPFAIL("write");
        return now() - a;
}
static int su_file(void)
{
        snprintf(path, sizeof path, "%s/osbench.f", curdir);
        int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0644);
        if (fd < 0) return fail("open");
        if (full_write(fd, buf, 8192)) { close(fd); return fail("write"); }
        close(fd);
        return 0;
}
static void td_file(void) { closefds(); unlink(path); }
static u64 op_openclose(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int fd = open(path, O_RDONLY);
                if (fd < 0) OPFAIL("open");
                close(fd);
        }
        return now() - a;
}
static u64 op_stat(long n)
{
        struct stat st;
        u64 a = now();
        for (long i = 0; i < n; i++) if (stat(path, &st)) OPFAIL("stat");
        return now() - a;
}
static int su_fstat(void)
{
        if (su_file()) return -1;
        fd0 = open(path, O_RDWR);
        return fd0 < 0 ? fail("open") : 0;
}
static u64 op_fstat(long n)
{
        struct stat st;
        u64 a = now();
        for (long i = 0; i < n; i++) if (fstat(fd0, &st)) OPFAIL("fstat");
        return now() - a;
}
static u64 op_pread1(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (pread(fd0, buf, 1, 0) != 1) OPFAIL("pread");
        return now() - a;
}
static u64 op_pread4k(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (pread(fd0, buf, 4096, 0) != 4096) OPFAIL("pread");
        return now() - a;
}
static u64 op_pwrite4k(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (pwrite(fd0, buf, 4096, 0) != 4096) OPFAIL("pwrite");
        return now() - a;
}
static int su_deep(void)
{
        snprintf(path, sizeof path, "%s/obd", curdir);
        for (int i = 0; i < 4; i++) {
                if (mkdir(path, 0755) && errno != EEXIST) return fail("mkdir");
                strcat(path, "/x");
        }
        int fd = open(path, O_CREAT | O_RDWR, 0644);
        if (fd < 0) return fail("open");
        close(fd);
        return 0;
}
static void td_deep(void)
{
        unlink(path);
        for (int i = 0; i < 4; i++) {
                path[strlen(path) - 2] = 0;
                rmdir(path);
        }
}
static u64 op_dupclose(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int fd = dup(fd0);
                if (fd < 0) OPFAIL("dup");
                close(fd);
        }
        return now() - a;
}

/* ---- time --------------------------------------------------------------- */
static u64 op_clock(long n)
{
        struct timespec ts;
        u64 a = now();
        for (long i = 0; i < n; i++) clock_gettime(CLOCK_MONOTONIC, &ts);
        return now() - a;
}
static u64 op_clocksys(long n)
{
        struct timespec ts;
        u64 a = now();
        for (long i = 0; i < n; i++) if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts)) OPFAIL("clock_gettime");
        return now() - a;
}
static u64 op_sleeppast(long n)
{
        struct timespec ts = { 0, 1 };
        u64 a = now();
        for (long i = 0; i < n; i++) if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL)) OPFAIL("clock_nanosleep");
        return now() - a;
}
static u64 op_sleep1(long n)
{
        struct timespec ts = { 0, 1 };
        u64 a = now();
        for (long i = 0; i < n; i++) if (nanosleep(&ts, NULL)) OPFAIL("nanosleep");
        return now() - a;
}
static u64 op_yield(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) sched_yield();
        return now() - a;
}

/* ---- pipes and sockets between two processes ---------------------------- */
static size_t msg = 1;
static void echo_loop(int in, int out)
{
        for (;;) {
                if (full_read(in, buf, msg)) _exit(0);
                if (full_write(out, buf, msg)) _exit(0);
        }
}
static int su_pipe_rt(void)
{
        if (pipe(pa) || pipe(pb)) return fail("pipe");
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) { close(pa[1]); close(pb[0]); echo_loop(pa[0], pb[1]); }
        close(pa[0]); close(pb[1]);
        fd0 = pb[0]; fd1 = pa[1];
        return 0;
}
static int su_pipe1(void) { msg = 1; return su_pipe_rt(); }
static int su_pipe4k(void) { msg = 4096; return su_pipe_rt(); }
static u64 op_rt(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                if (full_write(fd1, buf, msg)) OPFAIL("write");
                if (full_read(fd0, buf, msg)) OPFAIL("read");
        }
        return now() - a;
}
/* sink: reads everything; after each 'stop' marker chunk it answers 1 byte.
 * The first byte of a 64 KiB chunk is 1 for "answer after this one". */
static void sink_loop(int in, int out)
{
        for (;;) {
                if (full_read(in, buf, 65536)) _exit(0);
                if (buf[0] == 1 && full_write(out, buf, 1)) _exit(0);
        }
}
static u64 op_bw(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                buf[0] = i == n - 1;
                if (full_write(fd1, buf, 65536)) OPFAIL("write");
        }
        if (full_read(fd0, buf, 1)) OPFAIL("read");
        u64 r = now() - a;
        buf[0] = 0;
        return r;
}
static int su_pipe_bw(void)
{
        if (pipe(pa) || pipe(pb)) return fail("pipe");
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) { close(pa[1]); close(pb[0]); sink_loop(pa[0], pb[1]); }
        close(pa[0]); close(pb[1]);
        fd0 = pb[0]; fd1 = pa[1];
        return 0;
}
static int su_sock_rt(void)
{
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pa)) return fail("socketpair");
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) { close(pa[0]); echo_loop(pa[1], pa[1]); }
        close(pa[1]);
        fd0 = pa[0]; fd1 = dup(fd0);
        return 0;
}
static int su_sock1(void) { msg = 1; return su_sock_rt(); }
static int su_sock4k(void) { msg = 4096; return su_sock_rt(); }
static int su_sock_bw(void)
{
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pa)) return fail("socketpair");
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) { close(pa[0]); sink_loop(pa[1], pa[1]); }
        close(pa[1]);
        fd0 = pa[0]; fd1 = dup(fd0);
        return 0;
}
static int su_fdpass(void)
{
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pa)) return fail("socketpair");
        fd0 = pa[0]; fd1 = pa[1];
        fd2 = open("/dev/null", O_WRONLY);
        return 0;
}
static u64 op_fdpass(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                char c = 0, cb[CMSG_SPACE(sizeof(int))];
                struct iovec iov = { &c, 1 };
                struct msghdr m;
                memset(&m, 0, sizeof m); memset(cb, 0, sizeof cb);
                m.msg_iov = &iov; m.msg_iovlen = 1; m.msg_control = cb; m.msg_controllen = sizeof cb;
                struct cmsghdr *h = CMSG_FIRSTHDR(&m);
                h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(h), &fd2, sizeof(int));
                if (sendmsg(fd0, &m, 0) != 1) OPFAIL("sendmsg");
                m.msg_controllen = sizeof cb;
                if (recvmsg(fd1, &m, 0) != 1) OPFAIL("recvmsg");
                h = CMSG_FIRSTHDR(&m);
                if (!h) OPFAIL("no cmsg");
                int got; memcpy(&got, CMSG_DATA(h), sizeof(int));
                close(got);
        }
        return now() - a;
}
static u64 op_pipecreate(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                if (pipe(pa)) OPFAIL("pipe");
                close(pa[0]); close(pa[1]);
        }
        return now() - a;
}

/* ---- TCP / UDP over loopback -------------------------------------------- */
static int lo_listen(struct sockaddr_in *sa, int type)
{
        socklen_t l = sizeof *sa;
        int s = socket(AF_INET, type, 0);
        if (s < 0) return fail("socket");
        memset(sa, 0, sizeof *sa);
        sa->sin_family = AF_INET;
        sa->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(s, (void *)sa, sizeof *sa)) { close(s); return fail("bind"); }
        if (type == SOCK_STREAM && listen(s, 8)) { close(s); return fail("listen"); }
        if (getsockname(s, (void *)sa, &l)) { close(s); return fail("getsockname"); }
        return s;
}
static int su_tcp(int bw)
{
        struct sockaddr_in sa;
        int one = 1, l = lo_listen(&sa, SOCK_STREAM);
        if (l < 0) return -1;
        partner = fork();
        if (partner < 0) { close(l); return fail("fork"); }
        if (!partner) {
                int c = socket(AF_INET, SOCK_STREAM, 0);
                close(l);
                if (c < 0 || connect(c, (void *)&sa, sizeof sa)) _exit(1);
                setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                if (bw) sink_loop(c, c); else echo_loop(c, c);
        }
        fd0 = accept(l, NULL, NULL);
        close(l);
        if (fd0 < 0) return fail("accept");
        setsockopt(fd0, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fd1 = dup(fd0);
        return 0;
}
static int su_tcp_rt(void) { msg = 1; return su_tcp(0); }
static int su_tcp_bw(void) { return su_tcp(1); }
static int su_udp_rt(void)
{
        struct sockaddr_in a, b;
        int s = lo_listen(&a, SOCK_DGRAM);
        if (s < 0) return -1;
        int c = lo_listen(&b, SOCK_DGRAM);
        if (c < 0) { close(s); return -1; }
        if (connect(s, (void *)&b, sizeof b) || connect(c, (void *)&a, sizeof a)) return fail("connect");
        msg = 1;
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) { close(s); echo_loop(c, c); }
        close(c);
        fd0 = s; fd1 = dup(s);
        return 0;
}
static struct sockaddr_in conn_sa;
static int su_conn(void) { fd0 = lo_listen(&conn_sa, SOCK_STREAM); return fd0 < 0 ? -1 : 0; }
static u64 op_conn(long n)
{
        u64 a = now();
        struct linger lg = { 1, 0 };
        for (long i = 0; i < n; i++) {
                int c = socket(AF_INET, SOCK_STREAM, 0);
                if (c < 0) OPFAIL("socket");
                if (connect(c, (void *)&conn_sa, sizeof conn_sa)) { close(c); OPFAIL("connect"); }
                int s = accept(fd0, NULL, NULL);
                if (s < 0) { close(c); OPFAIL("accept"); }
                setsockopt(c, SOL_SOCKET, SO_LINGER, &lg, sizeof lg);   /* no TIME_WAIT */
                close(c); close(s);
        }
        return now() - a;
}

/* ---- futex, threads, scheduling ----------------------------------------- */
static volatile int turn;
static volatile int thr_stop;
static long futex(volatile int *p, int op, int v)
{
        return syscall(SYS_futex, p, op | 128 /* PRIVATE */, v, NULL, NULL, 0);
}
static void hand(int me, int to)
{
        __atomic_store_n(&turn, to, __ATOMIC_SEQ_CST);
        futex(&turn, 1, 1);
        (void)me;
}
static void wait_turn(int me)
{
        int v;
        while ((v = __atomic_load_n(&turn, __ATOMIC_SEQ_CST)) != me) futex(&turn, 0, v);
}
static void *pong(void *x)
{
        for (;;) {
                wait_turn(1);
                if (thr_stop) return x;
                hand(1, 0);
        }
}
static pthread_t th;
static int th_on;
static int su_futex(void)
{
        int v = 0;
        if (futex(&v, 1, 1) < 0 && errno == ENOSYS) return fail("futex");
        turn = 0; thr_stop = 0;
        if (pthread_create(&th, NULL, pong, NULL)) return fail("pthread_create");
        th_on = 1;
        return 0;
}
static void td_futex(void)
{
        if (!th_on) return;
        thr_stop = 1;
        hand(0, 1);
        pthread_join(th, NULL);
        th_on = 0;
}
static u64 op_futex(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) { hand(0, 1); wait_turn(0); }
        return now() - a;
}
static u64 op_futexwake(long n)
{
        static volatile int w;
        u64 a = now();
        for (long i = 0; i < n; i++) if (futex(&w, 1, 1) < 0) OPFAIL("futex");
        return now() - a;
}
static int su_yield2(void)
{
        partner = fork();
        if (partner < 0) return fail("fork");
        if (!partner) for (;;) sched_yield();
#ifdef CPU_SET
        cpu_set_t cs; CPU_ZERO(&cs); CPU_SET(0, &cs);
        sched_setaffinity(0, sizeof cs, &cs);
        sched_setaffinity(partner, sizeof cs, &cs);
#endif
        return 0;
}
static void *thr_null(void *x) { return x; }
static u64 op_thread(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                pthread_t t;
                if (pthread_create(&t, NULL, thr_null, NULL)) OPFAIL("pthread_create");
                pthread_join(t, NULL);
        }
        return now() - a;
}

/* ---- processes ---------------------------------------------------------- */
static u64 op_fork(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int st;
                pid_t p = fork();
                if (p < 0) OPFAIL("fork");
                if (!p) _exit(0);
                if (waitpid(p, &st, 0) != p) OPFAIL("waitpid");
        }
        return now() - a;
}
extern char **environ;
static u64 op_forkexec(long n)
{
        char *av[] = { selfpath, "--noop", NULL };
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int st;
                pid_t p = fork();
                if (p < 0) OPFAIL("fork");
                if (!p) { execve(selfpath, av, environ); _exit(77); }
                if (waitpid(p, &st, 0) != p) OPFAIL("waitpid");
                if (!WIFEXITED(st) || WEXITSTATUS(st)) { errno = 0; OPFAIL("exec"); }
        }
        return now() - a;
}
static u64 op_spawn(long n)
{
        char *av[] = { selfpath, "--noop", NULL };
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int st;
                pid_t p;
                if ((errno = posix_spawn(&p, selfpath, NULL, NULL, av, environ))) OPFAIL("posix_spawn");
                if (waitpid(p, &st, 0) != p) OPFAIL("waitpid");
                if (!WIFEXITED(st) || WEXITSTATUS(st)) { errno = 0; OPFAIL("exec"); }
        }
        return now() - a;
}

/* ---- memory ------------------------------------------------------------- */
static u64 mm(long n, size_t pages)
{
        size_t len = pages * 4096;
        u64 a = now();
        for (long i = 0; i < n; i++) {
                char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p == MAP_FAILED) OPFAIL("mmap");
                for (size_t k = 0; k < pages; k++) *(volatile char *)(p + k * 4096) = 1;
                munmap(p, len);
        }
        return now() - a;
}
static u64 op_mmap1(long n) { return mm(n, 1); }
static u64 op_mmap256(long n) { return mm(n, 256); }
static u64 op_mmapnt(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p == MAP_FAILED) OPFAIL("mmap");
                munmap(p, 4096);
        }
        return now() - a;
}
#define PFN 256
static u64 op_pfanon(long n)    /* n pages, only the touches are timed */
{
        u64 t = 0;
        while (n > 0) {
                long k = n < PFN ? n : PFN;
                char *p = mmap(NULL, PFN * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p == MAP_FAILED) OPFAIL("mmap");
#ifdef MADV_NOHUGEPAGE
                madvise(p, PFN * 4096, MADV_NOHUGEPAGE);
#endif
                u64 a = now();
                for (long i = 0; i < k; i++) *(volatile char *)(p + i * 4096) = 1;
                t += now() - a;
                munmap(p, PFN * 4096);
                n -= k;
        }
        return t;
}
static u64 op_pfcow(long n)
{
        u64 t = 0;
        char *p = mmap(NULL, PFN * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) OPFAIL("mmap");
#ifdef MADV_NOHUGEPAGE
        madvise(p, PFN * 4096, MADV_NOHUGEPAGE);
#endif
        for (long i = 0; i < PFN; i++) *(volatile char *)(p + i * 4096) = 1;
        if (pipe(pa)) { munmap(p, PFN * 4096); OPFAIL("pipe"); }
        while (n > 0) {
                long k = n < PFN ? n : PFN;
                u64 d = 0;
                pid_t c = fork();
                if (c < 0) OPFAIL("fork");
                if (!c) {
                        u64 a = now();
                        for (long i = 0; i < k; i++) *(volatile char *)(p + i * 4096) = 2;
                        d = now() - a;
                        full_write(pa[1], (char *)&d, sizeof d);
                        _exit(0);
                }
                if (full_read(pa[0], (char *)&d, sizeof d)) OPFAIL("read");
                waitpid(c, NULL, 0);
                t += d;
                n -= k;
        }
        close(pa[0]); close(pa[1]);
        munmap(p, PFN * 4096);
        return t;
}
static u64 op_pffile(long n)    /* read-touch of a MAP_SHARED page-cache file */
{
        u64 t = 0;
        while (n > 0) {
                long k = n < PFN ? n : PFN;
                char *p = mmap(NULL, PFN * 4096, PROT_READ, MAP_SHARED, fd0, 0);
                if (p == MAP_FAILED) OPFAIL("mmap");
                u64 a = now();
                for (long i = 0; i < k; i++) (void)*(volatile char *)(p + i * 4096);
                t += now() - a;
                munmap(p, PFN * 4096);
                n -= k;
        }
        return t;
}
static int su_pffile(void)
{
        if (su_file()) return -1;
        fd0 = open(path, O_RDWR);
        if (fd0 < 0) return fail("open");
        for (int i = 0; i < PFN; i++) if (full_write(fd0, buf, 4096)) return fail("write");
        return 0;
}
static char *mp;
static int su_mprot(void)
{
        mp = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mp == MAP_FAILED) return fail("mmap");
        memset(mp, 1, 16 * 4096);
        return 0;
}
static void td_mprot(void) { munmap(mp, 16 * 4096); }
static u64 op_mprot(long n)     /* one op = RO then RW of one touched page */
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                if (mprotect(mp + 8 * 4096, 4096, PROT_READ)) OPFAIL("mprotect");
                if (mprotect(mp + 8 * 4096, 4096, PROT_READ | PROT_WRITE)) OPFAIL("mprotect");
        }
        return now() - a;
}

/* ---- signals ------------------------------------------------------------ */
static volatile long sigs;
static void on_sig(int s) { (void)s; sigs++; }
static int su_sig(void)
{
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_handler = on_sig;
        return sigaction(SIGUSR1, &sa, NULL) ? fail("sigaction") : 0;
}
static u64 op_sig(long n)
{
        pid_t me = getpid();
        sigs = 0;
        u64 a = now();
        for (long i = 0; i < n; i++) kill(me, SIGUSR1);
        a = now() - a;
        if (sigs != n) { errno = 0; OPFAIL("signals lost"); }
        return a;
}
static void on_segv(int s, siginfo_t *i, void *u) { (void)s; (void)i; (void)u; mprotect(mp, 4096, PROT_READ | PROT_WRITE); }
static int su_segv(void)
{
        struct sigaction sa;
        if (su_mprot()) return -1;
        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = on_segv; sa.sa_flags = SA_SIGINFO;
        return sigaction(SIGSEGV, &sa, NULL) ? fail("sigaction") : 0;
}
static void td_segv(void) { signal(SIGSEGV, SIG_DFL); td_mprot(); }
static u64 op_segv(long n)      /* protect, fault, handler unprotects */
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                mprotect(mp, 4096, PROT_READ);
                *(volatile char *)mp = 1;
        }
        return now() - a;
}

/* ---- readiness ---------------------------------------------------------- */
static int su_epoll(void)
{
        struct epoll_event ev = { .events = EPOLLIN };
        if (pipe(pa)) return fail("pipe");
        fd0 = pa[0]; fd1 = pa[1];
        if (write(fd1, "x", 1) != 1) return fail("write");
        fd2 = epoll_create1(0);
        if (fd2 < 0) return fail("epoll_create1");
        if (epoll_ctl(fd2, EPOLL_CTL_ADD, fd0, &ev)) return fail("epoll_ctl");
        return 0;
}
static u64 op_epoll(long n)
{
        struct epoll_event ev;
        u64 a = now();
        for (long i = 0; i < n; i++) if (epoll_wait(fd2, &ev, 1, 0) != 1) OPFAIL("epoll_wait");
        return now() - a;
}
static struct pollfd pf[100];
static int pipe_spare[2];
static int su_poll(void)
{
        if (pipe(pa) || pipe(pipe_spare)) return fail("pipe");
        fd0 = pa[0]; fd1 = pa[1]; fd2 = pipe_spare[0]; fd3 = pipe_spare[1];
        if (write(fd1, "x", 1) != 1) return fail("write");
        for (int i = 0; i < 99; i++) {
                pf[i].fd = dup(fd2);
                if (pf[i].fd < 0) return fail("dup");
                pf[i].events = POLLIN;
        }
        pf[99].fd = fd0; pf[99].events = POLLIN;
        return 0;
}
static void td_poll(void) { for (int i = 0; i < 99; i++) close(pf[i].fd); closefds(); }
static u64 op_poll100(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (poll(pf, 100, 0) != 1) OPFAIL("poll");
        return now() - a;
}
static u64 op_poll1(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) if (poll(pf + 99, 1, 0) != 1) OPFAIL("poll");
        return now() - a;
}

/* ---- sequential files: one op = the whole file -------------------------- */
static size_t chunk = 4096;
static int sync_end;
static int su_seq(void)
{
        snprintf(path, sizeof path, "%s/osbench.seq", curdir);
        return 0;
}
static u64 op_seqw(long n)
{
        u64 t = 0;
        size_t total = (size_t)file_mib << 20;
        for (long i = 0; i < n; i++) {
                unlink(path);
                int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
                if (fd < 0) OPFAIL("open");
                u64 a = now();
                for (size_t d = 0; d < total; d += chunk)
                        if (write(fd, buf, chunk) != (ssize_t)chunk) { close(fd); OPFAIL("write"); }
                if (sync_end && fsync(fd)) { close(fd); OPFAIL("fsync"); }
                t += now() - a;
                close(fd);
        }
        return t;
}
static u64 op_seqr(long n)
{
        u64 t = 0;
        size_t total = (size_t)file_mib << 20;
        int fd = open(path, O_RDONLY);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) || (size_t)st.st_size != total) {
                if (fd >= 0) close(fd);
                int k = sync_end; sync_end = 0;
                op_seqw(1);
                sync_end = k;
                fd = open(path, O_RDONLY);
                if (fd < 0) OPFAIL("open");
        }
        for (long i = 0; i < n; i++) {
                lseek(fd, 0, SEEK_SET);
                u64 a = now();
                for (size_t d = 0; d < total; d += chunk)
                        if (read(fd, buf, chunk) != (ssize_t)chunk) { close(fd); OPFAIL("read"); }
                t += now() - a;
        }
        close(fd);
        return t;
}
static void td_seq(void) { unlink(path); }
static int su_s4(void) { chunk = 4096; sync_end = 0; return su_seq(); }
static int su_s128(void) { chunk = 131072; sync_end = 0; return su_seq(); }
static int su_s128s(void) { chunk = 131072; sync_end = 1; return su_seq(); }
/* cold read: drop the pages first (posix_fadvise), so the device is read */
static u64 op_seqcold(long n)
{
        u64 t = 0;
        op_seqr(1);
        for (long i = 0; i < n; i++) {
                int fd = open(path, O_RDONLY);
                if (fd < 0) OPFAIL("open");
                fsync(fd);
                if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)) { close(fd); OPFAIL("fadvise"); }
                close(fd);
                t += op_seqr(1);
        }
        return t;
}

/* ---- many files --------------------------------------------------------- */
#define NF 1000
static char dirp[580];
static int su_dir(void)
{
        snprintf(dirp, sizeof dirp, "%s/osbench.d", curdir);
        if (mkdir(dirp, 0755) && errno != EEXIST) return fail("mkdir");
        return 0;
}
static int mkfiles(void)
{
        for (int i = 0; i < NF; i++) {
                snprintf(path, sizeof path, "%s/f%04d", dirp, i);
                int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0644);
                if (fd < 0) return fail("create");
                close(fd);
        }
        return 0;
}
static int rmfiles(void)
{
        for (int i = 0; i < NF; i++) {
                snprintf(path, sizeof path, "%s/f%04d", dirp, i);
                if (unlink(path)) return fail("unlink");
        }
        return 0;
}
static void td_dir(void)
{
        for (int i = 0; i < NF; i++) {
                snprintf(path, sizeof path, "%s/f%04d", dirp, i);
                unlink(path);
        }
        rmdir(dirp);
}
static u64 op_create(long n)
{
        u64 t = 0;
        for (long i = 0; i < n; i++) {
                u64 a = now();
                if (mkfiles()) return 0;
                t += now() - a;
                if (rmfiles()) return 0;
        }
        return t;
}
static u64 op_unlink(long n)
{
        u64 t = 0;
        for (long i = 0; i < n; i++) {
                if (mkfiles()) return 0;
                u64 a = now();
                if (rmfiles()) return 0;
                t += now() - a;
        }
        return t;
}
static int su_readdir(void) { if (su_dir()) return -1; td_dir(); if (su_dir()) return -1; return mkfiles(); }
static u64 op_readdir(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) {
                int k = 0;
                DIR *d = opendir(dirp);
                if (!d) OPFAIL("opendir");
                while (readdir(d)) k++;
                closedir(d);
                if (k < NF) { errno = 0; OPFAIL("short readdir"); }
        }
        return now() - a;
}

/* ---- references --------------------------------------------------------- */
static u64 op_memcpy64k(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) { memcpy(buf, buf + 524288, 65536); __asm__ volatile("" ::: "memory"); }
        return now() - a;
}
static u64 op_memset64k(long n)
{
        u64 a = now();
        for (long i = 0; i < n; i++) { memset(buf, 0, 65536); __asm__ volatile("" ::: "memory"); }
        return now() - a;
}
static u64 op_alu(long n)       /* pure user code: 8 dependent multiply-adds */
{
        u64 a = now(), x = 88172645463325252ull;
        for (long i = 0; i < n; i++) {
                for (int k = 0; k < 8; k++) x = x * 6364136223846793005ull + 1442695040888963407ull;
                __asm__ volatile("" : "+r"(x));
        }
        return now() - a;
}

struct bench {
        const char *name;
        int (*setup)(void);
        u64 (*op)(long);
        void (*teardown)(void);
        double per;             /* divide an op by this (files, entries)      */
        double mib;             /* when > 0 the op moves so many MiB          */
        int which;              /* 0 neutral, 1 once per directory (file_/disk_) */
        long maxn;              /* cap of n, 0 none                           */
};
#define SEQ -1.0
static struct bench B[] = {
        { "timer",            0, op_timer, 0, 1, 0, 0, 0 },
        { "alu_8muladd",      0, op_alu, 0, 1, 0, 0, 0 },
        { "memcpy_64k",       0, op_memcpy64k, 0, 1, 1 / 16.0, 0, 0 },
        { "memset_64k",       0, op_memset64k, 0, 1, 1 / 16.0, 0, 0 },
        { "syscall_getppid",  0, op_getppid, 0, 1, 0, 0, 0 },
        { "clock_gettime",    0, op_clock, 0, 1, 0, 0, 0 },
        { "clock_gettime_sys",0, op_clocksys, 0, 1, 0, 0, 0 },
        { "read_zero_1",      su_zero, op_read1, closefds, 1, 0, 0, 0 },
        { "read_zero_4k",     su_zero, op_read4k, closefds, 1, 0, 0, 0 },
        { "write_null_1",     su_null, op_write1, closefds, 1, 0, 0, 0 },
        { "dup_close",        su_null, op_dupclose, closefds, 1, 0, 0, 0 },
        { "yield_alone",      0, op_yield, 0, 1, 0, 0, 0 },
        { "yield_2proc",      su_yield2, op_yield, closefds, 2, 0, 0, 0 },
        { "sleep_past",       0, op_sleeppast, 0, 1, 0, 0, 0 },
        { "nanosleep_1ns",    0, op_sleep1, 0, 1, 0, 0, 400 },
        { "pipe_create",      0, op_pipecreate, 0, 1, 0, 0, 0 },
        { "pipe_rt_1",        su_pipe1, op_rt, closefds, 1, 0, 0, 0 },
        { "pipe_rt_4k",       su_pipe4k, op_rt, closefds, 1, 0, 0, 0 },
        { "pipe_bw_64k",      su_pipe_bw, op_bw, closefds, 1, 1 / 16.0, 0, 0 },
        { "unix_rt_1",        su_sock1, op_rt, closefds, 1, 0, 0, 0 },
        { "unix_rt_4k",       su_sock4k, op_rt, closefds, 1, 0, 0, 0 },
        { "unix_bw_64k",      su_sock_bw, op_bw, closefds, 1, 1 / 16.0, 0, 0 },
        { "unix_fdpass",      su_fdpass, op_fdpass, closefds, 1, 0, 0, 0 },
        { "futex_wake_none",  0, op_futexwake, 0, 1, 0, 0, 0 },
        { "futex_pingpong",   su_futex, op_futex, td_futex, 1, 0, 0, 0 },
        { "thread_create_join", 0, op_thread, 0, 1, 0, 0, 0 },
        { "fork_exit_wait",   0, op_fork, 0, 1, 0, 0, 0 },
        { "fork_exec_wait",   0, op_forkexec, 0, 1, 0, 0, 0 },
        { "spawn_wait",       0, op_spawn, 0, 1, 0, 0, 0 },
        { "mmap_munmap",      0, op_mmapnt, 0, 1, 0, 0, 0 },
        { "mmap_touch_1",     0, op_mmap1, 0, 1, 0, 0, 0 },
        { "mmap_touch_256",   0, op_mmap256, 0, 1, 0, 0, 0 },
        { "pagefault_anon",   0, op_pfanon, 0, 1, 0, 0, 0 },
        { "pagefault_cow",    0, op_pfcow, 0, 1, 0, 0, 0 },
        { "pagefault_file",   su_pffile, op_pffile, td_file, 1, 0, 1, 0 },
        { "mprotect_pair",    su_mprot, op_mprot, td_mprot, 1, 0, 0, 0 },
        { "signal_self",      su_sig, op_sig, 0, 1, 0, 0, 0 },
        { "segv_handler",     su_segv, op_segv, td_segv, 1, 0, 0, 0 },
        { "epoll_wait_ready", su_epoll, op_epoll, closefds, 1, 0, 0, 0 },
        { "poll_1",           su_poll, op_poll1, td_poll, 1, 0, 0, 0 },
        { "poll_100",         su_poll, op_poll100, td_poll, 1, 0, 0, 0 },
        { "udp_rt_1",         su_udp_rt, op_rt, closefds, 1, 0, 0, 0 },
        { "tcp_rt_1",         su_tcp_rt, op_rt, closefds, 1, 0, 0, 0 },
        { "tcp_bw_64k",       su_tcp_bw, op_bw, closefds, 1, 1 / 16.0, 0, 0 },
        { "tcp_connect",      su_conn, op_conn, closefds, 1, 0, 0, 0 },
        { "open_close",       su_file, op_openclose, td_file, 1, 0, 1, 0 },
        { "stat",             su_file, op_stat, td_file, 1, 0, 1, 0 },
        { "stat_deep4",       su_deep, op_stat, td_deep, 1, 0, 1, 0 },
        { "fstat",            su_fstat, op_fstat, td_file, 1, 0, 1, 0 },
        { "pread_1",          su_fstat, op_pread1, td_file, 1, 0, 1, 0 },
        { "pread_4k",         su_fstat, op_pread4k, td_file, 1, 0, 1, 0 },
        { "pwrite_4k",        su_fstat, op_pwrite4k, td_file, 1, 0, 1, 0 },
        { "create_1000",      su_dir, op_create, td_dir, NF, 0, 1, 0 },
        { "unlink_1000",      su_dir, op_unlink, td_dir, NF, 0, 1, 0 },
        { "readdir_1000",     su_readdir, op_readdir, td_dir, NF, 0, 1, 0 },
        { "write_seq_4k",     su_s4, op_seqw, td_seq, 1, SEQ, 1, 1 },
        { "read_seq_4k",      su_s4, op_seqr, td_seq, 1, SEQ, 1, 1 },
        { "write_seq_128k",   su_s128, op_seqw, td_seq, 1, SEQ, 1, 1 },
        { "read_seq_128k",    su_s128, op_seqr, td_seq, 1, SEQ, 1, 1 },
        { "write_fsync_128k", su_s128s, op_seqw, td_seq, 1, SEQ, 2, 1 },
        { "read_cold_128k",   su_s128s, op_seqcold, td_seq, 1, SEQ, 2, 1 },
};
#define NB (sizeof B / sizeof *B)

static char label[80];
static int cmp(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return x < y ? -1 : x > y;
}
static void skip(void)
{
        printf("%s skip %s%s%s\n", label, fail_what ? fail_what : "?",
               fail_errno ? ":" : "", fail_errno ? strerror(fail_errno) : "");
        fflush(stdout);
}
static void run(struct bench *b)
{
        double v[32];
        long n = 1;
        u64 t = 0, per_batch = budget / (batches + 1);
        int nb = batches;
        fail_what = NULL; fail_errno = 0;
        if (b->setup && b->setup()) { skip(); if (b->teardown) b->teardown(); return; }
        b->op(1);                               /* warm */
        if (!fail_what) for (;;) {
                t = b->op(n);
                if (fail_what || t >= per_batch / 4 || n >= (1l << 24) || (b->maxn && n >= b->maxn)) break;
                n *= 4;
        }
        if (!fail_what && t) {
                double m = (double)n * per_batch / t;
                n = m < 1 ? 1 : m > (1l << 26) ? 1l << 26 : (long)m;
                if (b->maxn && n > b->maxn) n = b->maxn;
                if ((double)t > 2.0 * budget) nb = 1;
                else if (t > per_batch) nb = 3;
        }
        for (int i = 0; i < nb && !fail_what; i++) {
                t = b->op(n);
                v[i] = (double)t / n / b->per;
                if (b->mib > 0) v[i] /= b->mib;
                if (b->mib < 0) v[i] /= file_mib;
        }
        if (fail_what) skip();
        else {
                qsort(v, nb, sizeof *v, cmp);
                printf("%s %.1f %s%s %ld min=%.1f max=%.1f\n", label, v[nb / 2],
                       use_clock ? "ns" : "ticks", b->mib ? "/MiB" : "", n, v[0], v[nb - 1]);
                fflush(stdout);
        }
        if (b->teardown) b->teardown();
}
static void isolated(struct bench *b)
{
        int st = 0;
        pid_t p;
        if (inline_mode) { run(b); return; }
        p = fork();
        if (p < 0) { run(b); return; }
        if (!p) {
                alarm(120);
                run(b);
                _exit(0);
        }
        if (waitpid(p, &st, 0) == p && WIFSIGNALED(st)) {
                printf("%s skip signal %d\n", label, WTERMSIG(st));
                fflush(stdout);
        }
}
static int match(const char *pat, const char *s)
{
        size_t l = strlen(pat);
        if (l && pat[l - 1] == '*') return !strncmp(pat, s, l - 1);
        return !strcmp(pat, s);
}

int main(int argc, char **argv)
{
        const char *skipl[64];
        int nskip = 0, c;
        u64 t0 = now();

        if (argc > 1 && !strcmp(argv[1], "--noop")) return 0;
        if (argv[0][0] == '/') snprintf(selfpath, sizeof selfpath, "%s", argv[0]);
        else strcpy(selfpath, "/proc/self/exe");
        while ((c = getopt(argc, argv, "b:r:d:D:s:e:cilx:T")) != -1) switch (c) {
        case 'b': budget = strtoull(optarg, 0, 0); break;
        case 'r': batches = atoi(optarg); if (batches < 1) batches = 1; if (batches > 31) batches = 31; break;
        case 'd': dir_mem = optarg; break;
        case 'D': dir_disk = optarg; break;
        case 's': file_mib = atol(optarg); break;
        case 'e': snprintf(selfpath, sizeof selfpath, "%s", optarg); break;
        case 'c': use_clock = 1; break;
        case 'i': inline_mode = 1; break;
        case 'x': if (nskip < 64) skipl[nskip++] = optarg; break;
        case 'l': for (size_t i = 0; i < NB; i++) puts(B[i].name); return 0;
        case 'T': printf("tsc_at_start %llu\n", (unsigned long long)t0); return 0;
        default: fprintf(stderr, "see the head of osbench.c\n"); return 2;
        }
        buf = malloc(BUFSZ);
        if (!buf) { puts("osbench skip malloc"); return 1; }
        memset(buf, 0, BUFSZ);
        signal(SIGPIPE, SIG_IGN);
        setvbuf(stdout, NULL, _IOLBF, 4096);
        for (int d = 0; d < 2; d++) {
                if (d && !dir_disk) break;
                curdir = d ? dir_disk : dir_mem;
                for (size_t i = 0; i < NB; i++) {
                        struct bench *b = &B[i];
                        int want = optind >= argc;
                        if (d ? !b->which : b->which == 2) continue;
                        snprintf(label, sizeof label, "%s%s", b->which ? d ? "disk_" : "file_" : "", b->name);
                        for (int k = optind; k < argc; k++) want |= match(argv[k], label) || match(argv[k], b->name);
                        for (int k = 0; k < nskip; k++) if (match(skipl[k], label) || match(skipl[k], b->name)) want = 0;
                        if (want) isolated(b);
                }
        }
        printf("total %llu %s 1\n", (unsigned long long)(now() - t0), use_clock ? "ns" : "ticks");
        return 0;
}
