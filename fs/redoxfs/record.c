/* SPDX-License-Identifier: MIT
 * Contents: a node's area points at records directly and through one to four levels of blocks of 256 pointers; a record may be
 * missing (zeros), shorter than a record (zeros behind), or LZ4. Bytes at and behind the size are never shown: they may be old. */
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "lz4/lz4.h"

static const struct { uint32_t slots, first; } heights[INDIRECT_HEIGHT_MAX + 1] = {{128, 0}, {64, 128}, {32, 192}, {16, 224}, {8, 240}};

uint32_t area_slots(uint32_t height)
{
    return heights[height].slots;
}

struct redoxfs_pointer area_pointer(const struct redoxfs_node *node, uint32_t height, uint32_t slot)
{
    return pointer_at((struct view){node->area, sizeof node->area}, (heights[height].first + slot) * POINTER_BYTES);
}

/* Finds record `number`. A null pointer *out is a hole, and *out_skip records from `number` on are in it (at least 1, so that
 * sparse files are walked by their pointers and not by their records). FILE_TOO_BIG: beyond what a node can point at. */
static enum status find_record(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t number, struct redoxfs_pointer *out,
                               uint64_t *out_skip)
{
    uint32_t height = 0;
    while (number >= (uint64_t)heights[height].slots << (8 * height)) {
        number -= (uint64_t)heights[height].slots << (8 * height);
        if (height++ == INDIRECT_HEIGHT_MAX)
            return ERR_FILE_TOO_BIG;
    }
    struct redoxfs_pointer at = area_pointer(node, height, (uint32_t)(number >> (8 * height)));
    for (; height > 0 && !pointer_is_null(at); height--) {
        struct view block;
        TRY(volume_block(fs, at, &block));
        at = pointer_at(block, (number >> (8 * (height - 1)) & 0xff) * POINTER_BYTES);
    }
    uint64_t covered = 1ull << (8 * height);
    *out_skip = covered - (number & (covered - 1));
    *out = at;
    return OK;
}

enum status record_expand(struct redoxfs *fs, struct redoxfs_pointer pointer, struct span to)
{
    size_t stored_bytes = (size_t)REDOXFS_BLOCK_BYTES << pointer_level(pointer), filled;
    TRY(volume_read(fs, pointer, (struct span){fs->stored, stored_bytes}));
    struct view stored = {fs->stored, stored_bytes}, block;
    if (view_part(stored, 2, u16_at(stored, 0), &block) != OK)
        return ERR_CORRUPT;
    TRY(lz4_decode(block, to, &filled));
    memset(to.data + filled, 0, to.length - filled);
    return OK;
}

static bool may_be_record(uint32_t record_level, struct redoxfs_pointer pointer)
{
    uint32_t level = pointer_level(pointer), expanded = pointer_expanded_level(pointer);
    return level <= record_level && expanded <= record_level && (!expanded || expanded > level);
}

enum status record_buffer(struct redoxfs *fs, uint32_t record_level, struct redoxfs_pointer pointer, struct buffer **out)
{
    return may_be_record(record_level, pointer) ? buffer_get(fs, pointer, record_level, out) : ERR_CORRUPT;
}

enum status record_view(struct redoxfs *fs, uint32_t record_level, struct redoxfs_pointer pointer, struct view *out)
{
    size_t bytes = (size_t)REDOXFS_BLOCK_BYTES << MAX(pointer_level(pointer), pointer_expanded_level(pointer));
    struct buffer *b;
    if (!may_be_record(record_level, pointer))
        return ERR_CORRUPT;
    if (fs->writer) {
        TRY(buffer_get(fs, pointer, record_level, &b));
        *out = (struct view){b->data, b->bytes};
        return OK;
    }
    if (!pointer_equal(fs->record_of, pointer)) {
        fs->record_of = (struct redoxfs_pointer){0};
        TRY(pointer_expanded_level(pointer) ? record_expand(fs, pointer, (struct span){fs->record, bytes})
                                            : volume_read(fs, pointer, (struct span){fs->record, bytes}));
        fs->record_of = pointer;
    }
    *out = (struct view){fs->record, bytes};
    return OK;
}

static bool is_at_hand(struct redoxfs *fs, struct redoxfs_pointer p)
{
    return fs->writer ? buffer_find(fs->writer, pointer_index(p)) != nullptr : pointer_equal(fs->record_of, p);
}

