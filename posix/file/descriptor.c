/* SPDX-License-Identifier: MIT
 * Calls about descriptors themselves: close, the dup family, fcntl. Close-on-exec lives in the kernel's slot, status flags in the
 * kernel's stream; nothing is kept here. */
#include "posix/file/convert.h"
#include "posix/core/call.h"
#include "posix/process/limit.h"
#include "sys/syscall.h"

LINUX_CALL(close, uint32_t fd)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    enum status s = sys_handle_close((handle_t)fd);
    return likely(s == OK) ? 0 : linux_failure(s);
}

static uint32_t descriptor_limit(void)
{
    return (uint32_t)MIN(limit_current(LINUX_RLIMIT_NOFILE), (uint64_t)HANDLE_LOW_LIMIT);
}

/* How many handles there are bounds the walk when the range has no end. A lowered limit does not close what is above it, so the
 * walk goes on past the limit until every handle that could be there was met. */
LINUX_CALL(close_range, uint32_t first, uint32_t last, uint32_t flags)
{
    if (last < first || (flags & ~(LINUX_CLOSE_RANGE_UNSHARE | LINUX_CLOSE_RANGE_CLOEXEC)))
        return -LINUX_EINVAL;
    struct process_info info;
    enum status s = sys_process_info(HANDLE_SELF_PROCESS, &info);
    if (s != OK)
        return linux_failure(s);
    uint32_t end = MIN(last, (uint32_t)HANDLE_LOW_LIMIT - 1) + 1, met = 0, limit = descriptor_limit();
    for (uint32_t fd = first; fd < end && met < info.handles; fd++) {
        bool found = flags & LINUX_CLOSE_RANGE_CLOEXEC ? sys_handle_flags((handle_t)fd, HANDLE_CLOSE_ON_EXEC, 0) >= 0
                                                       : sys_handle_close((handle_t)fd) == OK;
        met += found;
        if (fd >= limit + 1024 && !found) /* a hole of that size above the limit: nobody opens there */
            break;
    }
    return 0;
}

static int64_t duplicate(uint32_t fd, placement_t place)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    handle_t copy;
    enum status s = sys_handle_dup((handle_t)fd, place, 0, 0, 0, &copy);
    return likely(s == OK) ? copy : linux_failure(s);
}

LINUX_CALL(dup, uint32_t fd) { return duplicate(fd, PLACE_LOW(0)); }

static int64_t duplicate_to(uint32_t fd, uint32_t to, placement_t flags)
{
    if (!fd_is_valid(to))
        return -LINUX_EBADF;
    int64_t result = duplicate(fd, PLACE_EXACT(to) | flags);
    return result == -LINUX_EMFILE ? -LINUX_EBADF : result; /* `to` is beyond the limit */
}

LINUX_CALL(dup2, uint32_t fd, uint32_t to)
{
    if (fd != to)
        return duplicate_to(fd, to, 0);
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    int64_t flags = sys_handle_flags((handle_t)fd, 0, 0);
    return flags >= 0 ? (int64_t)fd : linux_failure(flags);
}

LINUX_CALL(dup3, uint32_t fd, uint32_t to, uint32_t flags)
{
    if (fd == to || (flags & ~LINUX_O_CLOEXEC))
        return -LINUX_EINVAL;
    return duplicate_to(fd, to, flags & LINUX_O_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0);
}

static int64_t duplicate_from(uint32_t fd, uint64_t minimum, placement_t flags)
{
    if (minimum >= HANDLE_LOW_LIMIT)
        return -LINUX_EINVAL;
    int64_t result = duplicate(fd, PLACE_LOW(minimum) | flags);
    return result == -LINUX_EMFILE && minimum >= descriptor_limit() ? -LINUX_EINVAL : result;
}

static int64_t close_on_exec_set(uint32_t fd, bool on)
{
    int64_t old = sys_handle_flags((handle_t)fd, on ? HANDLE_CLOSE_ON_EXEC : 0u, on ? 0u : HANDLE_CLOSE_ON_EXEC);
    return old < 0 ? linux_failure(old) : 0;
}

/* Queues, timers and the like have no stream flags; Linux shows them as open for both. */
static int64_t status_flags_get(uint32_t fd)
{
    int64_t flags = sys_stream_flags((handle_t)fd, 0, 0);
    if (flags == ERR_WRONG_TYPE || flags == ERR_NOT_SUPPORTED)
        return LINUX_O_RDWR;
    return flags < 0 ? linux_failure(flags) : (int64_t)status_flags_to_linux((uint32_t)flags);
}

static int64_t status_flags_set(uint32_t fd, uint32_t linux_flags)
{
    uint32_t set = stream_flags_changeable(linux_flags);
    int64_t old = sys_stream_flags((handle_t)fd, set, STREAM_FLAGS_CHANGEABLE & ~set);
    return old < 0 ? linux_failure(old) : 0;
}

LINUX_CALL(fcntl, uint32_t fd, uint32_t command, uint64_t argument)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    switch (command) {
    case LINUX_F_DUPFD:
        return duplicate_from(fd, argument, 0);
    case LINUX_F_DUPFD_CLOEXEC:
        return duplicate_from(fd, argument, PLACE_CLOSE_ON_EXEC);
    case LINUX_F_GETFD: {
        int64_t flags = sys_handle_flags((handle_t)fd, 0, 0);
        return flags < 0 ? linux_failure(flags) : (flags & HANDLE_CLOSE_ON_EXEC ? LINUX_FD_CLOEXEC : 0);
    }
    case LINUX_F_SETFD:
        return close_on_exec_set(fd, argument & LINUX_FD_CLOEXEC);
    case LINUX_F_GETFL:
        return status_flags_get(fd);
    case LINUX_F_SETFL:
        return status_flags_set(fd, (uint32_t)argument);
    case LINUX_F_GETPIPE_SZ: {
        struct handle_info info;
        enum status s = sys_handle_info((handle_t)fd, &info);
        if (s != OK)
            return linux_failure(s);
        return info.kind == OBJECT_PIPE_READER || info.kind == OBJECT_PIPE_WRITER ? 65536 : -LINUX_EBADF;
    }
    /* Record locks between processes need a keeper that all of them ask; there is none yet, and a lock that does not exclude
     * would be a lie. */
    case LINUX_F_GETLK:
    case LINUX_F_SETLK:
    case LINUX_F_SETLKW:
    case LINUX_F_OFD_GETLK:
    case LINUX_F_OFD_SETLK:
    case LINUX_F_OFD_SETLKW:
        return -LINUX_ENOSYS;
    default:
        return -LINUX_EINVAL;
    }
}

LINUX_CALL(flock, uint32_t fd, uint32_t operation)
{
    (void)operation;
    return fd_is_valid(fd) ? -LINUX_ENOSYS : -LINUX_EBADF; /* as with record locks */
}
