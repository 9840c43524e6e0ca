/* SPDX-License-Identifier: MIT
 * The table of nodes, changing. A list's bit says that its slot has no free number below it; number 0 is never given. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"

/* What the list above names: the slot for level `level` of number `id` in a list's block. */
static uint32_t slot_of(uint32_t id, uint32_t level)
{
    return id >> (8 * level) & 0xff;
}

static void bit_put(uint8_t *list, uint32_t slot, bool value)
{
    uint8_t *byte = &list[TREE_BITMAP + slot / 8], bit = (uint8_t)(1u << slot % 8);
    *byte = (uint8_t)(value ? *byte | bit : *byte & ~bit);
}

/* The lowest slot without its bit, or TREE_FANOUT. */
static uint32_t first_clear(const uint8_t *list)
{
    uint32_t byte = TREE_BITMAP;
    while (byte < REDOXFS_BLOCK_BYTES && list[byte] == 0xff)
        byte++;
    if (byte == REDOXFS_BLOCK_BYTES)
        return TREE_FANOUT;
    uint32_t slot = (byte - TREE_BITMAP) * 8 + (uint32_t)__builtin_ctz(~(uint32_t)list[byte]);
    return MIN(slot, (uint32_t)TREE_FANOUT);
}

/* The lists above a node, from the one of numbers (0) up, writable. */
struct lists { struct buffer *at[TREE_LEVELS]; };

/* Missing lists are made when `is_new`; else NOT_FOUND. */
static enum status lists_modify(struct redoxfs *fs, uint32_t id, bool is_new, struct lists *out)
{
    uint8_t *slot = (uint8_t *)&fs->tree;
    for (uint32_t level = TREE_LEVELS; level-- > 0;) {
        struct buffer *list;
        if (!pointer_is_null(get_pointer(slot))) {
            TRY(block_modify(fs, slot, BLOCK_LIST, &list));
        } else if (is_new) {
            TRY(block_new(fs, BLOCK_LIST, 0, &list));
            put_pointer(slot, block_pointer(list));
        } else {
            return ERR_NOT_FOUND;
        }
        out->at[level] = list;
        for (uint32_t above = level + 1; above < TREE_LEVELS; above++)
            if (out->at[above] == list)
                return ERR_CORRUPT; /* below itself */
        if (slot_of(id, level) >= TREE_FANOUT)
            return ERR_NOT_FOUND;
        slot = list->data + slot_of(id, level) * POINTER_BYTES;
    }
    return OK;
}

enum status node_modify(struct redoxfs *fs, uint32_t id, struct buffer **out)
{
    struct redoxfs_pointer at;
    struct buffer *b;
    struct lists lists;
    TRY(tree_lookup(fs, id, &at));
    TRY(buffer_get(fs, at, 0, &b));
    if (!node_is_sound((struct view){b->data, b->bytes}))
        return ERR_CORRUPT;
    if (b->is_dirty && !b->is_hashed && b->kind == BLOCK_NODE) {
        *out = b; /* and so is everything above it */
        return OK;
    }
    TRY(lists_modify(fs, id, false, &lists));
    return block_modify(fs, lists.at[0]->data + slot_of(id, 0) * POINTER_BYTES, BLOCK_NODE, out);
}

/* The lowest number that no bit says is taken. */
static enum status find_free(struct redoxfs *fs, uint32_t *out_id)
{
    struct redoxfs_pointer at = fs->tree;
    uint32_t id = 0;
    for (uint32_t level = TREE_LEVELS; level-- > 0 && !pointer_is_null(at);) {
        struct view list;
        TRY(volume_block(fs, at, &list));
        uint32_t slot = first_clear(list.data);
        if (level == 0 && id == 0 && slot == 0) { /* a list that nobody has looked at yet: number 0 is nobody's */
            uint8_t head[TREE_BITMAP + 32] = {0};
            memcpy(head + TREE_BITMAP, list.data + TREE_BITMAP, 32);
            bit_put(head, 0, true);
            slot = first_clear(head);
        }
        if (slot == TREE_FANOUT)
            return level == TREE_LEVELS - 1 ? ERR_NO_SPACE : ERR_CORRUPT;
        id |= slot << (8 * level);
        at = pointer_at(list, slot * POINTER_BYTES);
        if (level == 0 && !pointer_is_null(at))
            return ERR_CORRUPT;
    }
    *out_id = id ? id : REDOXFS_ROOT;
    return OK;
}

enum status node_new(struct redoxfs *fs, uint32_t *out_id, struct buffer **out)
{
    struct lists lists;
    struct buffer *node;
    uint32_t id;
    TRY(find_free(fs, &id));
    TRY(lists_modify(fs, id, true, &lists));
    TRY(block_new(fs, BLOCK_NODE, 0, &node));
    put_pointer(lists.at[0]->data + slot_of(id, 0) * POINTER_BYTES, block_pointer(node));
    if (id < TREE_FANOUT)
        bit_put(lists.at[0]->data, 0, true);
    for (uint32_t level = 0; level < TREE_LEVELS; level++) {
        bit_put(lists.at[level]->data, slot_of(id, level), true);
        if (first_clear(lists.at[level]->data) < TREE_FANOUT)
            break;
    }
    *out_id = id;
    *out = node;
    return OK;
}

static bool is_empty(const struct buffer *list)
{
    for (uint32_t slot = 0; slot < TREE_FANOUT; slot++)
        if (!pointer_is_null(get_pointer(list->data + slot * POINTER_BYTES)))
            return false;
    return true;
}

enum status node_remove_prepare(struct redoxfs *fs, uint32_t id)
{
    struct lists lists;
    TRY(lists_modify(fs, id, false, &lists));
    return space_ready(&fs->writer->space, pointer_index(get_pointer(lists.at[0]->data + slot_of(id, 0) * POINTER_BYTES)));
}

enum status node_remove(struct redoxfs *fs, uint32_t id)
{
    struct lists lists;
    TRY(lists_modify(fs, id, false, &lists));
    uint8_t *slot = lists.at[0]->data + slot_of(id, 0) * POINTER_BYTES;
    IGNORE(block_drop(fs, get_pointer(slot))); /* CORRUPT: two say that it is theirs, and it stays taken */
    put_pointer(slot, (struct redoxfs_pointer){0});
    for (uint32_t level = 0; level < TREE_LEVELS; level++)
        bit_put(lists.at[level]->data, slot_of(id, level), false);
    for (uint32_t level = 0; level < TREE_LEVELS - 1 && is_empty(lists.at[level]); level++) {
        uint8_t *above = lists.at[level + 1]->data + slot_of(id, level + 1) * POINTER_BYTES;
        TRY(block_drop(fs, get_pointer(above)));
        put_pointer(above, (struct redoxfs_pointer){0});
    }
    return OK;
}
