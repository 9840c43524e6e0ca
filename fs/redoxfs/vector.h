/* SPDX-License-Identifier: MIT
 * A small volume built in memory for the tests and the fuzzer: every kind of structure once, and the list of its pointers, children
 * first, so that it can be sealed (all checksums made right) again after any change. */
#pragma once
#include "base/string.h"
#include "fs/redoxfs/format.h"
#include "redoxfs/seahash.h"

enum {
    VECTOR_BLOCKS = 400, VECTOR_GENERATION = 5,
    V_TREE = 257, V_ROOT = 261, V_ROOT_LEAF, V_SMALL, V_BIG, V_BIG_PLAIN, V_BIG_PACKED, V_BIG_INDIRECT, V_BIG_FAR, V_MANY, V_MANY_TREE,
    V_MANY_LOW, V_MANY_HIGH, V_LINK, V_LOG, V_END, /* node ids: root 1, small 2, big 3, many 4, link 5 */
};

struct vector { uint8_t blocks[VECTOR_BLOCKS][REDOXFS_BLOCK_BYTES]; };

static const struct { uint16_t parent, at; uint16_t child; uint8_t expanded; } vector_pointers[] = {
    {V_BIG, NODE_AREA, V_BIG_PLAIN, 0}, {V_BIG, NODE_AREA + 16, V_BIG_PACKED, 5}, {V_BIG_INDIRECT, 0, V_BIG_FAR, 0},
    {V_BIG, NODE_AREA + 2048, V_BIG_INDIRECT, 0}, {V_MANY_TREE, 4, V_MANY_LOW, 0}, {V_MANY_TREE, 24, V_MANY_HIGH, 0},
    {V_MANY, NODE_AREA + 16, V_MANY_TREE, 0}, {V_ROOT, NODE_AREA + 16, V_ROOT_LEAF, 0},
    {V_TREE + 3, 16, V_ROOT, 0}, {V_TREE + 3, 32, V_SMALL, 0}, {V_TREE + 3, 48, V_BIG, 0}, {V_TREE + 3, 64, V_MANY, 0},
    {V_TREE + 3, 80, V_LINK, 0}, {V_TREE + 2, 0, V_TREE + 3, 0}, {V_TREE + 1, 0, V_TREE + 2, 0}, {V_TREE, 0, V_TREE + 1, 0},
    {VECTOR_GENERATION, HEADER_TREE, V_TREE, 0}, {VECTOR_GENERATION, HEADER_ALLOC, V_LOG, 0},
};

static inline void vector_put(struct vector *v, uint32_t block, size_t at, uint64_t value, size_t bytes)
{
    memcpy(&v->blocks[block][at], &value, bytes);
}

static inline void vector_node(struct vector *v, uint32_t block, uint16_t mode, uint64_t size, uint64_t blocks, bool is_inline)
{
    vector_put(v, block, 0, mode, 2);
    vector_put(v, block, 10, 1, 4);
    vector_put(v, block, 14, size, 8);
    vector_put(v, block, 22, blocks, 8);
    vector_put(v, block, 42, 1234567890, 8);
    vector_put(v, block, 66, (mode & REDOXFS_TYPE) == REDOXFS_FILE ? 5 : 0, 4);
    vector_put(v, block, 70, is_inline, 4);
}

static inline void vector_entry(struct vector *v, uint32_t leaf, uint32_t id, const char *name)
{
    struct view block = {v->blocks[leaf], REDOXFS_BLOCK_BYTES};
    size_t used = u16_at(block, LEAF_USED), length = string_length(name, REDOXFS_NAME_MAX);
    vector_put(v, leaf, used, id, 4);
    vector_put(v, leaf, used + 4, length, 1);
    memcpy(&v->blocks[leaf][used + ENTRY_HEAD], name, length);
    vector_put(v, leaf, LEAF_USED, used + ENTRY_HEAD + length, 2);
    vector_put(v, leaf, LEAF_COUNT, u16_at(block, LEAF_COUNT) + 1, 2);
}

static inline void vector_marker(struct vector *v, uint32_t node, uint64_t levels)
{
    vector_put(v, node, NODE_AREA, 0xfffffffffffffff0 | levels, 8);
    vector_put(v, node, NODE_AREA + 8, UINT64_MAX, 8);
}

/* Makes the checksum of what each listed pointer now points at right, and then the header's. */
static inline void vector_seal(struct vector *v)
{
    for (size_t i = 0; i < ARRAY_LENGTH(vector_pointers); i++) {
        struct redoxfs_pointer p = pointer_at((struct view){v->blocks[vector_pointers[i].parent], REDOXFS_BLOCK_BYTES}, vector_pointers[i].at);
        uint64_t index = pointer_index(p), count = 1ull << pointer_level(p);
        if (!pointer_is_null(p) && index < VECTOR_BLOCKS && count <= VECTOR_BLOCKS - index)
            vector_put(v, vector_pointers[i].parent, vector_pointers[i].at + 8,
                       seahash((struct view){v->blocks[index], count * REDOXFS_BLOCK_BYTES}), 8);
    }
    uint64_t hash = seahash((struct view){v->blocks[VECTOR_GENERATION], HEADER_HASHED});
    vector_put(v, VECTOR_GENERATION, HEADER_HASH, hash, 8);
    vector_put(v, VECTOR_GENERATION, HEADER_CHECK, hash, 8);
}

