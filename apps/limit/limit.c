/* SPDX-License-Identifier: MIT
 * limit: a program in a group of its own.
 *
 *     limit --memory 32M --contexts 20 --handles 500 -- command arguments     runs the command within these limits
 *     limit --cpu 50% -- command arguments                                    half of one CPU's time, with all its children
 *     limit --report --memory 32M -- command arguments                        and says on stderr at its end what it took
 *     limit                                                                   shows what the present group has and may have
 *
 * The new group is below the caller's: it can only narrow, and what it takes counts above as well. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/group.h"
#include "sys/syscall.h"

static const struct kind { const char *name, *unit; uint64_t divisor; } kinds[] = {
    [GROUP_MEMORY] = {"memory", " KiB", 1024}, [GROUP_HANDLES] = {"handles", "", 1}, [GROUP_CONTEXTS] = {"contexts", "", 1},
    [GROUP_CPU] = {"cpu", "%", 10},
};
#define KINDS (sizeof kinds / sizeof *kinds)

[[noreturn]] static void fail(const char *what, enum status status)
{
    fprintf(stderr, "limit: %s: status %d\n", what, status);
    exit(125);
}

[[noreturn]] static void usage(void)
{
    fprintf(stderr, "usage: limit [--report] [--memory BYTES[K|M|G]] [--contexts N] [--handles N] [--cpu PERCENT] -- command arguments\n"
                    "       limit                 shows the present group\n");
    exit(125);
}

static uint64_t parse_size(const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    end += shift != 0;
    if (end == text || *end || errno || *text == '-' || value > UINT64_MAX >> shift)
        usage();
    return value << shift;
}

/* Of one CPU; 250 is two and a half. */
static uint64_t parse_percent(const char *text)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || strcmp(*end == '%' ? end + 1 : end, "") != 0 || errno || *text == '-' || value > 100000)
        usage();
    return value * kinds[GROUP_CPU].divisor;
}

static void show_number(uint64_t value, const struct kind *kind)
{
    if (value == UINT64_MAX)
        fprintf(stderr, " %12s", "unlimited");
    else
        fprintf(stderr, " %12llu%s", (unsigned long long)(value / kind->divisor), kind->unit);
}

/* On stderr: it must not mix with what a command writes. */
static void show(handle_t group)
{
    for (uint32_t which = 0; which < KINDS; which++) {
        struct group_usage_out use = {};
        struct group_refused_out refused = {};
        enum status status = group_usage(group, &(struct group_usage_in){.which = which}, &use);
        if (status == OK)
            status = group_refused(group, &(struct group_refused_in){.which = which}, &refused);
        if (status != OK)
            fail("the group cannot be asked", status);
        fprintf(stderr, "%-9s used", kinds[which].name);
        show_number(use.used, &kinds[which]);
        fprintf(stderr, " most");
        show_number(use.most, &kinds[which]);
        fprintf(stderr, " limit");
        show_number(use.limit, &kinds[which]);
        fprintf(stderr, " refused %llu\n", (unsigned long long)refused.count);
    }
}

static handle_t own_group(void)
{
    handle_t own;
    enum status status = sys_group_self(PLACE_HIGH, &own);
    if (status != OK)
        fail("no group", status);
    return own;
}

static void set(handle_t group, uint32_t which, uint64_t value)
{
    enum status status = group_limit(group, &(struct group_limit_in){.which = which, .value = value}, nullptr);
    if (status != OK)
        fail(kinds[which].name, status);
}

static handle_t make_group(const uint64_t limits[KINDS])
{
    handle_t own = own_group();
    struct group_create_out made;
    enum status status = group_create(own, &(struct group_create_in){.group_place = PLACE_HIGH}, &made);
    if (status != OK)
        fail("no new group", status);
    for (uint32_t which = 0; which < KINDS; which++)
        if (limits[which] != UINT64_MAX)
            set(made.group, which, limits[which]);
    return made.group;
}

[[noreturn]] static void become(handle_t group, char **command)
{
    enum status status = sys_group_enter(group);
    if (status != OK)
        fail("these limits are too narrow to begin", status);
    execvp(command[0], command);
    fprintf(stderr, "limit: %s: %s\n", command[0], strerror(errno));
    exit(errno == ENOENT ? 127 : 126);
}

/* A fork copies LOW handles only. We stay outside: what we take is not the command's. */
static int run_and_report(handle_t group, char **command)
{
    handle_t low;
    enum status status = sys_handle_dup(group, PLACE_LOW(3) | PLACE_CLOSE_ON_EXEC, 0, 0, 0, &low);
    if (status != OK)
        fail("no handle", status);
    pid_t child = fork();
    if (child == 0)
        become(low, command);
    if (child < 0) {
        perror("limit");
        return 125;
    }
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        ;
    show(group);
    return WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
}

int main(int count, char **arguments)
{
    uint64_t limits[KINDS] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    bool report = false;
    int at = 1;
    if (count == 1) {
        show(own_group());
        return 0;
    }
    for (; at < count && arguments[at][0] == '-' && strcmp(arguments[at], "--") != 0; at++) {
        uint32_t which = 0;
        if (strcmp(arguments[at], "--report") == 0) {
            report = true;
            continue;
        }
        while (which < KINDS && strcmp(arguments[at] + 2, kinds[which].name) != 0)
            which++;
        if (which == KINDS || strncmp(arguments[at], "--", 2) != 0 || at + 1 >= count)
            usage();
        at++;
        limits[which] = which == GROUP_CPU ? parse_percent(arguments[at]) : parse_size(arguments[at]);
    }
    if (at < count && strcmp(arguments[at], "--") == 0)
        at++;
    if (at >= count)
        usage();
    handle_t group = make_group(limits);
    if (report)
        return run_and_report(group, arguments + at);
    become(group, arguments + at);
}
