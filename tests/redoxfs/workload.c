/* SPDX-License-Identifier: MIT
 * The list of operations, and what a volume looks like. */
#include "workload.h"
#include "base/try.h"
#include "redoxfs/resize.h"
#include "redoxfs/seahash.h"
#include <string.h>

static struct view view_of(const char *name)
{
    return (struct view){(const uint8_t *)name, strlen(name)};
}

static const struct redoxfs_time now = {1700000100, 5};

/* A/foo is directory A and name foo; the directory of a name without a slash is the root. */
static enum status resolve(struct redoxfs *fs, const char *path, uint32_t *out_directory, struct view *out_name)
{
    struct redoxfs_node root;
    const char *slash = strchr(path, '/');
    *out_directory = REDOXFS_ROOT;
    *out_name = view_of(slash ? slash + 1 : path);
    if (!slash)
        return OK;
    TRY(redoxfs_node_read(fs, REDOXFS_ROOT, &root));
    return redoxfs_lookup(fs, &root, (struct view){(const uint8_t *)path, (size_t)(slash - path)}, out_directory);
}

static enum status find(struct redoxfs *fs, const char *path, uint32_t *out)
{
    struct redoxfs_node directory;
    struct view name;
    uint32_t in;
    TRY(resolve(fs, path, &in, &name));
    TRY(redoxfs_node_read(fs, in, &directory));
    return redoxfs_lookup(fs, &directory, name, out);
}

static enum status make(struct redoxfs *fs, const char *path, uint16_t type)
{
    struct redoxfs_attributes a = {.mode = type | 0644, .uid = 1, .gid = 2, .now = now};
    struct view name;
    uint32_t in, id;
    TRY(resolve(fs, path, &in, &name));
    if (type == REDOXFS_LINK)
        return redoxfs_symlink(fs, in, name, view_of("over/there"), &a, &id);
    return redoxfs_create(fs, in, name, &a, &id);
}

static enum status hard_link(struct redoxfs *fs, const char *path, const char *other)
{
    struct view name;
    uint32_t in, id;
    TRY(find(fs, path, &id));
    TRY(resolve(fs, other, &in, &name));
    return redoxfs_link(fs, in, name, id, now);
}

static enum status take_away(struct redoxfs *fs, const char *path, bool of_directory)
{
    struct view name;
    uint32_t in;
    TRY(resolve(fs, path, &in, &name));
    return of_directory ? redoxfs_rmdir(fs, in, name, now) : redoxfs_unlink(fs, in, name, now);
}

static enum status rename_to(struct redoxfs *fs, const char *path, const char *other, enum redoxfs_rename how)
{
    struct view name, new_name;
    uint32_t from, to;
    TRY(resolve(fs, path, &from, &name));
    TRY(resolve(fs, other, &to, &new_name));
    return redoxfs_rename(fs, from, name, to, new_name, how, now);
}

static enum status put(struct redoxfs *fs, const char *path, uint64_t offset, size_t bytes, uint8_t value)
{
    static uint8_t data[140000];
    uint32_t id;
    size_t done;
    TRY(find(fs, path, &id));
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(value + i / 999);
    TRY(redoxfs_write(fs, id, offset, (struct view){data, bytes}, now, &done));
    return done == bytes ? OK : ERR_NO_SPACE;
}

static enum status cut_to(struct redoxfs *fs, const char *path, uint64_t size)
{
    uint32_t id;
    TRY(find(fs, path, &id));
    return redoxfs_truncate(fs, id, size, now);
}

static enum status change_mode(struct redoxfs *fs, const char *path, uint16_t mode)
{
    uint32_t id;
    TRY(find(fs, path, &id));
    return redoxfs_set(fs, id, REDOXFS_SET_MODE, &(struct redoxfs_node){.mode = mode});
}

static enum status unlink_held(struct redoxfs *fs, const char *path)
{
    uint32_t id;
    TRY(find(fs, path, &id));
    TRY(redoxfs_hold(fs, id));
    enum status status = take_away(fs, path, false);
    if (status != OK)
        IGNORE(redoxfs_unhold(fs, id));
    return status;
}

