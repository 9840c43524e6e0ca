/* SPDX-License-Identifier: MIT
 * Making, naming and connecting sockets. */
#include "posix/socket/socket.h"
#include "posix/file/path.h"

int64_t socket_failure(int64_t status)
{
    return status == ERR_WRONG_TYPE ? -LINUX_ENOTSOCK : linux_failure(status);
}

/* ---- Making -------------------------------------------------------------------------------------------------------- */

static int64_t kind_from_linux(uint32_t family, uint32_t type, uint32_t protocol, uint32_t *out_flags)
{
    if (family != LINUX_AF_UNIX) /* the others wait for the network */
        return -LINUX_EAFNOSUPPORT;
    if (type & ~(LINUX_SOCK_TYPE | LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK))
        return -LINUX_EINVAL;
    if (protocol != 0 && protocol != LINUX_AF_UNIX)
        return -LINUX_EPROTONOSUPPORT;
    *out_flags = type & LINUX_SOCK_NONBLOCK ? STREAM_NONBLOCK : 0u;
    switch (type & LINUX_SOCK_TYPE) {
    case LINUX_SOCK_STREAM: return 0;
    case LINUX_SOCK_SEQPACKET: *out_flags |= CHANNEL_MESSAGES; return 0;
    case LINUX_SOCK_DGRAM: *out_flags |= CHANNEL_MESSAGES | CHANNEL_DATAGRAM; return 0;
    default: return -LINUX_ESOCKTNOSUPPORT;
    }
}

static placement_t place_of(uint32_t type)
{
    return PLACE_LOW(0) | (type & LINUX_SOCK_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0);
}

LINUX_CALL(socket, uint32_t family, uint32_t type, uint32_t protocol)
{
    uint32_t flags;
    handle_t ends[2];
    TRY_LINUX(kind_from_linux(family, type, protocol, &flags));
    enum status s = sys_channel_create(ends, flags | CHANNEL_ALONE, place_of(type));
    return s == OK ? ends[0] : linux_failure(s);
}

/* The kernel writes the two numbers straight into the program's array: both sides call it int32_t[2]. */
LINUX_CALL(socketpair, uint32_t family, uint32_t type, uint32_t protocol, uint64_t ends_address)
{
    uint32_t flags;
    TRY_LINUX(kind_from_linux(family, type, protocol, &flags));
    enum status s = sys_channel_create((handle_t *)ends_address, flags, place_of(type));
    return s == OK ? 0 : linux_failure(s);
}

/* ---- Addresses ------------------------------------------------------------------------------------------------------- */

int64_t address_from_program(uint64_t from, uint32_t bytes, struct socket_address *out)
{
    if (bytes < sizeof out->un.family || bytes > sizeof out->un)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read(&out->un, from, bytes));
    if (out->un.family != LINUX_AF_UNIX)
        return out->un.family == LINUX_AF_UNSPEC ? -LINUX_EINVAL : -LINUX_EAFNOSUPPORT;
    out->bytes = bytes - (uint32_t)sizeof out->un.family;
    if (!out->bytes)
        return -LINUX_EINVAL;
    if (!out->un.path[0]) /* abstract names: there is no table of them */
        return -LINUX_EADDRNOTAVAIL;
    for (uint32_t i = 0; i < out->bytes; i++)
        if (!out->un.path[i])
            out->bytes = i;
    return 0;
}

int64_t address_to_program(uint64_t to, uint64_t length_address, const uint8_t *path, uint32_t path_bytes)
{
    struct linux_sockaddr_un un = {.family = LINUX_AF_UNIX};
    uint32_t room, length = (uint32_t)sizeof un.family;
    if (!to)
        return 0;
    TRY_LINUX(program_read_u32(length_address, &room));
    if ((int32_t)room < 0)
        return -LINUX_EINVAL;
    for (uint32_t i = 0; i < path_bytes; i++)
        un.path[i] = path[i];
    if (path_bytes)
        length += MIN(path_bytes + 1, LINUX_UNIX_PATH);
    TRY_LINUX(program_write(to, &un, MIN(room, length)));
    return program_write_u32(length_address, length);
}

static struct view text_of(const struct socket_address *address)
{
    return (struct view){address->un.path, address->bytes};
}

int64_t address_connector(const struct socket_address *address, handle_t *out)
{
    struct vfs_socket_find_in in = {.path = text_of(address), .connector_place = PLACE_HIGH};
    struct vfs_socket_find_out found;
    enum status s = vfs_socket_find(view_current(), &in, &found);
    if (s != OK)
        return path_failure(view_current(), s);
    *out = found.connector;
    return 0;
}

static int64_t end_name(uint32_t fd, bool is_peer, uint64_t to, uint64_t length_address)
{
    struct channel_info info;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_channel_info((handle_t)fd, &info);
    if (s != OK)
        return socket_failure(s);
    if (is_peer && info.flags & CHANNEL_ALONE)
        return -LINUX_ENOTCONN;
    return is_peer ? address_to_program(to, length_address, info.peer_name, info.peer_name_bytes)
                   : address_to_program(to, length_address, info.name, info.name_bytes);
}

