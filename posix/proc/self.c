/* SPDX-License-Identifier: MIT
 * The calling process's own entries of /proc and /dev. */
#include "posix/proc/self.h"
#include "base/fmt.h"
#include "base/string.h"
#include "posix/proc/text.h"
#include "posix/terminal/device.h"
#include "sys/syscall.h"

int64_t self_name_read(const struct path *path, struct self_name *out)
{
    uint8_t text[SELF_NAME_BYTES];
    if (path->text.length > sizeof text)
        return 0;
    TRY_LINUX(program_read(text, (uint64_t)path->text.data, path->text.length));
    *out = self_name_parse((struct view){text, path->text.length}, process_current()->pid);
    return 0;
}

static placement_t place_for(uint32_t linux_flags)
{
    return PLACE_LOW(0) | (linux_flags & LINUX_O_CLOEXEC ? PLACE_CLOSE_ON_EXEC : 0);
}

/* A file is opened anew, with an offset of its own. A pipe end or a device that vfsd does not know is duplicated. */
static int64_t descriptor_open(uint32_t fd, uint32_t linux_flags, uint32_t open_flags)
{
    struct vfs_open_handle_in in = {.file = (handle_t)fd, .flags = open_flags, .opened_place = place_for(linux_flags)};
    struct vfs_open_handle_out out;
    enum status s = vfs_open_handle(view_current(), &in, &out);
    if (s == OK)
        return out.opened;
    if (s == ERR_BAD_HANDLE)
        return -LINUX_ENOENT;
    if (s != ERR_NOT_SUPPORTED && s != ERR_WRONG_TYPE && s != ERR_INVALID && s != ERR_DENIED)
        return linux_failure(s);
    handle_t copy;
    s = sys_handle_dup((handle_t)fd, place_for(linux_flags), 0, 0, 0, &copy);
    return s == OK ? copy : linux_failure(s);
}

static struct view executable_path(void)
{
    const struct process *p = process_current();
    return (struct view){(const uint8_t *)p->executable, string_length(p->executable, sizeof p->executable)};
}

static int64_t path_open(struct view path, uint32_t linux_flags, uint32_t open_flags)
{
    struct vfs_open_in in = {.path = path, .flags = open_flags, .file_place = place_for(linux_flags)};
    struct vfs_open_out out;
    enum status s = vfs_open(view_current(), &in, &out);
    return s == OK ? out.file : linux_failure(s);
}

static enum status contents_write(enum self_kind kind, handle_t to)
{
    switch (kind) {
    case SELF_MAPS:
        return maps_write(to);
    case SELF_DESCRIPTORS:
        return descriptors_write(to);
    default:
        return environment_write(to);
    }
}

/* What an entry holds is written once, into a memory file that the caller reads: text, or the records of a directory, which
 * getdents knows by the file's type. */
static int64_t text_open(enum self_kind kind, uint32_t linux_flags, uint32_t open_flags)
{
    bool is_directory = kind == SELF_DESCRIPTORS;
    if (open_flags & OPEN_WRITE)
        return is_directory ? -LINUX_EISDIR : -LINUX_EACCES;
    if ((open_flags & OPEN_DIRECTORY) && !is_directory)
        return -LINUX_ENOTDIR;
    struct file_attributes attributes = {.type = is_directory ? FILE_DIRECTORY : FILE_REGULAR, .mode = is_directory ? 0500 : 0444,
                                         .links = 1, .block_bytes = 4096};
    attributes.access_ns = attributes.modify_ns = attributes.change_ns = (int64_t)clock_realtime();
    handle_t file, writer, reader;
    enum status s = sys_file_create(HANDLE_NONE, 0, &attributes, PLACE_HIGH, &file);
    if (s != OK)
        return linux_failure(s);
    s = sys_stream_create(file, STREAM_WRITE, RIGHT_WRITE, PLACE_HIGH, &writer);
    if (s == OK) {
        s = contents_write(kind, writer);
        IGNORE(sys_handle_close(writer));
    }
    if (s == OK)
        s = sys_stream_create(file, STREAM_READ, RIGHT_READ | RIGHT_GRANT, place_for(linux_flags), &reader);
    IGNORE(sys_handle_close(file));
    return s == OK ? reader : linux_failure(s);
}

int64_t self_open(struct self_name name, uint32_t linux_flags, uint32_t open_flags)
{
    if ((open_flags & OPEN_NO_FOLLOW) && name.kind <= SELF_ROOT)
        return -LINUX_ELOOP;
    switch (name.kind) {
    case SELF_DESCRIPTOR:
        return descriptor_open(name.fd, linux_flags, open_flags);
    case SELF_EXECUTABLE:
        return path_open(executable_path(), linux_flags, open_flags);
    case SELF_DIRECTORY:
        return path_open(VIEW_OF_LITERAL("."), linux_flags, open_flags);
    case SELF_ROOT:
        return path_open(VIEW_OF_LITERAL("/"), linux_flags, open_flags);
    default:
        return text_open(name.kind, linux_flags, open_flags);
    }
}

