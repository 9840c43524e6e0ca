/* SPDX-License-Identifier: MIT
 * Linux's structures for readiness: poll, select, epoll, eventfd, timerfd. Only posix/ includes this. */
#pragma once
#include <stdint.h>

enum : uint32_t {
    LINUX_POLLIN = 0x1, LINUX_POLLPRI = 0x2, LINUX_POLLOUT = 0x4, LINUX_POLLERR = 0x8, LINUX_POLLHUP = 0x10, LINUX_POLLNVAL = 0x20,
    LINUX_POLLRDNORM = 0x40, LINUX_POLLRDBAND = 0x80, LINUX_POLLWRNORM = 0x100, LINUX_POLLWRBAND = 0x200, LINUX_POLLMSG = 0x400,
    LINUX_POLLRDHUP = 0x2000,
};
struct linux_pollfd { int32_t fd; uint16_t events, revents; };
static_assert(sizeof(struct linux_pollfd) == 8);

enum : uint32_t { LINUX_EPOLL_CTL_ADD = 1, LINUX_EPOLL_CTL_DEL = 2, LINUX_EPOLL_CTL_MOD = 3, LINUX_EPOLL_CLOEXEC = 02000000 };
enum : uint32_t { LINUX_EPOLLEXCLUSIVE = 1u << 28, LINUX_EPOLLWAKEUP = 1u << 29, LINUX_EPOLLONESHOT = 1u << 30, LINUX_EPOLLET = 1u << 31 };
struct __attribute__((packed)) linux_epoll_event { uint32_t events; uint64_t data; };
static_assert(sizeof(struct linux_epoll_event) == 12);

#define LINUX_FD_SETSIZE_WORDS(nfds) (((nfds) + 63u) / 64u)
enum : uint32_t { LINUX_EFD_SEMAPHORE = 1, LINUX_EFD_CLOEXEC = 02000000, LINUX_EFD_NONBLOCK = 04000 };
enum : uint32_t { LINUX_TFD_CLOEXEC = 02000000, LINUX_TFD_NONBLOCK = 04000, LINUX_TFD_TIMER_ABSTIME = 1, LINUX_TFD_TIMER_CANCEL_ON_SET = 2 };
enum : uint32_t { LINUX_TIMERFD_REALTIME = 0, LINUX_TIMERFD_MONOTONIC = 1, LINUX_TIMERFD_BOOTTIME = 7 };
