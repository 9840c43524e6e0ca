/* SPDX-License-Identifier: MIT
 * Any changes to a small volume, with every checksum made right again: nothing is read or written outside, everything ends, and all
 * memory comes back. The input is a list of changes: block (of those in use), place (2 bytes), number of bytes (1..8), the bytes; and
 * behind a block of 255, operations: what, two nodes, two names, and a number. One input in eight, by its length, is then repaired.
 *
 * Fast, because an hour should try millions: the ring of headers is read only when the header itself was changed, the checksum is a
 * cheap one, memory comes from an array, and this file is not traced (module.mk). */
#include "base/try.h"
#include "fs/redoxfs/seal.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/check.h"
#include "redoxfs/repair.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __asan_poison_memory_region(const volatile void *from, size_t bytes);
void __asan_unpoison_memory_region(const volatile void *from, size_t bytes);
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0"; /* a second stack on the heap for each call costs a third of the speed */
}

/* In the place of the library's: what is sealed by one sum and read by the same is believed, whichever it is, and this one is ten times as
 * fast. */
uint64_t seahash(struct view bytes)
{
    uint64_t lanes[8] = {bytes.length};
    size_t at = 0;
    for (; bytes.length - at >= sizeof lanes; at += sizeof lanes)
        for (uint32_t i = 0; i < ARRAY_LENGTH(lanes); i++) {
            uint64_t word;
            memcpy(&word, bytes.data + at + i * sizeof word, sizeof word);
            lanes[i] = (lanes[i] << 1 | lanes[i] >> 63) ^ word;
        }
    for (; at < bytes.length; at++)
        lanes[at % 8] ^= (uint64_t)bytes.data[at] << at % 64;
    uint64_t sum = 1;
    for (uint32_t i = 0; i < ARRAY_LENGTH(lanes); i++)
        sum = (sum ^ lanes[i]) * 0x6eed0e9da4d94a4full;
    return sum ^ sum >> 32;
}

/* Behind the small volume of the tests: a longer log, a node without a name and the list that says so, two levels of pointers. */
enum { F_LOG_OLD = V_END, F_RELEASE, F_ORPHAN, F_RECORD, F_TOP, F_MIDDLE, F_END };

static struct vector original, changed;
static bool is_written[VECTOR_BLOCKS], is_header_changed;
static struct redoxfs *fs; /* these three on the heap, where a step outside is found */
static uint8_t *state;
static uint32_t *names;
static uint64_t generation; /* of the newest header */

/* Memory is taken one piece behind the other and not used again by the same input; everything else in here may not be touched. */
enum { MEMORY_MAX = 32 << 20, ARENA_BYTES = 2 * MEMORY_MAX, GAP_BYTES = 32 };
static alignas(16) uint8_t arena[ARENA_BYTES];
static size_t memory_in_use, arena_used;

static void point(uint32_t parent, size_t at, uint64_t child)
{
    vector_put(&original, parent, at, child << 8, 8);
}

static void build_original(void)
{
    fs = calloc(1, sizeof *fs);
    state = malloc(VECTOR_BLOCKS);
    names = malloc(VECTOR_BLOCKS * sizeof *names);
    if (!fs || !state || !names)
        __builtin_trap();
    vector_build(&original);
    memcpy(original.blocks[F_LOG_OLD], original.blocks[V_LOG], REDOXFS_BLOCK_BYTES);
    memset(original.blocks[V_LOG], 0, REDOXFS_BLOCK_BYTES);
    point(V_LOG, 0, F_LOG_OLD);
    vector_put(&original, V_LOG, 16, V_END, 8);
    vector_put(&original, V_LOG, 24, -(uint64_t)(F_END - V_END), 8);
    point(VECTOR_GENERATION, HEADER_RELEASE, F_RELEASE);
    vector_put(&original, F_RELEASE, 16, 6, 4);
    vector_node(&original, F_ORPHAN, REDOXFS_FILE | 0600, 3000, 2, false);
    point(F_ORPHAN, NODE_AREA, F_RECORD);
    point(V_TREE + 3, 96, F_ORPHAN);
    vector_put(&original, V_TREE + 3, TREE_BITMAP, 0x7f, 1);
    point(V_BIG, NODE_AREA + 3072, F_TOP);
    point(F_TOP, 0, F_MIDDLE);
    vector_put(&original, V_BIG, 22, 7, 8);
    seal_volume(&original);
    __asan_poison_memory_region(arena, sizeof arena);
}

