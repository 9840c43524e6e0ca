/* SPDX-License-Identifier: MIT
 * Socket options. What a channel does not do is not pretended: ENOPROTOOPT. Sizes of buffers and the like are hints, taken and forgotten. */
#include "posix/socket/socket.h"

/* Who holds the token, from the process table (abi/credential.h): a reader takes a line again when it changed meanwhile. */
static struct linux_ucred holder_of(uint64_t token)
{
    const volatile struct process_entry *entry = &process_current()->table_base[(uint32_t)token];
    for (uint32_t tries = 0; tries < 1000; tries++) {
        uint32_t before = __atomic_load_n(&entry->sequence, __ATOMIC_ACQUIRE);
        struct linux_ucred found = {(uint32_t)entry->pid, entry->euid, entry->egid};
        bool is_same = entry->generation == (uint32_t)(token >> 32);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (before & 1 || __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != before)
            continue;
        return is_same ? found : (struct linux_ucred){0, 65534, 65534};
    }
    return (struct linux_ucred){0, 65534, 65534};
}

static int64_t answer(uint64_t to, uint64_t length_address, const void *value, uint32_t bytes)
{
    uint32_t room;
    TRY_LINUX(program_read_u32(length_address, &room));
    if ((int32_t)room < 0)
        return -LINUX_EINVAL;
    TRY_LINUX(program_write(to, value, MIN(room, bytes)));
    return program_write_u32(length_address, MIN(room, bytes));
}

static uint32_t type_of(const struct channel_info *info)
{
    return info->flags & CHANNEL_DATAGRAM ? LINUX_SOCK_DGRAM : info->flags & CHANNEL_MESSAGES ? LINUX_SOCK_SEQPACKET : LINUX_SOCK_STREAM;
}

/* 0, and what it is; channels have options of the socket's own level only. */
static int64_t socket_for_option(uint32_t fd, uint32_t level, struct channel_info *out)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_channel_info((handle_t)fd, out);
    if (s != OK)
        return socket_failure(s);
    return level == LINUX_SOL_SOCKET ? 0 : -LINUX_EOPNOTSUPP;
}

LINUX_CALL(getsockopt, uint32_t fd, uint32_t level, uint32_t option, uint64_t to, uint64_t length_address)
{
    struct channel_info info;
    uint32_t value = 0;
    TRY_LINUX(socket_for_option(fd, level, &info));
    switch (option) {
    case LINUX_SO_PEERCRED: {
        struct linux_ucred who = {0, ~0u, ~0u};
        if (!(info.flags & CHANNEL_ALONE))
            who = holder_of(info.peer_credential);
        return answer(to, length_address, &who, sizeof who);
    }
    case LINUX_SO_TYPE: value = type_of(&info); break;
    case LINUX_SO_DOMAIN: value = LINUX_AF_UNIX; break;
    case LINUX_SO_ACCEPTCONN: value = info.is_listening; break;
    case LINUX_SO_SNDBUF:
    case LINUX_SO_RCVBUF: value = CHANNEL_BYTES; break;
    case LINUX_SO_ERROR:
    case LINUX_SO_PROTOCOL:
    case LINUX_SO_REUSEADDR:
    case LINUX_SO_REUSEPORT:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_KEEPALIVE: break;
    default: return -LINUX_ENOPROTOOPT;
    }
    return answer(to, length_address, &value, sizeof value);
}

LINUX_CALL(setsockopt, uint32_t fd, uint32_t level, uint32_t option, uint64_t from, uint32_t bytes)
{
    struct channel_info info;
    uint32_t value;
    TRY_LINUX(socket_for_option(fd, level, &info));
    if (bytes < sizeof value)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read_u32(from, &value));
    switch (option) {
    case LINUX_SO_SNDBUF:
    case LINUX_SO_RCVBUF:
    case LINUX_SO_SNDBUFFORCE:
    case LINUX_SO_RCVBUFFORCE:
    case LINUX_SO_REUSEADDR:
    case LINUX_SO_REUSEPORT:
    case LINUX_SO_BROADCAST:
    case LINUX_SO_KEEPALIVE: return 0;
    default: return -LINUX_ENOPROTOOPT;
    }
}
