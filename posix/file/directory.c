/* SPDX-License-Identifier: MIT
 * Open directories and the current one. The position in a directory is its server's (shared by dup and fork, as on Linux); the current
 * directory and root are a view, an immutable object of vfsd; chdir puts another one under the same number. */
#include "posix/file/convert.h"
#include "posix/file/path.h"
#include "posix/proc/self.h"
#include "posix/proc/text.h"
#include "sys/syscall.h"

#define DIRECTORY_BYTES 4096u

static enum status records_read(handle_t directory, struct span room, size_t *out_bytes)
{
    struct message m = {.words = {[0] = OFFSET_STREAM, [4] = (uint64_t)room.data, [5] = room.length}};
    int64_t got = sys_call(directory, OP_READDIR | KIND_RECEIVE_DATA, &m);
    if (got < 0)
        return (enum status)got;
    *out_bytes = MIN(m.words[5], room.length); /* what the kernel copied, whatever the server says */
    return OK;
}

/* A listing that the library made itself (posix/proc): a memory file of records of one size, so that none is read in part. */
static enum status listing_read(handle_t listing, struct span room, size_t *out_bytes)
{
    struct file_attributes attributes;
    TRY(sys_stat(listing, &attributes));
    if (attributes.type != FILE_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    int64_t got = sys_read(listing, room.data, align_down(room.length, DESCRIPTOR_RECORD_BYTES), OFFSET_STREAM);
    if (got < 0)
        return (enum status)got;
    *out_bytes = (size_t)got;
    return OK;
}

/* Puts the position behind the last entry that the program got. */
static enum status records_seek(handle_t directory, uint64_t cookie)
{
    return sys_status(sys_seek(directory, (int64_t)cookie, SEEK_SET_));
}

static int64_t directory_read(uint32_t fd, uint64_t to, uint64_t capacity, enum dirent_format format)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    __attribute__((uninitialized, aligned(8))) uint8_t room[DIRECTORY_BYTES];
    capacity &= 0xffffffff;
    size_t got = 0, bytes = 0;
    /* Our records are at most 8 bytes longer than Linux's, so a little more room than the program has still fits nearly always. */
    struct span space = {room, MIN(align_up(capacity, 8) + 8, sizeof room)};
    enum status s = records_read((handle_t)fd, space, &got);
    if (s == ERR_NOT_SUPPORTED || s == ERR_WRONG_TYPE)
        s = listing_read((handle_t)fd, space, &got);
    if (s == ERR_NOT_SUPPORTED || s == ERR_WRONG_TYPE)
        return -LINUX_ENOTDIR;
    if (s == ERR_TOO_BIG)
        return -LINUX_EINVAL;
    if (s != OK)
        return linux_failure(s);
    uint64_t resume = 0;
    bool all = false;
    if (records_to_dirents((struct span){room, got}, format, capacity, &bytes, &resume, &all) != OK)
        return -LINUX_EIO;
    if (!all && bytes == 0)
        return -LINUX_EINVAL; /* not even one fits */
    if (!all)
        s = records_seek((handle_t)fd, resume);
    if (s != OK)
        return linux_failure(s);
    TRY_LINUX(program_write(to, room, bytes));
    return (int64_t)bytes;
}

LINUX_CALL(getdents64, uint32_t fd, uint64_t to, uint64_t capacity) { return directory_read(fd, to, capacity, DIRENT_64); }
LINUX_CALL(getdents, uint32_t fd, uint64_t to, uint64_t capacity) { return directory_read(fd, to, capacity, DIRENT_OLD); }

/* The new view takes the old one's number in one step of the kernel: another thread's walk starts from the one or the other. */
static int64_t directory_change(handle_t target, struct view path)
{
    struct vfs_change_directory_in in = {.path = path, .view_place = PLACE_EXACT(view_current())};
    struct vfs_change_directory_out out;
    return path_result(target, vfs_change_directory(target, &in, &out));
}

LINUX_CALL(chdir, uint64_t address)
{
    struct path path;
    TRY_LINUX(path_from_program(LINUX_AT_FDCWD, address, &path));
    return directory_change(path.target, path.text);
}

LINUX_CALL(fchdir, uint32_t fd)
{
    if (!fd_is_valid(fd))
        return -LINUX_EBADF;
    return directory_change((handle_t)fd, VIEW_OF_LITERAL("."));
}

LINUX_CALL(chroot, uint64_t address)
{
    struct path path;
    TRY_LINUX(path_from_program(LINUX_AT_FDCWD, address, &path));
    struct self_name self;
    TRY_LINUX(self_name_find(&path, &self));
    if (self.kind == SELF_EXECUTABLE)
        return -LINUX_ENOTDIR;
    if (process_current()->entry->euid != 0)
        return -LINUX_EPERM;
    struct vfs_change_root_in in = {.path = path.text, .view_place = PLACE_EXACT(view_current())};
    struct vfs_change_root_out out;
    enum status s = vfs_change_root(path.target, &in, &out);
    return s == OK ? 0 : linux_failure(s);
}

/* vfsd's answer goes straight into the program's buffer; only the zero is written here. */
LINUX_CALL(getcwd, uint64_t to, uint64_t capacity)
{
    struct vfs_current_in in = {.path_space = {(uint8_t *)to, MIN(capacity, LINUX_PATH_MAX)}};
    struct vfs_current_out out;
    enum status s = vfs_current(view_current(), &in, &out);
    if (s == ERR_TOO_BIG || (s == OK && out.path.length >= capacity))
        return -LINUX_ERANGE;
    if (s != OK)
        return linux_failure(s);
    uint8_t zero = 0;
    TRY_LINUX(program_write(to + out.path.length, &zero, 1));
    return (int64_t)out.path.length + 1;
}
