/* SPDX-License-Identifier: MIT
 * The volume: finding it by its ring of 256 headers, and following pointers with their checksums.
 * A cached block is named by its whole pointer, so what has the right name has the right checksum. */
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/seahash.h"

#define SCAN_BLOCKS 65536u /* a volume begins in the first 256 MiB of its disk */

enum status volume_read(struct redoxfs *fs, struct redoxfs_pointer pointer, struct span to)
{
    uint64_t index = pointer_index(pointer), count = to.length / REDOXFS_BLOCK_BYTES;
    if (to.length != (size_t)REDOXFS_BLOCK_BYTES << pointer_level(pointer) || index < RING_SLOTS)
        return ERR_CORRUPT;
    if (!range_fits(index, count, fs->block_count))
        return ERR_CORRUPT;
    TRY(fs->disk.read(fs->disk.context, fs->base + index, to));
    TRY(volume_turn(fs, false, index, to));
    return seahash(view_of_span(to)) == pointer.hash ? OK : ERR_CORRUPT;
}

enum status volume_block(struct redoxfs *fs, struct redoxfs_pointer pointer, struct view *out)
{
    uint64_t index = pointer_index(pointer);
    if (pointer.address & 0xff || index == 0)
        return ERR_CORRUPT;
    if (fs->writer) {
        struct buffer *b;
        TRY(buffer_get(fs, pointer, 0, &b));
        *out = (struct view){b->data, b->bytes};
        return OK;
    }
    __auto_type slot = &fs->cache[(index ^ index >> 4) % REDOXFS_CACHE_BLOCKS];
    if (!pointer_equal(slot->of, pointer)) {
        slot->of = (struct redoxfs_pointer){0};
        TRY(volume_read(fs, pointer, SPAN_OF_ARRAY(slot->bytes)));
        slot->of = pointer;
    }
    *out = (struct view){slot->bytes, sizeof slot->bytes};
    return OK;
}

/* Magic, version and checksum are right. */
static bool is_header(struct view block)
{
    struct view magic = {block.data, 8};
    return view_equal(magic, (struct view){(const uint8_t *)"RedoxFS", 8}) && u64_at(block, 8) == VERSION &&
           u64_at(block, HEADER_HASH) == seahash((struct view){block.data, HEADER_HASHED});
}

static enum status read_disk_block(struct redoxfs *fs, uint64_t block, struct view *out)
{
    TRY(fs->disk.read(fs->disk.context, block, (struct span){fs->stored, REDOXFS_BLOCK_BYTES}));
    *out = (struct view){fs->stored, REDOXFS_BLOCK_BYTES};
    return OK;
}

static enum status find_base(struct redoxfs *fs)
{
    uint64_t limit = MIN(fs->disk.block_count, (uint64_t)SCAN_BLOCKS);
    for (uint64_t at = 0; at < limit; at++) {
        struct view block;
        TRY(read_disk_block(fs, at, &block));
        if (!is_header(block))
            continue;
        uint64_t slot = u64_at(block, HEADER_GENERATION) % RING_SLOTS;
        if (slot > at)
            continue;
        fs->base = at - slot;
        return OK;
    }
    return ERR_BAD_FORMAT;
}

/* What the choice among the ring's headers has excluded so far. */
struct choice { const struct redoxfs_secret *secret; uint64_t newest_allowed, oldest_allowed; bool needs_uuid, refuses_uuid; };

static bool is_allowed(const struct redoxfs *fs, const struct choice *choice, struct view header)
{
    bool is_same = memcmp(header.data + HEADER_UUID, fs->uuid, sizeof fs->uuid) == 0;
    uint64_t generation = u64_at(header, HEADER_GENERATION);
    return generation <= choice->newest_allowed && generation >= choice->oldest_allowed && !(choice->needs_uuid && !is_same) &&
           !(choice->refuses_uuid && is_same);
}

