/* SPDX-License-Identifier: MIT
 * pressure: the kernel under want of memory, random calls, many processes and everything at once; each ends with a comparison of what
 * the kernel holds with what it held before. Prints `ok NAME` and `not ok NAME`; the status says whether all held. */
#include "pressure.h"
#include <stdlib.h>
#include <time.h>

int failures;

void report(const char *name, bool holds)
{
    printf("%s %s\n", holds ? "ok" : "not ok", name);
    fflush(stdout);
    failures += !holds;
}

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void read_counts(struct counts *c)
{
    c->count = trap_2(SYS_kernel_counts, (uint64_t)c->kinds, sizeof c->kinds / sizeof c->kinds[0]);
    if (c->count < 0 || c->count > (int64_t)(sizeof c->kinds / sizeof c->kinds[0])) {
        fprintf(stderr, "kernel_counts answers %ld\n", (long)c->count);
        exit(2);
    }
}

void counts_settle(struct counts *out)
{
    struct counts before;
    int equal = 0;
    read_counts(out);
    for (int tries = 0; tries < 100 && equal < 4; tries++) {
        before = *out;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        read_counts(out);
        equal = memcmp(&before.kinds, &out->kinds, (size_t)out->count * sizeof out->kinds[0]) == 0 ? equal + 1 : 0;
    }
}

void counts_print(const struct counts *c)
{
    for (int64_t i = 0; i < c->count; i++)
        printf("%-24s %10lu %12lu\n", c->kinds[i].name, (unsigned long)c->kinds[i].used, (unsigned long)c->kinds[i].bytes);
}

bool counts_compare(const struct counts *before, const struct counts *after, uint64_t slack, uint64_t slack_frames)
{
    bool good = true;
    for (int64_t i = 0; i < after->count; i++) {
        const struct kernel_count *new = &after->kinds[i];
        uint64_t old = 0;
        for (int64_t k = 0; k < before->count; k++)
            if (strcmp(before->kinds[k].name, new->name) == 0)
                old = before->kinds[k].used;
        /* A magazine is made when a CPU first uses a cache, and stays. */
        bool shelved = strcmp(new->name, "frames") == 0 || strcmp(new->name, "page tables") == 0; /* each CPU keeps some */
        uint64_t allowed = shelved ? slack_frames : strcmp(new->name, "magazine") == 0 ? 200 : slack;
        if (new->used != old)
            printf("# %s: %lu, then %lu\n", new->name, (unsigned long)old, (unsigned long)new->used);
        good &= new->used <= old + allowed;
    }
    return good;
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "shortage") == 0)
        shortage();
    else if (strcmp(what, "large") == 0)
        large_pages();
    else if (strcmp(what, "calls") == 0 && count == 6)
        random_calls(strtoul(arguments[2], NULL, 0), atoi(arguments[3]), atoi(arguments[4]), atoi(arguments[5]));
    else if (strcmp(what, "processes") == 0 && count == 3)
        many_processes(atoi(arguments[2]));
    else if (strcmp(what, "mixed") == 0 && count == 4)
        mixed(strtoul(arguments[2], NULL, 0), atoi(arguments[3]));
    else if (strcmp(what, "counts") == 0) {
        struct counts c;
        counts_settle(&c);
        counts_print(&c);
    } else {
        fprintf(stderr, "pressure shortage | large | calls SEED ROUNDS PROCESSES MILLISECONDS | processes COUNT | mixed SEED SECONDS | counts\n");
        return 2;
    }
    puts("end");
    return failures != 0;
}
