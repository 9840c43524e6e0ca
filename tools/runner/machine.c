/* SPDX-License-Identifier: MIT
 * The loop around one QEMU process. Every stream is a pipe or a socket made here and handed to QEMU by number, so two machines
 * never meet in a file name. When time is over, a non-maskable interrupt makes the kernel dump every context on the log before
 * the machine is ended. */
#include "runner.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { LOG_KEPT = 1 << 20, TAIL_LINES = 100, ARGUMENTS_MAX = 256 };
enum { DUMP_MS = 15000, END_MS = 10000, PANIC_MS = 3000 };
enum stream { STREAM_LOG, STREAM_OUT, STREAM_ERR, STREAM_STATUS, STREAM_QMP, STREAM_INPUT, STREAM_CHILD, STREAMS };
#define DUMP_END "== end of dump =="
#define ESCAPE 0x1d /* control-] ends an interactive machine */

enum phase { PHASE_RUN, PHASE_ENDING /* told how it ended; waits for power-off */, PHASE_DUMP /* NMI sent */, PHASE_DONE };

struct machine {
    const struct machine_options *options;
    pid_t pid;
    struct pollfd fds[STREAMS];
    enum phase phase;
    uint64_t deadline_ms;    /* of the phase; UINT64_MAX: none */
    enum ending ending;
    int code;
    bool timed_out, ready, left, panicked, reached; /* left: by the escape key; reached: options->until was seen */
    bool input_ended;
    FILE *log;
    char *kept;              /* the last LOG_KEPT bytes of the log */
    size_t kept_bytes;
    struct line_buffer log_line, status_line;
    int qemu_status;
};

static int signal_pipe[2];
static struct termios terminal_before;
static bool terminal_changed;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void terminal_restore(void)
{
    if (terminal_changed)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    terminal_changed = false;
}

static void terminal_raw(void)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &terminal_before) != 0)
        return;
    raw = terminal_before;
    cfmakeraw(&raw);
    terminal_changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    (void)atexit(terminal_restore);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fflush(stdout);
    fputs("mh: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static void write_all(int to, struct view bytes)
{
    while (bytes.length) {
        ssize_t n = write(to, bytes.data, bytes.length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            (void)poll(&(struct pollfd){.fd = to, .events = POLLOUT}, 1, 1000);
            continue;
        }
        if (n <= 0)
            return; /* nobody reads; the machine goes on */
        bytes = (struct view){bytes.data + n, bytes.length - (size_t)n};
    }
}

/* -- starting ------------------------------------------------------------------------------------------------------- */

static void on_signal(int number)
{
    uint8_t byte = (uint8_t)number;
    int before = errno;
    (void)!write(signal_pipe[1], &byte, 1);
    errno = before;
}

static bool make_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    (void)sigaction(SIGCHLD, &action, nullptr);
    (void)sigaction(SIGTERM, &action, nullptr);
    (void)sigaction(SIGHUP, &action, nullptr);
    (void)sigaction(SIGINT, &action, nullptr);
    (void)signal(SIGPIPE, SIG_IGN);
    return true;
}

struct arguments { char *at[ARGUMENTS_MAX]; size_t count; };

static void add(struct arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct arguments *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (a->count + 1 >= ARGUMENTS_MAX || vasprintf(&a->at[a->count++], format, arguments) < 0) {
        say("too many arguments for the emulator");
        exit(EXIT_MH);
    }
    a->at[a->count] = nullptr;
    va_end(arguments);
}

/* An output port of the guest that QEMU writes into a pipe of ours; answers the end to read. */
static int add_port(struct arguments *a, const char *name, unsigned port, int *out_child_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    add(a, "-chardev");
    add(a, "file,id=%s,path=/dev/fd/%d", name, ends[1]);
    add(a, "-device");
    add(a, "isa-debugcon,iobase=0x%x,chardev=%s", port, name);
    *out_child_end = ends[1];
    return ends[0];
}