/* Before record `number` is read: tells the disk of the one behind it when the file is read in order and the disk will be asked at all. */
static enum status expect_next(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t number, struct redoxfs_pointer pointer)
{
    bool is_in_order = number == 0 || (fs->reading.id == node->id && fs->reading.next == number);
    struct redoxfs_pointer next;
    uint64_t skip;
    if (!fs->disk.expect || is_at_hand(fs, pointer))
        return OK;
    fs->reading.id = node->id;
    fs->reading.next = number + 1;
    if (!is_in_order || (number + 1) << node->record_level >= (node->size_bytes + REDOXFS_BLOCK_BYTES - 1) / REDOXFS_BLOCK_BYTES)
        return OK;
    enum status status = find_record(fs, node, number + 1, &next, &skip);
    uint64_t count = 1ull << pointer_level(next);
    if (status == OK && !pointer_is_null(next) && pointer_level(next) <= REDOXFS_LEVEL_MAX && range_fits(pointer_index(next), count, fs->block_count) &&
        !is_at_hand(fs, next))
        fs->disk.expect(fs->disk.context, fs->base + pointer_index(next), count);
    return status == ERR_FILE_TOO_BIG ? OK : status;
}

/* The part of one record that begins at `offset` (in the file), as much of it as `to` wants. */
static enum status read_in_record(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t offset, struct span to, size_t *out_bytes)
{
    uint64_t record_bytes = (uint64_t)REDOXFS_BLOCK_BYTES << node->record_level, skip;
    size_t inside = offset % record_bytes, bytes = MIN(to.length, (size_t)record_bytes - inside);
    struct redoxfs_pointer pointer;
    TRY(find_record(fs, node, offset / record_bytes, &pointer, &skip));
    struct view record = {0};
    if (!pointer_is_null(pointer)) {
        TRY(expect_next(fs, node, offset / record_bytes, pointer));
        TRY(record_view(fs, node->record_level, pointer, &record));
    }
    size_t stored = inside < record.length ? MIN(bytes, record.length - inside) : 0;
    if (stored)
        memcpy(to.data, record.data + inside, stored);
    memset(to.data + stored, 0, bytes - stored);
    *out_bytes = bytes;
    return OK;
}

/* An empty inline file that was only made longer stays inline: behind the area are zeros. */
static void read_inline(const struct redoxfs_node *node, uint64_t offset, struct span to)
{
    size_t stored = offset < sizeof node->area ? MIN(to.length, sizeof node->area - (size_t)offset) : 0;
    if (stored)
        memcpy(to.data, node->area + offset, stored);
    memset(to.data + stored, 0, to.length - stored);
}

enum status redoxfs_read(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t offset, struct span to, size_t *out_bytes)
{
    if ((node->mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY)
        return ERR_IS_DIRECTORY;
    size_t total = offset >= node->size_bytes ? 0 : (size_t)MIN((uint64_t)to.length, node->size_bytes - offset), done = 0, bytes;
    if (total && node->is_inline)
        read_inline(node, offset, (struct span){to.data, total});
    else
        for (; done < total; done += bytes)
            TRY(read_in_record(fs, node, offset + done, (struct span){to.data + done, total - done}, &bytes));
    *out_bytes = total;
    return OK;
}

enum status redoxfs_find_data(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t offset, uint64_t *out_offset)
{
    uint64_t record_bytes = (uint64_t)REDOXFS_BLOCK_BYTES << node->record_level, skip;
    if ((node->mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY)
        return ERR_IS_DIRECTORY;
    if (node->is_inline) {
        *out_offset = offset < MIN(node->size_bytes, (uint64_t)sizeof node->area) ? offset : node->size_bytes;
        return OK;
    }
    uint64_t records = node->size_bytes / record_bytes + (node->size_bytes % record_bytes != 0);
    for (uint64_t number = offset / record_bytes; number < records; number += skip) {
        struct redoxfs_pointer pointer;
        enum status status = find_record(fs, node, number, &pointer, &skip);
        if (status == ERR_FILE_TOO_BIG)
            break;
        TRY(status);
        if (!pointer_is_null(pointer)) {
            *out_offset = MAX(offset, number * record_bytes);
            return OK;
        }
    }
    *out_offset = node->size_bytes;
    return OK;
}