static int64_t text_to_program(uint64_t to, uint64_t capacity, struct view text)
{
    uint64_t length = MIN(text.length, capacity);
    TRY_LINUX(program_write(to, text.data, length));
    return (int64_t)length;
}

/* Things without a path have names like Linux's: kind and number. */
static int64_t descriptor_readlink(uint32_t fd, uint64_t to, uint64_t capacity)
{
    struct handle_info info;
    enum status s = sys_handle_info((handle_t)fd, &info);
    if (s != OK)
        return s == ERR_BAD_HANDLE ? -LINUX_ENOENT : linux_failure(s);
    uint8_t short_room[64];
    struct view device;
    if (device_path((handle_t)fd, SPAN_OF_ARRAY(short_room), &device) == OK)
        return text_to_program(to, capacity, device);
    __attribute__((uninitialized)) uint8_t room[LINUX_PATH_MAX];
    struct vfs_handle_path_in in = {.file = (handle_t)fd, .path_space = SPAN_OF_ARRAY(room)};
    struct vfs_handle_path_out out;
    if (vfs_handle_path(view_current(), &in, &out) == OK)
        return text_to_program(to, capacity, out.path);
    char text[48];
    const char *kind = info.kind == OBJECT_PIPE_READER || info.kind == OBJECT_PIPE_WRITER ? "pipe"
                       : info.kind == OBJECT_CHANNEL                                     ? "socket"
                       : info.kind == OBJECT_QUEUE                                       ? "anon_inode:[eventpoll]"
                       : info.kind == OBJECT_TIMER                                       ? "anon_inode:[timerfd]"
                                                                                         : "anon_inode";
    bool numbered = info.kind == OBJECT_PIPE_READER || info.kind == OBJECT_PIPE_WRITER || info.kind == OBJECT_CHANNEL;
    size_t length = numbered ? fmt(text, sizeof text, "%s:[%lu]", kind, info.object_id) : fmt(text, sizeof text, "%s", kind);
    return text_to_program(to, capacity, (struct view){(const uint8_t *)text, length});
}

int64_t self_readlink(struct self_name name, uint64_t to, uint64_t capacity)
{
    switch (name.kind) {
    case SELF_DESCRIPTOR:
        return descriptor_readlink(name.fd, to, capacity);
    case SELF_EXECUTABLE:
        return text_to_program(to, capacity, executable_path());
    case SELF_DIRECTORY: {
        struct vfs_current_in in = {.path_space = {(uint8_t *)to, MIN(capacity, LINUX_PATH_MAX)}};
        struct vfs_current_out out;
        enum status s = vfs_current(view_current(), &in, &out);
        return s == OK ? (int64_t)out.path.length : linux_failure(s);
    }
    case SELF_ROOT:
        return text_to_program(to, capacity, VIEW_OF_LITERAL("/"));
    default:
        return -LINUX_EINVAL;
    }
}

static int64_t attributes_of_name(struct view path, struct file_attributes *out)
{
    struct vfs_stat_in in = {.path = path};
    struct vfs_stat_out answer;
    enum status s = vfs_stat(view_current(), &in, &answer);
    if (s != OK)
        return linux_failure(s);
    *out = answer.attributes;
    return 0;
}

int64_t self_attributes(struct self_name name, bool follow, struct file_attributes *out)
{
    bool link = name.kind <= SELF_ROOT;
    const volatile struct process_entry *entry = process_current()->entry;
    *out = (struct file_attributes){.type = link ? FILE_SYMLINK : FILE_REGULAR, .mode = link ? 0777 : 0444, .links = 1,
                                    .uid = entry->euid, .gid = entry->egid, .block_bytes = 1024};
    if (name.kind == SELF_DESCRIPTOR) {
        struct file_attributes target;
        enum status s = sys_stat((handle_t)name.fd, &target);
        if (s == ERR_BAD_HANDLE)
            return -LINUX_ENOENT;
        if (follow && s == OK)
            *out = target;
        return 0;
    }
    if (name.kind == SELF_DESCRIPTORS) {
        out->type = FILE_DIRECTORY;
        out->mode = 0500;
        out->links = 2;
    }
    if (!follow || !link)
        return 0;
    return attributes_of_name(name.kind == SELF_EXECUTABLE  ? executable_path()
                              : name.kind == SELF_DIRECTORY ? VIEW_OF_LITERAL(".")
                                                            : VIEW_OF_LITERAL("/"), out);
}
