/* SPDX-License-Identifier: MIT
 * The check of a volume. It walks down from the header three times: once to reach every block, once to count names, once to compare.
 * A block that is reached a second time is a problem and is not entered again, so hostile loops end. */
#include "redoxfs/check.h"
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/format.h"

enum : uint8_t { USED = CHECK_USED, IN_LOG = CHECK_LOG, FREE = 2, LOGGED = 4, FREED_FIRST = 8, NODE = 16, NAMES_SEEN = 32, LINKS_SEEN = 64 };

static void problem(struct redoxfs_check *c, const char *what, uint32_t node, uint64_t number, enum status status)
{
    c->problems++;
    if (c->report)
        c->report(c->context, &(struct redoxfs_problem){what, node, number, status});
}

static void step(struct redoxfs_check *c)
{
    enum : uint32_t { STEPS_UNTOLD = 16 };
    if (c->steps++ % STEPS_UNTOLD == 0 && c->progress)
        c->progress(c);
}

/* Did the disk itself refuse? Then nothing more can be said. */
static bool is_damage(enum status status)
{
    return status == ERR_CORRUPT || status == ERR_NOT_FOUND;
}

/* Marks the blocks of a pointer; false when they cannot be entered. */
static bool claim(struct redoxfs_check *c, struct redoxfs_pointer p, uint32_t node)
{
    uint64_t index = pointer_index(p), count = 1ull << pointer_level(p);
    step(c);
    if (index <= RING_SLOTS || !range_fits(index, count, c->fs->block_count)) {
        problem(c, "points outside the volume, to block", node, index, OK);
        return false;
    }
    for (uint64_t i = index; i < index + count; i++) {
        if (c->state[i] & USED) {
            problem(c, "a second reference to block", node, i, OK);
            return false;
        }
        c->state[i] |= USED;
    }
    c->used_blocks += count;
    return true;
}

/* The block of a claimed pointer; *out_is_sound false: damaged, and reported. */
static enum status load(struct redoxfs_check *c, struct redoxfs_pointer p, uint32_t node, struct view *out, bool *out_is_sound)
{
    enum status status = volume_block(c->fs, p, out);
    *out_is_sound = status == OK;
    if (is_damage(status))
        problem(c, "unreadable block", node, pointer_index(p), status);
    return is_damage(status) ? OK : status;
}

/* The first slot from `slot` on that is not null; count: none. */
static uint32_t next_used(struct view block, uint32_t slot, uint32_t count)
{
    while (slot < count && pointer_is_null(pointer_at(block, slot * POINTER_BYTES)))
        slot++;
    return slot;
}

struct file { const struct redoxfs_node *node; uint64_t blocks, records_end; };

static enum status check_record(struct redoxfs_check *c, struct file *f, struct redoxfs_pointer p, uint64_t number)
{
    if (number >= f->records_end)
        problem(c, "a record behind the end of the file, at block", f->node->id, pointer_index(p), OK);
    if (pointer_level(p) > REDOXFS_LEVEL_MAX)
        problem(c, "a record of unknown size, at block", f->node->id, pointer_index(p), OK);
    else if (claim(c, p, f->node->id)) {
        f->blocks += 1ull << pointer_level(p);
        struct view record;
        enum status status = record_view(c->fs, f->node->record_level, p, &record);
        if (!is_damage(status))
            return status;
        problem(c, "unreadable record at block", f->node->id, pointer_index(p), status);
    }
    return OK;
}

/* Records under a pointer of `height`; `number` is the first of them. At most 4 deep. */
static enum status check_records(struct redoxfs_check *c, struct file *f, struct redoxfs_pointer p, uint32_t height, uint64_t number)
{
    if (pointer_is_null(p))
        return OK;
    if (height == 0)
        return check_record(c, f, p, number);
    if (!claim(c, p, f->node->id))
        return OK;
    f->blocks++;
    for (uint32_t slot = 0;; slot++) {
        struct view block;
        bool is_sound;
        TRY(load(c, p, f->node->id, &block, &is_sound)); /* again for each: what lies below may have taken its place in the cache */
        slot = is_sound ? next_used(block, slot, INDIRECT_FANOUT) : INDIRECT_FANOUT;
        if (slot == INDIRECT_FANOUT)
            return OK;
        TRY(check_records(c, f, pointer_at(block, slot * POINTER_BYTES), height - 1, number + ((uint64_t)slot << (8 * (height - 1)))));
    }
    return OK;
}

