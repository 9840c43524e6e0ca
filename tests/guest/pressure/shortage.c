/* SPDX-License-Identifier: MIT
 * Each act below is done again and again; the first time its first allocation in the kernel fails, then its second, until it needs no
 * more of them. Whatever fails must fail as an error of that act, and nothing may stay behind. */
#include "pressure.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 64
#define NTH_MAX 400
#define REPEATS 4 /* of everything, for the leak check */

static uint64_t fail_after; /* for acts that prepare something before their allocations are counted */
static void begin(void) { trap_1(SYS_SHORTAGE, fail_after); }

static void map_and_touch(void)
{
    char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED)
        return;
    mprotect(p + 4096, 4096, PROT_READ);
    mprotect(p + 3 * 4096, 4096, PROT_NONE);
    munmap(p + 5 * 4096, 4096);
    void *q = mremap(p + 8 * 4096, 4096, 16 * 4096, MREMAP_MAYMOVE);
    if (q != MAP_FAILED)
        munmap(q, 16 * 4096);
    munmap(p, PAGES * 4096);
}

static void far_apart(void)
{
    for (uint64_t at = 0x200000000000; at < 0x200000000000 + (5ull << 39); at += 1ull << 39) {
        void *p = mmap((void *)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
        if (p != MAP_FAILED)
            munmap(p, 4096);
    }
}

static void touch(void)
{
    char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; p != MAP_FAILED && i < PAGES; i += 4)
        p[i * 4096] = 1;
}
static void exec_other(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
}
static void fork_and_wait(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void *thread_body(void *argument) { return argument; }
static void threads(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, thread_body, NULL) == 0)
        pthread_join(t, NULL);
}
static void files(void)
{
    static char bytes[3 * 4096];
    int f = open("/tmp/shortage", O_RDWR | O_CREAT, 0600);
    if (f < 0)
        return;
    if (pwrite(f, bytes, sizeof bytes, 0) > 0 && pwrite(f, bytes, 100, 1 << 22) > 0)
        pread(f, bytes, sizeof bytes, 4096);
    ftruncate(f, 0);
    close(f);
    unlink("/tmp/shortage");
}

static void descriptors(void)
{
    int ends[2], e = epoll_create1(0), v = eventfd(0, 0), t = timerfd_create(CLOCK_MONOTONIC, 0);
    struct epoll_event event = {.events = EPOLLIN};
    if (e >= 0 && v >= 0)
        epoll_ctl(e, EPOLL_CTL_ADD, v, &event);
    if (t >= 0)
        timerfd_settime(t, 0, &(struct itimerspec){.it_value = {.tv_nsec = 1}}, NULL);
    if (pipe(ends) == 0) {
        static char bytes[65536];
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        if (write(ends[1], bytes, sizeof bytes) > 0) {
            struct pollfd many[20];
            for (int i = 0; i < 20; i++)
                many[i] = (struct pollfd){.fd = ends[i % 2], .events = POLLIN | POLLOUT};
            poll(many, 20, 0);
        }
        close(ends[0]);
        close(ends[1]);
    }
    for (int i = 100; i < 2000; i += 300)
        if (v >= 0 && dup2(v, i) == i)
            close(i);
    close(e);
    close(v);
    close(t);
}

static void give_up(int64_t handle)
{
    if (handle >= 0)
        trap_1(SYS_handle_close, (uint64_t)handle);
}

static void native_memory(void)
{
    int64_t m = trap_3(SYS_memory_create, 16 * 4096, 0, PLACE_HIGH), w = trap_3(SYS_memory_create, 4 * 4096, MEMORY_WIRED, PLACE_HIGH),
            c = trap_3(SYS_memory_create, 8 * 4096, MEMORY_CONTIGUOUS, PLACE_HIGH), s = trap_1(SYS_space_create, PLACE_HIGH);
    for (int i = 0; i < 2 && m >= 0; i++) {
        int64_t at = trap_6(SYS_map, SELF(HANDLE_SELF_SPACE), 0, 16 * 4096, PROT_READ_ | PROT_WRITE_ | MAP_POPULATE_ | (i ? MAP_SHARED_ : 0u),
                            (uint64_t)m, 0);
        if (at >= 0)
            trap_3(SYS_unmap, SELF(HANDLE_SELF_SPACE), (uint64_t)at, 16 * 4096);
    }
    if (s >= 0 && w >= 0) {
        trap_6(SYS_map, (uint64_t)s, 0, 4 * 4096, PROT_READ_ | PROT_WRITE_ | MAP_WIRED_ | MAP_SHARED_, (uint64_t)w, 0);
        uint64_t word = 7;
        trap_4(SYS_space_write, (uint64_t)s, 0x10000, (uint64_t)&word, 8);
    }
    give_up(m), give_up(w), give_up(c), give_up(s);
}

