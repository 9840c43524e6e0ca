/* SPDX-License-Identifier: MIT
 * Making, linking, renaming and removing names. Each call is one message to vfsd. */
#include "posix/file/convert.h"
#include "posix/file/path.h"
#include "posix/proc/self.h"

static int64_t node_make(int32_t directory, uint64_t address, uint32_t type, uint32_t mode, uint64_t special)
{
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    struct vfs_make_in in = {.path = path.text, .type = type, .mode = mode & 07777 & ~process_current()->umask, .special = special};
    struct vfs_make_out out;
    enum status s = vfs_make(path.target, &in, &out);
    return path_result(path.target, s);
}

LINUX_CALL(mkdir, uint64_t address, uint32_t mode) { return node_make(LINUX_AT_FDCWD, address, FILE_DIRECTORY, mode, 0); }

LINUX_CALL(mkdirat, int32_t directory, uint64_t address, uint32_t mode)
{
    return node_make(directory, address, FILE_DIRECTORY, mode, 0);
}

LINUX_CALL(mknodat, int32_t directory, uint64_t address, uint32_t mode, uint32_t device)
{
    uint32_t type;
    if (type_from_linux(mode, &type) != OK)
        return -LINUX_EINVAL;
    if (type == FILE_DIRECTORY || type == FILE_SYMLINK)
        return -LINUX_EPERM;
    return node_make(directory, address, type, mode, type == FILE_CHARACTER || type == FILE_BLOCK ? device : 0);
}

LINUX_CALL(mknod, uint64_t address, uint32_t mode, uint32_t device) { return linux_mknodat(LINUX_AT_FDCWD, address, mode, device); }

static int64_t name_remove(int32_t directory, uint64_t address, uint32_t flags)
{
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    struct vfs_unlink_in in = {.path = path.text, .flags = flags};
    struct vfs_unlink_out out;
    enum status s = vfs_unlink(path.target, &in, &out);
    return path_result(path.target, s);
}

LINUX_CALL(unlink, uint64_t address) { return name_remove(LINUX_AT_FDCWD, address, 0); }
LINUX_CALL(rmdir, uint64_t address) { return name_remove(LINUX_AT_FDCWD, address, VFS_REMOVE_DIRECTORY); }

LINUX_CALL(unlinkat, int32_t directory, uint64_t address, uint32_t flags)
{
    if (flags & ~LINUX_AT_REMOVEDIR)
        return -LINUX_EINVAL;
    return name_remove(directory, address, flags ? VFS_REMOVE_DIRECTORY : 0u);
}

LINUX_CALL(renameat2, int32_t old_directory, uint64_t old_address, int32_t new_directory, uint64_t new_address, uint32_t flags)
{
    if ((flags & ~(LINUX_RENAME_NOREPLACE | LINUX_RENAME_EXCHANGE)) || flags == (LINUX_RENAME_NOREPLACE | LINUX_RENAME_EXCHANGE))
        return -LINUX_EINVAL;
    __attribute__((uninitialized)) struct path_pair pair;
    TRY_LINUX(path_pair_from_program(old_directory, old_address, new_directory, new_address, &pair));
    struct vfs_rename_in in = {.paths = pair.text, .directory = pair.directory, .first_bytes = pair.first_bytes};
    in.flags = (flags & LINUX_RENAME_NOREPLACE ? VFS_NO_REPLACE : 0u) | (flags & LINUX_RENAME_EXCHANGE ? VFS_EXCHANGE : 0u);
    struct vfs_rename_out out;
    enum status s = vfs_rename(pair.target, &in, &out);
    path_pair_end(&pair);
    return path_result(pair.target, s);
}

LINUX_CALL(rename, uint64_t old_address, uint64_t new_address)
{
    return linux_renameat2(LINUX_AT_FDCWD, old_address, LINUX_AT_FDCWD, new_address, 0);
}

