/* SPDX-License-Identifier: MIT
 * Writing back, and advice about what will be read. */
#include "posix/file/path.h"
#include "sys/syscall.h"

static int64_t handle_sync(uint32_t fd, uint32_t what)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_sync((handle_t)fd, what);
    if (s == ERR_NOT_SUPPORTED || s == ERR_WRONG_TYPE) /* pipes, terminals */
        return -LINUX_EINVAL;
    return s == OK ? 0 : linux_failure(s);
}

LINUX_CALL(fsync, uint32_t fd) { return handle_sync(fd, SYNC_ALL); }
LINUX_CALL(fdatasync, uint32_t fd) { return handle_sync(fd, SYNC_DATA); }

/* The whole file instead of the range: more than was asked for, never less. */
LINUX_CALL(sync_file_range, uint32_t fd, int64_t offset, int64_t length, uint32_t flags)
{
    if (offset < 0 || length < 0 || (flags & ~7u))
        return -LINUX_EINVAL;
    return flags ? handle_sync(fd, SYNC_DATA) : 0;
}

static int64_t sync_all(void)
{
    struct vfs_sync_in in = {};
    struct vfs_sync_out out;
    enum status s = vfs_sync(view_current(), &in, &out);
    return s == OK ? 0 : linux_failure(s);
}

LINUX_CALL(sync, void)
{
    sync_all();
    return 0; /* Linux's has no failure to report */
}

LINUX_CALL(syncfs, uint32_t fd)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    int64_t flags = sys_handle_flags((handle_t)fd, 0, 0);
    return flags < 0 ? linux_failure(flags) : sync_all();
}

static int64_t advise(uint32_t fd)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    struct handle_info info;
    enum status s = sys_handle_info((handle_t)fd, &info);
    if (s != OK)
        return linux_failure(s);
    return info.kind == OBJECT_PIPE_READER || info.kind == OBJECT_PIPE_WRITER ? -LINUX_ESPIPE : 0;
}

/* Advice may be ignored, and is. */
LINUX_CALL(fadvise64, uint32_t fd, int64_t offset, int64_t length, uint32_t advice)
{
    (void)offset;
    return length < 0 || advice > 5 ? -LINUX_EINVAL : advise(fd);
}

LINUX_CALL(readahead, uint32_t fd, int64_t offset, uint64_t length)
{
    (void)offset, (void)length;
    return advise(fd);
}
