/* SPDX-License-Identifier: MIT
 * Changing what a file is: mode, owner, times, size. By name vfsd does it; by descriptor vfsd gets the handle along, because a
 * file handle carries rights on data only. */
#include "posix/file/convert.h"
#include "posix/file/path.h"
#include "posix/process/limit.h"
#include "sys/syscall.h"

static int64_t answer(enum status s) { return likely(s == OK) ? 0 : linux_failure(s); }

static int64_t handle_change(uint32_t fd, uint32_t mask, const struct file_attributes *attributes)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    struct vfs_handle_set_in in = {.file = (handle_t)fd, .mask = mask, .attributes = attributes};
    struct vfs_handle_set_out out;
    return answer(vfs_handle_set(view_current(), &in, &out));
}

static int64_t mode_change(int32_t directory, uint64_t address, uint32_t mode, uint32_t flags)
{
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    struct vfs_set_mode_in in = {.path = path.text, .mode = mode & 07777, .flags = flags};
    struct vfs_set_mode_out out;
    return path_result(path.target, vfs_set_mode(path.target, &in, &out));
}

LINUX_CALL(chmod, uint64_t address, uint32_t mode) { return mode_change(LINUX_AT_FDCWD, address, mode, 0); }
LINUX_CALL(fchmodat, int32_t directory, uint64_t address, uint32_t mode) { return mode_change(directory, address, mode, 0); }

LINUX_CALL(fchmod, uint32_t fd, uint32_t mode)
{
    struct file_attributes attributes = {.mode = mode & 07777};
    return handle_change(fd, ATTRIBUTE_MODE, &attributes);
}

LINUX_CALL(fchmodat2, int32_t directory, uint64_t address, uint32_t mode, uint32_t flags)
{
    if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(path_or_empty(directory, address, &path));
    if ((flags & LINUX_AT_EMPTY_PATH) && !path.text.length && directory != LINUX_AT_FDCWD)
        return linux_fchmod((uint32_t)directory, mode);
    return mode_change(directory, address, mode, flags & LINUX_AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0u);
}

static int64_t owner_change(int32_t directory, uint64_t address, uint32_t uid, uint32_t gid, uint32_t flags)
{
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    struct vfs_set_owner_in in = {.path = path.text, .uid = uid, .gid = gid, .flags = flags};
    struct vfs_set_owner_out out;
    return path_result(path.target, vfs_set_owner(path.target, &in, &out));
}

LINUX_CALL(chown, uint64_t address, uint32_t uid, uint32_t gid) { return owner_change(LINUX_AT_FDCWD, address, uid, gid, 0); }

LINUX_CALL(lchown, uint64_t address, uint32_t uid, uint32_t gid)
{
    return owner_change(LINUX_AT_FDCWD, address, uid, gid, VFS_NO_FOLLOW);
}

LINUX_CALL(fchown, uint32_t fd, uint32_t uid, uint32_t gid)
{
    struct file_attributes attributes = {.uid = uid, .gid = gid};
    return handle_change(fd, ATTRIBUTE_OWNER, &attributes);
}

LINUX_CALL(fchownat, int32_t directory, uint64_t address, uint32_t uid, uint32_t gid, uint32_t flags)
{
    if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(path_or_empty(directory, address, &path));
    if ((flags & LINUX_AT_EMPTY_PATH) && !path.text.length && directory != LINUX_AT_FDCWD)
        return linux_fchown((uint32_t)directory, uid, gid);
    return owner_change(directory, address, uid, gid, flags & LINUX_AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0u);
}

/* Both times, in the form that vfsd takes; `now` says that both are the present moment, which needs less permission. */
struct new_times { int64_t access_ns, modify_ns; bool now; };

static int64_t times_change(int32_t directory, uint64_t address, const struct new_times *times, uint32_t flags)
{
    if (!address) { /* futimens */
        struct file_attributes attributes = {.access_ns = times->access_ns, .modify_ns = times->modify_ns};
        uint32_t mask = (times->access_ns != INT64_MIN ? ATTRIBUTE_ACCESS : 0u) | (times->modify_ns != INT64_MIN ? ATTRIBUTE_MODIFY : 0u);
        return mask ? handle_change((uint32_t)directory, mask, &attributes) : 0;
    }
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    struct vfs_set_times_in in = {.path = path.text, .access_ns = times->access_ns, .modify_ns = times->modify_ns,
                                  .flags = flags | (times->now ? VFS_TIME_NOW : 0u)};
    struct vfs_set_times_out out;
    return path_result(path.target, vfs_set_times(path.target, &in, &out));
}

