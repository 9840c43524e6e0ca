/* SPDX-License-Identifier: MIT
 * Linux's x86_64 numbers and structures for sockets. Only posix/ includes this. */
#pragma once
#include <stdint.h>

enum : uint32_t {
    LINUX_AF_UNSPEC = 0, LINUX_AF_UNIX = 1, LINUX_AF_INET = 2, LINUX_AF_INET6 = 10,
    LINUX_SOCK_STREAM = 1, LINUX_SOCK_DGRAM = 2, LINUX_SOCK_SEQPACKET = 5, LINUX_SOCK_TYPE = 0xf,
    LINUX_SOCK_NONBLOCK = 04000, LINUX_SOCK_CLOEXEC = 02000000,
    LINUX_MSG_OOB = 1, LINUX_MSG_PEEK = 2, LINUX_MSG_CTRUNC = 8, LINUX_MSG_TRUNC = 0x20, LINUX_MSG_DONTWAIT = 0x40,
    LINUX_MSG_EOR = 0x80, LINUX_MSG_WAITALL = 0x100, LINUX_MSG_NOSIGNAL = 0x4000, LINUX_MSG_MORE = 0x8000,
    LINUX_MSG_WAITFORONE = 0x10000, LINUX_MSG_CMSG_CLOEXEC = 0x40000000,
    LINUX_SHUT_RD = 0, LINUX_SHUT_WR = 1, LINUX_SHUT_RDWR = 2,
    LINUX_SOL_SOCKET = 1,
    LINUX_SO_REUSEADDR = 2, LINUX_SO_TYPE = 3, LINUX_SO_ERROR = 4, LINUX_SO_BROADCAST = 6, LINUX_SO_SNDBUF = 7, LINUX_SO_RCVBUF = 8,
    LINUX_SO_KEEPALIVE = 9, LINUX_SO_REUSEPORT = 15, LINUX_SO_PEERCRED = 17, LINUX_SO_ACCEPTCONN = 30, LINUX_SO_SNDBUFFORCE = 32,
    LINUX_SO_RCVBUFFORCE = 33, LINUX_SO_PROTOCOL = 38, LINUX_SO_DOMAIN = 39,
    LINUX_SCM_RIGHTS = 1,
};

#define LINUX_UNIX_PATH 108u
struct linux_sockaddr_un { uint16_t family; uint8_t path[LINUX_UNIX_PATH]; };
static_assert(sizeof(struct linux_sockaddr_un) == 110);

struct linux_msghdr {
    uint64_t name;
    uint32_t name_bytes, pad;
    uint64_t vectors, vector_count, control, control_bytes;
    uint32_t flags, pad2;
};
static_assert(sizeof(struct linux_msghdr) == 56);
struct linux_mmsghdr { struct linux_msghdr header; uint32_t length, pad; };
struct linux_cmsghdr { uint64_t length; uint32_t level, type; };
static_assert(sizeof(struct linux_cmsghdr) == 16);
struct linux_ucred { uint32_t pid, uid, gid; };
