/* SPDX-License-Identifier: MIT
 * ioctl: terminals by the tty protocol, and the few requests that every descriptor knows. There is no table of who is what: a
 * request of terminals is sent to the descriptor, and whoever does not speak the protocol is not a terminal. */
#include "posix/core/call.h"
#include "posix/file/convert.h"
#include "posix/terminal/termios.h"
#include "protocol/tty.h"
#include "sys/syscall.h"

/* Other kernel objects and other servers refuse the message itself. */
static int64_t terminal_answer(enum status s)
{
    if (likely(s == OK))
        return 0;
    if (s == ERR_NOT_TERMINAL || s == ERR_NOT_SUPPORTED || s == ERR_WRONG_TYPE)
        return -LINUX_ENOTTY;
    return linux_failure(s);
}

static int64_t settings_get(handle_t terminal, uint64_t to, size_t bytes)
{
    struct tty_get_in in = {};
    struct tty_get_out out;
    TRY_LINUX(terminal_answer(tty_get(terminal, &in, &out)));
    struct linux_termios2 termios;
    termios_from_settings(&out.settings, &termios);
    return program_write(to, &termios, bytes);
}

static int64_t settings_set(handle_t terminal, uint64_t from, uint32_t how, size_t bytes)
{
    struct tty_get_in get_in = {};
    struct tty_get_out now;
    TRY_LINUX(terminal_answer(tty_get(terminal, &get_in, &now)));
    struct linux_termios2 termios = {};
    TRY_LINUX(program_read(&termios, from, bytes));
    settings_from_termios(&termios, bytes == sizeof termios, &now.settings);
    struct tty_set_in in = {.how = how, .settings = &now.settings};
    struct tty_set_out out;
    return terminal_answer(tty_set(terminal, &in, &out));
}

static int64_t size_get(handle_t terminal, uint64_t to)
{
    struct tty_get_size_in in = {};
    struct tty_get_size_out out;
    TRY_LINUX(terminal_answer(tty_get_size(terminal, &in, &out)));
    struct linux_winsize size = {(uint16_t)out.rows, (uint16_t)out.columns, (uint16_t)out.width, (uint16_t)out.height};
    return PROGRAM_WRITE(to, &size);
}

