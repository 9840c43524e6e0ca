/* SPDX-License-Identifier: MIT
 * Directories: packed leaves under 0..15 levels of H-tree blocks, which are sorted by the greatest name hash below each pointer.
 * Blocks can point at blocks in any way a hostile writer likes, so every walk has a budget: the blocks the directory says it has. */
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/seahash.h"

static uint64_t block_budget(const struct redoxfs *fs, const struct redoxfs_node *directory)
{
    return MIN(directory->size_bytes / REDOXFS_BLOCK_BYTES, fs->block_count);
}

bool name_is_valid(struct view name)
{
    bool is_dots = name.length <= 2 && view_find(name, '.') == 0 && (name.length == 1 || name.data[1] == '.');
    return name.length >= 1 && name.length <= REDOXFS_NAME_MAX && !is_dots && view_find(name, '/') == name.length &&
           view_find(name, 0) == name.length;
}

uint32_t name_hash(struct view name)
{
    uint32_t hash = (uint32_t)seahash(name);
    return hash == UINT32_MAX ? UINT32_MAX - 1 : hash; /* the greatest is the bound of unused entries */
}

enum status levels_of(struct redoxfs_pointer marker, struct redoxfs_pointer root, uint32_t *out)
{
    if (pointer_is_null(marker) && pointer_is_null(root))
        return ERR_NOT_FOUND;
    if (!pointer_is_marker(marker) || pointer_is_null(root))
        return ERR_CORRUPT;
    *out = marker.address & 15;
    return OK;
}

enum status directory_root(const struct redoxfs_node *directory, uint32_t *out_levels, struct redoxfs_pointer *out)
{
    if ((directory->mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    *out = area_pointer(directory, 0, 1);
    return levels_of(area_pointer(directory, 0, 0), *out, out_levels);
    return OK;
}

enum status entry_read(struct reader *r, uint32_t *out_id, struct view *out_name)
{
    uint8_t length;
    if (read_u32le(r, out_id) != OK || read_u8(r, &length) != OK || read_view(r, length, out_name) != OK)
        return ERR_CORRUPT;
    return name_is_valid(*out_name) ? OK : ERR_CORRUPT;
}

/* `count` entries fill the `used` bytes from `start` on exactly. */
static enum status leaf_open_as(struct view block, uint16_t start, uint32_t count, uint32_t used, struct leaf *out)
{
    if (used > LEAF_BYTES)
        return ERR_CORRUPT;
    struct leaf leaf = {.entries = {block.data + start, used}, .start = start, .count = count};
    struct reader r = reader_of(leaf.entries);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id;
        struct view name;
        TRY(entry_read(&r, &id, &name));
    }
    if (r.rest.length)
        return ERR_CORRUPT;
    *out = leaf;
    return OK;
}

/* The counters stand behind the entries; a writer that was compiled in another way may have put them in front. */
enum status leaf_open(struct view block, struct leaf *out)
{
    if (leaf_open_as(block, 0, u16_at(block, LEAF_COUNT), u16_at(block, LEAF_USED), out) == OK)
        return OK;
    return leaf_open_as(block, 4, u16_at(block, 0), u16_at(block, 2), out);
}

/* Entry `slot` of an H-tree block. A null pointer: no more of them. */
static enum status htree_entry(struct redoxfs *fs, struct redoxfs_pointer at, uint32_t slot, uint32_t *out_bound,
                               struct redoxfs_pointer *out)
{
    struct view block;
    TRY(volume_block(fs, at, &block));
    if (slot >= HTREE_FANOUT) {
        *out = (struct redoxfs_pointer){0};
        return OK;
    }
    *out_bound = u32_at(block, slot * HTREE_ENTRY_BYTES);
    *out = pointer_at(block, slot * HTREE_ENTRY_BYTES + 4);
    return OK;
}

/* What a changed or cached leaf was found to be does not have to be looked at again. */
enum status volume_leaf(struct redoxfs *fs, struct redoxfs_pointer pointer, struct leaf *out)
{
    struct view block;
    if (!fs->writer) {
        TRY(volume_block(fs, pointer, &block));
        return leaf_open(block, out);
    }
    struct buffer *b;
    TRY(buffer_get(fs, pointer, 0, &b));
    block = (struct view){b->data, b->bytes};
    if (b->is_leaf) {
        *out = (struct leaf){.entries = {block.data, u16_at(block, LEAF_USED)}, .count = u16_at(block, LEAF_COUNT)};
        return OK;
    }
    TRY(leaf_open(block, out));
    b->is_leaf = out->start == 0;
    return OK;
}

static enum status leaf_find(struct redoxfs *fs, struct redoxfs_pointer at, struct view name, struct place *out)
{
    struct leaf leaf;
    TRY(volume_leaf(fs, at, &leaf));
    const uint8_t *entry = leaf.entries.data, *end = entry + leaf.entries.length;
    size_t head = name.length < sizeof(uint64_t) ? name.length : name.length - sizeof(uint64_t); /* before the last eight bytes */
    uint64_t tail = name.length < sizeof tail ? 0 : get64(name.data + head);
    for (; entry < end; entry += ENTRY_HEAD + entry[4]) {
        /* names in one directory begin alike more often than they end alike */
        if (entry[4] != name.length || (tail && get64(entry + ENTRY_HEAD + head) != tail) || memcmp(entry + ENTRY_HEAD, name.data, head) != 0)
            continue;
        out->id = u32_at((struct view){entry, 4}, 0);
        out->offset = (uint16_t)(entry - leaf.entries.data);
        return OK;
    }
    return ERR_NOT_FOUND;
}

/* The first branch whose bound is not below `hash`. */
static enum status first_branch(struct redoxfs *fs, struct redoxfs_pointer at, uint32_t hash, uint32_t *out)
{
    struct view block;
    uint32_t low = 0, high = HTREE_FANOUT;
    TRY(volume_block(fs, at, &block));
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (u32_at(block, middle * HTREE_ENTRY_BYTES) >= hash)
            high = middle;
        else
            low = middle + 1;
    }
    *out = low;
    return OK;
}

