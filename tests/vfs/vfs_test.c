/* SPDX-License-Identifier: MIT
 * What a client of vfsd may rely on, with ramfs behind it. Each test is a fresh system. */
#include "kernel_test.h"
#include "abi/credential.h"
#include "base/fmt.h"
#include "fs/records.h"
#include "protocol/vfs.h"
#include "unit/unit.h"

#define V(text) view_of_string(text)

static int64_t do_open(handle_t at, const char *path, uint32_t flags, uint32_t mode, handle_t *out)
{
    struct vfs_open_in in = {.path = V(path), .flags = flags, .mode = mode, .file_place = PLACE_LOW(0)};
    struct vfs_open_out o = {.file = HANDLE_NONE};
    int64_t status = vfs_open(at, &in, &o);
    if (out)
        *out = o.file;
    else if (status == OK)
        IGNORE(sys_handle_close(o.file));
    return status;
}
static int64_t touch(const char *path) { return do_open(fake_vfs, path, OPEN_WRITE | OPEN_CREATE, 0644, nullptr); }
static int64_t do_make(const char *path, uint32_t type, uint32_t mode)
{
    return vfs_make(fake_vfs, &(struct vfs_make_in){.path = V(path), .type = type, .mode = mode}, &(struct vfs_make_out){});
}
static int64_t do_mkdir(const char *path) { return do_make(path, FILE_DIRECTORY, 0755); }
static int64_t do_unlink(const char *path, uint32_t flags)
{
    return vfs_unlink(fake_vfs, &(struct vfs_unlink_in){.path = V(path), .flags = flags}, &(struct vfs_unlink_out){});
}
static struct file_attributes attributes;
static int64_t do_stat(handle_t at, const char *path, uint32_t flags)
{
    struct vfs_stat_in in = {.path = V(path), .flags = flags};
    struct vfs_stat_out out;
    int64_t status = vfs_stat(at, &in, &out);
    if (status == OK)
        attributes = out.attributes;
    return status;
}
static struct view two(const char *a, const char *b, uint32_t *out_first)
{
    static char text[512];
    size_t n = fmt(text, sizeof text, "%s", a);
    *out_first = (uint32_t)n;
    n += fmt(text + n, sizeof text - n, "%s", b);
    return (struct view){(const uint8_t *)text, n};
}
static int64_t do_symlink(const char *target, const char *path)
{
    struct vfs_symlink_in in;
    in.paths = two(target, path, &in.first_bytes);
    return vfs_symlink(fake_vfs, &in, &(struct vfs_symlink_out){});
}
static int64_t do_rename(const char *from, const char *to, uint32_t flags)
{
    struct vfs_rename_in in = {.directory = HANDLE_NONE, .flags = flags};
    in.paths = two(from, to, &in.first_bytes);
    return vfs_rename(fake_vfs, &in, &(struct vfs_rename_out){});
}
static int64_t do_link(const char *from, const char *to)
{
    struct vfs_link_in in = {.directory = HANDLE_NONE};
    in.paths = two(from, to, &in.first_bytes);
    return vfs_link(fake_vfs, &in, &(struct vfs_link_out){});
}
static const char *do_readlink(const char *path)
{
    static char text[256];
    struct vfs_readlink_in in = {.path = V(path), .target_space = {(uint8_t *)text, sizeof text - 1}};
    struct vfs_readlink_out out;
    if (vfs_readlink(fake_vfs, &in, &out) != OK)
        return "?";
    text[out.target.length] = 0;
    return text;
}
static const char *do_current(handle_t view)
{
    static char text[256];
    struct vfs_current_in in = {.path_space = {(uint8_t *)text, sizeof text - 1}};
    struct vfs_current_out out;
    if (vfs_current(view, &in, &out) != OK)
        return "?";
    text[out.path.length] = 0;
    return text;
}
static handle_t do_chdir(handle_t view, const char *path)
{
    struct vfs_change_directory_in in = {.path = V(path)};
    struct vfs_change_directory_out out = {.view = HANDLE_NONE};
    return vfs_change_directory(view, &in, &out) == OK ? out.view : HANDLE_NONE;
}
/* uid and gid of the caller from now on, pid 50 + uid. */
static void become(uint32_t uid, uint32_t gid)
{
    uint32_t slot = uid + 1;
    fake_table()[slot] = (struct process_entry){.sequence = 2, .generation = 1, .pid = 50 + (int32_t)uid, .uid = uid, .euid = uid,
                                                .fsuid = uid, .gid = gid, .egid = gid, .fsgid = gid};
    fake_credential = 1ull << 32 | slot;
}