LINUX_CALL(getsockname, uint32_t fd, uint64_t to, uint64_t length_address) { return end_name(fd, false, to, length_address); }
LINUX_CALL(getpeername, uint32_t fd, uint64_t to, uint64_t length_address) { return end_name(fd, true, to, length_address); }

/* ---- Meeting --------------------------------------------------------------------------------------------------------- */

/* The kernel knows the name from the connector, which is made first: a name that cannot be had leaves a socket that can be bound no more,
 * so whether the name is free is asked before. */
LINUX_CALL(bind, uint32_t fd, uint64_t from, uint32_t bytes)
{
    struct socket_address address;
    struct channel_info info;
    struct file_attributes there;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_channel_info((handle_t)fd, &info);
    if (s != OK)
        return socket_failure(s);
    TRY_LINUX(address_from_program(from, bytes, &address));
    if (!(info.flags & CHANNEL_ALONE) || info.name_bytes)
        return -LINUX_EINVAL;
    struct vfs_stat_in stat = {.path = text_of(&address), .flags = VFS_NO_FOLLOW, .attributes_space = &there};
    struct vfs_stat_out nothing;
    s = vfs_stat(view_current(), &stat, &nothing);
    if (s != ERR_NOT_FOUND)
        return s == OK ? -LINUX_EADDRINUSE : path_failure(view_current(), s);
    handle_t connector;
    s = sys_channel_connector((handle_t)fd, PLACE_HIGH, text_of(&address), &connector);
    if (s != OK)
        return s == ERR_BUSY ? -LINUX_EINVAL : socket_failure(s);
    struct vfs_socket_bind_in in = {.path = text_of(&address), .mode = 0777 & ~process_current()->umask, .connector = connector};
    struct vfs_socket_bind_out out;
    s = vfs_socket_bind(view_current(), &in, &out);
    IGNORE(sys_handle_close(connector));
    return s == ERR_EXISTS ? -LINUX_EADDRINUSE : path_result(view_current(), s);
}

LINUX_CALL(listen, uint32_t fd, int32_t backlog)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_channel_listen((handle_t)fd, (uint64_t)(backlog < 0 ? INT32_MAX : backlog));
    if (s == ERR_NOT_SUPPORTED)
        return -LINUX_EOPNOTSUPP;
    return socket_result(s);
}

LINUX_CALL(connect, uint32_t fd, uint64_t from, uint32_t bytes)
{
    struct socket_address address;
    struct channel_info info;
    handle_t connector;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_channel_info((handle_t)fd, &info);
    if (s != OK)
        return socket_failure(s);
    if (info.is_listening)
        return -LINUX_EINVAL;
    TRY_LINUX(address_from_program(from, bytes, &address));
    TRY_LINUX(address_connector(&address, &connector));
    s = sys_channel_connect((handle_t)fd, connector, 0);
    IGNORE(sys_handle_close(connector));
    if (s == ERR_WRONG_TYPE)
        return -LINUX_EPROTOTYPE;
    return s == ERR_BUSY ? -LINUX_EISCONN : linux_result(s);
}

static int64_t accept_one(uint32_t fd, uint64_t to, uint64_t length_address, uint32_t flags)
{
    struct channel_info info;
    handle_t end;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    if (flags & ~(LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK))
        return -LINUX_EINVAL;
    enum status s = sys_channel_accept((handle_t)fd, place_of(flags), flags & LINUX_SOCK_NONBLOCK ? STREAM_NONBLOCK : 0u, 0, &end);
    if (s != OK)
        return socket_failure(s);
    int64_t answer = sys_channel_info(end, &info) == OK ? address_to_program(to, length_address, info.peer_name, info.peer_name_bytes) : 0;
    if (answer == 0)
        return end;
    IGNORE(sys_handle_close(end));
    return answer;
}

LINUX_CALL(accept, uint32_t fd, uint64_t to, uint64_t length_address) { return accept_one(fd, to, length_address, 0); }
LINUX_CALL(accept4, uint32_t fd, uint64_t to, uint64_t length_address, uint32_t flags) { return accept_one(fd, to, length_address, flags); }

LINUX_CALL(shutdown, uint32_t fd, uint32_t how)
{
    struct channel_info info;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    if (how > LINUX_SHUT_RDWR)
        return -LINUX_EINVAL;
    enum status s = sys_channel_info((handle_t)fd, &info);
    if (s == OK && info.flags & CHANNEL_ALONE && !info.is_listening)
        return -LINUX_ENOTCONN;
    if (s == OK)
        s = sys_channel_shut((handle_t)fd, how == LINUX_SHUT_RD ? CHANNEL_SHUT_READ : how == LINUX_SHUT_WR ? CHANNEL_SHUT_WRITE
                                                                                       : CHANNEL_SHUT_READ | CHANNEL_SHUT_WRITE);
    return socket_result(s);
}