struct search { struct view name; uint32_t hash; uint64_t blocks_left; };

/* Names of one hash can lie under several neighbours, the last of which has a greater bound. Recursion is at most 15 deep. */
static enum status find_below(struct redoxfs *fs, struct redoxfs_pointer at, uint32_t levels, struct search *search, struct place *out)
{
    if (search->blocks_left-- == 0)
        return ERR_CORRUPT;
    if (levels == 0)
        return leaf_find(fs, at, search->name, out);
    uint32_t slot;
    TRY(first_branch(fs, at, search->hash, &slot));
    for (uint32_t bound = 0; slot < HTREE_FANOUT && bound <= search->hash; slot++) {
        struct redoxfs_pointer child;
        TRY(htree_entry(fs, at, slot, &bound, &child));
        if (pointer_is_null(child))
            break;
        enum status status = find_below(fs, child, levels - 1, search, out);
        out->slot[levels - 1] = (uint8_t)slot;
        if (status != ERR_NOT_FOUND)
            return status;
    }
    return ERR_NOT_FOUND;
}

static enum status find_from(struct redoxfs *fs, struct redoxfs_pointer marker, struct redoxfs_pointer root, uint64_t size_bytes,
                             struct view name, struct place *out)
{
    uint32_t levels;
    TRY(levels_of(marker, root, &levels));
    struct search search = {name, name_hash(name), MIN(size_bytes / REDOXFS_BLOCK_BYTES, fs->block_count)};
    struct place place = {.levels = levels};
    TRY(find_below(fs, root, levels, &search, &place));
    *out = place;
    return OK;
}