static enum status check_file(struct redoxfs_check *c, const struct redoxfs_node *node, uint64_t *out_blocks)
{
    uint64_t record_bytes = (uint64_t)REDOXFS_BLOCK_BYTES << node->record_level, number = 0;
    struct file f = {node, 1, node->size_bytes / record_bytes + (node->size_bytes % record_bytes != 0)};
    for (uint32_t height = 0; height <= INDIRECT_HEIGHT_MAX && !node->is_inline; height++)
        for (uint32_t slot = 0; slot < area_slots(height); slot++, number += 1ull << (8 * height))
            TRY(check_records(c, &f, area_pointer(node, height, slot), height, number));
    *out_blocks = f.blocks;
    return OK;
}

struct bounds { uint32_t low, high; }; /* of the name hashes below a pointer */

static void check_leaf(struct redoxfs_check *c, uint32_t directory, struct view block, struct bounds bounds)
{
    struct leaf leaf;
    if (leaf_open(block, &leaf) != OK) {
        problem(c, "a directory block that cannot be understood", directory, 0, ERR_CORRUPT);
        return;
    }
    struct reader r = reader_of(leaf.entries);
    for (uint32_t i = 0, id; i < leaf.count; i++) {
        struct view name;
        if (entry_read(&r, &id, &name) != OK)
            return;
        uint32_t hash = name_hash(name);
        if (hash < bounds.low || hash > bounds.high)
            problem(c, "a name where nobody looks for it, of node", directory, id, OK);
    }
}

/* At most 15 deep. */
static enum status check_directory(struct redoxfs_check *c, uint32_t id, struct redoxfs_pointer p, uint32_t levels, struct bounds bounds,
                                   uint64_t *blocks)
{
    struct view block;
    bool is_sound;
    if (!claim(c, p, id))
        return OK;
    ++*blocks;
    TRY(load(c, p, id, &block, &is_sound));
    if (is_sound && levels == 0)
        check_leaf(c, id, block, bounds);
    for (uint32_t slot = 0, low = bounds.low; is_sound && levels > 0 && slot < HTREE_FANOUT; slot++) {
        TRY(load(c, p, id, &block, &is_sound));
        if (!is_sound)
            break;
        uint32_t high = u32_at(block, slot * HTREE_ENTRY_BYTES);
        struct redoxfs_pointer child = pointer_at(block, slot * HTREE_ENTRY_BYTES + 4);
        if (pointer_is_null(child))
            break;
        if (high < low || high > bounds.high)
            problem(c, "directory bounds out of order at block", id, pointer_index(p), OK);
        TRY(check_directory(c, id, child, levels - 1, (struct bounds){low, high}, blocks));
        low = high;
    }
    return OK;
}

static enum status check_directory_blocks(struct redoxfs_check *c, const struct redoxfs_node *node, uint64_t *out_blocks)
{
    struct redoxfs_pointer root;
    uint32_t levels;
    uint64_t blocks = 0;
    enum status status = directory_root(node, &levels, &root);
    if (status == ERR_CORRUPT)
        problem(c, "a directory without its marker", node->id, 0, status);
    else if (status == OK)
        TRY(check_directory(c, node->id, root, levels, (struct bounds){0, UINT32_MAX}, &blocks));
    if (node->size_bytes != blocks * REDOXFS_BLOCK_BYTES)
        problem(c, "a directory whose size is not that of its blocks, but", node->id, node->size_bytes, OK);
    *out_blocks = blocks + 1;
    return OK;
}

static bool has_good_times(const struct redoxfs_node *node)
{
    return node->create.ns < 1000000000 && node->modify.ns < 1000000000 && node->access.ns < 1000000000;
}

