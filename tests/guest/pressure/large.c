/* SPDX-License-Identifier: MIT
 * Large anonymous memory becomes 2 MiB pages, takes few faults, and is the same memory whatever is done to it afterwards. */
#include "pressure.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES (32ul << 20)
#define PAGE 4096ul

static uint64_t large_now(void)
{
    struct counts c;
    counts_settle(&c);
    for (int64_t i = 0; i < c.count; i++)
        if (strcmp(c.kinds[i].name, "large pages") == 0)
            return c.kinds[i].used;
    return 0;
}

static uint64_t *word(char *area, uint64_t page) { return (uint64_t *)(void *)(area + page * PAGE + page % 500 * 8); }
static void fill(char *area, uint64_t from, uint64_t pages, uint64_t salt)
{
    for (uint64_t i = from; i < from + pages; i++)
        *word(area, i) = i * 7 + salt;
}
static bool holds(char *area, uint64_t from, uint64_t pages, uint64_t salt)
{
    for (uint64_t i = from; i < from + pages; i++)
        if (*word(area, i) != i * 7 + salt || area[i * PAGE + 4095] != 0)
            return false;
    return true;
}

static char *fresh(uint64_t salt)
{
    char *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(area, 0, BYTES / PAGE, salt);
    return area;
}

static void clones(char *area)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        bool good = holds(area, 0, BYTES / PAGE, 1);
        fill(area, 100, 2000, 2);
        _exit(!(good && holds(area, 100, 2000, 2) && holds(area, 2100, 1000, 1)));
    }
    fill(area, 600, 600, 3);
    bool good = waitpid(child, &status, 0) == child && status == 0;
    report("a clone and its parent have each their own", good && holds(area, 0, 600, 1) && holds(area, 600, 600, 3) && holds(area, 1200, 4000, 1));
}

static void changes(char *area)
{
    munmap(area + 700 * PAGE, 3 * PAGE);
    mprotect(area + 1500 * PAGE, PAGE, PROT_READ);
    madvise(area + 2600 * PAGE, 2 * PAGE, MADV_DONTNEED);
    bool good = holds(area, 0, 700, 4) && holds(area, 703, 1897, 4) && holds(area, 2602, 3000, 4);
    for (uint64_t i = 0; i < 2 * PAGE; i++)
        good &= area[2600 * PAGE + i] == 0;
    report("a hole, a protection, a page given back touch nothing else", good);
    char *moved = mremap(area + 3000 * PAGE, 1024 * PAGE, 2048 * PAGE, MREMAP_MAYMOVE);
    good = moved != MAP_FAILED;
    for (uint64_t i = 3000; good && i < 4024; i++)
        good = *(uint64_t *)(void *)(moved + (i - 3000) * PAGE + i % 500 * 8) == i * 7 + 4;
    report("what is moved is the same there", good && holds(area, 4024, 4000, 4));
    munmap(moved, 2048 * PAGE);
}

static void passes_through_pipe(char *area)
{
    int ends[2];
    bool good = pipe(ends) == 0;
    static char back[16 * 4096];
    for (uint64_t i = 0; good && i < 64; i++) {
        good = write(ends[1], area + i * 100 * PAGE, 8 * PAGE) == (ssize_t)(8 * PAGE) && read(ends[0], back, 8 * PAGE) == (ssize_t)(8 * PAGE) &&
               memcmp(back, area + i * 100 * PAGE, 8 * PAGE) == 0;
    }
    int file = open("/tmp/large", 2 | 0100, 0600);
    good = good && write(file, area, 1 << 20) == 1 << 20 && pread(file, area + (8 << 20), 1 << 20, 0) == 1 << 20 && memcmp(area, area + (8 << 20), 1 << 20) == 0;
    close(file);
    unlink("/tmp/large");
    report("pipes and files read and write large pages", good);
}

static void *toucher(void *argument)
{
    char *area = argument;
    for (uint64_t i = 1; i < BYTES / PAGE; i += 2)
        *word(area, i) = i * 7 + 9;
    return NULL;
}

static void two_contexts(void)
{
    char *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t other;
    pthread_create(&other, NULL, toucher, area);
    for (uint64_t i = 0; i < BYTES / PAGE; i += 2)
        *word(area, i) = i * 7 + 9;
    pthread_join(other, NULL);
    report("two contexts that fill the same memory lose nothing", holds(area, 0, BYTES / PAGE, 9));
    munmap(area, BYTES);
}

int large_pages(void)
{
    struct rusage before, after;
    uint64_t large_before = large_now();
    getrusage(RUSAGE_SELF, &before);
    char *area = fresh(1);
    getrusage(RUSAGE_SELF, &after);
    uint64_t large = large_now() - large_before;
    printf("# %lu large pages, %ld faults for %lu pages\n", (unsigned long)large, after.ru_minflt - before.ru_minflt, BYTES / PAGE);
    report("most of a large area becomes large pages", large >= 14 && after.ru_minflt - before.ru_minflt < 2000);
    report("its contents are right", holds(area, 0, BYTES / PAGE, 1));
    clones(area);
    munmap(area, BYTES);
    area = fresh(4);
    changes(area);
    munmap(area, BYTES);
    area = fresh(5);
    passes_through_pipe(area);
    munmap(area, BYTES);
    two_contexts();
    report("afterwards none is left", large_now() == large_before);
    return 0;
}
