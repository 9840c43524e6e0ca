/* SPDX-License-Identifier: MIT
 * mount and umount2: tmpfs, and what a disk holds (vfsd has init start its server). */
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

/* Type, options, source and target of a disk's mount, a zero between them, in library memory. */
struct mount_text { handle_t target; size_t bytes; uint8_t room[1024]; };

static int64_t text_add(struct mount_text *text, struct view part)
{
    if (part.length + 1 > sizeof text->room - text->bytes)
        return -LINUX_ENAMETOOLONG;
    TRY_LINUX(program_read(text->room + text->bytes, (uint64_t)part.data, part.length));
    text->bytes += part.length;
    text->room[text->bytes++] = 0;
    return 0;
}

static int64_t mount_disk(uint64_t source, uint64_t target, uint64_t type, uint64_t flags, uint64_t data)
{
    struct mount_text text = {};
    struct path paths[4] = {};
    uint64_t addresses[4] = {type, data, source, target};
    for (unsigned i = 0; i < 4; i++) {
        if (addresses[i]) /* options may be missing */
            TRY_LINUX(path_or_empty(LINUX_AT_FDCWD, addresses[i], &paths[i]));
        TRY_LINUX(text_add(&text, paths[i].text));
    }
    struct vfs_mount_disk_in in = {.text = {text.room, text.bytes - 1}, .flags = flags & MOUNT_READ_ONLY ? 1 : 0};
    struct vfs_mount_disk_out out;
    enum status s = vfs_mount_disk(paths[3].target, &in, &out);
    switch (s) {
    case OK: return 0;
    case ERR_NOT_SUPPORTED: return -LINUX_ENOTBLK;
    case ERR_NO_DEVICE: return -LINUX_ENODEV;
    case ERR_BAD_FORMAT: return -LINUX_EINVAL; /* there is none of that type on it */
    default: return linux_failure(s);
    }
}

LINUX_CALL(mount, uint64_t source, uint64_t target, uint64_t type, uint64_t flags, uint64_t data)
{
    if (flags & MOUNT_REFUSED)
        return -LINUX_EINVAL;
    struct path_pair pair; /* the type is a text like a path */
    TRY_LINUX(path_pair_from_program(LINUX_AT_FDCWD, type, LINUX_AT_FDCWD, target, &pair));
    struct vfs_mount_type_in in = {.text = pair.text, .type_bytes = pair.first_bytes, .flags = flags & MOUNT_READ_ONLY ? 1 : 0};
    struct vfs_mount_type_out out; /* a size limit would not be kept, and is as little promised as on a full machine */
    enum status s = vfs_mount_type(pair.target, &in, &out);
    path_pair_end(&pair);
    return s == OK ? 0 : s == ERR_NO_DEVICE && source ? mount_disk(source, target, type, flags, data) : linux_failure(s);
}
