/* SPDX-License-Identifier: MIT
 * Repairs. The log's own blocks stay untouched until the new log is on the disk: the header before still needs them. */
#include "redoxfs/repair.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"

static enum status space_from_state(struct redoxfs *fs, const uint8_t *state)
{
    struct space *s = &fs->writer->space;
    for (uint64_t at = RING_SLOTS + 1, end; at < fs->block_count; at = end + 1) {
        while (at < fs->block_count && state[at] & CHECK_USED)
            at++;
        for (end = at; end < fs->block_count && !(state[end] & CHECK_USED);)
            end++;
        if (end > at)
            TRY(space_replay(s, at, (int64_t)(end - at)));
    }
    for (uint64_t at = RING_SLOTS + 1; at < fs->block_count; at++)
        if (state[at] & CHECK_LOG)
            TRY(space_release(s, at, 1));
    return OK;
}

static enum status repair_open(struct redoxfs *fs, const struct redoxfs_write_options *options, const uint8_t *state)
{
    TRY(writer_start(fs, options));
    TRY(space_from_state(fs, state));
    fs->writer->log_is_lost = fs->writer->has_changed = true;
    enum status status = orphans_open(fs);
    if (status == ERR_CORRUPT || status == ERR_NOT_FOUND) {
        fs->release = (struct redoxfs_pointer){0};
        return OK;
    }
    return status;
}

enum status redoxfs_open_repair(struct redoxfs_disk disk, const struct redoxfs_write_options *options, const uint8_t *state, struct redoxfs *out)
{
    TRY(redoxfs_open_secret(disk, options->secret, out));
    if (out->is_cut)
        return ERR_CORRUPT;
    enum status status = repair_open(out, options, state);
    if (status != OK)
        redoxfs_close(out);
    return status;
}

/* Subtrees that are not there are passed over as a whole. */
enum status redoxfs_node_next(struct redoxfs *fs, uint32_t after, uint32_t *out_id)
{
    for (uint64_t id = after + 1ull; id <= UINT32_MAX;) {
        struct redoxfs_pointer at = fs->tree;
        uint32_t level = TREE_LEVELS;
        while (level > 0 && !pointer_is_null(at)) {
            uint32_t slot = id >> (8 * --level) & 0xff;
            struct view list;
            TRY(volume_block(fs, at, &list));
            at = slot < TREE_FANOUT ? pointer_at(list, slot * POINTER_BYTES) : (struct redoxfs_pointer){0};
        }
        if (level == 0 && !pointer_is_null(at)) {
            *out_id = (uint32_t)id;
            return OK;
        }
        id = ((id >> (8 * level)) + 1) << (8 * level);
    }
    return ERR_NOT_FOUND;
}

/* Blocks under a pointer of `height`; 0: a record. At most four deep. */
static enum status blocks_below(struct redoxfs *fs, struct redoxfs_pointer p, uint32_t height, uint64_t *blocks)
{
    if (pointer_is_null(p))
        return OK;
    *blocks += 1ull << pointer_level(p);
    for (uint32_t slot = 0; height > 0 && slot < INDIRECT_FANOUT; slot++) {
        struct view block;
        TRY(volume_block(fs, p, &block));
        TRY(blocks_below(fs, pointer_at(block, slot * POINTER_BYTES), height - 1, blocks));
    }
    return OK;
}

static enum status blocks_count(struct redoxfs *fs, uint32_t id, uint64_t *out)
{
    static struct redoxfs_node node;
    TRY(redoxfs_node_read(fs, id, &node));
    *out = 1;
    for (uint32_t height = 0; height <= INDIRECT_HEIGHT_MAX && !node.is_inline; height++)
        for (uint32_t slot = 0; slot < area_slots(height); slot++)
            TRY(blocks_below(fs, area_pointer(&node, height, slot), height, out));
    return OK;
}

static enum status drop_behind_end(struct redoxfs *fs, struct buffer *node)
{
    uint64_t record_bytes = (uint64_t)REDOXFS_BLOCK_BYTES << get32(node->data + NODE_RECORD_LEVEL), size = get64(node->data + NODE_SIZE);
    uint64_t first = size / record_bytes + (size % record_bytes != 0), done;
    return records_drop(fs, node, first, UINT64_MAX, &done);
}

static enum status repair_step(struct redoxfs *fs, uint32_t id, uint32_t links)
{
    struct buffer *node;
    uint64_t blocks;
    TRY(node_modify(fs, id, &node));
    put32(node->data + NODE_LINKS, links);
    if (node_type(node) != REDOXFS_FILE)
        return OK;
    put64(node->data + NODE_BLOCKS, fs->block_count + 1); /* dropping takes from it; too large is harmless meanwhile */
    if (!(get32(node->data + NODE_FLAGS) & NODE_FLAG_INLINE))
        TRY(drop_behind_end(fs, node));
    TRY(blocks_count(fs, id, &blocks));
    put64(node->data + NODE_BLOCKS, blocks);
    return OK;
}

enum status redoxfs_repair_node(struct redoxfs *fs, uint32_t id, uint32_t links)
{
    TRY(operation_begin(fs, OPERATION_BLOCKS, false));
    return operation_end(fs, repair_step(fs, id, links));
}

static enum status remove_name(struct redoxfs *fs, uint32_t directory, struct view name)
{
    struct directory_change change;
    struct buffer *node;
    TRY(directory_remove_prepare(fs, directory, name, &change));
    TRY(node_modify(fs, directory, &node));
    directory_remove(fs, &change, (struct redoxfs_time){get64(node->data + NODE_MODIFY), get32(node->data + NODE_MODIFY + 8)});
    return OK;
}

enum status redoxfs_repair_name(struct redoxfs *fs, uint32_t directory, struct view name)
{
    TRY(operation_begin(fs, OPERATION_BLOCKS, false));
    return operation_end(fs, remove_name(fs, directory, name));
}