static inline void vector_contents(struct vector *v)
{
    static const char packed[] = {17, 0, 0x1f, 'z', 1, 0, (char)255, (char)255, (char)255, (char)255, 20, 0x50, 't', 'a', 'i', 'l', 's'};
    memset(v->blocks[V_BIG_PLAIN], 'p', REDOXFS_BLOCK_BYTES);
    memcpy(v->blocks[V_BIG_PACKED], packed, sizeof packed);
    vector_put(v, V_BIG_PACKED, 0, sizeof packed - 2, 2);
    memset(v->blocks[V_BIG_FAR], 'f', REDOXFS_BLOCK_BYTES);
    memcpy(&v->blocks[V_SMALL][NODE_AREA], "Hello, RedoxFS!\n", 16);
    memcpy(&v->blocks[V_LINK][NODE_AREA], "many/hello.txt", 14);
    vector_entry(v, V_ROOT_LEAF, 2, "hello.txt"); /* hash a3f404e7 */
    vector_entry(v, V_ROOT_LEAF, 3, "big");
    vector_entry(v, V_ROOT_LEAF, 4, "many");
    vector_entry(v, V_ROOT_LEAF, 5, "link");
    vector_entry(v, V_MANY_LOW, 2, "empty");      /* hash 52c7081d */
    vector_entry(v, V_MANY_HIGH, 2, "sizes");     /* hash b74758d5 */
    vector_entry(v, V_MANY_HIGH, 2, "file_000001.dat");
    memset(v->blocks[V_MANY_TREE], 0, REDOXFS_BLOCK_BYTES);
    for (uint32_t i = 0; i < HTREE_FANOUT; i++)
        vector_put(v, V_MANY_TREE, i * HTREE_ENTRY_BYTES, i == 0 ? 0x52c7081d : i == 1 ? 0xb74758d5 : UINT32_MAX, 4);
    vector_put(v, V_TREE + 3, TREE_BITMAP, 0x3f, 1);
    vector_put(v, V_SMALL, 10, 4, 4); /* links: hello.txt, and three in many */
}

static inline void vector_build(struct vector *v)
{
    memset(v, 0, sizeof *v);
    vector_node(v, V_ROOT, REDOXFS_DIRECTORY | 0755, 4096, 2, false);
    vector_node(v, V_SMALL, REDOXFS_FILE | 0644, 16, 1, true);
    vector_node(v, V_BIG, REDOXFS_FILE | 0600, 128ull * REDOXFS_RECORD_BYTES_MAX + 5000, 5, false);
    vector_node(v, V_MANY, REDOXFS_DIRECTORY | 0755, 12288, 4, false);
    vector_node(v, V_LINK, REDOXFS_LINK | 0777, 14, 1, true);
    vector_marker(v, V_ROOT, 0);
    vector_marker(v, V_MANY, 1);
    vector_contents(v);
    memcpy(v->blocks[VECTOR_GENERATION], "RedoxFS", 8);
    vector_put(v, VECTOR_GENERATION, 8, VERSION, 8);
    vector_put(v, VECTOR_GENERATION, HEADER_SIZE, sizeof v->blocks, 8);
    vector_put(v, VECTOR_GENERATION, HEADER_GENERATION, VECTOR_GENERATION, 8);
    vector_put(v, V_LOG, 16, 257, 8);
    vector_put(v, V_LOG, 24, VECTOR_BLOCKS - 257, 8);
    vector_put(v, V_LOG, 32, 257, 8);
    vector_put(v, V_LOG, 40, -(uint64_t)(V_END - 257), 8);
    for (size_t i = 0; i < ARRAY_LENGTH(vector_pointers); i++)
        vector_put(v, vector_pointers[i].parent, vector_pointers[i].at,
                   (uint64_t)vector_pointers[i].child << 8 | (uint64_t)vector_pointers[i].expanded << 4, 8);
    vector_seal(v);
}

static inline enum status vector_read(void *context, uint64_t block, struct span to)
{
    const struct vector *v = context;
    if (block >= VECTOR_BLOCKS || to.length > (VECTOR_BLOCKS - block) * REDOXFS_BLOCK_BYTES)
        __builtin_trap(); /* the library promises to ask inside the disk only */
    memcpy(to.data, v->blocks[block], to.length);
    return OK;
}

static inline struct redoxfs_disk vector_disk(struct vector *v)
{
    return (struct redoxfs_disk){.read = vector_read, .context = v, .block_count = VECTOR_BLOCKS};
}
