/* SPDX-License-Identifier: MIT
 * mount and umount2. Starting a filesystem's server is init's business, not a process's: what mount could attach has to exist first. */
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

LINUX_CALL(mount, uint64_t source, uint64_t target, uint64_t type, uint64_t flags, uint64_t data)
{
    (void)source, (void)target, (void)type, (void)flags, (void)data;
    return process_current()->entry->euid ? -LINUX_EPERM : -LINUX_ENODEV; /* no such filesystem type can be started from here */
}