static struct new_times times_now(void)
{
    int64_t now = (int64_t)clock_realtime();
    return (struct new_times){now, now, true};
}

LINUX_CALL(utimensat, int32_t directory, uint64_t address, uint64_t times_address, uint32_t flags)
{
    if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
        return -LINUX_EINVAL;
    struct new_times times = times_now();
    if (times_address) {
        struct linux_time given[2];
        TRY_LINUX(PROGRAM_READ(&given, times_address));
        int64_t now = times.access_ns;
        if (set_time_from_linux(given[0], now, &times.access_ns) != OK || set_time_from_linux(given[1], now, &times.modify_ns) != OK)
            return -LINUX_EINVAL;
        times.now = given[0].nanoseconds == LINUX_UTIME_NOW && given[1].nanoseconds == LINUX_UTIME_NOW;
    }
    return times_change(directory, address, &times, flags & LINUX_AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0u);
}

LINUX_CALL(futimesat, int32_t directory, uint64_t address, uint64_t times_address)
{
    struct new_times times = times_now();
    if (times_address) {
        struct linux_microtime given[2];
        TRY_LINUX(PROGRAM_READ(&given, times_address));
        for (int i = 0; i < 2; i++)
            if (given[i].microseconds < 0 || given[i].microseconds >= 1000000)
                return -LINUX_EINVAL;
        times = (struct new_times){time_from_linux(given[0].seconds, given[0].microseconds * 1000),
                                   time_from_linux(given[1].seconds, given[1].microseconds * 1000), false};
    }
    return times_change(directory, address, &times, 0);
}

LINUX_CALL(utimes, uint64_t address, uint64_t times_address)
{
    return address ? linux_futimesat(LINUX_AT_FDCWD, address, times_address) : -LINUX_EFAULT;
}

LINUX_CALL(utime, uint64_t address, uint64_t times_address)
{
    struct new_times times = times_now();
    if (!address)
        return -LINUX_EFAULT;
    if (times_address) {
        int64_t seconds[2];
        TRY_LINUX(PROGRAM_READ(&seconds, times_address));
        times = (struct new_times){time_from_linux(seconds[0], 0), time_from_linux(seconds[1], 0), false};
    }
    return times_change(LINUX_AT_FDCWD, address, &times, 0);
}

/* By name vfsd changes the size, and the limit of the caller is not vfsd's. */
static int64_t size_allowed(const struct path *path, uint64_t size)
{
    struct vfs_stat_in in = {.path = path->text};
    struct vfs_stat_out now;
    if (size <= limit_current(LINUX_RLIMIT_FSIZE) || vfs_stat(path->target, &in, &now) != OK || size <= now.attributes.size_bytes)
        return 0;
    signal_raise(LINUX_SIGXFSZ);
    return -LINUX_EFBIG;
}

LINUX_CALL(truncate, uint64_t address, int64_t size)
{
    if (size < 0)
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(path_from_program(LINUX_AT_FDCWD, address, &path));
    TRY_LINUX(size_allowed(&path, (uint64_t)size));
    struct vfs_set_size_in in = {.path = path.text, .size = (uint64_t)size};
    struct vfs_set_size_out out;
    return path_result(path.target, vfs_set_size(path.target, &in, &out));
}

LINUX_CALL(ftruncate, uint32_t fd, int64_t size)
{
    if (size < 0)
        return -LINUX_EINVAL;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    enum status s = sys_truncate((handle_t)fd, (uint64_t)size);
    if (s == ERR_DENIED || s == ERR_WRONG_TYPE || s == ERR_NOT_SUPPORTED) /* open without writing, or no regular file */
        return -LINUX_EINVAL;
    if (s == ERR_FILE_TOO_BIG)
        signal_raise(LINUX_SIGXFSZ);
    return answer(s);
}

/* Space is not reserved ahead of writing by any filesystem here; the C library then writes zeros itself. */
LINUX_CALL(fallocate, uint32_t fd, uint32_t mode, int64_t offset, int64_t length)
{
    (void)mode;
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    return offset < 0 || length <= 0 ? -LINUX_EINVAL : -LINUX_EOPNOTSUPP;
}
