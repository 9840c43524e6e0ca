/* SPDX-License-Identifier: MIT
 * Sockets: pairs are the kernel's channels; everything with an address waits for the network's and the names' server. */
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "sys/syscall.h"

enum : uint32_t { LINUX_AF_UNIX = 1, LINUX_SOCK_STREAM = 1, LINUX_SOCK_TYPE = 0xf, LINUX_SOCK_CLOEXEC = 02000000, LINUX_SOCK_NONBLOCK = 04000 };

LINUX_CALL(socket, uint32_t family, uint32_t type, uint32_t protocol)
{
    (void)family, (void)type, (void)protocol;
    return -LINUX_EAFNOSUPPORT;
}

LINUX_CALL(socketpair, uint32_t family, uint32_t type, uint32_t protocol, uint64_t ends_address)
{
    if (family != LINUX_AF_UNIX)
        return -LINUX_EAFNOSUPPORT;
    if ((type & LINUX_SOCK_TYPE) != LINUX_SOCK_STREAM || (type & ~(LINUX_SOCK_TYPE | LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK)))
        return -LINUX_ESOCKTNOSUPPORT;
    if (protocol != 0 && protocol != LINUX_AF_UNIX)
        return -LINUX_EPROTONOSUPPORT;
    enum status s = sys_channel_create((handle_t *)ends_address, type & LINUX_SOCK_NONBLOCK ? STREAM_NONBLOCK : 0u,
                                       PLACE_LOW(0) | (type & LINUX_SOCK_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0));
    return s == OK ? 0 : linux_failure(s);
}
