/* SPDX-License-Identifier: MIT
 * Where the parts of a process lie, over many starts: `places COUNT`. Each start is a new image of this program, which writes five
 * addresses. Every claimed bit must be seen both ways, and as many values must be equal as so many bits give, about. */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES = 5 };
static const struct { const char *name; int shift, bits; } claims[PLACES] = {
    {"stack", 12, 28}, {"program", 12, 28}, {"mapping", 12, 28}, {"vdso", 14, 25}, {"break", 12, 18},
};

static int tell(void)
{
    int here;
    uint64_t brk = (uint64_t)sbrk(0), program = (uint64_t)getauxval(AT_PHDR) & ~4095ul;
    uint64_t values[PLACES] = {(uint64_t)&here, program, (uint64_t)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                               (uint64_t)getauxval(AT_SYSINFO_EHDR), brk - program};
    return write(1, values, sizeof values) != sizeof values;
}

static int order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int judge(int which, uint64_t *values, int count)
{
    uint64_t mask = (1ull << claims[which].bits) - 1, ones = 0, zeros = 0;
    for (int i = 0; i < count; i++) {
        values[i] = values[i] >> claims[which].shift & mask;
        ones |= values[i];
        zeros |= ~values[i] & mask;
    }
    qsort(values, (size_t)count, sizeof *values, order);
    double pairs = 0, run = 0, expected = (double)count * (count - 1) / 2 / (double)(mask + 1);
    for (int i = 1; i < count; i++) {
        run = values[i] == values[i - 1] ? run + 1 : 0;
        pairs += run;
    }
    /* Six standard deviations of a count that is about Poisson's. */
    double limit = expected + 6;
    for (double d = 6; d * d < 36 * expected; d += 0.5)
        limit = expected + d + 6;
    int good = ones == mask && zeros == mask && pairs <= limit;
    printf("%s %s: %d bits, of %d starts; every bit both ways: %s; equal pairs %.0f, expected %.1f, at most %.0f\n", good ? "ok" : "not ok",
           claims[which].name, claims[which].bits, count, ones == mask && zeros == mask ? "yes" : "no", pairs, expected, limit);
    return !good;
}

int main(int count, char **arguments)
{
    if (count == 1)
        return tell();
    int wanted = atoi(arguments[1]), got = 0, bad = 0;
    uint64_t *values[PLACES], one[PLACES];
    for (int k = 0; k < PLACES; k++)
        values[k] = malloc((size_t)wanted * sizeof **values);
    for (; got < wanted; got++) {
        int ends[2];
        if (pipe(ends) != 0)
            break;
        pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], 1);
            execl("/bin/places", "places", (char *)NULL);
            _exit(9);
        }
        close(ends[1]);
        int fine = child > 0 && read(ends[0], one, sizeof one) == sizeof one && waitpid(child, NULL, 0) == child;
        close(ends[0]);
        if (!fine)
            break;
        for (int k = 0; k < PLACES; k++)
            values[k][got] = one[k];
    }
    printf("%s %d of %d starts\n", got == wanted ? "ok" : "not ok", got, wanted);
    for (int k = 0; k < PLACES; k++)
        bad |= judge(k, values[k], got);
    puts("end");
    return bad || got != wanted;
}
