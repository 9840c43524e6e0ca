/* SPDX-License-Identifier: MIT
 * mount and umount2. Starting a filesystem's server is init's business, not a process's: what can be mounted from here is what needs no
 * device, tmpfs. */
#include "posix/file/path.h"

LINUX_CALL(umount2, uint64_t address, uint32_t flags)
{
    if (flags & ~0xfu)
        return -LINUX_EINVAL;
    struct path path;
    TRY_LINUX(path_from_program(LINUX_AT_FDCWD, address, &path));
    struct vfs_unmount_in in = {.path = path.text};
    struct vfs_unmount_out out;
    enum status s = vfs_unmount(path.target, &in, &out);
    return s == OK ? 0 : linux_failure(s);
}

#define MOUNT_READ_ONLY 1u
/* remount, bind, move, and changing propagation: not here */
#define MOUNT_REFUSED (32u | 4096u | 8192u | 1u << 17 | 1u << 18 | 1u << 19 | 1u << 20)

LINUX_CALL(mount, uint64_t source, uint64_t target, uint64_t type, uint64_t flags, uint64_t data)
{
    (void)source, (void)data; /* a size limit would not be kept, and is as little promised as on a full machine */
    if (flags & MOUNT_REFUSED)
        return -LINUX_EINVAL;
    struct path_pair pair; /* the type is a text like a path */
    TRY_LINUX(path_pair_from_program(LINUX_AT_FDCWD, type, LINUX_AT_FDCWD, target, &pair));
    struct vfs_mount_type_in in = {.text = pair.text, .type_bytes = pair.first_bytes, .flags = flags & MOUNT_READ_ONLY ? 1 : 0};
    struct vfs_mount_type_out out;
    enum status s = vfs_mount_type(pair.target, &in, &out);
    path_pair_end(&pair);
    return s == OK ? 0 : linux_failure(s);
}
