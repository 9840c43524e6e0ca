/* SPDX-License-Identifier: MIT
 * What a file is: stat, statx, access, statfs. By descriptor the kernel (or the descriptor's server) answers; by name vfsd does. */
#include "posix/file/convert.h"
#include "posix/file/path.h"
#include "posix/proc/self.h"
#include "posix/terminal/device.h"
#include "sys/syscall.h"

static int64_t attributes_of_path(const struct path *path, uint32_t linux_flags, struct file_attributes *out)
{
    struct self_name self;
    TRY_LINUX(self_name_find(path, &self));
    if (unlikely(self.kind != SELF_NONE))
        return self_attributes(self, !(linux_flags & LINUX_AT_SYMLINK_NOFOLLOW), out);
    struct vfs_stat_in in = {.path = path->text, .flags = linux_flags & LINUX_AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0u,
                             .attributes_space = out};
    if (!path->text.length)
        in.flags |= VFS_EMPTY_PATH;
    __attribute__((uninitialized)) struct message m;
    uint32_t kind;
    enum status s = vfs_stat_encode(&in, &m, &kind); /* not vfs_stat: the answer lands where it is wanted */
    if (likely(s == OK))
        s = sys_status(sys_call(path->target, kind, &m));
    if (likely(s == OK))
        return likely(m.words[5] == sizeof *out) ? 0 : -LINUX_EIO;
    return path_failure(path->target, s);
}

/* Who serves a device does not know the node in /dev that leads to it, and ttyname looks for a name with the same numbers. */
static void attributes_of_device(handle_t handle, struct file_attributes *in_out)
{
    uint8_t room[64];
    struct vfs_stat_in in = {};
    struct vfs_stat_out node;
    if (device_path(handle, SPAN_OF_ARRAY(room), &in.path) == OK && vfs_stat(view_current(), &in, &node) == OK)
        *in_out = node.attributes;
}

static int64_t attributes_of_handle(uint32_t fd, struct file_attributes *out)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    enum status s = sys_stat((handle_t)fd, out);
    if (s == OK && unlikely(out->type == FILE_CHARACTER && out->device == 0))
        attributes_of_device((handle_t)fd, out);
    if (likely(s == OK))
        return 0;
    if (s != ERR_WRONG_TYPE && s != ERR_NOT_SUPPORTED)
        return linux_failure(s);
    *out = (struct file_attributes){.mode = 0600, .links = 1, .block_bytes = 4096}; /* queues, timers: on Linux anonymous inodes */
    return 0;
}

#define STAT_FLAGS (LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_NO_AUTOMOUNT | LINUX_AT_EMPTY_PATH | LINUX_AT_STATX_SYNC_TYPE)

static int64_t attributes_at(int32_t directory, uint64_t address, uint32_t flags, struct file_attributes *out)
{
    if (flags & ~STAT_FLAGS)
        return -LINUX_EINVAL;
    struct path path;
    if (!(flags & LINUX_AT_EMPTY_PATH)) {
        TRY_LINUX(path_from_program(directory, address, &path));
        return attributes_of_path(&path, flags, out);
    }
    path = (struct path){.target = view_current()};
    if (address)
        TRY_LINUX(path_or_empty(directory, address, &path));
    if (path.text.length == 0 && directory != LINUX_AT_FDCWD)
        return attributes_of_handle((uint32_t)directory, out);
    return attributes_of_path(&path, flags, out);
}

static int64_t stat_to_program(uint64_t to, const struct file_attributes *attributes)
{
    __attribute__((uninitialized)) struct linux_stat st;
    stat_to_linux(attributes, &st);
    return PROGRAM_WRITE(to, &st);
}

LINUX_CALL(stat, uint64_t address, uint64_t to)
{
    __attribute__((uninitialized)) struct file_attributes attributes;
    TRY_LINUX(attributes_at(LINUX_AT_FDCWD, address, 0, &attributes));
    return stat_to_program(to, &attributes);
}

LINUX_CALL(lstat, uint64_t address, uint64_t to)
{
    __attribute__((uninitialized)) struct file_attributes attributes;
    TRY_LINUX(attributes_at(LINUX_AT_FDCWD, address, LINUX_AT_SYMLINK_NOFOLLOW, &attributes));
    return stat_to_program(to, &attributes);
}

