/* SPDX-License-Identifier: MIT
 * Runs the checks that are named, or all. */
#include "posixcheck.h"
#include <time.h>

static int broken;
volatile sig_atomic_t handled, handled_signal;
siginfo_t handled_info;
void *volatile handled_stack;

void promise(const char *name, bool kept, int line)
{
    if (kept) {
        printf("ok %s\n", name);
    } else {
        printf("not ok %s: line %d, errno %d\n", name, line, errno);
        broken++;
    }
}

void note(int signal)
{
    handled++;
    handled_signal = signal;
}

static void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    note(signal);
    handled_info = *info;
    handled_stack = __builtin_frame_address(0);
}

void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

void handle_info(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = flags | SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void run_exec(void) { check_exec("/proc/self/exe"); }

static const struct { const char *name; void (*run)(void); } all[] = {
    {"signals", check_signals}, {"faults", check_faults}, {"interruption", check_interruption}, {"children", check_children},
    {"vfork", check_vfork}, {"exec", run_exec}, {"threads", check_threads}, {"memory", check_memory},
    {"addresses", check_bad_addresses}, {"stress", check_stress},
    {"sockets", check_sockets},
    {"hostile", check_hostile},
};

int main(int count, char **words)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count > 1 && !strcmp(words[1], "after-exec"))
        return check_after_exec();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (count < 2 || !strcmp(words[1], all[i].name))
            all[i].run();
    return broken != 0;
}
