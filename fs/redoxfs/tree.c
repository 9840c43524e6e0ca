/* SPDX-License-Identifier: MIT
 * Nodes by number: four levels of lists, one byte of the number for each, 254 pointers in each. */
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/format.h"

enum status tree_lookup(struct redoxfs *fs, uint32_t id, struct redoxfs_pointer *out)
{
    struct redoxfs_pointer at = fs->tree;
    for (uint32_t level = TREE_LEVELS; level-- > 0;) {
        uint32_t slot = id >> (8 * level) & 0xff;
        if (id == 0 || slot >= TREE_FANOUT || pointer_is_null(at))
            return ERR_NOT_FOUND;
        struct view list;
        TRY(volume_block(fs, at, &list));
        at = pointer_at(list, slot * POINTER_BYTES);
    }
    if (pointer_is_null(at))
        return ERR_NOT_FOUND;
    *out = at;
    return OK;
}

static bool is_known_type(uint16_t type)
{
    return type == REDOXFS_FILE || type == REDOXFS_DIRECTORY || type == REDOXFS_LINK || type == REDOXFS_SOCKET;
}

static struct redoxfs_time time_at(struct view block, size_t at)
{
    return (struct redoxfs_time){u64_at(block, at), u32_at(block, at + 8)};
}

bool node_is_sound(struct view block)
{
    uint32_t type = u16_at(block, 0) & REDOXFS_TYPE, flags = u32_at(block, 70);
    return is_known_type((uint16_t)type) && u32_at(block, 66) <= REDOXFS_LEVEL_MAX && !(flags & ~(uint32_t)NODE_FLAG_INLINE) &&
           !(type == REDOXFS_DIRECTORY && flags);
}

enum status node_decode(uint32_t id, struct view block, struct redoxfs_node *out)
{
    if (!node_is_sound(block))
        return ERR_CORRUPT;
    *out = (struct redoxfs_node){
        .id = id, .mode = (uint16_t)u16_at(block, 0), .uid = u32_at(block, 2), .gid = u32_at(block, 6), .links = u32_at(block, 10),
        .size_bytes = u64_at(block, 14), .blocks = u64_at(block, 22), .create = time_at(block, 30), .modify = time_at(block, 42),
        .access = time_at(block, 54), .record_level = u32_at(block, 66),
        .is_inline = u32_at(block, 70) & NODE_FLAG_INLINE,
    };
    memcpy(out->area, block.data + NODE_AREA, sizeof out->area);
    return OK;
}

enum status redoxfs_node_read(struct redoxfs *fs, uint32_t id, struct redoxfs_node *out)
{
    struct redoxfs_pointer pointer;
    struct view block;
    TRY(tree_lookup(fs, id, &pointer));
    TRY(volume_block(fs, pointer, &block));
    return node_decode(id, block, out);
}