LINUX_CALL(renameat, int32_t old_directory, uint64_t old_address, int32_t new_directory, uint64_t new_address)
{
    return linux_renameat2(old_directory, old_address, new_directory, new_address, 0);
}

LINUX_CALL(linkat, int32_t old_directory, uint64_t old_address, int32_t new_directory, uint64_t new_address, uint32_t flags)
{
    if (flags & ~(LINUX_AT_SYMLINK_FOLLOW | LINUX_AT_EMPTY_PATH))
        return -LINUX_EINVAL;
    __attribute__((uninitialized)) struct path_pair pair;
    TRY_LINUX(path_pair_from_program(old_directory, old_address, new_directory, new_address, &pair));
    struct vfs_link_in in = {.paths = pair.text, .directory = pair.directory, .first_bytes = pair.first_bytes,
                             .flags = flags & LINUX_AT_SYMLINK_FOLLOW ? 0u : VFS_NO_FOLLOW};
    struct vfs_link_out out;
    enum status s = vfs_link(pair.target, &in, &out);
    path_pair_end(&pair);
    return path_result(pair.target, s);
}

LINUX_CALL(link, uint64_t old_address, uint64_t new_address)
{
    return linux_linkat(LINUX_AT_FDCWD, old_address, LINUX_AT_FDCWD, new_address, 0);
}

/* The target is only text: it goes in front of the path, and where it starts from is the link's business. */
LINUX_CALL(symlinkat, uint64_t target_address, int32_t directory, uint64_t address)
{
    __attribute__((uninitialized)) struct path_pair pair;
    TRY_LINUX(path_pair_from_program(LINUX_AT_FDCWD, target_address, directory, address, &pair));
    struct vfs_symlink_in in = {.paths = pair.text, .first_bytes = pair.first_bytes};
    struct vfs_symlink_out out;
    enum status s = vfs_symlink(pair.directory == HANDLE_NONE ? pair.target : pair.directory, &in, &out);
    path_pair_end(&pair);
    return path_result(pair.target, s);
}

LINUX_CALL(symlink, uint64_t target_address, uint64_t address) { return linux_symlinkat(target_address, LINUX_AT_FDCWD, address); }

/* A buffer that is too small gets the beginning. */
static int64_t link_cut(const struct path *path, uint64_t to, uint32_t capacity)
{
    __attribute__((uninitialized)) uint8_t room[LINUX_PATH_MAX];
    struct vfs_readlink_in in = {.path = path->text, .target_space = SPAN_OF_ARRAY(room)};
    struct vfs_readlink_out out;
    enum status s = vfs_readlink(path->target, &in, &out);
    if (s != OK)
        return path_failure(path->target, s);
    uint64_t length = MIN(out.target.length, (size_t)capacity);
    TRY_LINUX(program_write(to, room, length));
    return (int64_t)length;
}

/* The answer goes straight into the program's buffer, without a zero behind it, as the call promises. */
LINUX_CALL(readlinkat, int32_t directory, uint64_t address, uint64_t to, int32_t capacity)
{
    if (capacity <= 0)
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(path_or_empty(directory, address, &path));
    struct self_name self;
    TRY_LINUX(self_name_find(&path, &self));
    if (unlikely(self.kind != SELF_NONE))
        return self_readlink(self, to, (uint32_t)capacity);
    struct vfs_readlink_in in = {.path = path.text, .target_space = {(uint8_t *)to, MIN((uint32_t)capacity, LINUX_PATH_MAX)}};
    struct vfs_readlink_out out;
    enum status s = vfs_readlink(path.target, &in, &out);
    if (s == ERR_TOO_BIG)
        return link_cut(&path, to, (uint32_t)capacity);
    return s == OK ? (int64_t)out.target.length : path_failure(path.target, s);
}

LINUX_CALL(readlink, uint64_t address, uint64_t to, int32_t capacity)
{
    return linux_readlinkat(LINUX_AT_FDCWD, address, to, capacity);
}
