/* SPDX-License-Identifier: MIT
 * Records that are stored shorter. A changed record is compressed when a commit gives it its checksum, and moves to a shorter place;
 * its buffer keeps the bytes as they are read, and beside them, until the commit is over, as they are stored: the length of an LZ4 block
 * in two bytes, the block, zeros. Whatever goes wrong here leaves the record as it was. */
#include "base/bits.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"

enum { LENGTH_BYTES = 2, STORED_MAX = 65536 };

struct view stored_bytes(const struct buffer *b)
{
    return b->stored ? (struct view){b->stored, b->stored_bytes} : (struct view){b->data, b->bytes};
}

static uint32_t level_for(size_t bytes)
{
    return log2_ceiling((bytes + REDOXFS_BLOCK_BYTES - 1) / REDOXFS_BLOCK_BYTES);
}

/* As it will be stored, in memory of its own of half the record's length; 0: not shorter. */
static size_t compress(struct writer *w, const struct buffer *b, struct span to)
{
    size_t bytes = w->compressor((struct view){b->data, b->bytes},
                                  (struct span){to.data + LENGTH_BYTES, MIN(to.length, (size_t)STORED_MAX) - LENGTH_BYTES});
    if (bytes == 0 || bytes > to.length - LENGTH_BYTES)
        return 0;
    put16(to.data, (uint16_t)bytes);
    memset(to.data + LENGTH_BYTES + bytes, 0, to.length - LENGTH_BYTES - bytes);
    return LENGTH_BYTES + bytes;
}

static enum status move_to(struct redoxfs *fs, struct buffer *node, struct buffer *b, uint32_t level)
{
    struct space *space = &fs->writer->space;
    uint64_t index, old = 1ull << pointer_level(b->self);
    uint32_t expanded = log2_ceiling(b->bytes / REDOXFS_BLOCK_BYTES);
    TRY(space_take(space, level, &index));
    TRY(space_release(space, pointer_index(b->self), old)); /* fresh: it cannot fail */
    buffer_rename(fs->writer, b, index << 8 | expanded << 4 | level);
    put64(node->data + NODE_BLOCKS, get64(node->data + NODE_BLOCKS) + (1ull << level) - old);
    return OK;
}

void record_compress(struct redoxfs *fs, struct buffer *node, struct buffer *b)
{
    struct writer *w = fs->writer;
    uint32_t half = b->bytes / 2;
    if (!w->compressor || b->stored || b->bytes == REDOXFS_BLOCK_BYTES || get64(node->data + NODE_BLOCKS) <= b->bytes / REDOXFS_BLOCK_BYTES)
        return;
    uint8_t *stored = w->memory.allocate(w->memory.context, half);
    if (!stored)
        return;
    size_t bytes = compress(w, b, (struct span){stored, half});
    if (bytes == 0 || move_to(fs, node, b, level_for(bytes)) != OK) {
        w->memory.release(w->memory.context, stored, half);
        return;
    }
    b->stored = stored;
    b->stored_bytes = REDOXFS_BLOCK_BYTES << level_for(bytes);
}

void record_forget_stored(struct writer *w, struct buffer *b)
{
    if (b->stored)
        w->memory.release(w->memory.context, b->stored, b->bytes / 2);
    b->stored = nullptr;
}
