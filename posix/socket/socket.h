/* SPDX-License-Identifier: MIT
 * What the calls on sockets share. A socket is a channel of the kernel (abi/channel.h), so everything about it travels with dup, fork
 * and exec; names of AF_UNIX sockets are vfsd's, which keeps the connector of each. */
#pragma once
#include "posix/core/call.h"
#include "posix/linux/socket.h"
#include "sys/syscall.h"

/* As linux_failure, but what is not a channel is no socket. */
int64_t socket_failure(int64_t status) __attribute__((cold));
static inline int64_t socket_result(int64_t result)
{
    return likely(result >= 0) ? result : socket_failure(result);
}

struct socket_address { uint32_t bytes; struct linux_sockaddr_un un; }; /* bytes: of path */
int64_t address_from_program(uint64_t from, uint32_t bytes, struct socket_address *out);
/* As much as fits into *length_address bytes; its whole length goes there. address 0: nothing. */
int64_t address_to_program(uint64_t to, uint64_t length_address, const uint8_t *path, uint32_t path_bytes);
/* The connector of the socket that the address names: to be closed. */
int64_t address_connector(const struct socket_address *address, handle_t *out);
