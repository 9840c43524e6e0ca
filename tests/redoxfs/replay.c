/* SPDX-License-Identifier: MIT
 * A script of operations (tests/redoxfs/tree.py), each of which must succeed, on a volume in memory that becomes an image: a line is
 * what, a path and another (hexadecimal, - for none), three numbers and the time. */
#include "proof/replay.h"
#include "proof/disk.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 65536 };

struct line { char what[16]; uint8_t path[PATH_BYTES], other[PATH_BYTES]; size_t path_length, other_length; uint64_t a, b, c; struct redoxfs_time now; };

static struct proof_disk disk;
static struct redoxfs fs;
static uint8_t pool[1 << 20];

static size_t hex_read(const char *text, uint8_t *to)
{
    size_t length = 0;
    for (unsigned byte; text[0] != '-' && sscanf(text + 2 * length, "%2x", &byte) == 1; length++)
        to[length] = (uint8_t)byte;
    return length;
}

static bool line_read(FILE *script, struct line *out)
{
    static char path[2 * PATH_BYTES + 2], other[2 * PATH_BYTES + 2];
    static_assert(PATH_BYTES == 65536, "the widths below are of twice as many digits");
    if (fscanf(script, "%15s %131072s %131072s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, out->what, path, other, &out->a, &out->b, &out->c,
               &out->now.seconds) != 7)
        return false;
    out->path_length = hex_read(path, out->path);
    out->other_length = hex_read(other, out->other);
    return true;
}

/* The directory that a path's last name is in, and that name. */
static uint32_t directory_of(const uint8_t *path, size_t length, struct view *out_name)
{
    struct view rest = {path + 1, length - 1};
    uint32_t in = REDOXFS_ROOT;
    for (struct redoxfs_node node;;) {
        const uint8_t *slash = memchr(rest.data, '/', rest.length);
        if (!slash)
            break;
        size_t name = (size_t)(slash - rest.data);
        MUST(redoxfs_node_read(&fs, in, &node));
        MUST(redoxfs_lookup(&fs, &node, (struct view){rest.data, name}, &in));
        rest = (struct view){slash + 1, rest.length - name - 1};
    }
    *out_name = rest;
    return in;
}

static uint32_t find(const struct line *l)
{
    struct redoxfs_node node;
    struct view name;
    uint32_t id, in = directory_of(l->path, l->path_length, &name);
    MUST(redoxfs_node_read(&fs, in, &node));
    MUST(redoxfs_lookup(&fs, &node, name, &id));
    return id;
}

static void put(const struct line *l)
{
    size_t done;
    uint32_t id = find(l);
    if (l->c > sizeof pool || l->b > sizeof pool - l->c)
        proof_failed("a write of more than there is");
    for (size_t at = 0; at < l->b; at += done)
        MUST(redoxfs_write(&fs, id, l->a + at, (struct view){pool + l->c + at, l->b - at}, l->now, &done));
}

static void open_volume(void)
{
    struct redoxfs_write_options options = proof_options();
    MUST(redoxfs_open_writable(proof_disk_of(&disk), &options, &fs));
}

static void make(const struct line *l, uint32_t in, struct view name, uint16_t type)
{
    uint32_t id;
    struct redoxfs_attributes a = {.mode = (uint16_t)(type | l->a), .uid = (uint32_t)l->b, .gid = (uint32_t)l->c, .now = l->now};
    if (type == REDOXFS_LINK)
        MUST(redoxfs_symlink(&fs, in, name, (struct view){l->other, l->other_length}, &a, &id));
    else
        MUST(redoxfs_create(&fs, in, name, &a, &id));
}

static bool is(const struct line *l, const char *what)
{
    return strcmp(l->what, what) == 0;
}

static void rename_to(const struct line *l, uint32_t in, struct view name)
{
    struct view new_name;
    uint32_t to = directory_of(l->other, l->other_length, &new_name);
    if (is(l, "link"))
        MUST(redoxfs_link(&fs, to, new_name, find(l), l->now));
    else
        MUST(redoxfs_rename(&fs, in, name, to, new_name, is(l, "rename") ? REDOXFS_REPLACE : REDOXFS_EXCHANGE, l->now));
}

static void apply(const struct line *l)
{
    static const struct { const char *what; uint16_t type; } makers[] = {
        {"file", REDOXFS_FILE}, {"dir", REDOXFS_DIRECTORY}, {"symlink", REDOXFS_LINK}, {"socket", REDOXFS_SOCKET}};
    struct view name = {0};
    uint32_t in = l->path_length ? directory_of(l->path, l->path_length, &name) : 0;
    for (size_t i = 0; i < ARRAY_LENGTH(makers); i++)
        if (is(l, makers[i].what))
            return make(l, in, name, makers[i].type);
    if (is(l, "write"))
        put(l);
    else if (is(l, "truncate"))
        MUST(redoxfs_truncate(&fs, find(l), l->a, l->now));
    else if (is(l, "unlink"))
        MUST(redoxfs_unlink(&fs, in, name, l->now));
    else if (is(l, "rmdir"))
        MUST(redoxfs_rmdir(&fs, in, name, l->now));
    else if (is(l, "commit"))
        MUST(redoxfs_commit(&fs));
    else if (is(l, "remount")) {
        MUST(redoxfs_commit(&fs));
        redoxfs_close(&fs);
        open_volume();
    } else
        rename_to(l, in, name);
}

static void image_write(const char *path)
{
    static const uint8_t zeros[REDOXFS_BLOCK_BYTES];
    FILE *image = fopen(path, "wb");
    bool is_well = image != nullptr;
    for (uint64_t i = 0; is_well && i < disk.count; i++)
        if (memcmp(disk.blocks[i], zeros, sizeof zeros) != 0 || i + 1 == disk.count)
            is_well = fseek(image, (long)(i * REDOXFS_BLOCK_BYTES), SEEK_SET) == 0 && fwrite(disk.blocks[i], REDOXFS_BLOCK_BYTES, 1, image) == 1;
    if (!is_well || fclose(image) != 0)
        proof_failed("%s cannot be written", path);
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        proof_failed("%s cannot be read", path);
    return file;
}

uint64_t replay_run(const char *folder, const char *image, uint64_t blocks, bool compresses)
{
    static struct line line;
    uint64_t lines = 0;
    FILE *file = open_in(folder, "pool");
    size_t pool_bytes = fread(pool, 1, sizeof pool, file);
    fclose(file);
    if (!pool_bytes)
        proof_failed("an empty pool");
    proof_compresses = compresses;
    proof_disk_init(&disk, blocks);
    proof_format(&disk, 0);
    open_volume();
    file = open_in(folder, "script");
    for (; line_read(file, &line); lines++)
        apply(&line);
    fclose(file);
    MUST(redoxfs_commit(&fs));
    redoxfs_close(&fs);
    image_write(image);
    proof_disk_fini(&disk);
    return lines;
}
