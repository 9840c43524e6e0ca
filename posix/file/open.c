/* SPDX-License-Identifier: MIT
 * Calls that make descriptors from names or from nothing: open and its relatives, pipes, memory files. */
#include "posix/file/convert.h"
#include "posix/file/path.h"
#include "posix/proc/self.h"
#include "sys/syscall.h"

static inline placement_t place_for(bool close_on_exec)
{
    return PLACE_LOW(0) | (close_on_exec ? PLACE_CLOSE_ON_EXEC : 0);
}

static int64_t open_path(const struct path *path, uint32_t flags, uint32_t mode)
{
    uint32_t ours;
    if (open_flags_from_linux(flags, &ours) != OK)
        return -LINUX_EINVAL;
    struct self_name self;
    TRY_LINUX(self_name_find(path, &self));
    if (unlikely(self.kind != SELF_NONE))
        return self_open(self, flags, ours);
    struct vfs_open_in in = {.flags = ours, .mode = mode & 07777 & ~process_current()->umask, .path = path->text,
                             .file_place = place_for(flags & LINUX_O_CLOEXEC)};
    struct vfs_open_out out;
    enum status s = vfs_open(path->target, &in, &out);
    if (likely(s == OK))
        return out.file;
    return s == ERR_NO_DEVICE ? -LINUX_ENXIO : path_failure(path->target, s); /* no terminal, nobody reads the FIFO */
}

static int64_t open_at(int32_t directory, uint64_t address, uint32_t flags, uint32_t mode)
{
    struct path path;
    TRY_LINUX(path_from_program(directory, address, &path));
    return open_path(&path, flags, mode);
}

LINUX_CALL(open, uint64_t address, uint32_t flags, uint32_t mode) { return open_at(LINUX_AT_FDCWD, address, flags, mode); }

LINUX_CALL(openat, int32_t directory, uint64_t address, uint32_t flags, uint32_t mode)
{
    return open_at(directory, address, flags, mode);
}

LINUX_CALL(creat, uint64_t address, uint32_t mode)
{
    return open_at(LINUX_AT_FDCWD, address, LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_TRUNC, mode);
}

LINUX_CALL(openat2, int32_t directory, uint64_t address, uint64_t how_address, uint64_t how_bytes)
{
    struct { uint64_t flags, mode, resolve; } how;
    if (how_bytes < sizeof how)
        return -LINUX_EINVAL;
    if (how_bytes > sizeof how) /* fields that this version does not know must be zero; we do not look */
        return -LINUX_E2BIG;
    TRY_LINUX(PROGRAM_READ(&how, how_address));
    if ((how.flags >> 32) || (how.mode & ~07777ull) || (how.mode && !(how.flags & (LINUX_O_CREAT | LINUX_O_TMPFILE))))
        return -LINUX_EINVAL;
    if (how.resolve) /* walking inside a root is vfsd's to promise, and it does not yet */
        return -LINUX_ENOSYS;
    return open_at(directory, address, (uint32_t)how.flags, (uint32_t)how.mode);
}

/* The kernel writes the two numbers straight into the program's array: both sides call it int32_t[2]. */
static int64_t pipe_make(uint64_t ends_address, uint32_t flags)
{
    if (flags & ~(LINUX_O_CLOEXEC | LINUX_O_NONBLOCK))
        return -LINUX_EINVAL;
    enum status s = sys_pipe_create((handle_t *)ends_address, place_for(flags & LINUX_O_CLOEXEC),
                                    flags & LINUX_O_NONBLOCK ? STREAM_NONBLOCK : 0u);
    return likely(s == OK) ? 0 : linux_failure(s);
}

LINUX_CALL(pipe, uint64_t ends_address) { return pipe_make(ends_address, 0); }
LINUX_CALL(pipe2, uint64_t ends_address, uint32_t flags) { return pipe_make(ends_address, flags); }

LINUX_CALL(memfd_create, uint64_t name_address, uint32_t flags)
{
    int64_t length = program_string_length(name_address, 250);
    if (length < 0)
        return length;
    if (length == 250 || (flags & ~(LINUX_MFD_CLOEXEC | LINUX_MFD_ALLOW_SEALING | LINUX_MFD_NOEXEC_SEAL | LINUX_MFD_EXEC)))
        return -LINUX_EINVAL;
    const volatile struct process_entry *entry = process_current()->entry;
    struct file_attributes attributes = {.type = FILE_REGULAR, .mode = flags & LINUX_MFD_NOEXEC_SEAL ? 0666 : 0777, .links = 0,
                                         .uid = entry->fsuid, .gid = entry->fsgid, .block_bytes = 4096};
    attributes.access_ns = attributes.modify_ns = attributes.change_ns = (int64_t)clock_realtime();
    handle_t file, stream;
    enum status s = sys_file_create(HANDLE_NONE, 0, &attributes, PLACE_HIGH, &file);
    if (s != OK)
        return linux_failure(s);
    s = sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT,
                          place_for(flags & LINUX_MFD_CLOEXEC), &stream);
    IGNORE(sys_handle_close(file));
    return s == OK ? stream : linux_failure(s);
}