static int64_t size_set(handle_t terminal, uint64_t from)
{
    struct linux_winsize size;
    TRY_LINUX(PROGRAM_READ(&size, from));
    struct tty_set_size_in in = {size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
    struct tty_set_size_out out;
    return terminal_answer(tty_set_size(terminal, &in, &out));
}

static int64_t group_get(handle_t terminal, uint64_t to)
{
    struct tty_get_group_in in = {};
    struct tty_get_group_out out;
    TRY_LINUX(terminal_answer(tty_get_group(terminal, &in, &out)));
    return program_write_u32(to, (uint32_t)out.pgid);
}

static int64_t group_set(handle_t terminal, uint64_t from)
{
    struct tty_set_group_in in = {};
    struct tty_set_group_out out;
    TRY_LINUX(program_read(&in.pgid, from, sizeof in.pgid));
    return terminal_answer(tty_set_group(terminal, &in, &out));
}

static int64_t session_get(handle_t terminal, uint64_t to)
{
    struct tty_get_session_in in = {};
    struct tty_get_session_out out;
    TRY_LINUX(terminal_answer(tty_get_session(terminal, &in, &out)));
    return program_write_u32(to, (uint32_t)out.sid);
}

static int64_t controlling_attach(handle_t terminal, uint64_t force)
{
    struct tty_attach_in in = {.force = force == 1};
    struct tty_attach_out out;
    return terminal_answer(tty_attach(terminal, &in, &out));
}

static int64_t controlling_detach(handle_t terminal)
{
    struct tty_detach_in in = {};
    struct tty_detach_out out;
    return terminal_answer(tty_detach(terminal, &in, &out));
}

static int64_t queue_flush(handle_t terminal, uint64_t which)
{
    static const uint8_t WHAT[] = {TTY_FLUSH_INPUT, TTY_FLUSH_OUTPUT, TTY_FLUSH_INPUT | TTY_FLUSH_OUTPUT};
    if (which > LINUX_TCIOFLUSH)
        return -LINUX_EINVAL;
    struct tty_discard_in in = {.what = WHAT[which]};
    struct tty_discard_out out;
    return terminal_answer(tty_discard(terminal, &in, &out));
}

/* tcsendbreak; a non-zero argument is how tcdrain asks, and output waits nowhere but in a set with DRAIN. */
static int64_t send_break(handle_t terminal, uint64_t drain)
{
    if (drain) {
        struct tty_get_in get_in = {};
        struct tty_get_out now;
        TRY_LINUX(terminal_answer(tty_get(terminal, &get_in, &now)));
        struct tty_set_in in = {.how = TTY_DRAIN, .settings = &now.settings};
        struct tty_set_out out;
        return terminal_answer(tty_set(terminal, &in, &out));
    }
    struct tty_send_break_in in = {};
    struct tty_send_break_out out;
    return terminal_answer(tty_send_break(terminal, &in, &out));
}

#define NUMBER_ASK 2u
static int64_t pseudo_number(handle_t terminal, uint32_t lock, uint32_t *out_number)
{
    struct tty_number_in in = {.lock = lock};
    struct tty_number_out out;
    TRY_LINUX(terminal_answer(tty_number(terminal, &in, &out)));
    *out_number = out.number;
    return 0;
}

static int64_t pseudo_number_get(handle_t terminal, uint64_t to)
{
    uint32_t number;
    TRY_LINUX(pseudo_number(terminal, NUMBER_ASK, &number));
    return program_write_u32(to, number);
}

static int64_t pseudo_lock(handle_t terminal, uint64_t from)
{
    uint32_t lock, number;
    TRY_LINUX(program_read_u32(from, &lock));
    return pseudo_number(terminal, lock != 0, &number);
}

/* Bytes that a read would give now: a terminal tells; a file by size and position; a pipe's size is what waits in it. */
static int64_t available(handle_t handle, uint64_t to)
{
    struct tty_available_in in = {};
    struct tty_available_out out;
    int64_t answer = terminal_answer(tty_available(handle, &in, &out));
    if (answer == 0)
        return program_write_u32(to, out.bytes);
    struct file_attributes attributes;
    struct channel_info channel;
    if (answer != -LINUX_ENOTTY)
        return answer;
    if (sys_channel_info(handle, &channel) == OK)
        return program_write_u32(to, (uint32_t)channel.waiting_bytes);
    if (sys_stat(handle, &attributes) != OK || (attributes.type != FILE_REGULAR && attributes.type != FILE_FIFO))
        return -LINUX_ENOTTY;
    int64_t bytes = (int64_t)attributes.size_bytes;
    if (attributes.type == FILE_REGULAR)
        bytes -= MAX(sys_seek(handle, 0, SEEK_CUR_), (int64_t)0);
    return program_write_u32(to, (uint32_t)MIN(MAX(bytes, (int64_t)0), (int64_t)INT32_MAX));
}

static int64_t nonblock_set(handle_t handle, uint64_t from)
{
    uint32_t on;
    TRY_LINUX(program_read_u32(from, &on));
    int64_t old = sys_stream_flags(handle, on ? STREAM_NONBLOCK : 0u, on ? 0u : STREAM_NONBLOCK);
    return old < 0 ? linux_failure(old) : 0;
}

static int64_t close_on_exec_set(handle_t handle, bool on)
{
    int64_t old = sys_handle_flags(handle, on ? HANDLE_CLOSE_ON_EXEC : 0u, on ? 0u : HANDLE_CLOSE_ON_EXEC);
    return old < 0 ? linux_failure(old) : 0;
}

LINUX_CALL(ioctl, uint32_t fd, uint32_t request, uint64_t argument)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    handle_t handle = (handle_t)fd;
    switch (request) {
    case LINUX_TCGETS:
        return settings_get(handle, argument, sizeof(struct linux_termios));
    case LINUX_TCGETS2:
        return settings_get(handle, argument, sizeof(struct linux_termios2));
    case LINUX_TCSETS:
        return settings_set(handle, argument, 0, sizeof(struct linux_termios));
    case LINUX_TCSETSW:
        return settings_set(handle, argument, TTY_DRAIN, sizeof(struct linux_termios));
    case LINUX_TCSETSF:
        return settings_set(handle, argument, TTY_DRAIN | TTY_FLUSH, sizeof(struct linux_termios));
    case LINUX_TCSETS2:
        return settings_set(handle, argument, 0, sizeof(struct linux_termios2));
    case LINUX_TCSETSW2:
        return settings_set(handle, argument, TTY_DRAIN, sizeof(struct linux_termios2));
    case LINUX_TCSETSF2:
        return settings_set(handle, argument, TTY_DRAIN | TTY_FLUSH, sizeof(struct linux_termios2));
    case LINUX_TIOCGWINSZ:
        return size_get(handle, argument);
    case LINUX_TIOCSWINSZ:
        return size_set(handle, argument);
    case LINUX_TIOCGPGRP:
        return group_get(handle, argument);
    case LINUX_TIOCSPGRP:
        return group_set(handle, argument);
    case LINUX_TIOCGSID:
        return session_get(handle, argument);
    case LINUX_TIOCSCTTY:
        return controlling_attach(handle, argument);
    case LINUX_TIOCNOTTY:
        return controlling_detach(handle);
    case LINUX_TCFLSH:
        return queue_flush(handle, argument);
    case LINUX_TCSBRK:
        return send_break(handle, argument);
    case LINUX_TCSBRKP:
        return send_break(handle, 0);
    case LINUX_TIOCGPTN:
        return pseudo_number_get(handle, argument);
    case LINUX_TIOCSPTLCK:
        return pseudo_lock(handle, argument);
    case LINUX_FIONREAD:
        return available(handle, argument);
    case LINUX_FIONBIO:
        return nonblock_set(handle, argument);
    case LINUX_FIOCLEX:
        return close_on_exec_set(handle, true);
    case LINUX_FIONCLEX:
        return close_on_exec_set(handle, false);
    default: {
        int64_t flags = sys_handle_flags(handle, 0, 0);
        return flags < 0 ? linux_failure(flags) : -LINUX_ENOTTY;
    }
    }
}
