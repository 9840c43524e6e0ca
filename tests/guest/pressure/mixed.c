/* SPDX-License-Identifier: MIT
 * Everything at once for some seconds: storms of forks, kills, programs started, memory taken until there is no more, files read and written
 * through the page cache, servers that die while they are asked. Each kind is a process that checks its own results. */
#include "pressure.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t ends_at;
static struct chance chance;

static int fork_storm(void)
{
    while (now_ns() < ends_at) {
        pid_t children[12];
        int status, made = 0;
        for (; made < 12; made++) {
            children[made] = fork();
            if (children[made] < 0)
                break; /* want of memory is a proper answer while another process takes all */
            if (children[made] == 0)
                _exit(made);
        }
        for (int i = 0; i < made; i++)
            if (waitpid(children[i], &status, 0) != children[i] || (WIFEXITED(status) && WEXITSTATUS(status) != i))
                return 1;
    }
    return 0;
}

static int kills(void)
{
    while (now_ns() < ends_at) {
        int status;
        pid_t child = fork();
        if (child == 0)
            for (;;)
                if (one_in(&chance, 2))
                    usleep(100);
        if (child < 0)
            continue;
        usleep(next(&chance) % 3000);
        kill(child, SIGKILL);
        if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
            return 1;
    }
    return 0;
}

static int programs(void)
{
    while (now_ns() < ends_at) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(9);
        }
        if (child > 0 && waitpid(child, &status, 0) != child)
            return 1;
    }
    return 0;
}

/* Takes memory until there is none, or a fair share of it is ours; gives it back by dying. */
static int hunger(void)
{
    while (now_ns() < ends_at) {
        pid_t child = fork();
        if (child == 0) {
            while (now_ns() < ends_at) {
                char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p == MAP_FAILED)
                    _exit(0);
                for (int i = 0; i < 1 << 20; i += 4096)
                    p[i] = 1;
            }
            _exit(0);
        }
        if (child > 0)
            waitpid(child, NULL, 0);
        usleep(200000);
    }
    return 0;
}

static int files(void)
{
    static uint64_t page[512];
    char name[64];
    snprintf(name, sizeof name, "/tmp/mixed.%d", getpid());
    int f = open(name, O_RDWR | O_CREAT, 0600);
    while (f >= 0 && now_ns() < ends_at) {
        uint64_t at = next(&chance) % 64;
        for (int i = 0; i < 512; i++)
            page[i] = at * 1000 + (uint64_t)i;
        if (pwrite(f, page, sizeof page, (off_t)at * 4096) != sizeof page)
            continue; /* no room is a proper answer */
        page[7] = 0;
        if (pread(f, page, sizeof page, (off_t)at * 4096) != sizeof page || page[7] != at * 1000 + 7)
            return 1;
    }
    close(f);
    unlink(name);
    return f < 0;
}

static int reader(void)
{
    static char bytes[65536];
    uint64_t first_sum = 0;
    for (int round = 0; now_ns() < ends_at; round++) {
        uint64_t sum = 0;
        int f = open("/bin/busybox", O_RDONLY);
        ssize_t got;
        while (f >= 0 && (got = read(f, bytes, sizeof bytes)) > 0)
            for (ssize_t i = 0; i < got; i += 64)
                sum += (uint64_t)(unsigned char)bytes[i];
        close(f);
        if (f < 0)
            continue;
        if (round == 0)
            first_sum = sum;
        if (sum != first_sum)
            return 1;
    }
    return 0;
}

static int64_t endpoint, resource;
static int dying_servers(void)
{
    while (now_ns() < ends_at) {
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 50; i++) {
                struct registers r = {.rax = SYS_receive, .rdi = (uint64_t)endpoint, .rsi = now_ns() + 50000000};
                trap_all(&r);
                if ((int64_t)r.rax < 0 || r.rax >= 0xf000)
                    continue;
                if (i < 49)
                    trap_all(&(struct registers){.rax = SYS_reply, .rdi = (uint64_t)endpoint, .rsi = r.rdi, .rbp = 42});
            }
            _exit(0); /* with a request that it took and never answered */
        }
        if (child > 0)
            waitpid(child, NULL, 0);
    }
    return 0;
}

static int askers(void)
{
    while (now_ns() < ends_at) {
        struct registers r = {.rax = SYS_call, .rdi = (uint64_t)resource, .rsi = OP_CONTROL | KIND_INTERRUPTIBLE};
        trap_all(&r);
        if ((int64_t)r.rax >= 0 && r.rax != 42)
            return 1;
    }
    return 0;
}

static const struct { const char *name; int (*work)(void); } kinds[] = {
    {"fork storms", fork_storm}, {"kills", kills}, {"programs", programs}, {"memory taken until there is no more", hunger},
    {"files written and read", files}, {"a program's file read again and again", reader}, {"servers that die", dying_servers}, {"their clients", askers},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void one_round(uint64_t seed, int seconds, bool tell)
{
    pid_t children[KINDS];
    ends_at = now_ns() + (uint64_t)seconds * 1000000000ull;
    endpoint = trap_2(SYS_endpoint_create, 0, PLACE_LOW(3));
    resource = trap_6(SYS_resource_create, (uint64_t)endpoint, 1, RIGHT_ALL, 0, PLACE_LOW(3), STREAM_READ | STREAM_WRITE);
    for (size_t i = 0; i < KINDS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            chance_seed(&chance, seed * KINDS + i);
            _exit(kinds[i].work());
        }
    }
    for (size_t i = 0; i < KINDS; i++) {
        int status = -1;
        pid_t got = children[i];
        if (kinds[i].work == askers) { /* may wait for a server for ever */
            usleep(200000);
            kill(children[i], SIGKILL);
        }
        got = waitpid(children[i], &status, 0);
        /* A page fault without memory is the end of whoever has it, SIGBUS. */
        bool killed = WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS);
        if (tell)
            report(kinds[i].name, got == children[i] && (status == 0 || killed));
    }
    trap_1(SYS_handle_close, (uint64_t)resource);
    trap_1(SYS_handle_close, (uint64_t)endpoint);
}

int mixed(uint64_t seed, int seconds)
{
    static struct counts before, after;
    one_round(seed, 2 + seconds / 4, false);
    counts_settle(&before);
    one_round(seed + 1, seconds, true);
    counts_settle(&after);
    report("the kernel holds what it held before", counts_compare(&before, &after, 24, 512));
    return 0;
}