/* A two-way stream; answers our end. */
static int add_socket(struct arguments *a, const char *name, int *out_child_end)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    add(a, "-chardev");
    add(a, "socket,id=%s,fd=%d", name, ends[1]);
    *out_child_end = ends[1];
    return ends[0];
}

static void child(struct arguments *a, const int *keep, size_t count)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* no machine outlives its runner */
    for (size_t i = 0; i < count; i++)
        (void)fcntl(keep[i], F_SETFD, 0);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        (void)dup2(null, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    (void)setpgid(0, 0); /* control-C at the terminal is the runner's */
    execvp(a->at[0], a->at);
    fprintf(stderr, "mh: cannot start %s: %s\n", a->at[0], strerror(errno));
    _exit(EXIT_MH);
}

static bool start(struct machine *m)
{
    struct arguments a = {};
    int child_ends[5];
    int *fd[STREAMS] = {};
    for (int i = 0; i < STREAMS; i++) {
        m->fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
        fd[i] = &m->fds[i].fd;
    }
    for (char **word = m->options->qemu; *word; word++)
        add(&a, "%s", *word);
    *fd[STREAM_LOG] = add_socket(&a, "com", &child_ends[0]);
    add(&a, "-device");
    add(&a, "isa-serial,iobase=0x3f8,irq=4,chardev=com");
    *fd[STREAM_QMP] = add_socket(&a, "qmp", &child_ends[1]);
    add(&a, "-mon");
    add(&a, "chardev=qmp,mode=control");
    *fd[STREAM_OUT] = add_port(&a, "out", 0x500, &child_ends[2]);
    *fd[STREAM_ERR] = add_port(&a, "err", 0x508, &child_ends[3]);
    *fd[STREAM_STATUS] = add_port(&a, "status", 0x520, &child_ends[4]);
    *fd[STREAM_CHILD] = signal_pipe[0];
    if (m->options->interactive)
        *fd[STREAM_INPUT] = STDIN_FILENO;
    m->pid = fork();
    if (m->pid == 0)
        child(&a, child_ends, ARRAY_LENGTH(child_ends));
    for (size_t i = 0; i < ARRAY_LENGTH(child_ends); i++)
        (void)close(child_ends[i]);
    for (size_t i = 0; i < a.count; i++)
        free(a.at[i]);
    if (m->pid > 0)
        write_all(*fd[STREAM_QMP], VIEW_OF_LITERAL("{\"execute\":\"qmp_capabilities\"}\n"));
    return m->pid > 0;
}

/* -- what arrives --------------------------------------------------------------------------------------------------- */

static void enter_phase(struct machine *m, enum phase phase, uint64_t limit_ms)
{
    m->phase = phase;
    m->deadline_ms = limit_ms ? now_ms() + limit_ms : UINT64_MAX;
}

static void end_now(struct machine *m)
{
    (void)kill(m->pid, SIGKILL);
    enter_phase(m, PHASE_DONE, 0);
}

static void keep_log(struct machine *m, struct view bytes)
{
    if (m->log) {
        (void)fwrite(bytes.data, 1, bytes.length, m->log);
        (void)fflush(m->log);
    }
    if (bytes.length > LOG_KEPT / 2)
        bytes = (struct view){bytes.data + bytes.length - LOG_KEPT / 2, LOG_KEPT / 2};
    if (m->kept_bytes + bytes.length > LOG_KEPT) {
        memmove(m->kept, m->kept + LOG_KEPT / 2, m->kept_bytes - LOG_KEPT / 2);
        m->kept_bytes -= LOG_KEPT / 2;
    }
    memcpy(m->kept + m->kept_bytes, bytes.data, bytes.length);
    m->kept_bytes += bytes.length;
}

static bool line_contains(struct view line, const char *text)
{
    return line.length && memmem(line.data, line.length, text, strlen(text)) != nullptr;
}

