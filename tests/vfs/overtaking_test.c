/* SPDX-License-Identifier: MIT
 * Many requests at once, whose questions to the filesystem are answered in bursts of any length: whatever overtakes what, vfsd remembers
 * what is true in the end, and keeps nothing of what is gone. */
#include "abi/file.h"
#include "base/fmt.h"
#include "fs/ramfs/ramfs.h"
#include "kernel_test.h"
#include "protocol/vfs.h"
#include "unit/unit.h"

#define ROUNDS 3000
#define AT_ONCE 8
#define NAMES 3
#define V(text) view_of_string(text)

static uint64_t state = 1;
static uint32_t any(uint32_t limit)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33) % limit;
}

static struct { struct message m; int number; bool is_open; char text[64]; } flying[AT_ONCE];

static void path_make(char *to, size_t size) { fmt(to, size, "/d%u/n%u", any(2), any(NAMES)); }

static void start_one(int i)
{
    char *text = flying[i].text;
    uint32_t kind = 0;
    struct message *m = &flying[i].m;
    char first[16], second[16];
    path_make(first, sizeof first);
    path_make(second, sizeof second);
    size_t length = fmt(text, sizeof flying[i].text, "%s%s", first, second), one = V(first).length;
    struct view path = {(const uint8_t *)text, one}, both = {(const uint8_t *)text, length};
    switch (any(8)) {
    case 0: case 1: {
        struct vfs_open_in in = {.path = path, .flags = OPEN_WRITE | OPEN_CREATE | (any(2) ? OPEN_EXCLUSIVE : 0), .mode = 0644};
        CHECK_OK(vfs_open_encode(&in, m, &kind));
        break;
    }
    case 2: CHECK_OK(vfs_unlink_encode(&(struct vfs_unlink_in){.path = path}, m, &kind)); break;
    case 3: CHECK_OK(vfs_make_encode(&(struct vfs_make_in){.path = path, .type = FILE_DIRECTORY, .mode = 0755}, m, &kind)); break;
    case 4: CHECK_OK(vfs_unlink_encode(&(struct vfs_unlink_in){.path = path, .flags = VFS_REMOVE_DIRECTORY}, m, &kind)); break;
    case 5:
        CHECK_OK(vfs_link_encode(&(struct vfs_link_in){.paths = both, .first_bytes = (uint32_t)one, .directory = HANDLE_NONE}, m, &kind));
        break;
    default:
        CHECK_OK(vfs_rename_encode(&(struct vfs_rename_in){.paths = both, .first_bytes = (uint32_t)one, .directory = HANDLE_NONE}, m, &kind));
        break;
    }
    flying[i].is_open = (kind & KIND_OPERATION) == VFS_OPEN;
    flying[i].number = fake_begin(fake_vfs, kind, m);
}

static void end_one(int i)
{
    int64_t result;
    if (!CHECK(fake_is_done(flying[i].number, &result)))
        return;
    CHECK(result <= 0 && result != ERR_INVALID && result != ERR_PROTOCOL && result != ERR_BUSY);
    if (result == OK && flying[i].is_open)
        CHECK_OK(sys_handle_close((handle_t)(uint32_t)flying[i].m.words[3]));
}

/* What vfsd says of a name, and what the tree says. */
static void compare(const char *path, uint64_t directory, const char *name)
{
    struct vfs_stat_in in = {.path = V(path)};
    struct vfs_stat_out out;
    struct ram_node *d, *node;
    CHECK_OK(ram_node_find(&ramfs.tree, directory, &d));
    int64_t ours = vfs_stat(fake_vfs, &in, &out), truth = ram_lookup(&ramfs.tree, d, V(name), &node);
    CHECK_EQUAL(ours, truth);
    if (ours != OK || truth != OK)
        return;
    CHECK_EQUAL(out.attributes.inode, node->attributes.inode);
    CHECK_EQUAL(out.attributes.links, node->attributes.links);
    CHECK_EQUAL(out.attributes.type, node->attributes.type);
}

static uint64_t make_directory(const char *path)
{
    struct vfs_stat_out out;
    CHECK_OK(vfs_make(fake_vfs, &(struct vfs_make_in){.path = V(path), .type = FILE_DIRECTORY, .mode = 0755}, &(struct vfs_make_out){}));
    CHECK_OK(vfs_stat(fake_vfs, &(struct vfs_stat_in){.path = V(path)}, &out));
    return out.attributes.inode;
}

TEST(what_overtakes_what_does_not_matter_in_the_end)
{
    fake_start();
    uint64_t directories[2] = {make_directory("/d0"), make_directory("/d1")};
    int files = fake_files();
    char path[16], name[8];
    for (int round = 0; round < ROUNDS; round++) {
        fake_hold();
        for (int i = 0; i < AT_ONCE; i++) {
            start_one(i);
            fake_step((int)any(3));
        }
        fake_release();
        for (int i = 0; i < AT_ONCE; i++)
            end_one(i);
        for (uint32_t n = 0; n < 2 * NAMES; n++) {
            fmt(path, sizeof path, "/d%u/n%u", n / NAMES, n % NAMES);
            fmt(name, sizeof name, "n%u", n % NAMES);
            compare(path, directories[n / NAMES], name);
        }
    }
    for (uint32_t n = 0; n < 2 * NAMES; n++) {
        fmt(path, sizeof path, "/d%u/n%u", n / NAMES, n % NAMES);
        IGNORE(vfs_unlink(fake_vfs, &(struct vfs_unlink_in){.path = V(path)}, &(struct vfs_unlink_out){}));
        IGNORE(vfs_unlink(fake_vfs, &(struct vfs_unlink_in){.path = V(path), .flags = VFS_REMOVE_DIRECTORY}, &(struct vfs_unlink_out){}));
    }
    CHECK_EQUAL(fake_files(), files);
    CHECK_EQUAL(ramfs.tree.node_count, 1u + 2u + 1u); /* the root, the two, /dev */
}