static void native_objects(void)
{
    int64_t q = trap_1(SYS_queue_create, PLACE_HIGH), t = trap_1(SYS_timer_create, PLACE_HIGH), d = trap_1(SYS_doorbell_create, PLACE_HIGH),
            e = trap_2(SYS_endpoint_create, 0, PLACE_HIGH), n = trap_2(SYS_namespace_create, SELF(HANDLE_NONE), PLACE_HIGH), r = -1, v = -1,
            i = trap_1(SYS_identity_create, PLACE_HIGH);
    if (e >= 0) {
        r = trap_6(SYS_resource_create, (uint64_t)e, 77, RIGHT_ALL, 0, PLACE_HIGH, 0);
        if (t >= 0)
            trap_3(SYS_bind, (uint64_t)e, (uint64_t)t, 5);
        if (d >= 0)
            trap_3(SYS_bind, (uint64_t)e, (uint64_t)d, 6);
        if (d >= 0)
            trap_1(SYS_doorbell_ring, (uint64_t)d);
    }
    if (q >= 0 && t >= 0)
        trap_5(SYS_queue_control, (uint64_t)q, QUEUE_ADD, (uint64_t)t, EVENT_READ, 1);
    if (t >= 0)
        trap_3(SYS_timer_set, (uint64_t)t, now_ns() + 1000000000, 0);
    if (r >= 0) {
        v = trap_5(SYS_handle_dup, (uint64_t)r, PLACE_HIGH, 0, 0, DUP_REVOCABLE);
        if (v >= 0) {
            give_up(trap_5(SYS_handle_dup, (uint64_t)v, PLACE_HIGH, 0, 0, 0));
            trap_1(SYS_handle_revoke, (uint64_t)v);
        }
        if (n >= 0)
            trap_4(SYS_namespace_bind, (uint64_t)n, (uint64_t) "one", 3, (uint64_t)r);
    }
    give_up(q), give_up(t), give_up(d), give_up(r), give_up(v), give_up(n), give_up(e), give_up(i);
}

static void native_processes(void)
{
    struct process_arguments a = {.space = HANDLE_NONE, .name_space = HANDLE_NONE, .group = HANDLE_NONE, .identity = HANDLE_NONE,
                                  .entry = 0x10000, .stack = 0x20000, .name = "never starts"};
    give_up(trap_2(SYS_process_create, (uint64_t)&a, PLACE_HIGH));
}

static void native_files(void)
{
    static char bytes[4096];
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0600, .links = 1};
    int64_t f = trap_4(SYS_file_create, SELF(HANDLE_NONE), 0, (uint64_t)&a, PLACE_HIGH);
    int64_t s = f < 0 ? f : trap_4(SYS_stream_create, (uint64_t)f, STREAM_READ | STREAM_WRITE, RIGHT_ALL, PLACE_HIGH);
    for (uint64_t at = 1; s >= 0 && at < 1ull << 40; at <<= 6)
        trap_4(SYS_write, (uint64_t)s, (uint64_t)bytes, sizeof bytes, at);
    if (s >= 0)
        trap_2(SYS_truncate, (uint64_t)s, 100);
    give_up(s), give_up(f);
}

/* A call to the process itself: one context serves, the other asks. */
static int64_t serving;
static void *server_body(void *argument)
{
    static char room[4096] __attribute__((aligned(4096)));
    (void)argument;
    trap_3(SYS_endpoint_attach, (uint64_t)serving, (uint64_t)room, sizeof room);
    for (int i = 0; i < 4; i++) {
        struct registers r = {.rax = SYS_receive, .rdi = (uint64_t)serving, .rsi = now_ns() + 3000000};
        trap_all(&r);
        if ((int64_t)r.rax >= 0 && r.rax < 0xf000)
            trap_all(&(struct registers){.rax = SYS_reply, .rdi = (uint64_t)serving, .rsi = r.rdi});
    }
    return NULL;
}
static void calls(void)
{
    static char bytes[8192];
    pthread_t t;
    trap_1(SYS_SHORTAGE, 0);
    serving = trap_2(SYS_endpoint_create, 0, PLACE_LOW(3));
    int64_t r = trap_6(SYS_resource_create, (uint64_t)serving, 1, RIGHT_ALL, RESOURCE_ALWAYS_READY, PLACE_LOW(3), STREAM_READ | STREAM_WRITE);
    if (r < 0 || pthread_create(&t, NULL, server_body, NULL) != 0)
        _exit(2);
    begin();
    for (int i = 0; i < 3; i++)
        trap_4(i % 2 ? SYS_read : SYS_write, (uint64_t)r, (uint64_t)bytes, sizeof bytes, 0);
    give_up(r);
    pthread_join(t, NULL);
}

static const struct { const char *name; void (*act)(void); } acts[] = {
    {"mapping, protecting, moving", map_and_touch}, {"mappings far apart", far_apart}, {"touching new pages", touch},
    {"starting another program", exec_other}, {"fork", fork_and_wait}, {"a thread", threads}, {"a file", files},
    {"descriptors", descriptors}, {"memory objects and spaces", native_memory}, {"small objects", native_objects},
    {"a process", native_processes}, {"a sparse file", native_files}, {"calls to a server", calls},
};

/* In a process of its own: a failed page fault is the end of whoever had it. True: nothing failed any more. */
static bool act_once(void (*act)(void), uint64_t n)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        fail_after = n;
        begin();
        act();
        _exit(trap_1(SYS_SHORTAGE, 0) & (int64_t)STRUCK ? 1 : 0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        report("a process for an act", false);
    return status == 0;
}

/* How many of its allocations failed in turn, one in each try. */
static int strike(void (*act)(void))
{
    int n = 1;
    while (n < NTH_MAX && !act_once(act, (uint64_t)n))
        n++;
    return n - 1;
}

int shortage(void)
{
    static struct counts before, after;
    signal(SIGPIPE, SIG_IGN);
    if (trap_1(SYS_SHORTAGE, 0) < 0) {
        report("this kernel can let allocations fail (MH_CHECK=1)", false);
        return 0;
    }
    for (int round = 0; round <= REPEATS; round++) {
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
            int struck = strike(acts[i].act);
            if (round == 0) {
                char name[80];
                snprintf(name, sizeof name, "%s: each of %d allocations failed once", acts[i].name, struck);
                report(name, struck > 0 && struck < NTH_MAX);
            }
        }
        if (round == 0)
            counts_settle(&before);
    }
    counts_settle(&after);
    report("nothing stays behind", counts_compare(&before, &after, REPEATS - 1, 64));
    return 0;
}
