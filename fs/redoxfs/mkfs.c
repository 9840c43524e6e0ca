/* SPDX-License-Identifier: MIT
 * An empty volume: an empty ring, the lists down to node 1, the root directory, one block of the log, and then one header.
 * Headers of older volumes are cleared first: the newest generation wins, whoever wrote it. */
#include "base/checked.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/seahash.h"

enum : uint32_t { FIRST_LIST = RING_SLOTS + 1, ROOT_NODE = FIRST_LIST + TREE_LEVELS, LOG_BLOCK, FIRST_FREE, FIRST_GENERATION = 1 };

static enum status write_block(struct redoxfs *fs, uint64_t index, struct redoxfs_pointer *out)
{
    struct view block = {fs->stored, REDOXFS_BLOCK_BYTES};
    *out = (struct redoxfs_pointer){index << 8, seahash(block)};
    enum status status = volume_turn(fs, true, index, (struct span){fs->stored, REDOXFS_BLOCK_BYTES});
    if (status == OK)
        status = volume_write(fs, index, block);
    memset(fs->stored, 0, REDOXFS_BLOCK_BYTES);
    return status;
}

static enum status clear_ring(struct redoxfs *fs)
{
    enum : uint32_t { AT_ONCE = RING_SLOTS / 8 };
    memset(fs->stored, 0, sizeof fs->stored);
    for (uint32_t slot = 0; slot < RING_SLOTS; slot += AT_ONCE)
        TRY(volume_write(fs, slot, (struct view){fs->stored, AT_ONCE * REDOXFS_BLOCK_BYTES}));
    return OK;
}

/* Whoever looks for a volume looks from the start of the disk; what is in front is somebody's, but a header is an old volume's. */
static enum status clear_front(struct redoxfs *fs)
{
    for (uint64_t at = 0; at < fs->base; at++) {
        TRY(fs->disk.read(fs->disk.context, at, (struct span){fs->stored, REDOXFS_BLOCK_BYTES}));
        if (memcmp(fs->stored, "RedoxFS", 8) != 0)
            continue;
        memset(fs->stored, 0, REDOXFS_BLOCK_BYTES);
        TRY(fs->disk.write(fs->disk.context, at, (struct view){fs->stored, REDOXFS_BLOCK_BYTES}));
    }
    return OK;
}

static void fill_root(uint8_t *node, const struct redoxfs_format_options *o)
{
    put16(node + NODE_MODE, (uint16_t)(REDOXFS_DIRECTORY | (o->permissions ? o->permissions & ~REDOXFS_TYPE : 0755)));
    put32(node + NODE_UID, o->uid);
    put32(node + NODE_GID, o->gid);
    put32(node + NODE_LINKS, 1);
    put64(node + NODE_BLOCKS, 1);
    put_time(node + NODE_CREATE, o->now);
    put_time(node + NODE_MODIFY, o->now);
    put_time(node + NODE_ACCESS, o->now);
}

static enum status write_tree(struct redoxfs *fs, const struct redoxfs_format_options *o)
{
    struct redoxfs_pointer below;
    memset(fs->stored, 0, REDOXFS_BLOCK_BYTES);
    fill_root(fs->stored, o);
    TRY(write_block(fs, ROOT_NODE, &below));
    for (uint32_t level = 0; level < TREE_LEVELS; level++) {
        put_pointer(fs->stored + (level == 0 ? REDOXFS_ROOT * POINTER_BYTES : 0), below);
        fs->stored[TREE_BITMAP] = level == 0 ? 3 : 0; /* numbers 0 and 1 are taken */
        TRY(write_block(fs, FIRST_LIST + TREE_LEVELS - 1 - level, &below));
    }
    fs->tree = below;
    put64(fs->stored + 16, FIRST_FREE);
    put64(fs->stored + 24, fs->block_count - FIRST_FREE);
    return write_block(fs, LOG_BLOCK, &fs->alloc);
}

static void fill_header(struct redoxfs *fs, const struct redoxfs_format_options *o)
{
    uint8_t *header = fs->header;
    memset(header, 0, sizeof fs->header);
    memcpy(header, "RedoxFS", 8);
    put64(header + 8, VERSION);
    memcpy(header + HEADER_UUID, o->uuid, sizeof o->uuid);
    if (o->cipher)
        memcpy(header + HEADER_SLOTS, &o->slot, sizeof o->slot);
    put64(header + HEADER_SIZE, fs->block_count * REDOXFS_BLOCK_BYTES);
}

enum status redoxfs_format(struct redoxfs_disk disk, const struct redoxfs_format_options *o, struct redoxfs *fs)
{
    memset(fs, 0, sizeof *fs);
    fs->disk = disk;
    fs->base = o->base;
    fs->cipher = o->cipher;
    fs->keys = o->keys;
    if (o->base >= disk.block_count || o->now.ns >= 1000000000)
        return ERR_INVALID;
    fs->block_count = o->block_count ? o->block_count : disk.block_count - o->base;
    if (fs->block_count < REDOXFS_BLOCKS_MIN || !range_fits(o->base, fs->block_count, disk.block_count))
        return ERR_INVALID;
    TRY(clear_ring(fs));
    TRY(clear_front(fs));
    TRY(write_tree(fs, o));
    TRY(disk.flush(disk.context));
    fill_header(fs, o);
    TRY(header_seal(fs, FIRST_GENERATION));
    TRY(volume_write(fs, FIRST_GENERATION, (struct view){fs->header, sizeof fs->header}));
    return disk.flush(disk.context);
}
