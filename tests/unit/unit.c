/* SPDX-License-Identifier: MIT
 * The main of every unit test program. An argument selects the tests whose names contain it; -v names each test. */
#include "unit/unit.h"
#include <stdio.h>
#include <string.h>

/* From the linker; weak, for a folder that has no test yet. */
extern const struct unit_test __start_unit_tests[] __attribute__((weak)), __stop_unit_tests[] __attribute__((weak));

static const struct unit_test *current;
static unsigned failures; /* of the current test */

static void report(const char *file, int line)
{
    failures++;
    printf("%s:%d: %s: ", file, line, current->name);
}

bool unit_check(bool held, const char *file, int line, const char *expression)
{
    if (!held) {
        report(file, line);
        printf("does not hold: %s\n", expression);
    }
    return held;
}

bool unit_check_equal(uint64_t got, uint64_t wanted, const char *file, int line, const char *expression)
{
    if (got != wanted) {
        report(file, line);
        printf("%s: got %lld (0x%llx), wanted %lld (0x%llx)\n", expression, (long long)got, (unsigned long long)got,
               (long long)wanted, (unsigned long long)wanted);
    }
    return got == wanted;
}

bool unit_check_text(const char *got, const char *wanted, const char *file, int line, const char *expression)
{
    bool same = strcmp(got, wanted) == 0;
    if (!same) {
        report(file, line);
        printf("%s: got \"%s\", wanted \"%s\"\n", expression, got, wanted);
    }
    return same;
}

int main(int count, char **arguments)
{
    bool verbose = count > 1 && strcmp(arguments[1], "-v") == 0;
    const char *wanted = count > 1 && !verbose ? arguments[1] : "";
    unsigned passed = 0, failed = 0;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    for (current = __start_unit_tests; current < __stop_unit_tests; current++) {
        if (!strstr(current->name, wanted))
            continue;
        if (verbose)
            printf("%s\n", current->name);
        failures = 0;
        current->run();
        if (failures)
            failed++;
        else
            passed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