/* Leaves the reader behind the mark that ends the changes. */
static void change(struct reader *r)
{
    uint8_t block, length;
    uint16_t at;
    struct view bytes;
    is_header_changed = false;
    while (read_u8(r, &block) == OK && block != 255 && read_u16le(r, &at) == OK && read_u8(r, &length) == OK &&
           read_view(r, length % 8 + 1, &bytes) == OK) {
        uint32_t number = V_TREE + block % (F_END - V_TREE + 1);
        at %= REDOXFS_BLOCK_BYTES - 8;
        if (number == F_END) {
            number = VECTOR_GENERATION;
            is_header_changed = true;
        }
        memcpy(&changed.blocks[number][at], bytes.data, bytes.length);
    }
}

/* What redoxfs_open comes to when nothing is wrong with the ring, without reading it. */
static enum status open_changed(struct redoxfs_disk disk)
{
    struct redoxfs_node root;
    if (is_header_changed)
        return redoxfs_open(disk, fs);
    struct view header = {changed.blocks[generation % RING_SLOTS], REDOXFS_BLOCK_BYTES};
    fs->disk = disk;
    fs->block_count = VECTOR_BLOCKS;
    fs->generation = generation;
    fs->tree = pointer_at(header, HEADER_TREE);
    fs->alloc = pointer_at(header, HEADER_ALLOC);
    fs->release = pointer_at(header, HEADER_RELEASE);
    memcpy(fs->header, header.data, sizeof fs->header);
    for (uint32_t i = 0; i < REDOXFS_CACHE_BLOCKS; i++)
        fs->cache[i].of = (struct redoxfs_pointer){0};
    fs->record_of = (struct redoxfs_pointer){0};
    fs->is_older = fs->is_cut = false;
    enum status status = redoxfs_node_read(fs, REDOXFS_ROOT, &root);
    return status == OK && (root.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY ? ERR_CORRUPT : status;
}

static void read_all(uint32_t id)
{
    static uint8_t bytes[REDOXFS_RECORD_BYTES_MAX];
    struct redoxfs_node node;
    uint64_t at = 0;
    size_t got;
    uint32_t found;
    if (redoxfs_node_read(fs, id, &node) != OK)
        return;
    for (int i = 0; i < 16 && redoxfs_find_data(fs, &node, at, &at) == OK && at < node.size_bytes; i++, at += got)
        if (redoxfs_read(fs, &node, at, SPAN_OF_ARRAY(bytes), &got) != OK)
            break;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    while (redoxfs_directory_next(fs, &node, &cursor, &entry) == OK)
        (void)redoxfs_lookup(fs, &node, (struct view){entry.name, entry.name_length}, &found);
}

/* -- changing it ------------------------------------------------------------------------------------------------------------------ */

static void *allocate(void *context, size_t bytes)
{
    (void)context;
    size_t needed = (bytes + 15) / 16 * 16 + GAP_BYTES;
    if (bytes > MEMORY_MAX - memory_in_use || needed > ARENA_BYTES - arena_used)
        return nullptr;
    uint8_t *block = arena + arena_used;
    memory_in_use += bytes;
    arena_used += needed;
    __asan_unpoison_memory_region(block, bytes);
    return block;
}

static void release(void *context, void *block, size_t bytes)
{
    (void)context;
    memory_in_use -= bytes;
    __asan_poison_memory_region(block, (bytes + 15) / 16 * 16);
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

static const struct redoxfs_write_options options = {.memory = {allocate, release, nullptr}, .cache_bytes = 16384, .dirty_bytes = 1 << 20};

static struct redoxfs_disk writable_disk(void)
{
    struct redoxfs_disk disk = vector_disk(&changed);
    disk.write = write_changed;
    disk.flush = flush_changed;
    return disk;
}

static enum status start_writing(void)
{
    TRY(writer_start(fs, &options));
    TRY(log_open(fs));
    return orphans_open(fs);
}

static enum status open_writable(void)
{
    if (is_header_changed)
        return redoxfs_open_writable(writable_disk(), &options, fs);
    TRY(open_changed(writable_disk()));
    enum status status = start_writing();
    if (status != OK)
        redoxfs_close(fs);
    return status;
}

static void close_writable(void)
{
    (void)redoxfs_commit(fs);
    generation = fs->generation;
    redoxfs_close(fs);
}

static struct view name_of(uint8_t number)
{
    static const struct view list[] = {VIEW_OF_LITERAL("hello.txt"), VIEW_OF_LITERAL("big"), VIEW_OF_LITERAL("many"), VIEW_OF_LITERAL("link"),
                                        VIEW_OF_LITERAL("empty"), VIEW_OF_LITERAL("sizes"), VIEW_OF_LITERAL("file_000001.dat"),
                                        VIEW_OF_LITERAL("new"), VIEW_OF_LITERAL("a longer name that is not there, and is rather long, so that "
                                                                                "few of its kind fit into one block of names")};
    return list[number % ARRAY_LENGTH(list)];
}

struct operation { uint8_t what, from, to, name, new_name; uint32_t number; };

static enum status operate(const struct operation *o)
{
    static uint8_t data[50000];
    data[0] = data[sizeof data / 2] = (uint8_t)o->number; /* zeros alone would only make holes */
    struct redoxfs_attributes attributes = {.mode = o->number & 1 ? REDOXFS_FILE : REDOXFS_DIRECTORY, .now = {5, 5}};
    uint32_t from = o->from % 8, to = o->to % 8, id;
    size_t bytes;
    switch (o->what % 15) {
    case 0: return redoxfs_create(fs, from, name_of(o->name), &attributes, &id);
    case 1: return redoxfs_symlink(fs, from, name_of(o->name), (struct view){(const uint8_t *)"x", 1}, &attributes, &id);
    case 2: return redoxfs_link(fs, from, name_of(o->name), to, attributes.now);
    case 3: return redoxfs_unlink(fs, from, name_of(o->name), attributes.now);
    case 4: return redoxfs_rmdir(fs, from, name_of(o->name), attributes.now);
    case 5: return redoxfs_rename(fs, from, name_of(o->name), to, name_of(o->new_name), (enum redoxfs_rename)(o->number % 3), attributes.now);
    case 6: return redoxfs_hold(fs, from);
    case 7: return redoxfs_unhold(fs, from);
    case 8: return redoxfs_write(fs, from, o->number, (struct view){data, o->number % sizeof data}, attributes.now, &bytes);
    case 9: return redoxfs_write(fs, from, (uint64_t)o->number << 13, (struct view){data, 5000}, attributes.now, &bytes);
    case 10: return redoxfs_truncate(fs, from, o->number >> (o->to % 32), attributes.now);
    case 11: return redoxfs_set(fs, from, REDOXFS_SET_MODE, &(struct redoxfs_node){.mode = 0600});
    case 12: return redoxfs_commit(fs);
    case 13: return redoxfs_node_next(fs, from, &id);
    case 14: return redoxfs_write(fs, from, o->number % 1000 * 700, (struct view){data, sizeof data}, attributes.now, &bytes);
    }
    return OK;
}


static void change_by_operations(struct reader r)
{
    struct operation o;
    if (open_writable() == OK) {
        while (read_u8(&r, &o.what) == OK && read_u8(&r, &o.from) == OK && read_u8(&r, &o.to) == OK && read_u8(&r, &o.name) == OK &&
               read_u8(&r, &o.new_name) == OK && read_u32le(&r, &o.number) == OK)
            (void)operate(&o);
        close_writable();
    }
}

static void check_changed(void)
{
    if (open_changed(vector_disk(&changed)) != OK)
        return;
    for (uint32_t id = 0; id < 8; id++)
        read_all(id);
    memset(state, 0, VECTOR_BLOCKS);
    memset(names, 0, VECTOR_BLOCKS * sizeof *names);
    struct redoxfs_check check = {.fs = fs, .state = state, .names = names};
    (void)redoxfs_check(&check);
}

/* After a check. */
static void repair_changed(void)
{
    if (redoxfs_open_repair(writable_disk(), &options, state, fs) != OK)
        return;
    for (uint32_t id = REDOXFS_ROOT; id < 8; id++)
        read_all(id);
    for (uint32_t id = 0, i = 0; i < 16 && redoxfs_node_next(fs, id, &id) == OK; i++)
        (void)redoxfs_repair_node(fs, id, i % 2 + 1);
    (void)redoxfs_repair_name(fs, REDOXFS_ROOT, name_of(1));
    close_writable();
}

/* What nobody writes does not have to be put back. */
static void restore(void)
{
    for (uint32_t i = 0; i < VECTOR_BLOCKS; i++)
        if (is_written[i] || i == VECTOR_GENERATION || (i >= V_TREE && i < F_END))
            memcpy(changed.blocks[i], original.blocks[i], REDOXFS_BLOCK_BYTES);
    memset(is_written, 0, sizeof is_written);
    arena_used = 0;
    generation = VECTOR_GENERATION;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fs)
        build_original();
    restore();
    struct reader r = reader_of((struct view){data, size});
    change(&r);
    seal_volume(&changed);
    check_changed();
    change_by_operations(r);
    check_changed();
    if (size % 8 == 0) {
        repair_changed();
        check_changed();
    }
    if (memory_in_use)
        __builtin_trap();
    return 0;
}
