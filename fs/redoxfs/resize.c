/* SPDX-License-Identifier: MIT
 * Another size. Growing is one commit: the new header has the new size, and a whole new log in which the new blocks are free. Shrinking
 * first moves what lies behind the new end, by commits of the old size that change nothing that can be seen: each block that must move,
 * and what is above it, is copied as for any change, while space.limit keeps new places in front. Then one commit has the new size. */
#include "redoxfs/resize.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/repair.h"

enum : uint32_t { MOVES_AT_ONCE = 128 }; /* records in one operation: they are in memory until it is over */

struct mover { struct redoxfs *fs; uint64_t end; uint32_t budget; };

struct shape { uint32_t at, count, stride; };

static struct shape shape_of(enum block_kind kind)
{
    return kind == BLOCK_HTREE ? (struct shape){4, HTREE_FANOUT, HTREE_ENTRY_BYTES} : (struct shape){0, INDIRECT_FANOUT, POINTER_BYTES};
}

/* Of what a block of pointers of so many levels points at. */
static enum block_kind kind_below(enum block_kind kind, uint32_t levels)
{
    if (levels > 1)
        return kind;
    return kind == BLOCK_HTREE ? BLOCK_PLAIN : BLOCK_RECORD;
}

static bool lies_behind(const struct mover *m, struct redoxfs_pointer p)
{
    return !pointer_is_null(p) && pointer_index(p) + (1ull << pointer_level(p)) > m->end;
}

/* Is it, or anything below it, to be moved? At most 15 deep. */
static enum status must_move(const struct mover *m, struct redoxfs_pointer p, enum block_kind kind, uint32_t levels, bool *out)
{
    *out = lies_behind(m, p);
    struct shape shape = shape_of(kind);
    for (uint32_t i = 0; levels > 0 && !pointer_is_null(p) && !*out && i < shape.count; i++) {
        struct view block;
        TRY(volume_block(m->fs, p, &block));
        TRY(must_move(m, pointer_at(block, shape.at + i * shape.stride), kind_below(kind, levels), levels - 1, out));
    }
    return OK;
}

/* What the pointer at `slot`, in a writable block, leads to; stops when the budget is used up. */
static enum status move_below(struct mover *m, uint8_t *slot, enum block_kind kind, uint32_t levels)
{
    struct buffer *b;
    bool needed;
    TRY(must_move(m, get_pointer(slot), kind, levels, &needed));
    if (!needed || m->budget == 0)
        return OK;
    m->budget--;
    if (kind == BLOCK_RECORD)
        return record_move(m->fs, slot);
    TRY(block_modify(m->fs, slot, kind, &b));
    struct shape shape = shape_of(kind);
    for (uint32_t i = 0; levels > 0 && i < shape.count; i++)
        if (!pointer_is_null(get_pointer(b->data + shape.at + i * shape.stride)))
            TRY(move_below(m, b->data + shape.at + i * shape.stride, kind_below(kind, levels), levels - 1));
    return OK;
}

/* The pointers of a node's area: what they lead to, and through how many levels. */
struct root { enum block_kind kind; uint32_t levels; };

