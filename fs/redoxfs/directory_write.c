/* SPDX-License-Identifier: MIT
 * Names put into and taken out of directories. A pointer's bound in an H-tree block is the greatest hash of a name below it; a leaf or
 * block that is full is cut in two, if it can be between different hashes, so that a name's hash leads to few leaves. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"

#define NO_BOUND UINT32_MAX

struct branch { uint32_t bound; struct redoxfs_pointer to; };

static uint8_t *branch_at(const struct buffer *b, uint32_t slot)
{
    return (uint8_t *)b->data + slot * HTREE_ENTRY_BYTES;
}

static uint32_t bound_of(const struct buffer *b, uint32_t slot)
{
    return get32(branch_at(b, slot));
}

/* Used branches come first. */
static uint32_t branch_count(const struct buffer *b)
{
    uint32_t low = 0, high = HTREE_FANOUT;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (pointer_is_null(get_pointer(branch_at(b, middle) + 4)))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void put_branch(struct buffer *b, uint32_t slot, struct branch branch)
{
    put32(branch_at(b, slot), branch.bound);
    put_pointer(branch_at(b, slot) + 4, branch.to);
}

static void clear_branches(struct buffer *b, uint32_t from, uint32_t to)
{
    for (uint32_t slot = from; slot < to; slot++)
        put_branch(b, slot, (struct branch){NO_BOUND, {0}});
}

static void insert_branch(struct buffer *b, uint32_t count, uint32_t slot, struct branch branch)
{
    memmove(branch_at(b, slot + 1), branch_at(b, slot), (count - slot) * HTREE_ENTRY_BYTES);
    put_branch(b, slot, branch);
}

static uint32_t last_bound(const struct buffer *b)
{
    uint32_t count = branch_count(b);
    return count ? bound_of(b, count - 1) : 0;
}

/* -- leaves ----------------------------------------------------------------------------------------------------------------------- */

/* A writable leaf with its counters behind the entries, wherever they were. */
static enum status leaf_modify(struct redoxfs *fs, uint8_t *slot, struct buffer **out)
{
    struct buffer *b;
    struct leaf leaf;
    TRY(volume_leaf(fs, get_pointer(slot), &leaf));
    TRY(block_modify(fs, slot, BLOCK_PLAIN, &b));
    if (leaf.start) {
        memmove(b->data, b->data + leaf.start, leaf.entries.length);
        put16(b->data + LEAF_COUNT, (uint16_t)leaf.count);
        put16(b->data + LEAF_USED, (uint16_t)leaf.entries.length);
    }
    b->is_leaf = true;
    *out = b;
    return OK;
}

static void leaf_append(struct buffer *leaf, uint32_t id, struct view name)
{
    uint16_t used = get16(leaf->data + LEAF_USED);
    uint8_t *at = leaf->data + used;
    put32(at, id);
    at[4] = (uint8_t)name.length;
    memcpy(at + ENTRY_HEAD, name.data, name.length);
    put16(leaf->data + LEAF_USED, (uint16_t)(used + ENTRY_HEAD + name.length));
    put16(leaf->data + LEAF_COUNT, (uint16_t)(get16(leaf->data + LEAF_COUNT) + 1));
}

static bool leaf_has_room(const struct buffer *leaf, struct view name)
{
    return get16(leaf->data + LEAF_USED) + ENTRY_HEAD + name.length <= LEAF_BYTES;
}

static uint32_t leaf_bound(const struct buffer *leaf)
{
    uint32_t used = get16(leaf->data + LEAF_USED), bound = 0;
    for (uint32_t at = 0; at < used; at += ENTRY_HEAD + leaf->data[at + 4])
        bound = MAX(bound, name_hash((struct view){leaf->data + at + ENTRY_HEAD, leaf->data[at + 4]}));
    return bound;
}

/* Numbers that are all different, so the order is the one of equal hashes too. */
static void sort(uint64_t *numbers, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (uint32_t i = gap; i < count; i++) {
            uint64_t number = numbers[i];
            uint32_t at = i;
            for (; at >= gap && numbers[at - gap] > number; at -= gap)
                numbers[at] = numbers[at - gap];
            numbers[at] = number;
        }
}

static uint32_t sort_hash(uint64_t entry) { return (uint32_t)(entry >> 32); }
static uint32_t sort_place(uint64_t entry) { return entry >> 16 & 0xffff; }
static uint32_t sort_bytes(uint64_t entry) { return entry & 0xffff; }

/* How many of the sorted entries stay below: the cut nearest to the middle of the bytes that leaves both parts small enough,
 * between different hashes if there is one. */
static uint32_t find_cut(const uint64_t *entries, uint32_t count, uint32_t total)
{
    uint32_t best = 1, best_distance = UINT32_MAX, below = 0;
    for (uint32_t i = 1; i < count; i++) {
        below += sort_bytes(entries[i - 1]);
        uint32_t distance = below > total / 2 ? below - total / 2 : total / 2 - below;
        if (sort_hash(entries[i]) == sort_hash(entries[i - 1]))
            distance += LEAF_BYTES; /* worse than any between different ones */
        if (below <= LEAF_BYTES && total - below <= LEAF_BYTES && distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

static void copy_entries(struct buffer *to, const uint64_t *entries, uint32_t count, const uint8_t *from)
{
    put16(to->data + LEAF_USED, 0);
    put16(to->data + LEAF_COUNT, 0);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = from + sort_place(entries[i]);
        leaf_append(to, get32(entry), (struct view){entry + ENTRY_HEAD, entry[4]});
    }
}

/* Cuts a leaf and puts the new name into the half where it belongs. */
static void leaf_cut(struct writer *w, struct buffer *lower, struct buffer *upper, uint32_t id, struct view name, struct branch *out_upper,
                     uint32_t *out_lower_bound)
{
    uint8_t all[REDOXFS_BLOCK_BYTES + ENTRY_HEAD + REDOXFS_NAME_MAX];
    uint32_t used = get16(lower->data + LEAF_USED), count = 0, total = used + ENTRY_HEAD + (uint32_t)name.length;
    memcpy(all, lower->data, used);
    put32(all + used, id);
    all[used + 4] = (uint8_t)name.length;
    memcpy(all + used + ENTRY_HEAD, name.data, name.length);
    for (uint32_t at = 0, bytes; at < total; at += bytes) {
        bytes = ENTRY_HEAD + all[at + 4];
        w->sort[count++] = (uint64_t)name_hash((struct view){all + at + ENTRY_HEAD, all[at + 4]}) << 32 | at << 16 | bytes;
    }
    sort(w->sort, count);
    uint32_t cut = find_cut(w->sort, count, total);
    copy_entries(lower, w->sort, cut, all);
    copy_entries(upper, w->sort + cut, count - cut, all);
    upper->is_leaf = true;
    *out_lower_bound = sort_hash(w->sort[cut - 1]);
    *out_upper = (struct branch){sort_hash(w->sort[count - 1]), block_pointer(upper)};
}

/* -- inserting -------------------------------------------------------------------------------------------------------------------- */

static void add_block(struct buffer *node, int64_t blocks)
{
    put64(node->data + NODE_SIZE, get64(node->data + NODE_SIZE) + (uint64_t)blocks * REDOXFS_BLOCK_BYTES);
    put64(node->data + NODE_BLOCKS, get64(node->data + NODE_BLOCKS) + (uint64_t)blocks);
}

static void put_root(struct buffer *node, uint32_t levels, struct redoxfs_pointer root)
{
    put64(node->data + NODE_AREA, UINT64_MAX << 4 | levels);
    put64(node->data + NODE_AREA + 8, UINT64_MAX);
    put_pointer(node->data + NODE_AREA + POINTER_BYTES, root);
}

/* Levels of a writable directory; NOT_FOUND when it is empty. */
static enum status root_of(const struct buffer *node, uint32_t *out_levels)
{
    if (node_type(node) != REDOXFS_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    return levels_of(get_pointer(node->data + NODE_AREA), get_pointer(node->data + NODE_AREA + POINTER_BYTES), out_levels);
}

/* The branch that a name of this hash goes into: the first whose bound is not below, or the last. */
static uint32_t choose_branch(const struct buffer *b, uint32_t count, uint32_t hash)
{
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (bound_of(b, middle) >= hash)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Is the block above itself? */
static bool is_on_path(const struct directory_change *c, uint32_t level, const struct buffer *b)
{
    while (++level < c->levels)
        if (c->path[level].block == b)
            return true;
    return false;
}

static enum status descend(struct redoxfs *fs, struct directory_change *c)
{
    uint8_t *slot = c->node->data + NODE_AREA + POINTER_BYTES;
    for (uint32_t level = c->levels; level-- > 0;) {
        struct buffer *b;
        TRY(block_modify(fs, slot, BLOCK_HTREE, &b));
        uint32_t count = branch_count(b);
        if (count == 0)
            return ERR_CORRUPT;
        if (is_on_path(c, level, b))
            return ERR_CORRUPT;
        c->path[level].block = b;
        c->path[level].slot = choose_branch(b, count, c->hash);
        slot = branch_at(b, c->path[level].slot) + 4;
    }
    return leaf_modify(fs, slot, &c->leaf);
}

/* New blocks: a leaf, one for each full block above it without a gap, and a new root when all are full. */
static uint32_t count_spares(const struct directory_change *c)
{
    if (!c->leaf)
        return 1;
    if (leaf_has_room(c->leaf, c->name))
        return 0;
    uint32_t level = 0;
    while (level < c->levels && branch_count(c->path[level].block) == HTREE_FANOUT)
        level++;
    return level + 1 + (level == c->levels);
}

enum status directory_insert_prepare(struct redoxfs *fs, uint32_t directory, struct view name, struct directory_change *out)
{
    *out = (struct directory_change){.name = name, .hash = name_hash(name)};
    TRY(node_modify(fs, directory, &out->node));
    enum status status = root_of(out->node, &out->levels);
    if (status == OK)
        TRY(descend(fs, out));
    else if (status != ERR_NOT_FOUND)
        return status;
    uint32_t wanted = count_spares(out);
    if (wanted == out->levels + 2 && out->levels == REDOXFS_DEPTH_MAX)
        return ERR_NO_SPACE;
    while (out->spares < wanted) {
        status = block_new(fs, BLOCK_PLAIN, 0, &out->spare[out->spares]);
        if (status != OK) {
            directory_insert_cancel(fs, out);
            return status;
        }
        out->spares++;
    }
    return OK;
}

void directory_insert_cancel(struct redoxfs *fs, struct directory_change *c)
{
    while (c->spares)
        IGNORE(block_drop(fs, block_pointer(c->spare[--c->spares]))); /* dirty: it cannot fail */
}

static struct buffer *use_spare(struct directory_change *c, enum block_kind kind)
{
    struct buffer *b = c->spare[--c->spares];
    b->kind = kind;
    add_block(c->node, 1);
    return b;
}

/* Cuts a full block so that `branch` fits behind `slot`; answers the upper part. */
static struct branch branches_cut(struct buffer *lower, struct buffer *upper, uint32_t slot, struct branch branch)
{
    uint32_t cut = HTREE_FANOUT / 2;
    memcpy(upper->data, branch_at(lower, cut), (HTREE_FANOUT - cut) * HTREE_ENTRY_BYTES);
    clear_branches(upper, HTREE_FANOUT - cut, HTREE_FANOUT);
    clear_branches(lower, cut, HTREE_FANOUT);
    if (slot < cut)
        insert_branch(lower, cut, slot + 1, branch);
    else
        insert_branch(upper, HTREE_FANOUT - cut, slot + 1 - cut, branch);
    return (struct branch){last_bound(upper), block_pointer(upper)};
}

/* The lower part stays where it was; the upper one, if there is one, goes in behind it, level by level. */
static void insert_above(struct directory_change *c, uint32_t bound, struct branch upper)
{
    for (uint32_t level = 0; level < c->levels; level++) {
        struct buffer *b = c->path[level].block;
        uint32_t slot = c->path[level].slot, count = branch_count(b);
        put32(branch_at(b, slot), bound);
        if (pointer_is_null(upper.to)) {
            /* nothing new */
        } else if (count < HTREE_FANOUT) {
            insert_branch(b, count, slot + 1, upper);
            upper.to = (struct redoxfs_pointer){0};
        } else {
            upper = branches_cut(b, use_spare(c, BLOCK_HTREE), slot, upper);
        }
        bound = last_bound(b);
    }
    if (pointer_is_null(upper.to))
        return;
    struct buffer *root = use_spare(c, BLOCK_HTREE);
    clear_branches(root, 2, HTREE_FANOUT);
    put_branch(root, 0, (struct branch){bound, get_pointer(c->node->data + NODE_AREA + POINTER_BYTES)});
    put_branch(root, 1, upper);
    put_root(c->node, c->levels + 1, block_pointer(root));
}

void directory_insert(struct redoxfs *fs, struct directory_change *c, uint32_t id, struct redoxfs_time now)
{
    put_time(c->node->data + NODE_MODIFY, now);
    if (!c->leaf) {
        c->leaf = use_spare(c, BLOCK_PLAIN);
        c->leaf->is_leaf = true;
        leaf_append(c->leaf, id, c->name);
        put_root(c->node, 0, block_pointer(c->leaf));
    } else if (leaf_has_room(c->leaf, c->name)) {
        leaf_append(c->leaf, id, c->name);
        uint32_t bound = c->levels ? MAX(bound_of(c->path[0].block, c->path[0].slot), c->hash) : 0;
        insert_above(c, bound, (struct branch){0});
    } else {
        struct branch upper;
        uint32_t bound;
        leaf_cut(fs->writer, c->leaf, use_spare(c, BLOCK_PLAIN), id, c->name, &upper, &bound);
        insert_above(c, bound, upper);
    }
}

/* -- removing --------------------------------------------------------------------------------------------------------------------- */

enum status directory_remove_prepare(struct redoxfs *fs, uint32_t directory, struct view name, struct directory_change *out)
{
    struct place place;
    *out = (struct directory_change){.name = name, .hash = name_hash(name)};
    TRY(directory_find(fs, directory, name, &place));
    TRY(node_modify(fs, directory, &out->node));
    TRY(root_of(out->node, &out->levels));
    if (out->levels != place.levels)
        return ERR_CORRUPT;
    uint8_t *slot = out->node->data + NODE_AREA + POINTER_BYTES;
    for (uint32_t level = out->levels; level-- > 0;) {
        struct buffer *b;
        TRY(block_modify(fs, slot, BLOCK_HTREE, &b));
        if (is_on_path(out, level, b))
            return ERR_CORRUPT;
        out->path[level].block = b;
        out->path[level].slot = place.slot[level];
        slot = branch_at(b, place.slot[level]) + 4;
    }
    TRY(leaf_modify(fs, slot, &out->leaf));
    out->offset = place.offset;
    out->id = place.id;
    return OK;
}

/* The child at path[level] is empty: it goes, and then perhaps its parent. Answers the level of the block that stays, with a branch
 * less; c->levels when none does. */
static uint32_t drop_empty(struct redoxfs *fs, struct directory_change *c)
{
    IGNORE(block_drop(fs, block_pointer(c->leaf))); /* dirty, all of them: it cannot fail */
    add_block(c->node, -1);
    for (uint32_t level = 0; level < c->levels; level++) {
        struct buffer *b = c->path[level].block;
        uint32_t slot = c->path[level].slot, count = branch_count(b);
        memmove(branch_at(b, slot), branch_at(b, slot + 1), (count - slot - 1) * HTREE_ENTRY_BYTES);
        clear_branches(b, count - 1, count);
        if (count > 1)
            return level;
        IGNORE(block_drop(fs, block_pointer(b)));
        add_block(c->node, -1);
    }
    memset(c->node->data + NODE_AREA, 0, 2 * POINTER_BYTES);
    return c->levels;
}

/* The bounds above path[level].block, whose branches have changed. */
static void bounds_above(struct directory_change *c, uint32_t level)
{
    for (; level + 1 < c->levels; level++)
        put32(branch_at(c->path[level + 1].block, c->path[level + 1].slot), last_bound(c->path[level].block));
}

void directory_remove(struct redoxfs *fs, struct directory_change *c, struct redoxfs_time now)
{
    uint8_t *leaf = c->leaf->data;
    uint32_t used = get16(leaf + LEAF_USED), bytes = ENTRY_HEAD + leaf[c->offset + 4];
    put_time(c->node->data + NODE_MODIFY, now);
    memmove(leaf + c->offset, leaf + c->offset + bytes, used - c->offset - bytes);
    put16(leaf + LEAF_USED, (uint16_t)(used - bytes));
    put16(leaf + LEAF_COUNT, (uint16_t)(get16(leaf + LEAF_COUNT) - 1));
    if (used == bytes) {
        bounds_above(c, drop_empty(fs, c));
    } else if (c->levels && bound_of(c->path[0].block, c->path[0].slot) == c->hash) {
        put32(branch_at(c->path[0].block, c->path[0].slot), leaf_bound(c->leaf));
        bounds_above(c, 0);
    }
}

void directory_replace(struct directory_change *c, uint32_t id, struct redoxfs_time now)
{
    put32(c->leaf->data + c->offset, id);
    put_time(c->node->data + NODE_MODIFY, now);
}