TEST(a_created_file_is_there_with_its_mode)
{
    fake_start();
    handle_t file;
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0640, &file), OK);
    CHECK_EQUAL(sys_write(file, "hello", 5, OFFSET_STREAM), 5);
    CHECK_EQUAL(do_stat(fake_vfs, "/f", 0), OK);
    CHECK_EQUAL(attributes.size_bytes, 5u);
    CHECK_EQUAL(attributes.mode, 0640u);
    CHECK_EQUAL(attributes.device, 2u);
    struct file_attributes by_handle;
    CHECK_EQUAL(sys_stat(file, &by_handle), OK);
    CHECK_EQUAL(by_handle.device, attributes.device);
    CHECK_EQUAL(by_handle.inode, attributes.inode);
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0640, nullptr), ERR_EXISTS);
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_WRITE | OPEN_TRUNCATE, 0, nullptr), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "f", 0), OK);
    CHECK_EQUAL(attributes.size_bytes, 0u);
    CHECK_EQUAL(do_open(fake_vfs, "/g", OPEN_READ, 0, nullptr), ERR_NOT_FOUND);
    CHECK_EQUAL(do_open(fake_vfs, "/f/", OPEN_READ, 0, nullptr), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_READ | OPEN_DIRECTORY, 0, nullptr), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(do_open(fake_vfs, "/", OPEN_WRITE, 0, nullptr), ERR_IS_DIRECTORY);
    CHECK_EQUAL(do_open(fake_vfs, "/new/", OPEN_WRITE | OPEN_CREATE, 0, nullptr), ERR_IS_DIRECTORY);
}

TEST(nothing_is_kept_of_what_was_removed)
{
    fake_start();
    CHECK_EQUAL(touch("/warm"), OK);
    CHECK_EQUAL(do_unlink("/warm", 0), OK);
    int handles = fake_handles(), files = fake_files();
    char name[16];
    for (int i = 0; i < 100; i++) {
        fmt(name, sizeof name, "/f%d", i);
        CHECK_EQUAL(touch(name), OK);
    }
    CHECK_EQUAL(fake_files(), files + 100);
    for (int i = 0; i < 100; i++) {
        fmt(name, sizeof name, "/f%d", i);
        CHECK_EQUAL(do_unlink(name, 0), OK);
    }
    CHECK_EQUAL(fake_files(), files);
    CHECK_EQUAL(fake_handles(), handles);
}

