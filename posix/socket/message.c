/* SPDX-License-Identifier: MIT
 * Sending and receiving. The program's vectors and its control buffer's descriptors go to the kernel as they lie: an iovec is two words
 * and a descriptor is an int32_t on both sides. */
#include "posix/linux/file.h"
#include "posix/socket/socket.h"

static_assert(sizeof(struct linux_iovec) == sizeof(struct io_vector) && sizeof(handle_t) == sizeof(int32_t));
#define CONTROL_MAX 16384u
#define MESSAGES_MAX 1024u

/* ---- Sending --------------------------------------------------------------------------------------------------------- */

[[gnu::cold, gnu::noinline]] static int64_t send_failed(int64_t status, uint32_t flags)
{
    if (status == ERR_BROKEN_PIPE && !(flags & LINUX_MSG_NOSIGNAL))
        signal_raise(LINUX_SIGPIPE);
    if (status == ERR_LOOP)
        return -LINUX_ETOOMANYREFS;
    return status == ERR_TOO_BIG ? -LINUX_EMSGSIZE : socket_failure(status);
}

static int64_t send(uint32_t fd, struct channel_message *m, uint32_t flags, const struct socket_address *to)
{
    handle_t target = (handle_t)fd;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    if (flags & LINUX_MSG_OOB)
        return -LINUX_EOPNOTSUPP;
    if (to) {
        struct channel_info info;
        enum status s = sys_channel_info(target, &info);
        if (s != OK)
            return socket_failure(s);
        if (!(info.flags & CHANNEL_DATAGRAM))
            return info.flags & CHANNEL_ALONE ? -LINUX_EOPNOTSUPP : -LINUX_EISCONN;
        TRY_LINUX(address_connector(to, &target));
    }
    m->flags = flags & LINUX_MSG_DONTWAIT ? CHANNEL_NO_WAIT : 0u;
    if (to && !(m->flags & CHANNEL_NO_WAIT) && sys_stream_flags((handle_t)fd, 0, 0) & STREAM_NONBLOCK)
        m->flags |= CHANNEL_NO_WAIT;
    int64_t sent = sys_channel_send(target, m);
    if (to)
        IGNORE(sys_handle_close(target));
    return likely(sent >= 0) ? sent : send_failed(sent, flags);
}

LINUX_CALL(sendto, uint32_t fd, uint64_t buffer, uint64_t length, uint32_t flags, uint64_t address, uint32_t address_bytes)
{
    struct io_vector vector = {buffer, MIN(length, LINUX_RW_MAX)};
    struct channel_message m = {.vectors = sys_address(&vector), .vector_count = 1};
    struct socket_address to;
    if (!address)
        return send(fd, &m, flags, nullptr);
    TRY_LINUX(address_from_program(address, address_bytes, &to));
    return send(fd, &m, flags, &to);
}

/* The descriptors in the control buffer, which stay where they are. */
static int64_t control_parse(const struct linux_msghdr *header, struct channel_message *out)
{
    uint64_t at = header->control, end = at + header->control_bytes;
    if (header->control_bytes > CONTROL_MAX)
        return -LINUX_ENOBUFS;
    while (end - at >= sizeof(struct linux_cmsghdr)) {
        struct linux_cmsghdr c;
        TRY_LINUX(PROGRAM_READ(&c, at));
        if (c.length < sizeof c || c.length > end - at || c.level != LINUX_SOL_SOCKET || c.type != LINUX_SCM_RIGHTS || out->handle_count)
            return -LINUX_EINVAL;
        out->handle_count = (uint32_t)((c.length - sizeof c) / sizeof(handle_t));
        out->handles = at + sizeof c;
        if (out->handle_count > CHANNEL_HANDLES_MAX)
            return -LINUX_EINVAL;
        at += MIN((c.length + 7) & ~7ull, end - at);
    }
    for (uint32_t i = 0; i < out->handle_count; i++) { /* a program that changes them now sends other handles of its own */
        uint32_t fd;
        TRY_LINUX(program_read_u32(out->handles + i * sizeof fd, &fd));
        if (!fd_is_valid(fd))
            return -LINUX_EBADF;
    }
    return 0;
}

static int64_t send_message(uint32_t fd, const struct linux_msghdr *header, uint32_t flags)
{
    struct channel_message m = {.vectors = header->vectors, .vector_count = (uint32_t)header->vector_count};
    struct socket_address to;
    if (header->vector_count > LINUX_IOV_MAX)
        return -LINUX_EMSGSIZE;
    if (header->control && header->control_bytes)
        TRY_LINUX(control_parse(header, &m));
    if (!header->name || !header->name_bytes)
        return send(fd, &m, flags, nullptr);
    TRY_LINUX(address_from_program(header->name, header->name_bytes, &to));
    return send(fd, &m, flags, &to);
}

LINUX_CALL(sendmsg, uint32_t fd, uint64_t header_address, uint32_t flags)
{
    struct linux_msghdr header;
    TRY_LINUX(PROGRAM_READ(&header, header_address));
    return send_message(fd, &header, flags);
}

LINUX_CALL(sendmmsg, uint32_t fd, uint64_t headers, uint32_t count, uint32_t flags)
{
    uint32_t done = 0;
    for (; done < MIN(count, MESSAGES_MAX); done++) {
        struct linux_mmsghdr one;
        uint64_t at = headers + done * sizeof one;
        int64_t sent = PROGRAM_READ(&one, at);
        if (sent == 0)
            sent = send_message(fd, &one.header, flags);
        if (sent >= 0)
            sent = program_write_u32(at + offsetof(struct linux_mmsghdr, length), (uint32_t)sent);
        if (sent < 0)
            return done ? done : sent;
    }
    return done;
}