enum status redoxfs_lookup(struct redoxfs *fs, const struct redoxfs_node *directory, struct view name, uint32_t *out_id)
{
    struct place place;
    if ((directory->mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    TRY(find_from(fs, area_pointer(directory, 0, 0), area_pointer(directory, 0, 1), directory->size_bytes, name, &place));
    *out_id = place.id;
    return OK;
}

enum status directory_find(struct redoxfs *fs, uint32_t directory, struct view name, struct place *out)
{
    struct redoxfs_pointer at;
    struct view block;
    TRY(tree_lookup(fs, directory, &at));
    TRY(volume_block(fs, at, &block));
    if (!node_is_sound(block))
        return ERR_CORRUPT;
    if ((u16_at(block, 0) & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    return find_from(fs, pointer_at(block, NODE_AREA), pointer_at(block, NODE_AREA + POINTER_BYTES), u64_at(block, 14), name, out);
}

static enum status spend_block(const struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *c)
{
    return c->blocks_seen++ < block_budget(fs, directory) ? OK : ERR_CORRUPT;
}

/* Moves to the next slot at `level`; everything below starts at its beginning. */
static void cursor_step(struct redoxfs_cursor *c, uint32_t level)
{
    c->slot[level]++;
    memset(c->slot + level + 1, 0, sizeof c->slot - level - 1);
    c->end = 0;
}

/* The leaf under the cursor, going past H-tree blocks that end. NOT_FOUND: the last of them has ended. */
static enum status cursor_leaf(struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *c,
                               struct redoxfs_pointer *out)
{
    struct redoxfs_pointer root, at;
    uint32_t levels, bound;
    TRY(directory_root(directory, &levels, &root));
    at = root;
    for (uint32_t level = 0; level < levels;) {
        struct redoxfs_pointer child;
        TRY(htree_entry(fs, at, c->slot[level], &bound, &child));
        if (!pointer_is_null(child)) {
            at = child;
            level++;
            continue;
        }
        if (level == 0)
            return ERR_NOT_FOUND;
        TRY(spend_block(fs, directory, c));
        cursor_step(c, level - 1);
        at = root;
        level = 0;
    }
    *out = at;
    return OK;
}

/* From the end of a leaf to the next one; a directory of one leaf is then done. */
static enum status cursor_leave_leaf(const struct redoxfs_node *directory, struct redoxfs_cursor *c)
{
    struct redoxfs_pointer root;
    uint32_t levels;
    TRY(directory_root(directory, &levels, &root));
    if (levels == 0)
        c->is_done = true;
    else
        cursor_step(c, levels - 1);
    return OK;
}

static enum status cursor_enter_leaf(struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *c,
                                     struct redoxfs_pointer at)
{
    struct leaf leaf;
    TRY(volume_leaf(fs, at, &leaf));
    TRY(spend_block(fs, directory, c));
    c->offset = leaf.start;
    c->end = (uint16_t)(leaf.start + leaf.entries.length);
    return OK;
}

static enum status next_entry(struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *c,
                              struct redoxfs_entry *out)
{
    while (!c->is_done) {
        struct redoxfs_pointer at;
        struct view block, rest, name;
        TRY(cursor_leaf(fs, directory, c, &at));
        if (c->end == 0)
            TRY(cursor_enter_leaf(fs, directory, c, at));
        TRY(volume_block(fs, at, &block));
        if (c->offset >= c->end) {
            TRY(cursor_leave_leaf(directory, c));
            continue;
        }
        TRY(view_part(block, c->offset, (uint64_t)c->end - c->offset, &rest));
        struct reader r = reader_of(rest);
        TRY(entry_read(&r, &out->id, &name));
        out->name_length = (uint8_t)span_copy(SPAN_OF_ARRAY(out->name), name);
        c->offset = (uint16_t)(c->offset + ENTRY_HEAD + name.length);
        return OK;
    }
    return ERR_NOT_FOUND;
}

enum status redoxfs_directory_next(struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *cursor,
                                   struct redoxfs_entry *out)
{
    struct redoxfs_cursor moved = *cursor;
    struct redoxfs_entry entry = {0};
    TRY(next_entry(fs, directory, &moved, &entry));
    *cursor = moved;
    *out = entry;
    return OK;
}