TEST(an_open_file_outlives_its_name)
{
    fake_start();
    handle_t file;
    int files = fake_files();
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_WRITE | OPEN_CREATE, 0644, &file), OK);
    CHECK_EQUAL(do_unlink("/f", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/f", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(sys_stat(file, &attributes), OK);
    CHECK_EQUAL(attributes.links, 0u);
    CHECK_OK(sys_handle_close(file));
    CHECK_EQUAL(fake_files(), files);
}

TEST(links_and_renames_show_at_once)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    CHECK_EQUAL(touch("/f"), OK);
    CHECK_EQUAL(do_link("/f", "/d/g"), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/f", 0), OK);
    CHECK_EQUAL(attributes.links, 2u);
    CHECK_EQUAL(do_link("/d", "/e"), ERR_NOT_PERMITTED);
    CHECK_EQUAL(do_rename("/f", "/d/h", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/f", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(do_stat(fake_vfs, "/d/h", 0), OK);
    CHECK_EQUAL(do_rename("/d/h", "/d/h/x", 0), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(do_rename("/d", "/d/sub", 0), ERR_INVALID);
    CHECK_EQUAL(do_rename("/d/h", "/d/g", VFS_NO_REPLACE), ERR_EXISTS);
    CHECK_EQUAL(touch("/x"), OK);
    CHECK_EQUAL(do_rename("/x", "/d/g", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/d/h", 0), OK);
    CHECK_EQUAL(attributes.links, 1u);
    CHECK_EQUAL(do_rename("/d", "/e/", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/e/g", 0), OK);
    CHECK_EQUAL(do_rename("/e", "/.", 0), ERR_BUSY);
    CHECK_EQUAL(touch("/y"), OK);
    CHECK_EQUAL(do_rename("/y", "/e", VFS_EXCHANGE), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/y/g", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/e", 0), OK);
    CHECK_EQUAL(attributes.type, (uint32_t)FILE_REGULAR);
}

TEST(directories_are_made_and_removed_by_the_rules)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d/"), OK);
    CHECK_EQUAL(do_mkdir("/d"), ERR_EXISTS);
    CHECK_EQUAL(do_mkdir("/d/."), ERR_EXISTS);
    CHECK_EQUAL(do_mkdir("/"), ERR_EXISTS);
    CHECK_EQUAL(do_mkdir("/x/y"), ERR_NOT_FOUND);
    CHECK_EQUAL(do_mkdir("/d/e"), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/d", 0), OK);
    CHECK_EQUAL(attributes.links, 3u);
    CHECK_EQUAL(do_unlink("/d", 0), ERR_IS_DIRECTORY);
    CHECK_EQUAL(do_unlink("/d", VFS_REMOVE_DIRECTORY), ERR_NOT_EMPTY);
    CHECK_EQUAL(do_unlink("/d/.", VFS_REMOVE_DIRECTORY), ERR_INVALID);
    CHECK_EQUAL(do_unlink("/d/e/..", VFS_REMOVE_DIRECTORY), ERR_NOT_EMPTY);
    CHECK_EQUAL(do_unlink("/", VFS_REMOVE_DIRECTORY), ERR_BUSY);
    handle_t inside = do_chdir(fake_vfs, "/d/e");
    CHECK_TEXT(do_current(inside), "/d/e");
    CHECK_EQUAL(do_unlink("/d/e", VFS_REMOVE_DIRECTORY), OK);
    CHECK_TEXT(do_current(inside), "?");
    CHECK_EQUAL(do_open(inside, "f", OPEN_WRITE | OPEN_CREATE, 0644, nullptr), ERR_NOT_FOUND);
    CHECK_EQUAL(do_unlink("/d", VFS_REMOVE_DIRECTORY), OK);
    CHECK_EQUAL(touch("/f"), OK);
    CHECK_EQUAL(do_unlink("/f", VFS_REMOVE_DIRECTORY), ERR_NOT_DIRECTORY);
}

TEST(symbolic_links_lead_where_they_say)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    CHECK_EQUAL(touch("/d/f"), OK);
    CHECK_EQUAL(do_symlink("d", "/l"), OK);
    CHECK_EQUAL(do_symlink("x", "/l"), ERR_EXISTS);
    CHECK_TEXT(do_readlink("/l"), "d");
    CHECK_EQUAL(do_stat(fake_vfs, "/l/f", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/l", VFS_NO_FOLLOW), OK);
    CHECK_EQUAL(attributes.type, (uint32_t)FILE_SYMLINK);
    CHECK_EQUAL(attributes.size_bytes, 1u);
    CHECK_EQUAL(do_open(fake_vfs, "/l", OPEN_READ | OPEN_NO_FOLLOW, 0, nullptr), ERR_LOOP);
    CHECK_EQUAL(do_symlink("d/made", "/dangling"), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/dangling", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0644, nullptr), ERR_EXISTS);
    CHECK_EQUAL(touch("/dangling"), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/d/made", 0), OK);
    CHECK_EQUAL(do_unlink("/l", 0), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/d", 0), OK);
    CHECK_TEXT(do_readlink("/d"), "?");
}

TEST(permissions_are_those_of_the_caller)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    CHECK_EQUAL(do_make("/tmp", FILE_DIRECTORY, 01777), OK);
    CHECK_EQUAL(touch("/d/f"), OK);
    become(5, 6);
    CHECK_EQUAL(do_open(fake_vfs, "/d/f", OPEN_READ, 0, nullptr), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/d/f", OPEN_WRITE, 0, nullptr), ERR_NO_ACCESS);
    CHECK_EQUAL(touch("/d/g"), ERR_NO_ACCESS);
    CHECK_EQUAL(do_unlink("/d/f", 0), ERR_NO_ACCESS);
    CHECK_EQUAL(do_open(fake_vfs, "/tmp/mine", OPEN_WRITE | OPEN_CREATE, 0400, nullptr), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/tmp/mine", 0), OK);
    CHECK_EQUAL(attributes.uid, 5u);
    CHECK_EQUAL(attributes.gid, 6u);
    become(7, 7);
    CHECK_EQUAL(do_open(fake_vfs, "/tmp/mine", OPEN_READ, 0, nullptr), ERR_NO_ACCESS);
    CHECK_EQUAL(do_unlink("/tmp/mine", 0), ERR_NOT_PERMITTED);
    CHECK_EQUAL(do_rename("/tmp/mine", "/tmp/yours", 0), ERR_NOT_PERMITTED);
    struct vfs_set_mode_in mode = {.path = V("/tmp/mine"), .mode = 0777};
    CHECK_EQUAL(vfs_set_mode(fake_vfs, &mode, &(struct vfs_set_mode_out){}), ERR_NOT_PERMITTED);
    become(5, 6);
    CHECK_EQUAL(vfs_set_mode(fake_vfs, &mode, &(struct vfs_set_mode_out){}), OK);
    struct vfs_set_owner_in owner = {.path = V("/tmp/mine"), .uid = 7, .gid = UINT32_MAX};
    CHECK_EQUAL(vfs_set_owner(fake_vfs, &owner, &(struct vfs_set_owner_out){}), ERR_NOT_PERMITTED);
    become(0, 0);
    CHECK_EQUAL(vfs_set_owner(fake_vfs, &owner, &(struct vfs_set_owner_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/tmp/mine", 0), OK);
    CHECK_EQUAL(attributes.uid, 7u);
    CHECK_EQUAL(attributes.gid, 6u);
    CHECK_EQUAL(attributes.mode, 0777u);
    struct vfs_access_in access = {.path = V("/d/f"), .wanted = 1};
    CHECK_EQUAL(vfs_access(fake_vfs, &access, &(struct vfs_access_out){}), ERR_NO_ACCESS);
}

TEST(open_handles_are_changed_by_their_owner_only)
{
    fake_start();
    handle_t file;
    CHECK_EQUAL(do_open(fake_vfs, "/f", OPEN_WRITE | OPEN_CREATE, 0644, &file), OK);
    struct file_attributes change = {.mode = 0600};
    struct vfs_handle_set_in in = {.file = file, .mask = ATTRIBUTE_MODE, .attributes = &change};
    int handles = fake_handles();
    become(9, 9);
    CHECK_EQUAL(vfs_handle_set(fake_vfs, &in, &(struct vfs_handle_set_out){}), ERR_NOT_PERMITTED);
    become(0, 0);
    CHECK_EQUAL(vfs_handle_set(fake_vfs, &in, &(struct vfs_handle_set_out){}), OK);
    CHECK_EQUAL(fake_handles(), handles);
    CHECK_EQUAL(sys_stat(file, &attributes), OK);
    CHECK_EQUAL(attributes.mode, 0600u);
    handle_t directory;
    CHECK_EQUAL(do_open(fake_vfs, "/", OPEN_READ, 0, &directory), OK);
    in.file = directory;
    change.mode = 0711;
    CHECK_EQUAL(vfs_handle_set(fake_vfs, &in, &(struct vfs_handle_set_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/", 0), OK);
    CHECK_EQUAL(attributes.mode, 0711u);
}

static int list(handle_t directory, char *out, size_t room, size_t buffer)
{
    uint8_t space[512];
    int count = 0;
    size_t used = 0;
    for (;;) {
        struct message m = {.words = {[0] = OFFSET_STREAM, [4] = sys_address(space), [5] = buffer}};
        int64_t got = sys_call(directory, OP_READDIR | KIND_RECEIVE_DATA, &m);
        if (got <= 0)
            return got < 0 ? (int)got : count;
        struct directory_record r;
        struct view name;
        for (size_t at = 0; record_next((struct view){space, (size_t)got}, &at, &r, &name) == OK; count++)
            used += fmt(out + used, room - used, "%.*s ", (int)name.length, (const char *)name.data);
    }
}

TEST(a_directory_lists_all_its_names_once)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    CHECK_EQUAL(touch("/d/a"), OK);
    CHECK_EQUAL(touch("/d/b"), OK);
    CHECK_EQUAL(do_mkdir("/d/c"), OK);
    handle_t directory;
    char text[512] = "";
    CHECK_EQUAL(do_open(fake_vfs, "/d", OPEN_READ | OPEN_DIRECTORY, 0, &directory), OK);
    CHECK_EQUAL(list(directory, text, sizeof text, 512), 5);
    CHECK_TEXT(text, ". .. a b c ");
    struct message m = {};
    CHECK_EQUAL(sys_call(directory, OP_SEEK, &m), 0);
    CHECK_EQUAL(list(directory, text, sizeof text, 40), 5);
    CHECK_TEXT(text, ". .. a b c ");
    handle_t dev;
    CHECK_EQUAL(do_open(fake_vfs, "/dev", OPEN_READ | OPEN_DIRECTORY, 0, &dev), OK);
    CHECK_EQUAL(list(dev, text, sizeof text, 64), 2 + 4 + 4 + 2);
    CHECK_EQUAL(do_open(directory, "a", OPEN_READ, 0, nullptr), OK);
    CHECK_EQUAL(do_open(directory, "../dev/null", OPEN_READ, 0, nullptr), OK);
    CHECK_EQUAL(do_stat(directory, "", VFS_EMPTY_PATH), OK);
    CHECK_EQUAL(attributes.type, (uint32_t)FILE_DIRECTORY);
    handle_t view = do_chdir(directory, "");
    CHECK_TEXT(do_current(view), "/d");
    CHECK_TEXT(do_current(do_chdir(view, "c")), "/d/c");
    CHECK_TEXT(do_current(do_chdir(view, "../dev/pts")), "/dev/pts");
    CHECK_TEXT(do_current(do_chdir(view, "../..")), "/");
}

TEST(devices_are_forwarded_with_their_name)
{
    fake_start();
    handle_t server = fake_device_server(), file;
    struct vfs_device_in in = {.name = V("tty"), .target = server, .type = FILE_CHARACTER, .mode = 0666, .special = 0x500};
    CHECK_EQUAL(vfs_device(fake_vfs, &in, &(struct vfs_device_out){}), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/dev/tty", OPEN_READ | OPEN_WRITE, 0, &file), OK);
    CHECK_TEXT(fake_forwarded(), "tty");
    CHECK_EQUAL(do_symlink("/dev/tty", "/t"), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/t", OPEN_READ, 0, &file), OK);
    CHECK_TEXT(fake_forwarded(), "");
    struct vfs_make_in node = {.path = V("/node"), .type = FILE_CHARACTER, .mode = 0666, .special = 0x500};
    CHECK_EQUAL(vfs_make(fake_vfs, &node, &(struct vfs_make_out){}), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/node", OPEN_READ, 0, &file), OK);
    in.name = V("pts/3");
    CHECK_EQUAL(vfs_device(fake_vfs, &in, &(struct vfs_device_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/dev/pts/3", 0), OK);
    CHECK_EQUAL(attributes.special, 0x500u);
    in.target = HANDLE_NONE;
    CHECK_EQUAL(vfs_device(fake_vfs, &in, &(struct vfs_device_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/dev/pts/3", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(touch("/dev/x"), ERR_NOT_PERMITTED);
    become(3, 3);
    CHECK_EQUAL(vfs_device(fake_vfs, &in, &(struct vfs_device_out){}), ERR_NOT_PERMITTED);
    CHECK_EQUAL(do_open(fake_vfs, "/dev/null", OPEN_WRITE, 0, nullptr), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/dev/urandom", OPEN_READ, 0, nullptr), OK);
}

TEST(a_changed_root_is_a_wall)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/jail"), OK);
    CHECK_EQUAL(touch("/secret"), OK);
    CHECK_EQUAL(do_symlink("/secret", "/jail/l"), OK);
    struct vfs_change_root_in in = {.path = V("/jail")};
    struct vfs_change_root_out out;
    CHECK_EQUAL(vfs_change_root(fake_vfs, &in, &out), OK);
    handle_t jail = do_chdir(out.view, "/");
    CHECK_TEXT(do_current(jail), "/");
    CHECK_EQUAL(do_stat(jail, "/secret", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(do_stat(jail, "../secret", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(do_stat(jail, "l", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(do_stat(jail, "l", VFS_NO_FOLLOW), OK);
    become(4, 4);
    CHECK_EQUAL(vfs_change_root(fake_vfs, &in, &out), ERR_NOT_PERMITTED);
}

TEST(requests_that_overtake_each_other_see_the_last_state)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    struct message open_message, unlink_message, second;
    uint32_t open_kind, unlink_kind;
    struct vfs_open_in o = {.path = V("/d/f"), .flags = OPEN_WRITE | OPEN_CREATE, .mode = 0644};
    struct vfs_unlink_in u = {.path = V("/d/f")};
    CHECK_OK(vfs_open_encode(&o, &open_message, &open_kind));
    CHECK_OK(vfs_unlink_encode(&u, &unlink_message, &unlink_kind));
    second = open_message;
    fake_hold();
    int a = fake_begin(fake_vfs, open_kind, &open_message), b = fake_begin(fake_vfs, open_kind, &second);
    int c = fake_begin(fake_vfs, unlink_kind, &unlink_message);
    fake_release();
    int64_t result;
    CHECK(fake_is_done(a, &result) && result == OK);
    CHECK(fake_is_done(b, &result) && result == OK);
    CHECK(fake_is_done(c, &result));
    CHECK(result == OK || result == ERR_NOT_FOUND);
    int64_t seen = do_stat(fake_vfs, "/d/f", 0);
    CHECK_EQUAL(seen, result == OK ? ERR_NOT_FOUND : OK);
}

TEST(temporary_files_have_no_name)
{
    fake_start();
    handle_t file;
    int files = fake_files();
    CHECK_EQUAL(do_open(fake_vfs, "/", OPEN_WRITE | OPEN_READ | OPEN_TEMPORARY, 0600, &file), OK);
    CHECK_EQUAL(sys_write(file, "x", 1, 0), 1);
    CHECK_OK(sys_handle_close(file));
    CHECK_EQUAL(fake_files(), files);
}

TEST(the_mount_table_is_text)
{
    fake_start();
    char text[256];
    struct vfs_mounts_in in = {.text_space = {(uint8_t *)text, sizeof text - 1}};
    struct vfs_mounts_out out;
    CHECK_EQUAL(vfs_mounts(fake_vfs, &in, &out), OK);
    text[out.text.length] = 0;
    CHECK_TEXT(text, "ramfs / ramfs rw 0 0\ndev /dev dev rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n");
    struct vfs_statistics_in s = {.path = V("/")};
    struct vfs_statistics_out statistics;
    CHECK_EQUAL(vfs_statistics(fake_vfs, &s, &statistics), OK);
    CHECK_EQUAL(statistics.statistics.name_max, 255u);
}

TEST(the_two_sides_of_a_named_pipe_meet)
{
    fake_start();
    CHECK_EQUAL(do_make("/p", FILE_FIFO, 0666), OK);
    int handles = fake_handles();
    struct message reader;
    uint32_t kind;
    struct vfs_open_in in = {.path = V("/p"), .flags = OPEN_READ};
    CHECK_OK(vfs_open_encode(&in, &reader, &kind));
    int waiting = fake_begin(fake_vfs, kind, &reader);
    int64_t result;
    CHECK(!fake_is_done(waiting, &result));
    handle_t writer;
    struct handle_info info;
    CHECK_EQUAL(do_open(fake_vfs, "/p", OPEN_WRITE, 0, &writer), OK);
    CHECK(fake_is_done(waiting, &result) && result == OK);
    CHECK_OK(sys_handle_info(writer, &info));
    CHECK_EQUAL(info.kind, (uint32_t)OBJECT_PIPE_WRITER);
    CHECK_OK(sys_handle_info((handle_t)reader.words[3], &info));
    CHECK_EQUAL(info.kind, (uint32_t)OBJECT_PIPE_READER);
    CHECK_EQUAL(fake_handles(), handles + 2);
    CHECK_EQUAL(do_open(fake_vfs, "/p", OPEN_WRITE | OPEN_NONBLOCK, 0, nullptr), ERR_NO_DEVICE);
    CHECK_OK(vfs_open_encode(&in, &reader, &kind));
    waiting = fake_begin(fake_vfs, kind, &reader);
    fake_cancel(waiting);
    CHECK(fake_is_done(waiting, &result) && result == ERR_INTERRUPTED);
    CHECK_EQUAL(do_open(fake_vfs, "/p", OPEN_READ | OPEN_NONBLOCK, 0, nullptr), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/p", OPEN_WRITE, 0, nullptr), OK);
}

TEST(a_new_filesystem_covers_a_folder_until_it_is_unmounted)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/mnt"), OK);
    CHECK_EQUAL(touch("/mnt/below"), OK);
    int handles = fake_handles(), files = fake_files();
    struct vfs_mount_type_in in = {.text = V("tmpfs/mnt"), .type_bytes = 5};
    CHECK_EQUAL(vfs_mount_type(fake_vfs, &in, &(struct vfs_mount_type_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/mnt/below", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(touch("/mnt/inside"), OK);
    CHECK_EQUAL(do_rename("/mnt/inside", "/inside", 0), ERR_CROSS_DEVICE);
    CHECK_EQUAL(do_rename("/mnt", "/other", 0), ERR_BUSY);
    CHECK_EQUAL(do_unlink("/mnt", VFS_REMOVE_DIRECTORY), ERR_BUSY);
    handle_t view = do_chdir(fake_vfs, "/mnt");
    CHECK_TEXT(do_current(view), "/mnt");
    struct vfs_unmount_in out = {.path = V("/mnt")};
    CHECK_EQUAL(vfs_unmount(fake_vfs, &out, &(struct vfs_unmount_out){}), ERR_BUSY);
    CHECK_OK(sys_handle_close(view));
    CHECK_EQUAL(vfs_unmount(fake_vfs, &out, &(struct vfs_unmount_out){}), OK);
    CHECK_EQUAL(do_stat(fake_vfs, "/mnt/below", 0), OK);
    CHECK_EQUAL(fake_handles(), handles);
    CHECK_EQUAL(fake_files(), files);
    in.text = V("extfs/mnt");
    CHECK_EQUAL(vfs_mount_type(fake_vfs, &in, &(struct vfs_mount_type_out){}), ERR_NO_DEVICE);
}

/* Twice, so that the second is answered from memory. */
static int64_t stat_twice(const char *path)
{
    int64_t first = do_stat(fake_vfs, path, 0), second = do_stat(fake_vfs, path, 0);
    CHECK_EQUAL(first, second);
    return second;
}
static int64_t set_mode(const char *path, uint32_t mode)
{
    struct vfs_set_mode_in in = {.path = V(path), .mode = mode};
    return vfs_set_mode(fake_vfs, &in, &(struct vfs_set_mode_out){});
}

TEST(what_is_remembered_of_a_path_is_what_a_walk_finds)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/a"), OK);
    CHECK_EQUAL(do_mkdir("/a/b"), OK);
    CHECK_EQUAL(touch("/a/b/f"), OK);
    CHECK_EQUAL(touch("/a/b/g"), OK);
    CHECK_EQUAL(stat_twice("/a/b/g"), OK);
    uint64_t g = attributes.inode;
    CHECK_EQUAL(stat_twice("/a/b/f"), OK);
    uint64_t f = attributes.inode;
    /* a folder above moves away, and another comes */
    CHECK_EQUAL(do_rename("/a", "/c", 0), OK);
    CHECK_EQUAL(stat_twice("/a/b/f"), ERR_NOT_FOUND);
    CHECK_EQUAL(stat_twice("/c/b/f"), OK);
    CHECK_EQUAL(attributes.inode, f);
    CHECK_EQUAL(do_mkdir("/a"), OK);
    CHECK_EQUAL(do_rename("/c/b", "/a/b", 0), OK);
    CHECK_EQUAL(stat_twice("/a/b/f"), OK);
    CHECK_EQUAL(attributes.inode, f);
    /* the name changes hands */
    CHECK_EQUAL(do_rename("/a/b/g", "/a/b/f", 0), OK);
    CHECK_EQUAL(stat_twice("/a/b/f"), OK);
    CHECK_EQUAL(attributes.inode, g);
    CHECK_EQUAL(stat_twice("/a/b/g"), ERR_NOT_FOUND);
    /* a link's end, and the link itself */
    CHECK_EQUAL(do_symlink("/a/b", "/s"), OK);
    CHECK_EQUAL(stat_twice("/s/f"), OK);
    CHECK_EQUAL(attributes.inode, g);
    CHECK_EQUAL(do_stat(fake_vfs, "/s", VFS_NO_FOLLOW), OK);
    CHECK_EQUAL(attributes.type, FILE_SYMLINK);
    CHECK_EQUAL(stat_twice("/s"), OK);
    CHECK_EQUAL(attributes.type, FILE_DIRECTORY);
    CHECK_EQUAL(do_unlink("/s", 0), OK);
    CHECK_EQUAL(stat_twice("/s/f"), ERR_NOT_FOUND);
    CHECK_EQUAL(do_unlink("/a/b/f", 0), OK);
    CHECK_EQUAL(stat_twice("/a/b/f"), ERR_NOT_FOUND);
    CHECK_EQUAL(touch("/a/b/f"), OK);
    CHECK_EQUAL(stat_twice("/a/b/f"), OK);
    CHECK_EQUAL(stat_twice("/a/b/f/"), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(stat_twice("/a/b/f/x"), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(stat_twice("//a/./b//../b/f"), OK);
}

TEST(a_remembered_path_asks_for_permission_each_time)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/d"), OK);
    CHECK_EQUAL(do_mkdir("/d/e"), OK);
    CHECK_EQUAL(touch("/d/e/f"), OK);
    CHECK_EQUAL(set_mode("/d/e/f", 0600), OK);
    become(5, 6);
    CHECK_EQUAL(stat_twice("/d/e/f"), OK);
    CHECK_EQUAL(do_open(fake_vfs, "/d/e/f", OPEN_READ, 0, nullptr), ERR_NO_ACCESS);
    become(0, 0);
    CHECK_EQUAL(set_mode("/d", 0710), OK);
    CHECK_EQUAL(stat_twice("/d/e/f"), OK);
    become(5, 6);
    CHECK_EQUAL(stat_twice("/d/e/f"), ERR_NO_ACCESS);
    CHECK_EQUAL(do_open(fake_vfs, "/d/e/f", OPEN_READ, 0, nullptr), ERR_NO_ACCESS);
    become(0, 0);
    struct vfs_set_owner_in owner = {.path = V("/d"), .uid = UINT32_MAX, .gid = 6};
    CHECK_EQUAL(vfs_set_owner(fake_vfs, &owner, &(struct vfs_set_owner_out){}), OK);
    become(5, 6);
    CHECK_EQUAL(stat_twice("/d/e/f"), OK);
    become(5, 7);
    CHECK_EQUAL(stat_twice("/d/e/f"), ERR_NO_ACCESS);
    become(8, 7);
    fake_table()[9].group_count = 1;
    fake_table()[9].groups[0] = 6;
    CHECK_EQUAL(stat_twice("/d/e/f"), OK);
    fake_table()[9].group_count = 0;
    CHECK_EQUAL(stat_twice("/d/e/f"), ERR_NO_ACCESS);
}

TEST(a_remembered_path_sees_what_is_mounted_over_it)
{
    fake_start();
    CHECK_EQUAL(do_mkdir("/m"), OK);
    CHECK_EQUAL(touch("/m/f"), OK);
    CHECK_EQUAL(stat_twice("/m/f"), OK);
    handle_t inside = do_chdir(fake_vfs, "/m");
    CHECK_EQUAL(do_stat(inside, "f", 0), OK);
    struct vfs_mount_type_in in = {.text = V("tmpfs/m"), .type_bytes = 5};
    CHECK_EQUAL(vfs_mount_type(fake_vfs, &in, &(struct vfs_mount_type_out){}), OK);
    CHECK_EQUAL(stat_twice("/m/f"), ERR_NOT_FOUND);
    CHECK_EQUAL(touch("/m/f"), OK);
    CHECK_EQUAL(stat_twice("/m/f"), OK);
    struct vfs_unmount_in out = {.path = V("/m")};
    CHECK_OK(sys_handle_close(inside));
    CHECK_EQUAL(vfs_unmount(fake_vfs, &out, &(struct vfs_unmount_out){}), OK);
    CHECK_EQUAL(stat_twice("/m/f"), OK);
    /* the same words from another place */
    CHECK_EQUAL(do_mkdir("/n"), OK);
    handle_t m = do_chdir(fake_vfs, "/m"), n = do_chdir(fake_vfs, "/n");
    CHECK_EQUAL(do_stat(m, "f", 0), OK);
    CHECK_EQUAL(do_stat(n, "f", 0), ERR_NOT_FOUND);
    CHECK_EQUAL(do_stat(m, "f", 0), OK);
    CHECK_OK(sys_handle_close(m));
    CHECK_OK(sys_handle_close(n));
}
