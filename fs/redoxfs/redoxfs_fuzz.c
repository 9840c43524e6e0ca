/* SPDX-License-Identifier: MIT
 * Any changes to a small volume, with every checksum made right again: nothing is read or written outside, everything ends, and all
 * memory comes back. The input is a list of changes: block (of those in use), place (2 bytes), number of bytes (1..8), the bytes; and
 * behind a block of 255, operations: what, two nodes, two names, and a number. */
#include "fs/redoxfs/vector.h"
#include "redoxfs/check.h"
#include "redoxfs/write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vector original, changed;
static bool is_written[VECTOR_BLOCKS];
static struct redoxfs fs;

/* Leaves the reader behind the mark that ends the changes. */
static void change(struct reader *r)
{
    uint8_t block, length;
    uint16_t at;
    struct view bytes;
    while (read_u8(r, &block) == OK && block != 255 && read_u16le(r, &at) == OK && read_u8(r, &length) == OK &&
           read_view(r, length % 8 + 1, &bytes) == OK) {
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

/* -- changing it ------------------------------------------------------------------------------------------------------------------ */

enum { MEMORY_MAX = 32 << 20 };
static size_t memory_in_use;

static void *allocate(void *context, size_t bytes)
{
    (void)context;
    if (bytes > MEMORY_MAX - memory_in_use)
        return nullptr;
    memory_in_use += bytes;
    return malloc(bytes);
}

static void release(void *context, void *block, size_t bytes)
{
    (void)context;
    memory_in_use -= bytes;
    free(block);
}

static enum status write_changed(void *context, uint64_t block, struct view from)
{
    struct vector *v = context;
    if (block >= VECTOR_BLOCKS || from.length > (VECTOR_BLOCKS - block) * REDOXFS_BLOCK_BYTES)
        __builtin_trap();
    memcpy(v->blocks[block], from.data, from.length);
    for (uint64_t at = block; at < block + from.length / REDOXFS_BLOCK_BYTES; at++)
        is_written[at] = true;
    return OK;
}

static enum status flush_changed(void *context)
{
    (void)context;
    return OK;
}

static struct view name_of(uint8_t number)
{
    static const struct view names[] = {VIEW_OF_LITERAL("hello.txt"), VIEW_OF_LITERAL("big"), VIEW_OF_LITERAL("many"), VIEW_OF_LITERAL("link"),
                                        VIEW_OF_LITERAL("empty"), VIEW_OF_LITERAL("sizes"), VIEW_OF_LITERAL("file_000001.dat"),
                                        VIEW_OF_LITERAL("new"), VIEW_OF_LITERAL("a longer name that is not there, and is rather long, so that "
                                                                                "few of its kind fit into one block of names")};
    return names[number % ARRAY_LENGTH(names)];
}

struct operation { uint8_t what, from, to, name, new_name; uint32_t number; };

static enum status operate(const struct operation *o)
{
    static uint8_t data[50000];
    struct redoxfs_attributes attributes = {.mode = o->number & 1 ? REDOXFS_FILE : REDOXFS_DIRECTORY, .now = {5, 5}};
    uint32_t from = o->from % 8, to = o->to % 8, id;
    size_t bytes;
    switch (o->what % 13) {
    case 0: return redoxfs_create(&fs, from, name_of(o->name), &attributes, &id);
    case 1: return redoxfs_symlink(&fs, from, name_of(o->name), (struct view){(const uint8_t *)"x", 1}, &attributes, &id);
    case 2: return redoxfs_link(&fs, from, name_of(o->name), to, attributes.now);
    case 3: return redoxfs_unlink(&fs, from, name_of(o->name), attributes.now);
    case 4: return redoxfs_rmdir(&fs, from, name_of(o->name), attributes.now);
    case 5: return redoxfs_rename(&fs, from, name_of(o->name), to, name_of(o->new_name), (enum redoxfs_rename)(o->number % 3), attributes.now);
    case 6: return redoxfs_hold(&fs, from);
    case 7: return redoxfs_unhold(&fs, from);
    case 8: return redoxfs_write(&fs, from, o->number, (struct view){data, o->number % sizeof data}, attributes.now, &bytes);
    case 9: return redoxfs_write(&fs, from, (uint64_t)o->number << 13, (struct view){data, 5000}, attributes.now, &bytes);
    case 10: return redoxfs_truncate(&fs, from, o->number >> (o->to % 32), attributes.now);
    case 11: return redoxfs_set(&fs, from, REDOXFS_SET_MODE, &(struct redoxfs_node){.mode = 0600});
    case 12: return redoxfs_commit(&fs);
    }
    return OK;
}

static void change_by_operations(struct reader r)
{
    struct operation o;
    struct redoxfs_write_options options = {.memory = {allocate, release, nullptr}, .cache_bytes = 16384, .dirty_bytes = 1 << 20};
    struct redoxfs_disk disk = vector_disk(&changed);
    disk.write = write_changed;
    disk.flush = flush_changed;
    if (redoxfs_open_writable(disk, &options, &fs) == OK) {
        while (read_u8(&r, &o.what) == OK && read_u8(&r, &o.from) == OK && read_u8(&r, &o.to) == OK && read_u8(&r, &o.name) == OK &&
               read_u8(&r, &o.new_name) == OK && read_u32le(&r, &o.number) == OK)
            (void)operate(&o);
        (void)redoxfs_commit(&fs);
        for (uint32_t id = 0; id < 8; id++)
            read_all(id);
        redoxfs_close(&fs);
    }
    if (memory_in_use)
        __builtin_trap();
}

static void check_changed(void)
{
    static uint8_t state[VECTOR_BLOCKS];
    static uint32_t names[VECTOR_BLOCKS];
    if (redoxfs_open(vector_disk(&changed), &fs) != OK)
        return;
    for (uint32_t id = 0; id < 8; id++)
        read_all(id);
    memset(state, 0, sizeof state);
    memset(names, 0, sizeof names);
    struct redoxfs_check check = {.fs = &fs, .state = state, .names = names};
    (void)redoxfs_check(&check);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (original.blocks[VECTOR_GENERATION][0] == 0)
        vector_build(&original);
    for (uint32_t i = 0; i < VECTOR_BLOCKS; i++) /* what nobody writes does not have to be put back */
        if (is_written[i] || i >= V_TREE ? i < V_END || is_written[i] : i == VECTOR_GENERATION)
            memcpy(changed.blocks[i], original.blocks[i], REDOXFS_BLOCK_BYTES);
    memset(is_written, 0, sizeof is_written);
    struct reader r = reader_of((struct view){data, size});
    change(&r);
    vector_seal(&changed);
    check_changed();
    change_by_operations(r);
    check_changed();
    return 0;
}