static enum status check_node(struct redoxfs_check *c, uint32_t id, struct view block)
{
    struct redoxfs_node node;
    uint64_t blocks;
    if (node_decode(id, block, &node) != OK) {
        problem(c, "a node that cannot be understood", id, id, ERR_CORRUPT);
        return OK;
    }
    bool is_directory = (node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY;
    for (uint32_t at = NODE_PADDING; at < NODE_AREA; at++)
        if (block.data[at]) {
            problem(c, "a node with something in its padding, at byte", id, at, OK);
            break;
        }
    if (!has_good_times(&node))
        problem(c, "a node with a time of a second or more in nanoseconds", id, id, OK);
    c->nodes++;
    c->directories += is_directory;
    TRY(is_directory ? check_directory_blocks(c, &node, &blocks) : check_file(c, &node, &blocks));
    if (node.blocks < blocks)
        problem(c, "a node with more blocks than its count, which is", id, node.blocks, OK);
    return OK;
}

/* Looks at a node for one of the walks over the tree. */
typedef enum status node_visit(struct redoxfs_check *c, uint32_t id, struct redoxfs_pointer at, struct view block);

static enum status visit_reach(struct redoxfs_check *c, uint32_t id, struct redoxfs_pointer at, struct view block)
{
    c->state[pointer_index(at)] |= NODE;
    return check_node(c, id, block);
}

static enum status count_name(struct redoxfs_check *c, uint32_t directory, uint32_t id)
{
    struct redoxfs_pointer at;
    enum status status = tree_lookup(c->fs, id, &at);
    bool is_node = status == OK && pointer_index(at) < c->fs->block_count && c->state[pointer_index(at)] & NODE;
    if (is_node)
        c->names[pointer_index(at)]++;
    else if (status == OK || is_damage(status))
        problem(c, "a name of a node that is not there", directory, id, status);
    return is_damage(status) ? OK : status;
}

static enum status visit_names(struct redoxfs_check *c, uint32_t id, struct redoxfs_pointer at, struct view block)
{
    (void)at;
    struct redoxfs_node node;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    enum status status = node_decode(id, block, &node);
    if (status != OK || (node.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return OK; /* the first walk has said what is wrong */
    while ((status = redoxfs_directory_next(c->fs, &node, &cursor, &entry)) == OK)
        TRY(count_name(c, id, entry.id));
    if (status == ERR_CORRUPT)
        problem(c, "a directory that cannot be read to its end", id, id, status);
    return is_damage(status) ? OK : status;
}

static enum status visit_links(struct redoxfs_check *c, uint32_t id, struct redoxfs_pointer at, struct view block)
{
    struct redoxfs_node node;
    uint32_t names = c->names[pointer_index(at)];
    if (node_decode(id, block, &node) != OK)
        return OK;
    if (names == 0)
        problem(c, "a node without a name", id, id, OK);
    else if (node.links != names)
        problem(c, "a node with another link count than names, of which there are", id, names, OK);
    else if ((node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY && names > 1)
        problem(c, "a directory with more than one name", id, names, OK);
    return OK;
}

/* The first walk marks what it reaches; later ones go only where it went in, and each of them once. */
static bool may_enter(struct redoxfs_check *c, struct redoxfs_pointer p, uint32_t id, node_visit *visit, bool is_node)
{
    uint64_t index = pointer_index(p);
    uint8_t seen = visit == visit_names ? NAMES_SEEN : LINKS_SEEN;
    if (visit == visit_reach)
        return claim(c, p, id);
    if (index >= c->fs->block_count || !(c->state[index] & (is_node ? NODE : USED)) || c->state[index] & seen)
        return false;
    c->state[index] |= seen;
    return true;
}

static void check_bitmap(struct redoxfs_check *c, struct view list, uint32_t first_id)
{
    for (uint32_t slot = 0; slot < 256; slot++) {
        bool is_set = list.data[TREE_BITMAP + slot / 8] >> (slot % 8) & 1;
        if (slot >= TREE_FANOUT ? is_set : !is_set && !pointer_is_null(pointer_at(list, slot * POINTER_BYTES)))
            problem(c, "a wrong bit in a list of nodes, for node", 0, first_id + slot, OK);
    }
}

static enum status walk_node(struct redoxfs_check *c, struct redoxfs_pointer p, uint32_t id, node_visit *visit)
{
    struct view block;
    bool is_sound;
    uint8_t held[REDOXFS_BLOCK_BYTES];
    step(c);
    TRY(load(c, p, id, &block, &is_sound));
    if (!is_sound)
        return OK;
    memcpy(held, block.data, sizeof held);
    return visit(c, id, p, (struct view){held, sizeof held});
}

/* `levels` of lists under p, the numbers of whose nodes begin at `id`. */
static enum status walk_tree(struct redoxfs_check *c, struct redoxfs_pointer p, uint32_t levels, uint32_t id, node_visit *visit)
{
    if (pointer_is_null(p) || !may_enter(c, p, levels ? 0 : id, visit, levels == 0))
        return OK;
    if (levels == 0)
        return walk_node(c, p, id, visit);
    for (uint32_t slot = 0;; slot++) {
        struct view list;
        bool is_sound;
        TRY(load(c, p, 0, &list, &is_sound));
        if (is_sound && slot == 0 && levels == 1 && visit == visit_reach)
            check_bitmap(c, list, id);
        slot = is_sound ? next_used(list, slot, TREE_FANOUT) : TREE_FANOUT;
        if (slot == TREE_FANOUT)
            return OK;
        TRY(walk_tree(c, pointer_at(list, slot * POINTER_BYTES), levels - 1, id | slot << (8 * (levels - 1)), visit));
    }
    return OK;
}

/* Unlinked but open when the volume was last used: each counts as a name, for its link count is still 1. */
static enum status check_release(struct redoxfs_check *c)
{
    for (struct redoxfs_pointer p = c->fs->release; !pointer_is_null(p) && claim(c, p, 0);) {
        struct view block;
        bool is_sound = true;
        for (uint32_t i = 0; i < RELEASE_ENTRIES; i++) {
            TRY(load(c, p, 0, &block, &is_sound));
            if (!is_sound)
                return OK;
            uint32_t id = u32_at(block, 16 + 4 * i);
            if (id)
                TRY(count_name(c, 0, id));
        }
        TRY(load(c, p, 0, &block, &is_sound));
        p = pointer_at(block, 0);
    }
    return OK;
}

/* Read from the newest entry backwards, the first word on a block is what holds; each older word must be the opposite of the one
 * after it, and the oldest must set it free, because everything begins in use. */
static bool replay_entry(struct redoxfs_check *c, uint64_t index, int64_t count)
{
    bool is_free = count > 0;
    uint64_t blocks = is_free ? (uint64_t)count : -(uint64_t)count;
    if (blocks && (index <= RING_SLOTS || !range_fits(index, blocks, c->fs->block_count)))
        return false;
    for (uint64_t i = index; i < index + blocks; i++) {
        uint8_t *state = &c->state[i];
        if (*state & LOGGED && !!(*state & FREED_FIRST) == is_free)
            return false;
        if (!(*state & LOGGED) && is_free)
            *state |= FREE;
        *state = (uint8_t)((*state & ~FREED_FIRST) | LOGGED | (is_free ? FREED_FIRST : 0));
    }
    return true;
}

static enum status check_log(struct redoxfs_check *c)
{
    for (struct redoxfs_pointer p = c->fs->alloc; !pointer_is_null(p) && claim(c, p, 0);) {
        struct view block;
        bool is_sound;
        c->state[pointer_index(p)] |= IN_LOG;
        TRY(load(c, p, 0, &block, &is_sound));
        if (!is_sound)
            return OK;
        for (uint32_t i = ALLOC_ENTRIES; i-- > 0;)
            if (!replay_entry(c, u64_at(block, 16 + 16 * i), (int64_t)u64_at(block, 24 + 16 * i))) {
                problem(c, "an allocation that cannot be, in the log's block", 0, pointer_index(p), OK);
                return OK;
            }
        p = pointer_at(block, 0);
    }
    return OK;
}

static void check_space(struct redoxfs_check *c)
{
    for (uint64_t i = RING_SLOTS + 1; i < c->fs->block_count; i++) {
        uint8_t state = c->state[i];
        c->free_blocks += !!(state & FREE);
        c->leaked_blocks += !(state & (FREE | USED));
        if (state & FREE && state & USED)
            problem(c, "in use and free: block", 0, i, OK);
        if (state & LOGGED && !(state & FREED_FIRST))
            problem(c, "taken before it was ever free: block", 0, i, OK);
    }
}

enum status redoxfs_check(struct redoxfs_check *c)
{
    struct redoxfs *fs = c->fs;
    struct redoxfs_pointer root;
    if (fs->is_older)
        problem(c, "the newest header led nowhere; this is generation", 0, fs->generation, OK);
    if (fs->is_cut)
        problem(c, "larger than its disk, which ends at block", 0, fs->block_count, OK);
    TRY(walk_tree(c, fs->tree, TREE_LEVELS, 0, visit_reach));
    if (tree_lookup(fs, REDOXFS_ROOT, &root) == OK && pointer_index(root) < fs->block_count)
        c->names[pointer_index(root)]++;
    TRY(check_release(c));
    TRY(walk_tree(c, fs->tree, TREE_LEVELS, 0, visit_names));
    TRY(walk_tree(c, fs->tree, TREE_LEVELS, 0, visit_links));
    TRY(check_log(c));
    check_space(c);
    return OK;
}