/* ---- Receiving ------------------------------------------------------------------------------------------------------- */

static int64_t receive(uint32_t fd, struct channel_message *m, uint32_t flags)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    if (flags & LINUX_MSG_OOB)
        return -LINUX_EINVAL;
    m->flags = (flags & LINUX_MSG_DONTWAIT ? CHANNEL_NO_WAIT : 0u) | (flags & LINUX_MSG_PEEK ? CHANNEL_PEEK : 0u);
    m->place = PLACE_LOW(0) | (flags & LINUX_MSG_CMSG_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0);
    int64_t got = sys_channel_receive((handle_t)fd, m);
    if (unlikely(got < 0))
        return got == ERR_NOT_CONNECTED ? -LINUX_EINVAL : socket_failure(got);
    return flags & LINUX_MSG_TRUNC && m->flags & CHANNEL_CUT ? (int64_t)m->length : got;
}

/* MSG_WAITALL on a stream: until the buffer is full, or nothing more comes. */
static int64_t receive_all(uint32_t fd, uint64_t buffer, uint64_t length, uint32_t flags)
{
    uint64_t done = 0;
    while (done < length) {
        struct io_vector vector = {buffer + done, length - done};
        struct channel_message m = {.vectors = sys_address(&vector), .vector_count = 1};
        int64_t got = receive(fd, &m, flags);
        if (got < 0)
            return done ? (int64_t)done : got;
        if (got == 0 || m.length) /* m.length: a message, which is whole */
            return (int64_t)done + got;
        done += (uint64_t)got;
    }
    return (int64_t)done;
}

LINUX_CALL(recvfrom, uint32_t fd, uint64_t buffer, uint64_t length, uint32_t flags, uint64_t address, uint64_t length_address)
{
    length = MIN(length, LINUX_RW_MAX);
    struct io_vector vector = {buffer, length};
    struct channel_message m = {.vectors = sys_address(&vector), .vector_count = 1};
    bool all = flags & LINUX_MSG_WAITALL && !(flags & (LINUX_MSG_PEEK | LINUX_MSG_DONTWAIT));
    int64_t got = all ? receive_all(fd, buffer, length, flags) : receive(fd, &m, flags);
    if (got >= 0 && address && length_address) /* senders have no address of their own */
        TRY_LINUX(program_write_u32(length_address, 0));
    return got;
}

static int64_t receive_message(uint32_t fd, struct linux_msghdr *header, uint64_t header_address, uint32_t flags)
{
    struct channel_message m = {.vectors = header->vectors, .vector_count = (uint32_t)header->vector_count};
    uint64_t room = header->control ? header->control_bytes : 0;
    if (header->vector_count > LINUX_IOV_MAX)
        return -LINUX_EMSGSIZE;
    if (room > sizeof(struct linux_cmsghdr)) {
        m.handles = header->control + sizeof(struct linux_cmsghdr);
        m.handle_count = (uint32_t)MIN((room - sizeof(struct linux_cmsghdr)) / sizeof(handle_t), (uint64_t)CHANNEL_HANDLES_MAX);
    }
    int64_t got = receive(fd, &m, flags);
    if (got < 0)
        return got;
    uint32_t answer = (m.flags & CHANNEL_CUT ? LINUX_MSG_TRUNC : 0u) | (m.flags & CHANNEL_HANDLES_CUT ? LINUX_MSG_CTRUNC : 0u) |
                      (flags & LINUX_MSG_CMSG_CLOEXEC);
    uint64_t control_bytes = 0;
    if (m.handle_count) {
        struct linux_cmsghdr c = {sizeof c + m.handle_count * sizeof(handle_t), LINUX_SOL_SOCKET, LINUX_SCM_RIGHTS};
        TRY_LINUX(PROGRAM_WRITE(header->control, &c));
        control_bytes = MIN((c.length + 7) & ~7ull, room);
    }
    TRY_LINUX(program_write_u32(header_address + offsetof(struct linux_msghdr, name_bytes), 0));
    TRY_LINUX(program_write_u64(header_address + offsetof(struct linux_msghdr, control_bytes), control_bytes));
    TRY_LINUX(program_write_u32(header_address + offsetof(struct linux_msghdr, flags), answer));
    return got;
}

LINUX_CALL(recvmsg, uint32_t fd, uint64_t header_address, uint32_t flags)
{
    struct linux_msghdr header;
    TRY_LINUX(PROGRAM_READ(&header, header_address));
    return receive_message(fd, &header, header_address, flags);
}

LINUX_CALL(recvmmsg, uint32_t fd, uint64_t headers, uint32_t count, uint32_t flags, uint64_t timeout)
{
    uint32_t done = 0;
    if (timeout) /* would have to end a wait in the middle; a program that needs it polls */
        return -LINUX_EOPNOTSUPP;
    for (; done < MIN(count, MESSAGES_MAX); done++) {
        struct linux_mmsghdr one;
        uint64_t at = headers + done * sizeof one;
        int64_t got = PROGRAM_READ(&one, at);
        if (got == 0)
            got = receive_message(fd, &one.header, at, flags & ~LINUX_MSG_WAITFORONE);
        if (got >= 0)
            got = program_write_u32(at + offsetof(struct linux_mmsghdr, length), (uint32_t)got);
        if (got < 0)
            return done ? done : got;
        if (flags & LINUX_MSG_WAITFORONE)
            flags |= LINUX_MSG_DONTWAIT;
    }
    return done;
}
