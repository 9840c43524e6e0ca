/* SPDX-License-Identifier: MIT
 * Makes every checksum of a volume in memory right again, after any change to its blocks: the volume is walked from its header down as a
 * reader walks it, and each pointer gets the checksum of what it points at, children first. What points outside or at something above
 * itself keeps the checksum that it has. For fuzzing: without it a changed volume is refused at its first changed block. */
#pragma once
#include "fs/redoxfs/vector.h"

enum seal_kind : uint8_t { SEAL_NONE, SEAL_LIST, SEAL_NODE, SEAL_RECORD, SEAL_INDIRECT, SEAL_HTREE, SEAL_LOG };
struct seal {
    struct vector *volume;
    uint8_t as[VECTOR_BLOCKS];      /* what each block was walked as: levels << 4 | kind */
    bool is_open[VECTOR_BLOCKS];    /* being walked: above what is looked at */
};

static inline void seal_below(struct seal *s, uint8_t *slot, enum seal_kind kind, uint32_t levels);

static inline void seal_each(struct seal *s, uint8_t *first, uint32_t count, uint32_t stride, enum seal_kind kind, uint32_t levels)
{
    for (uint32_t i = 0; i < count; i++)
        if (first[i * stride + 1] | first[i * stride + 2]) /* of the address, what an index in here has */
            seal_below(s, first + i * stride, kind, levels);
}

static inline void seal_node(struct seal *s, uint8_t *node)
{
    static const struct { uint32_t slots, levels; } heights[] = {{128, 0}, {64, 1}, {32, 2}, {16, 3}, {8, 4}};
    struct view block = {node, REDOXFS_BLOCK_BYTES};
    uint8_t *at = node + NODE_AREA;
    struct redoxfs_pointer marker = pointer_at(block, NODE_AREA);
    if (u32_at(block, NODE_PADDING - 4) & NODE_FLAG_INLINE)
        return;
    if (pointer_is_marker(marker)) {
        uint32_t levels = marker.address & 15;
        seal_below(s, at + POINTER_BYTES, levels ? SEAL_HTREE : SEAL_RECORD, levels);
        return;
    }
    for (uint32_t height = 0; height < ARRAY_LENGTH(heights); at += heights[height++].slots * POINTER_BYTES)
        seal_each(s, at, heights[height].slots, POINTER_BYTES, height ? SEAL_INDIRECT : SEAL_RECORD, heights[height].levels);
}

static inline void seal_block(struct seal *s, uint8_t *block, enum seal_kind kind, uint32_t levels)
{
    switch (kind) {
    case SEAL_LIST: return seal_each(s, block, TREE_FANOUT, POINTER_BYTES, levels > 1 ? SEAL_LIST : SEAL_NODE, levels - 1);
    case SEAL_NODE: return seal_node(s, block);
    case SEAL_INDIRECT: return seal_each(s, block, INDIRECT_FANOUT, POINTER_BYTES, levels > 1 ? SEAL_INDIRECT : SEAL_RECORD, levels - 1);
    case SEAL_HTREE: return seal_each(s, block + 4, HTREE_FANOUT, HTREE_ENTRY_BYTES, levels > 1 ? SEAL_HTREE : SEAL_RECORD, levels - 1);
    case SEAL_LOG: return seal_below(s, block, SEAL_LOG, 0); /* the release list too: the pointer to the older one comes first */
    case SEAL_RECORD:
    case SEAL_NONE: return;
    }
}

static inline void seal_below(struct seal *s, uint8_t *slot, enum seal_kind kind, uint32_t levels)
{
    struct redoxfs_pointer p = pointer_at((struct view){slot, POINTER_BYTES}, 0);
    uint64_t index = pointer_index(p), count = 1ull << pointer_level(p);
    if (index <= RING_SLOTS || index >= VECTOR_BLOCKS || count > VECTOR_BLOCKS - index || s->is_open[index])
        return;
    uint8_t as = (uint8_t)(levels << 4 | kind);
    if (s->as[index] != as) {
        s->as[index] = as;
        s->is_open[index] = true;
        seal_block(s, s->volume->blocks[index], kind, levels);
        s->is_open[index] = false;
    }
    p.hash = seahash((struct view){s->volume->blocks[index], count * REDOXFS_BLOCK_BYTES});
    memcpy(slot + 8, &p.hash, sizeof p.hash);
}

/* Everything below the header that is in the slot of VECTOR_GENERATION, and then that header. */
static inline void seal_volume(struct vector *v)
{
    static struct seal s;
    uint8_t *header = v->blocks[VECTOR_GENERATION];
    memset(&s, 0, sizeof s);
    s.volume = v;
    seal_below(&s, header + HEADER_TREE, SEAL_LIST, TREE_LEVELS);
    seal_below(&s, header + HEADER_ALLOC, SEAL_LOG, 0);
    seal_below(&s, header + HEADER_RELEASE, SEAL_LOG, 0);
    uint64_t hash = seahash((struct view){header, HEADER_HASHED});
    vector_put(v, VECTOR_GENERATION, HEADER_HASH, hash, 8);
    vector_put(v, VECTOR_GENERATION, HEADER_CHECK, hash, 8);
}