enum status workload_do(struct redoxfs *fs, uint32_t operation, uint64_t variation)
{
    uint64_t v = variation;
    switch (operation) {
    case 0: return make(fs, "A/bar", REDOXFS_FILE);
    case 1: return make(fs, "B/foo", REDOXFS_FILE);
    case 2: return make(fs, "B/foo", REDOXFS_DIRECTORY);
    case 3: return make(fs, "A/bar", REDOXFS_LINK);
    case 4: return hard_link(fs, "foo", "A/bar");
    case 5: return hard_link(fs, "A/foo", "B/foo");
    case 6: return take_away(fs, "A/foo", false);
    case 7: return take_away(fs, "foo", false);
    case 8: return take_away(fs, "B", true);
    case 9: return rename_to(fs, "A/foo", "A/bar", REDOXFS_REPLACE);
    case 10: return rename_to(fs, "A/foo", "B/foo", REDOXFS_REPLACE);
    case 11: return rename_to(fs, "foo", "A/foo", REDOXFS_REPLACE);
    case 12: return rename_to(fs, "B", "A/bar", REDOXFS_REPLACE);
    case 13: return rename_to(fs, "foo", "A/foo", REDOXFS_EXCHANGE);
    case 14: return put(fs, "foo", v % 5000, 4096, (uint8_t)(7 + v));
    case 15: return put(fs, "foo", 9000 + v % 100000, 130000, (uint8_t)(9 + v));
    case 16: return put(fs, "A/foo", v % 10, 20, (uint8_t)(11 + v));
    case 17: return put(fs, "A/foo", 5000 + v % 5000, 10, (uint8_t)(13 + v));
    case 18: return cut_to(fs, "foo", 100 + v % 9000);
    case 19: return cut_to(fs, "foo", 300000 + v % 100000);
    case 20: return change_mode(fs, "foo", (uint16_t)(0600 + v % 64));
    case 21: return unlink_held(fs, "foo");
    case 22: return make(fs, "foo", REDOXFS_FILE);
    case WORK_RESIZE: return redoxfs_resize(fs, 330 + v % 50);
    case WORK_RESIZE + 1: return redoxfs_resize(fs, WORK_BLOCKS - v % 10);
    }
    return ERR_INVALID;
}

void workload_start(struct proof_disk *disk)
{
    static struct redoxfs fs;
    struct redoxfs_write_options options = proof_options();
    proof_disk_init(disk, WORK_BLOCKS);
    proof_format(disk, 0);
    MUST(redoxfs_open_writable(proof_disk_of(disk), &options, &fs));
    MUST(make(&fs, "A", REDOXFS_DIRECTORY));
    MUST(make(&fs, "B", REDOXFS_DIRECTORY));
    MUST(make(&fs, "A/foo", REDOXFS_FILE));
    MUST(make(&fs, "foo", REDOXFS_FILE));
    MUST(put(&fs, "A/foo", 0, 100, 1));
    MUST(put(&fs, "foo", 0, 9000, 3));
    MUST(redoxfs_commit(&fs));
    redoxfs_close(&fs);
}

/* -- what it looks like ----------------------------------------------------------------------------------------------------------- */

static uint64_t add(uint64_t digest, struct view v)
{
    return seahash(v) ^ (digest << 7 | digest >> 57) * 0x9e3779b97f4a7c15;
}

static enum status digest_contents(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t *digest)
{
    static uint8_t bytes[65536];
    size_t got = 1;
    for (uint64_t at = 0; got; at += got) {
        TRY(redoxfs_read(fs, node, at, SPAN_OF_ARRAY(bytes), &got));
        *digest = add(*digest, (struct view){bytes, got});
    }
    return OK;
}

static enum status digest_node(struct redoxfs *fs, uint32_t id, uint32_t depth, uint64_t *digest);

/* The order of entries says nothing, so their digests are added up. */
static enum status digest_entries(struct redoxfs *fs, const struct redoxfs_node *node, uint32_t depth, uint64_t *digest)
{
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    uint64_t sum = 0;
    enum status status;
    while ((status = redoxfs_directory_next(fs, node, &cursor, &entry)) == OK) {
        uint64_t one = seahash((struct view){entry.name, entry.name_length});
        TRY(digest_node(fs, entry.id, depth + 1, &one));
        sum += one;
    }
    *digest = add(*digest, VIEW_OF_STRUCT(&sum));
    return status == ERR_NOT_FOUND ? OK : status;
}

static enum status digest_node(struct redoxfs *fs, uint32_t id, uint32_t depth, uint64_t *digest)
{
    struct redoxfs_node node;
    if (depth > 8)
        return ERR_LOOP;
    TRY(redoxfs_node_read(fs, id, &node));
    uint64_t facts[] = {id, node.mode, node.uid, node.gid, node.links, node.size_bytes, node.modify.seconds};
    *digest = add(*digest, (struct view){(const uint8_t *)facts, sizeof facts});
    return (node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY ? digest_entries(fs, &node, depth, digest) : digest_contents(fs, &node, digest);
}

enum status workload_digest(struct redoxfs *fs, uint64_t *out)
{
    uint64_t digest = 1;
    TRY(digest_node(fs, REDOXFS_ROOT, 0, &digest));
    *out = digest;
    return OK;
}
