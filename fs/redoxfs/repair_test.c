/* SPDX-License-Identifier: MIT
 * Damage that other implementations are known to leave, made on purpose, and put right. */
#include "redoxfs/repair.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "unit/unit.h"
#include <stdlib.h>

enum { BLOCKS = 4096 };
static uint8_t bytes[BLOCKS][REDOXFS_BLOCK_BYTES];
static uint8_t state[BLOCKS + 1];
static uint32_t names[BLOCKS + 1];
static struct redoxfs fs;
static const struct redoxfs_time now = {1700000000, 5};

static enum status disk_read(void *context, uint64_t block, struct span to)
{
    (void)context;
    memcpy(to.data, bytes[block], to.length);
    return OK;
}

static enum status disk_write(void *context, uint64_t block, struct view from)
{
    (void)context;
    memcpy(bytes[block], from.data, from.length);
    return OK;
}

static enum status disk_flush(void *context)
{
    (void)context;
    return OK;
}

static void *allocate(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void release(void *context, void *block, size_t size)
{
    (void)context, (void)size;
    free(block);
}

static const struct redoxfs_disk disk = {.read = disk_read, .write = disk_write, .flush = disk_flush, .block_count = BLOCKS};
static const struct redoxfs_write_options options = {.memory = {.allocate = allocate, .release = release}};

static uint32_t make(const char *name)
{
    static uint8_t data[300000]; /* three records, none of zeros */
    memset(data, 'x', sizeof data);
    struct redoxfs_attributes a = {.mode = REDOXFS_FILE | 0644, .now = now};
    uint32_t id = 0;
    size_t done;
    CHECK_OK(redoxfs_create(&fs, REDOXFS_ROOT, view_of_string(name), &a, &id));
    CHECK_OK(redoxfs_write(&fs, id, 0, (struct view){data, sizeof data}, now, &done));
    return id;
}

static void volume_begin(void)
{
    CHECK_OK(redoxfs_format(disk, &(struct redoxfs_format_options){.now = now}, &fs));
    CHECK_OK(redoxfs_open_writable(disk, &options, &fs));
}

static void volume_end(void)
{
    CHECK_OK(redoxfs_commit(&fs));
    redoxfs_close(&fs);
}

static struct redoxfs_check check_volume(void)
{
    memset(state, 0, sizeof state);
    memset(names, 0, sizeof names);
    CHECK_OK(redoxfs_open(disk, &fs));
    struct redoxfs_check c = {.fs = &fs, .state = state, .names = names};
    CHECK_OK(redoxfs_check(&c));
    return c;
}

static void repair_begin(void)
{
    CHECK_OK(redoxfs_open_repair(disk, &options, state, &fs));
}

static void expect_sound(void)
{
    struct redoxfs_check c = check_volume();
    CHECK_EQUAL(c.problems, 0);
    CHECK_EQUAL(c.leaked_blocks, 0);
}

/* Changes a node behind the library's back. */
static void node_put(uint32_t id, size_t at, uint64_t value, size_t size)
{
    struct buffer *node;
    CHECK_OK(node_modify(&fs, id, &node));
    memcpy(node->data + at, &value, size);
}

/* Such lists are made by others, who lose nodes by them. */
TEST(a_list_of_nodes_without_names_of_more_than_a_block_is_emptied)
{
    enum { COUNT = 1200 };
    uint32_t id;
    char name[] = "file0000";
    volume_begin();
    struct redoxfs_attributes a = {.mode = REDOXFS_FILE | 0644, .now = now};
    for (uint32_t i = 0; i < COUNT; i++) {
        for (uint32_t at = 4, rest = i; at < 8; at++, rest /= 10)
            name[at] = (char)('0' + rest % 10);
        CHECK_OK(redoxfs_create(&fs, REDOXFS_ROOT, view_of_string(name), &a, &id));
        CHECK_OK(redoxfs_repair_name(&fs, REDOXFS_ROOT, view_of_string(name)));
        CHECK_OK(id_list_add(fs.writer, &fs.writer->orphans, id));
    }
    fs.writer->orphans_changed = true;
    volume_end();
    CHECK_EQUAL(check_volume().nodes, COUNT + 1);
    CHECK_OK(redoxfs_open_writable(disk, &options, &fs));
    volume_end();
    expect_sound();
    CHECK_EQUAL(check_volume().nodes, 1);
}

TEST(a_record_in_free_blocks_is_not_replaced)
{
    static uint8_t data[REDOXFS_RECORD_BYTES_MAX] = {1};
    uint64_t index;
    size_t done;
    volume_begin();
    uint32_t id = make("file");
    CHECK_OK(redoxfs_commit(&fs));
    CHECK_OK(space_take(&fs.writer->space, REDOXFS_LEVEL_MAX, &index));
    CHECK_OK(space_release(&fs.writer->space, index, 32)); /* where the next record would go */
    node_put(id, NODE_AREA, index << 8 | REDOXFS_LEVEL_MAX, 8);
    CHECK_EQUAL(redoxfs_write(&fs, id, 0, (struct view){data, sizeof data}, now, &done), ERR_CORRUPT);
    volume_end();
}

TEST(leaked_blocks_are_free_after_a_repair)
{
    uint64_t index;
    volume_begin();
    make("file");
    for (int i = 0; i < 40; i++)
        CHECK_OK(space_take(&fs.writer->space, 0, &index));
    volume_end();
    CHECK_EQUAL(check_volume().leaked_blocks, 40);
    repair_begin();
    volume_end();
    expect_sound();
}

TEST(a_log_that_contradicts_itself_is_written_anew)
{
    volume_begin();
    make("file");
    volume_end();
    CHECK_OK(redoxfs_open(disk, &fs));
    uint64_t log = pointer_index(fs.alloc);
    bytes[log][100] ^= 0x55; /* its checksum is wrong now */
    CHECK_EQUAL(redoxfs_open_writable(disk, &options, &fs), ERR_CORRUPT);
    CHECK(check_volume().problems > 0);
    repair_begin();
    volume_end();
    expect_sound();
    CHECK_OK(redoxfs_open_writable(disk, &options, &fs));
    redoxfs_close(&fs);
}

TEST(counts_and_records_behind_the_end_are_put_right)
{
    volume_begin();
    uint32_t id = make("file");
    node_put(id, NODE_LINKS, 7, 4);
    node_put(id, NODE_SIZE, 1000, 8);
    node_put(id, NODE_BLOCKS, 500, 8);
    volume_end();
    CHECK(check_volume().problems >= 2);
    repair_begin();
    CHECK_OK(redoxfs_repair_node(&fs, id, 1));
    volume_end();
    expect_sound();
    static struct redoxfs_node node;
    CHECK_OK(redoxfs_node_read(&fs, id, &node));
    CHECK_EQUAL(node.links, 1);
    CHECK_EQUAL(node.size_bytes, 1000);
    CHECK_EQUAL(node.blocks, 33);
}

TEST(a_name_that_leads_nowhere_goes)
{
    struct redoxfs_node root;
    uint32_t found;
    volume_begin();
    uint32_t id = make("ghost");
    make("other");
    CHECK_OK(redoxfs_truncate(&fs, id, 0, now));
    node_put(id, NODE_MODIFY, 0, 8);
    CHECK_OK(node_remove(&fs, id));
    volume_end();
    CHECK(check_volume().problems > 0);
    repair_begin();
    CHECK_OK(redoxfs_repair_name(&fs, REDOXFS_ROOT, VIEW_OF_LITERAL("ghost")));
    volume_end();
    expect_sound();
    CHECK_OK(redoxfs_node_read(&fs, REDOXFS_ROOT, &root));
    CHECK_EQUAL(redoxfs_lookup(&fs, &root, VIEW_OF_LITERAL("ghost"), &found), ERR_NOT_FOUND);
    CHECK_OK(redoxfs_lookup(&fs, &root, VIEW_OF_LITERAL("other"), &found));
}

TEST(nodes_are_found_one_after_the_other)
{
    uint32_t ids[300], id = 0;
    struct redoxfs_attributes a = {.mode = REDOXFS_FILE | 0644, .now = now};
    volume_begin();
    for (uint32_t i = 0; i < 300; i++) {
        char name[4] = {(char)('a' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
        CHECK_OK(redoxfs_create(&fs, REDOXFS_ROOT, view_of_string(name), &a, &ids[i]));
    }
    CHECK_OK(redoxfs_node_next(&fs, 0, &id));
    CHECK_EQUAL(id, REDOXFS_ROOT);
    for (uint32_t i = 0; i < 300; i++) {
        CHECK_OK(redoxfs_node_next(&fs, id, &id));
        CHECK_EQUAL(id, ids[i]);
    }
    CHECK_EQUAL(redoxfs_node_next(&fs, id, &id), ERR_NOT_FOUND);
    volume_end();
}
