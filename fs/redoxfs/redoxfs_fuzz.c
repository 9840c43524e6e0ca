/* SPDX-License-Identifier: MIT
 * Any changes to a small volume, with every checksum made right again: nothing is read outside, and everything ends.
 * The input is a list of changes: block (of those in use), place (2 bytes), number of bytes (1..8), the bytes. */
#include "fs/redoxfs/vector.h"
#include "redoxfs/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vector original, changed;
static struct redoxfs fs;

static void change(struct reader r)
{
    uint8_t block, length;
    uint16_t at;
    struct view bytes;
    while (read_u8(&r, &block) == OK && read_u16le(&r, &at) == OK && read_u8(&r, &length) == OK && read_view(&r, length % 8 + 1, &bytes) == OK) {
        uint32_t number = block % (V_END - V_TREE + 1);
        at %= REDOXFS_BLOCK_BYTES - 8;
        memcpy(&changed.blocks[number == V_END - V_TREE ? (uint32_t)VECTOR_GENERATION : V_TREE + number][at], bytes.data, bytes.length);
    }
}

static void read_all(uint32_t id)
{
    static uint8_t bytes[4096];
    struct redoxfs_node node;
    uint64_t at = 0;
    size_t got;
    uint32_t found;
    if (redoxfs_node_read(&fs, id, &node) != OK)
        return;
    for (int i = 0; i < 64 && redoxfs_find_data(&fs, &node, at, &at) == OK && at < node.size_bytes; i++, at += got)
        if (redoxfs_read(&fs, &node, at, SPAN_OF_ARRAY(bytes), &got) != OK)
            break;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    while (redoxfs_directory_next(&fs, &node, &cursor, &entry) == OK)
        (void)redoxfs_lookup(&fs, &node, (struct view){entry.name, entry.name_length}, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t state[VECTOR_BLOCKS];
    static uint32_t names[VECTOR_BLOCKS];
    if (original.blocks[VECTOR_GENERATION][0] == 0)
        vector_build(&original);
    memcpy(&changed, &original, sizeof changed);
    change(reader_of((struct view){data, size}));
    vector_seal(&changed);
    if (redoxfs_open(vector_disk(&changed), &fs) != OK)
        return 0;
    for (uint32_t id = 0; id < 8; id++)
        read_all(id);
    memset(state, 0, sizeof state);
    memset(names, 0, sizeof names);
    struct redoxfs_check check = {.fs = &fs, .state = state, .names = names};
    (void)redoxfs_check(&check);
    return 0;
}