static struct root root_of(const struct redoxfs_node *node, uint32_t number, uint32_t height)
{
    if ((node->mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return (struct root){height ? BLOCK_INDIRECT : BLOCK_RECORD, height};
    uint32_t levels = (uint32_t)(area_pointer(node, 0, 0).address & 15);
    return number == 1 ? (struct root){levels ? BLOCK_HTREE : BLOCK_PLAIN, levels} : (struct root){BLOCK_NODE, 0}; /* [0] is a mark */
}

static enum status move_contents(struct mover *m, const struct redoxfs_node *node, struct buffer *b)
{
    uint32_t number = 0;
    for (uint32_t height = 0; height <= INDIRECT_HEIGHT_MAX && !node->is_inline; height++)
        for (uint32_t slot = 0; slot < area_slots(height); slot++, number++) {
            struct root root = root_of(node, number, height);
            if (root.kind != BLOCK_NODE)
                TRY(move_below(m, b->data + NODE_AREA + number * POINTER_BYTES, root.kind, root.levels));
        }
    return OK;
}

static enum status contents_must_move(const struct mover *m, const struct redoxfs_node *node, bool *out)
{
    uint32_t number = 0;
    *out = false;
    for (uint32_t height = 0; height <= INDIRECT_HEIGHT_MAX && !node->is_inline; height++)
        for (uint32_t slot = 0; slot < area_slots(height) && !*out; slot++, number++) {
            struct root root = root_of(node, number, height);
            if (root.kind != BLOCK_NODE)
                TRY(must_move(m, area_pointer(node, height, slot), root.kind, root.levels, out));
        }
    return OK;
}

/* The node's own block, and the lists above it. */
static enum status path_must_move(const struct mover *m, uint32_t id, bool *out)
{
    struct redoxfs_pointer at = m->fs->tree;
    *out = lies_behind(m, at);
    for (uint32_t level = TREE_LEVELS; level-- > 0 && !*out;) {
        struct view list;
        TRY(volume_block(m->fs, at, &list));
        at = pointer_at(list, (id >> (8 * level) & 0xff) * POINTER_BYTES);
        *out = lies_behind(m, at);
    }
    return OK;
}

/* Some of what belongs to a node. */
static enum status move_some(struct mover *m, uint32_t id, bool *out_is_done)
{
    struct redoxfs_node node;
    struct buffer *b;
    bool path, contents;
    TRY(redoxfs_node_read(m->fs, id, &node));
    TRY(path_must_move(m, id, &path));
    TRY(contents_must_move(m, &node, &contents));
    *out_is_done = !contents;
    if (!path && !contents)
        return OK;
    TRY(node_modify(m->fs, id, &b));
    m->budget = MOVES_AT_ONCE;
    return move_contents(m, &node, b);
}

static enum status move_all(struct mover *m)
{
    enum status status;
    uint32_t id = 0;
    while ((status = redoxfs_node_next(m->fs, id, &id)) == OK)
        for (bool is_done = false; !is_done;) {
            TRY(operation_begin(m->fs, OPERATION_BLOCKS, false));
            TRY(operation_end(m->fs, move_some(m, id, &is_done)));
        }
    return status == ERR_NOT_FOUND ? OK : status;
}

/* A log and a list of nodes without names that lie in front of the end: they are written anew. */
static enum status commit_anew(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    w->log_is_lost = w->has_changed = true;
    w->orphans_changed = w->orphans_changed || w->release.count;
    return redoxfs_commit(fs);
}

static enum status commit_size(struct redoxfs *fs, uint64_t block_count)
{
    fs->block_count = block_count;
    put64(fs->header + HEADER_SIZE, block_count * REDOXFS_BLOCK_BYTES);
    return commit_anew(fs);
}

static enum status make_room(struct redoxfs *fs, uint64_t block_count)
{
    TRY(move_all(&(struct mover){.fs = fs, .end = block_count}));
    TRY(commit_anew(fs));
    return space_is_free(&fs->writer->space, block_count) ? OK : ERR_CORRUPT;
}

static enum status shrink(struct redoxfs *fs, uint64_t block_count)
{
    struct space *space = &fs->writer->space;
    uint64_t kept_back = space_kept_back(fs->writer) + log_blocks_needed(fs->writer, 0);
    if (space->free_blocks < fs->block_count - block_count + kept_back)
        return ERR_NO_SPACE;
    space->limit = block_count;
    enum status status = make_room(fs, block_count);
    if (status == OK)
        status = space_cut(space, block_count);
    if (status != OK) {
        space->limit = space->blocks;
        return status;
    }
    return commit_size(fs, block_count);
}

enum status redoxfs_resize(struct redoxfs *fs, uint64_t block_count)
{
    if (block_count < REDOXFS_BLOCKS_MIN || block_count > fs->disk.block_count - fs->base)
        return ERR_INVALID;
    TRY(redoxfs_commit(fs));
    if (block_count < fs->block_count)
        return shrink(fs, block_count);
    if (block_count == fs->block_count)
        return OK;
    TRY(space_grow(&fs->writer->space, block_count));
    return commit_size(fs, block_count);
}