static void on_panic(struct machine *m)
{
    if (m->panicked)
        return;
    m->panicked = true;
    m->ending = ENDING_PANIC;
    enter_phase(m, PHASE_ENDING, PANIC_MS); /* the rest of its message */
}

static void on_log(struct machine *m, struct view bytes)
{
    struct view line;
    keep_log(m, bytes);
    if (m->options->interactive)
        write_all(STDOUT_FILENO, bytes);
    while (line_take(&m->log_line, &bytes, &line)) {
        if (m->phase == PHASE_DUMP && line_contains(line, DUMP_END))
            end_now(m);
        else if (line.length > 5 && line_contains(line, "PANIC"))
            on_panic(m);
        else if (m->options->until && line_contains(line, m->options->until)) {
            m->reached = true;
            end_now(m);
        }
    }
}

static void on_status(struct machine *m, struct view bytes)
{
    struct view line;
    while (line_take(&m->status_line, &bytes, &line)) {
        enum ending ending = status_line_parse(line, &m->code);
        if (ending == ENDING_READY)
            m->ready = true;
        else if (ending == ENDING_PANIC)
            on_panic(m);
        else if (ending != ENDING_NONE && m->ending == ENDING_NONE) {
            m->ending = ending;
            enter_phase(m, PHASE_ENDING, END_MS);
        }
    }
}

static void on_input(struct machine *m, struct view bytes)
{
    size_t escape = terminal_changed ? view_find(bytes, ESCAPE) : bytes.length;
    if (escape < bytes.length) {
        m->left = true;
        end_now(m);
        return;
    }
    write_all(m->fds[STREAM_LOG].fd, bytes);
}

static void on_signals(struct machine *m, struct view numbers)
{
    for (size_t i = 0; i < numbers.length; i++) {
        if (numbers.data[i] == SIGCHLD) {
            if (waitpid(m->pid, &m->qemu_status, WNOHANG) == m->pid) {
                m->pid = -1;
                enter_phase(m, PHASE_DONE, 0);
            }
            continue;
        }
        (void)kill(m->pid, SIGKILL);
        terminal_restore();
        say("ended by signal %d", numbers.data[i]);
        exit(128 + numbers.data[i]);
    }
}

static void on_bytes(struct machine *m, enum stream stream, struct view bytes)
{
    switch (stream) {
    case STREAM_LOG: on_log(m, bytes); break;
    case STREAM_OUT: write_all(STDOUT_FILENO, bytes); break;
    case STREAM_ERR: write_all(STDERR_FILENO, bytes); break;
    case STREAM_STATUS: on_status(m, bytes); break;
    case STREAM_INPUT: on_input(m, bytes); break;
    case STREAM_CHILD: on_signals(m, bytes); break;
    case STREAM_QMP: /* events and answers: nothing to do */
    case STREAMS: break;
    }
}

/* Reads what there is on one stream; false when it ended. */
static bool drain(struct machine *m, enum stream stream)
{
    uint8_t bytes[16384];
    ssize_t n = read(m->fds[stream].fd, bytes, sizeof bytes);
    if (n > 0) {
        on_bytes(m, stream, (struct view){bytes, (size_t)n});
        return true;
    }
    return n < 0 && (errno == EINTR || errno == EAGAIN);
}

static void on_deadline(struct machine *m)
{
    if (m->phase != PHASE_RUN) {
        end_now(m);
        return;
    }
    m->timed_out = true;
    write_all(m->fds[STREAM_QMP].fd, VIEW_OF_LITERAL("{\"execute\":\"inject-nmi\"}\n"));
    enter_phase(m, PHASE_DUMP, DUMP_MS);
}