static void take_header(struct redoxfs *fs, struct view header)
{
    uint64_t blocks = u64_at(header, HEADER_SIZE) / REDOXFS_BLOCK_BYTES;
    fs->block_count = MIN(blocks, fs->disk.block_count - fs->base);
    fs->is_cut = fs->block_count < blocks;
    fs->generation = u64_at(header, HEADER_GENERATION);
    memcpy(fs->uuid, header.data + HEADER_UUID, sizeof fs->uuid);
    fs->tree = pointer_at(header, HEADER_TREE);
    fs->alloc = pointer_at(header, HEADER_ALLOC);
    fs->release = pointer_at(header, HEADER_RELEASE);
    memcpy(fs->header, header.data, sizeof fs->header);
}

static enum status unlock(struct redoxfs *fs, const struct redoxfs_secret *secret, struct view header)
{
    fs->cipher = nullptr;
    if (!header_is_encrypted(header))
        return OK;
    if (!secret)
        return ERR_NOT_SUPPORTED;
    TRY(header_unlock(secret, header, &fs->keys, &fs->key_slot));
    fs->cipher = secret->cipher;
    return OK;
}

/* The newest allowed header whose slot is the one of its generation; a second pass reads it again rather than keep 256 blocks. */
static enum status choose_header(struct redoxfs *fs, const struct choice *choice)
{
    struct view block;
    uint64_t newest = 0;
    bool is_found = false;
    for (uint64_t slot = 0; slot < RING_SLOTS && fs->base + slot < fs->disk.block_count; slot++) {
        TRY(read_disk_block(fs, fs->base + slot, &block));
        if (!is_header(block) || !is_allowed(fs, choice, block))
            continue;
        uint64_t generation = u64_at(block, HEADER_GENERATION);
        if (generation % RING_SLOTS != slot || (is_found && generation <= newest))
            continue;
        newest = generation;
        is_found = true;
    }
    if (!is_found)
        return ERR_BAD_FORMAT;
    TRY(read_disk_block(fs, fs->base + newest % RING_SLOTS, &block));
    if (!is_header(block))
        return ERR_IO; /* it was one a moment ago */
    TRY(unlock(fs, choice->secret, block));
    take_header(fs, block);
    return OK;
}

static enum status check_root(struct redoxfs *fs)
{
    struct redoxfs_node root;
    enum status status = redoxfs_node_read(fs, REDOXFS_ROOT, &root);
    if (status == ERR_NOT_FOUND)
        return ERR_CORRUPT;
    TRY(status);
    return (root.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY ? OK : ERR_CORRUPT;
}

/* Is there a root directory under the newest header of `choice`? CORRUPT, and nothing else, lets another be tried: a disk that is
 * not ready or fails must not change which volume is opened. */
static enum status try_header(struct redoxfs *fs, const struct choice *choice)
{
    enum status status = choose_header(fs, choice);
    if (status == ERR_BAD_FORMAT)
        return ERR_CORRUPT;
    TRY(status);
    return check_root(fs);
}

enum status redoxfs_open(struct redoxfs_disk disk, struct redoxfs *out)
{
    return redoxfs_open_secret(disk, nullptr, out);
}

/* The newest header; where it leads nowhere, the generation before it (what a torn commit leaves whole), and then the newest of
 * another volume (an older one's headers outlive a new volume in the same place). */
enum status redoxfs_open_secret(struct redoxfs_disk disk, const struct redoxfs_secret *secret, struct redoxfs *out)
{
    memset(out, 0, sizeof *out); /* too large for a stack, where a compound literal may go */
    out->disk = disk;
    TRY(find_base(out));
    enum status status = try_header(out, &(struct choice){.secret = secret, .newest_allowed = UINT64_MAX});
    if (status != ERR_CORRUPT)
        return status;
    out->is_older = true;
    uint64_t newest = out->generation;
    status = ERR_CORRUPT;
    if (newest > 0)
        status = try_header(out, &(struct choice){secret, newest - 1, .oldest_allowed = newest - 1, .needs_uuid = true});
    if (status != ERR_CORRUPT)
        return status;
    return try_header(out, &(struct choice){.secret = secret, .newest_allowed = UINT64_MAX, .refuses_uuid = true});
}
