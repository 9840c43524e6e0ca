/* SPDX-License-Identifier: MIT
 * growth: what a handle lookup, a timer, a mapping, a page fault, a wake-up and a call to a server cost with 10 and with 10,000 of their kind.
 * Prints `name ten ten-thousand`, in nanoseconds of the monotonic clock, which are instructions under `--icount`. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMES 500
#define MANY 10000
#define PLACE_HIGH (2ll << 60)

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static long native(long number, long a, long b, long c)
{
    long answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return answer;
}
static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

/* -- handles ------------------------------------------------------------------------------------------------------------- */

static int last_descriptor, descriptors;
static void more_descriptors(int n)
{
    for (; descriptors < n; descriptors++)
        must((last_descriptor = dup(0)) >= 0, "dup");
}
static void look_up(void) { must(fcntl(last_descriptor, F_GETFD) >= 0, "fcntl"); }
static void open_close(void)
{
    int fd = dup(last_descriptor);
    must(fd >= 0 && !close(fd), "dup and close");
}

/* -- timers -------------------------------------------------------------------------------------------------------------- */

static long last_timer;
static int timers;
static void more_timers(int n)
{
    for (; timers < n; timers++) {
        last_timer = native(0x1054, PLACE_HIGH, 0, 0);
        must(last_timer >= 0 && native(0x1055, last_timer, (long)now_ns() + 3600000000000l + timers * 1000l, 0) >= 0, "timer");
    }
}
static void set_timer(void) { must(native(0x1055, last_timer, (long)now_ns() + 1800000000000l, 0) >= 0, "timer_set"); }

/* -- mappings: each with another protection than its neighbours, so that none are joined ------------------------------------- */

static int mappings;
static void more_mappings(int n)
{
    for (; mappings < n; mappings++)
        must(mmap(NULL, 4096, mappings & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED, "mmap");
}
static void map_unmap(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(p != MAP_FAILED && !munmap(p, 4096), "mmap and munmap");
}
static void fault(void)
{
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)p = 1;
    munmap(p, 4096);
}

/* -- calls: open resources of one server ---------------------------------------------------------------------------------------- */

static int last_directory = -1, directories;
static void more_resources(int n)
{
    for (; directories < n; directories++)
        must((last_directory = open("/tmp", O_RDONLY | O_DIRECTORY)) >= 0, "open");
}
static void call_server(void) { must(lseek(last_directory, 0, SEEK_SET) == 0, "lseek"); }

static const struct row { const char *name; void (*more)(int n), (*act)(void); } rows[] = {
    {"handle lookup", more_descriptors, look_up}, {"dup, close", more_descriptors, open_close}, {"timer set", more_timers, set_timer},
    {"map, unmap", more_mappings, map_unmap}, {"map, touch, unmap", more_mappings, fault}, {"call on a resource", more_resources, call_server},
};
enum { ROWS = sizeof rows / sizeof *rows };

static uint64_t cost(void (*act)(void))
{
    act();
    uint64_t start = now_ns();
    for (int i = 0; i < TIMES; i++)
        act();
    return (now_ns() - start) / TIMES;
}

int main(void)
{
    uint64_t few[ROWS];
    struct rlimit most = {3 * MANY, 3 * MANY};
    must(!setrlimit(RLIMIT_NOFILE, &most), "setrlimit");
    for (int i = 0; i < ROWS; i++) {
        rows[i].more(10);
        few[i] = cost(rows[i].act);
    }
    for (int i = 0; i < ROWS; i++) {
        rows[i].more(MANY);
        printf("%-22s %8llu %8llu\n", rows[i].name, (unsigned long long)few[i], (unsigned long long)cost(rows[i].act));
        fflush(stdout);
    }
    return 0;
}