static void loop(struct machine *m)
{
    while (m->phase != PHASE_DONE) {
        uint64_t now = now_ms();
        if (now >= m->deadline_ms) {
            on_deadline(m);
            continue;
        }
        uint64_t wait = m->deadline_ms == UINT64_MAX ? 60000 : m->deadline_ms - now;
        if (poll(m->fds, STREAMS, (int)MIN(wait, (uint64_t)60000)) < 0)
            continue;
        for (int i = 0; i < STREAMS && m->phase != PHASE_DONE; i++)
            if (m->fds[i].fd >= 0 && (m->fds[i].revents & (POLLIN | POLLHUP | POLLERR)) && !drain(m, (enum stream)i))
                m->fds[i].fd = -1; /* ended: poll skips it */
    }
}

/* -- the end -------------------------------------------------------------------------------------------------------- */

/* QEMU has ended: what is still in the pipes belongs to the output. */
static void finish(struct machine *m)
{
    static const enum stream outputs[] = {STREAM_OUT, STREAM_ERR, STREAM_STATUS, STREAM_LOG};
    if (m->pid > 0)
        while (waitpid(m->pid, &m->qemu_status, 0) < 0 && errno == EINTR)
            ;
    for (size_t i = 0; i < ARRAY_LENGTH(outputs); i++) {
        struct pollfd *p = &m->fds[outputs[i]];
        while (p->fd >= 0 && poll(&(struct pollfd){.fd = p->fd, .events = POLLIN}, 1, 0) > 0 && drain(m, outputs[i]))
            ;
    }
    terminal_restore();
}

static void print_log_tail(const struct machine *m)
{
    size_t at = m->kept_bytes, lines = 0;
    if (m->options->interactive)
        return; /* was on the terminal all along */
    while (at > 0 && (m->timed_out ? at + LOG_KEPT / 4 > m->kept_bytes : lines <= TAIL_LINES)) {
        at--;
        lines += m->kept[at] == '\n';
    }
    fputs("mh: the log ends with\n", stderr);
    write_all(STDERR_FILENO, (struct view){(const uint8_t *)m->kept + at, m->kept_bytes - at});
    if (m->kept_bytes && m->kept[m->kept_bytes - 1] != '\n')
        fputc('\n', stderr);
}

static int verdict(struct machine *m)
{
    if (m->reached || m->left)
        return 0;
    if (m->panicked) {
        print_log_tail(m);
        say("the kernel panicked");
        return EXIT_PANIC;
    }
    if (m->ending == ENDING_EXIT)
        return m->code;
    if (m->timed_out || m->ending == ENDING_HANG) {
        print_log_tail(m);
        if (m->timed_out)
            say("no end after %u seconds%s", m->options->timeout_s, m->ready ? "" : ", the command was never started");
        else
            say("the system hangs");
        return EXIT_TIMEOUT;
    }
    if (WIFEXITED(m->qemu_status) && WEXITSTATUS(m->qemu_status) == 0 && m->options->interactive)
        return 0;
    print_log_tail(m);
    if (WIFSIGNALED(m->qemu_status))
        say("the emulator was ended by signal %d", WTERMSIG(m->qemu_status));
    else if (WEXITSTATUS(m->qemu_status))
        say("the emulator ended with status %d", WEXITSTATUS(m->qemu_status));
    else
        say("the machine went off or reset without saying how the command ended");
    return EXIT_MH;
}

int machine_run(const struct machine_options *options)
{
    static struct machine m;
    m = (struct machine){.options = options, .kept = malloc(LOG_KEPT), .qemu_status = 0};
    if (options->log_path && !(m.log = fopen(options->log_path, "wb"))) {
        say("cannot write the log %s", options->log_path);
        return EXIT_MH;
    }
    if (!m.kept || !make_signals() || !start(&m)) {
        say("cannot start the emulator: %s", strerror(errno));
        return EXIT_MH;
    }
    if (options->interactive && isatty(STDIN_FILENO))
        terminal_raw();
    enter_phase(&m, PHASE_RUN, (uint64_t)options->timeout_s * 1000);
    loop(&m);
    finish(&m);
    if (m.log)
        (void)fclose(m.log);
    return verdict(&m);
}
