/* SPDX-License-Identifier: MIT
 * calls [NAME...]: runs all checks, or those named; one line `ok NAME` or `not ok NAME: why` each. */
#include "calls.h"

int failures;
volatile int hits;
static const char *running;

static void on_signal(int signal_number)
{
    (void)signal_number;
    hits++;
}

void handle(int signal_number, int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(signal_number, &action, NULL);
}

void failed_check(const char *file, int line, const char *what, long got)
{
    int error = errno;
    if (!failures++)
        printf("not ok %s: %s:%d: %s (answer %ld, errno %d %s)\n", running, file, line, what, got, error,
               strerror(error));
}

void make_file(const char *name)
{
    int f = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (f < 0 || write(f, "few bytes", 9) != 9)
        failed_check(__FILE__, __LINE__, "a file can be made", 0);
    close(f);
}

static const struct {
    const char *name;
    void (*run)(void);
} checks[] = {
    {"fresh", check_fresh},
    {"descriptors", check_descriptors}, {"names", check_names},     {"listing", check_listing},
    {"readiness", check_readiness},     {"copies", check_copies},   {"own", check_own},
    {"counters", check_counters},       {"sharing", check_sharing}, {"interruption", check_interruption},
    {"terminals", check_terminals},     {"threads", check_threads},
};

static int is_wanted(const char *name, char **names)
{
    if (!*names)
        return 1;
    for (; *names; names++)
        if (!strcmp(name, *names))
            return 1;
    return 0;
}

/* In a child, so that no check finds another one's descriptors, handlers or timers. */
static int run_apart(size_t i)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        running = checks[i].name;
        alarm(60); /* `interruption` sets its own handler; a check that hangs ends by this */
        checks[i].run();
        if (!failures)
            printf("ok %s\n", running);
        fflush(stdout);
        _exit(failures != 0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("not ok %s: ended by signal %d\n", checks[i].name, WTERMSIG(status));
    return status != 0;
}

int main(int count, char **arguments)
{
    (void)count;
    char folder[] = "/tmp/calls-XXXXXX", command[64];
    int bad = 0;
    if (!mkdtemp(folder) || chdir(folder))
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (is_wanted(checks[i].name, arguments + 1)) {
            mkdir("x", 0755);
            if (chdir("x"))
                return 2;
            bad += run_apart(i);
            if (chdir(".."))
                return 2;
            snprintf(command, sizeof command, "rm -rf %s/x", folder);
            bad += system(command) != 0;
        }
    rmdir(folder);
    return bad != 0;
}