LINUX_CALL(fstat, uint32_t fd, uint64_t to)
{
    __attribute__((uninitialized)) struct file_attributes attributes;
    TRY_LINUX(attributes_of_handle(fd, &attributes));
    return stat_to_program(to, &attributes);
}

LINUX_CALL(newfstatat, int32_t directory, uint64_t address, uint64_t to, uint32_t flags)
{
    __attribute__((uninitialized)) struct file_attributes attributes;
    TRY_LINUX(attributes_at(directory, address, flags, &attributes));
    return stat_to_program(to, &attributes);
}

LINUX_CALL(statx, int32_t directory, uint64_t address, uint32_t flags, uint32_t mask, uint64_t to)
{
    if (mask & LINUX_STATX_RESERVED)
        return -LINUX_EINVAL;
    __attribute__((uninitialized)) struct file_attributes attributes;
    TRY_LINUX(attributes_at(directory, address, flags, &attributes));
    struct linux_statx stx;
    statx_to_linux(&attributes, &stx);
    return PROGRAM_WRITE(to, &stx);
}

static int64_t access_at(int32_t directory, uint64_t address, uint32_t wanted, uint32_t flags)
{
    if ((wanted & ~(LINUX_R_OK | LINUX_W_OK | LINUX_X_OK)) ||
        (flags & ~(LINUX_AT_EACCESS | LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH)))
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(flags & LINUX_AT_EMPTY_PATH ? path_or_empty(directory, address, &path) : path_from_program(directory, address, &path));
    struct self_name self;
    TRY_LINUX(self_name_find(&path, &self));
    if (unlikely(self.kind != SELF_NONE)) {
        struct file_attributes attributes;
        return self_attributes(self, true, &attributes);
    }
    struct vfs_access_in in = {.path = path.text, .wanted = wanted};
    in.flags = (flags & LINUX_AT_EACCESS ? VFS_EFFECTIVE_IDS : 0u) | (flags & LINUX_AT_SYMLINK_NOFOLLOW ? VFS_NO_FOLLOW : 0u) |
               (path.text.length ? 0u : VFS_EMPTY_PATH);
    struct vfs_access_out out;
    return path_result(path.target, vfs_access(path.target, &in, &out));
}

LINUX_CALL(access, uint64_t address, uint32_t wanted) { return access_at(LINUX_AT_FDCWD, address, wanted, 0); }
LINUX_CALL(faccessat, int32_t directory, uint64_t address, uint32_t wanted) { return access_at(directory, address, wanted, 0); }

LINUX_CALL(faccessat2, int32_t directory, uint64_t address, uint32_t wanted, uint32_t flags)
{
    return access_at(directory, address, wanted, flags);
}

static int64_t statistics_to_program(handle_t target, struct view path, uint64_t to)
{
    struct vfs_statistics_in in = {.path = path};
    struct vfs_statistics_out out;
    enum status s = vfs_statistics(target, &in, &out);
    if (s != OK)
        return linux_failure(s);
    const struct vfs_statistics *from = &out.statistics;
    struct linux_statfs statfs = {
        .f_type = (int64_t)from->type, .f_bsize = (int64_t)from->block_bytes, .f_blocks = from->blocks, .f_bfree = from->blocks_free,
        .f_bavail = from->blocks_available, .f_files = from->files, .f_ffree = from->files_free,
        .f_fsid = {(int32_t)from->device, 0}, .f_namelen = (int64_t)from->name_max, .f_frsize = (int64_t)from->block_bytes,
        .f_flags = LINUX_ST_VALID | (from->flags & 1 ? LINUX_ST_RDONLY : 0u),
    };
    return PROGRAM_WRITE(to, &statfs);
}

LINUX_CALL(statfs, uint64_t address, uint64_t to)
{
    struct path path;
    TRY_LINUX(path_from_program(LINUX_AT_FDCWD, address, &path));
    return statistics_to_program(path.target, path.text, to);
}

/* By descriptor: through the path that vfsd knows for it. */
LINUX_CALL(fstatfs, uint32_t fd, uint64_t to)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    __attribute__((uninitialized)) uint8_t room[LINUX_PATH_MAX];
    struct vfs_handle_path_in in = {.file = (handle_t)fd, .path_space = SPAN_OF_ARRAY(room)};
    struct vfs_handle_path_out out;
    enum status s = vfs_handle_path(view_current(), &in, &out);
    return s == OK ? statistics_to_program(view_current(), out.path, to) : linux_failure(s);
}
