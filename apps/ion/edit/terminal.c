/* SPDX-License-Identifier: MIT
 * Modes, size and waiting (terminal.h). */
#include "edit/terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int wake_file = -1;

static void on_signal(int number)
{
    int error = errno;
    char what = number == SIGWINCH ? WAKE_RESIZE : number == SIGCHLD ? WAKE_CHILD : WAKE_HANGUP;
    /* A full pipe wakes as well. */
    if (write(wake_file, &what, 1) < 0) {}
    errno = error;
}

/* Terminals that wrap long rows anew when their width changes; the others cut them. */
static bool rewraps(const char *term)
{
    static const char *const SIGNS[] = {"VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE", "TMUX"};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++)
        if (getenv(SIGNS[i])) return true;
    return !strncmp(term, "foot", 4) || !strncmp(term, "tmux", 4);
}

bool terminal_init(struct terminal *t, int file)
{
    const char *term = getenv("TERM");
    if (!term) term = "";
    *t = (struct terminal){.file = file, .wake = {-1, -1}, .columns = 80, .rows = 24};
    if (tcgetattr(file, &t->cooked)) return false;
    t->dumb = !*term || !strcmp(term, "dumb");
    t->plain = t->dumb || getenv("NO_COLOR");
    t->reflows = rewraps(term);
    t->integrates = t->reflows || !strncmp(term, "xterm", 5);
    if (pipe2(t->wake, O_CLOEXEC | O_NONBLOCK)) return false;
    wake_file = t->wake[1];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGWINCH, &action, nullptr);
    sigaction(SIGCHLD, &action, nullptr);
    terminal_measure(t);
    return true;
}

void terminal_measure(struct terminal *t)
{
    struct winsize size;
    t->unknown = ioctl(t->file, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row;
    if (t->unknown) return;
    t->columns = size.ws_col;
    t->rows = size.ws_row;
}

void terminal_told(struct terminal *t, unsigned rows, unsigned columns)
{
    if (!t->unknown || rows < 2 || columns < 2) return;
    /* For programs too, which could not ask. */
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    t->unknown = ioctl(t->file, TIOCSWINSZ, &size) != 0;
    t->rows = rows, t->columns = columns;
}

void terminal_write(const struct terminal *t, const char *text, size_t size)
{
    while (size) {
        ssize_t done = write(t->file, text, size);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        text += done, size -= (size_t)done;
    }
}

void terminal_enter(struct terminal *t)
{
    if (t->raw || tcgetattr(t->file, &t->cooked)) return;
    struct termios raw = t->cooked;
    raw.c_iflag &= ~(tcflag_t)(INLCR | IGNCR | IXON | ISTRIP | BRKINT);
    /* Enter as a newline: what is typed while we go back to lines is a line then. */
    raw.c_iflag |= ICRNL;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(t->file, TCSADRAIN, &raw);
    t->raw = true;
    if (!t->dumb) terminal_write(t, "\x1b[?2004h", 8);
    /* A serial line has no size: the cursor's place, sent as far as it goes and back, is it. */
    static const char QUESTION[] = "\x1b" "7\x1b[999;999H\x1b[6n\x1b" "8";
    if (t->unknown && !t->asked && !t->dumb) terminal_write(t, QUESTION, sizeof QUESTION - 1);
    t->asked = true;
}

void terminal_leave(struct terminal *t)
{
    if (!t->raw) return;
    tcsetattr(t->file, TCSADRAIN, &t->cooked);
    if (!t->dumb) terminal_write(t, "\x1b[?2004l", 8);
    t->raw = false;
}

void terminal_fresh_row(const struct terminal *t)
{
    struct output out = {};
    if (t->dumb) return;
    /* As many characters as there are columns: from the margin they stay in this row, from elsewhere they reach the next one. */
    output_text(&out, t->plain ? "%" : "\x1b[90m\xe2\x8f\x8e\x1b[0m");
    for (unsigned i = 1; i < t->columns; i++) output_text(&out, " ");
    output_text(&out, "\r\x1b[K");
    terminal_write(t, out.at, out.size);
    free(out.at);
}

unsigned terminal_wait(struct terminal *t, bool input, int other, int timeout_ms)
{
    struct pollfd files[] = {{.fd = input ? t->file : -1, .events = POLLIN}, {.fd = t->wake[0], .events = POLLIN}, {.fd = other, .events = POLLIN}};
    char signals[64];
    unsigned what = WAKE_NONE;
    int ready = poll(files, other >= 0 ? 3 : 2, timeout_ms);
    if (ready <= 0) return ready ? WAKE_AGAIN : WAKE_NONE;
    if (files[1].revents) {
        ssize_t count = read(t->wake[0], signals, sizeof signals);
        for (ssize_t i = 0; i < count; i++) what |= (unsigned char)signals[i];
    }
    if (files[0].revents) what |= WAKE_INPUT;
    if (other >= 0 && files[2].revents) what |= WAKE_WORKER;
    return what;
}
