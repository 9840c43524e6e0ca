/* SPDX-License-Identifier: MIT
 * Programs that destroy what their system calls stand on, or make calls that no C library makes. They may end as they like; nobody else
 * may notice. */
#include "posixcheck.h"
#include <sys/mman.h>

#define LIBRARY_LOW 0x7f0000000000ul
#define LIBRARY_HIGH 0x7ff000000000ul
struct range { unsigned long start, end; char rights[8]; };
static struct range ranges[64];
static int range_count;

/* What lies between the program and its stack. */
static void find_ranges(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[256];
    while (maps && range_count < 64 && fgets(line, sizeof line, maps)) {
        struct range *r = &ranges[range_count];
        if (sscanf(line, "%lx-%lx %7s", &r->start, &r->end, r->rights) == 3 && r->start >= LIBRARY_LOW && r->end < LIBRARY_HIGH)
            range_count++;
    }
}

static void unmap_everything(void) { munmap((void *)0x10000, 0x7ffffffef000 - 0x10000); }
static void unmap_library(void) { munmap((void *)LIBRARY_LOW, LIBRARY_HIGH - LIBRARY_LOW); }

static void scribble(void)
{
    for (int i = 0; i < range_count; i++)
        if (ranges[i].rights[1] == 'w')
            memset((void *)ranges[i].start, 0x41, ranges[i].end - ranges[i].start);
}

static void replace(void)
{
    for (int i = 0; i < range_count; i++)
        mmap((void *)ranges[i].start, ranges[i].end - ranges[i].start, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void protect(void)
{
    for (int i = 0; i < range_count; i++)
        mprotect((void *)ranges[i].start, ranges[i].end - ranges[i].start, PROT_NONE);
}

/* Numbers from 0x1000 on go to the kernel itself. Those that wait are left out. */
static void call_kernel(void)
{
    static const long waiting[] = {0x1000, 0x1003, 0x1004, 0x1044, 0x1049, 0x1050, 0x1053, 0x1056, 0x1059};
    for (int round = 0; round < 100000; round++) {
        long number = 0x1000 + random() % 0x64, result, here = 0;
        bool waits = false;
        for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
            waits |= number == waiting[i];
        if (waits)
            continue;
        register long r10 __asm__("r10") = random() % 16;
        register long r8 __asm__("r8") = random() % 3;
        register long r9 __asm__("r9") = 0;
        __asm__ volatile("syscall"
                         : "=a"(result)
                         : "a"(number), "D"(random() % 20 - 5), "S"(random() & 1 ? (long)&here : random() & 0xffff),
                           "d"(random() % 8192), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
    }
}

static bool others_live(void (*act)(void))
{
    int ends[2], status;
    char byte = 0;
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (!child) {
        find_ranges();
        act();
        getppid();
        _exit(0);
    }
    status = status_of(child);
    bool lives = write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x';
    close(ends[0]);
    close(ends[1]);
    return lives && (WIFSIGNALED(status) || status == 0);
}

void check_hostile(void)
{
    PROMISE("a program unmaps everything", others_live(unmap_everything));
    PROMISE("a program unmaps what is below its stack", others_live(unmap_library));
    PROMISE("a program overwrites it", others_live(scribble));
    PROMISE("a program replaces it", others_live(replace));
    PROMISE("a program takes its rights away", others_live(protect));
    PROMISE("a program makes the kernel's own calls at random", others_live(call_kernel));
}
