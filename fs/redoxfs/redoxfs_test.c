/* SPDX-License-Identifier: MIT
 * The format's reader: published values of its checksum, and a volume that has each structure once. */
#include "fs/redoxfs/vector.h"
#include "redoxfs/check.h"
#include "unit/unit.h"

static struct vector volume;
static struct redoxfs fs;
static uint8_t state[VECTOR_BLOCKS];
static uint32_t names[VECTOR_BLOCKS];

static enum status open_volume(void)
{
    return redoxfs_open(vector_disk(&volume), &fs);
}

static uint64_t count_problems(void)
{
    memset(state, 0, sizeof state);
    memset(names, 0, sizeof names);
    struct redoxfs_check check = {.fs = &fs, .state = state, .names = names};
    CHECK_OK(redoxfs_check(&check));
    return check.problems;
}

TEST(seahash_gives_the_published_values)
{
    static uint8_t zeros[4096], bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 251);
    CHECK_EQUAL(seahash(VIEW_OF_LITERAL("")), 0xc920ca43256fdcb9);
    CHECK_EQUAL(seahash(VIEW_OF_LITERAL("a")), 0x29c401b26a16e94d);
    CHECK_EQUAL(seahash(VIEW_OF_LITERAL("to be or not to be")), 0x1b993a826f4ae575);
    CHECK_EQUAL(seahash(VIEW_OF_LITERAL("0123456789abcdef0123456789abcdefX")), 0xa4dbceb3ef1c80e5);
    CHECK_EQUAL(seahash((struct view){zeros, 8}), 0x1cdee552a46d795f);
    CHECK_EQUAL(seahash((struct view){zeros, 4072}), 0xe81ffcb86026ff96);
    CHECK_EQUAL(seahash((struct view){bytes, 4096}), 0x3415ed2a7f56cc9d);
}

TEST(a_sound_volume_opens_and_has_no_problems)
{
    vector_build(&volume);
    CHECK_OK(open_volume());
    CHECK_EQUAL(fs.generation, VECTOR_GENERATION);
    CHECK(!fs.is_older);
    CHECK_EQUAL(count_problems(), 0);
}

TEST(names_are_found_in_leaves_and_trees)
{
    struct redoxfs_node root, many;
    uint32_t id = 0;
    vector_build(&volume);
    CHECK_OK(open_volume());
    CHECK_OK(redoxfs_node_read(&fs, REDOXFS_ROOT, &root));
    CHECK_OK(redoxfs_lookup(&fs, &root, VIEW_OF_LITERAL("many"), &id));
    CHECK_EQUAL(id, 4);
    CHECK_OK(redoxfs_node_read(&fs, id, &many));
    CHECK_OK(redoxfs_lookup(&fs, &many, VIEW_OF_LITERAL("empty"), &id));
    CHECK_OK(redoxfs_lookup(&fs, &many, VIEW_OF_LITERAL("file_000001.dat"), &id));
    CHECK_EQUAL(redoxfs_lookup(&fs, &many, VIEW_OF_LITERAL("other"), &id), ERR_NOT_FOUND);
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    int count = 0;
    while (redoxfs_directory_next(&fs, &many, &cursor, &entry) == OK)
        count++;
    CHECK_EQUAL(count, 3);
}

static uint8_t byte_at(const struct redoxfs_node *node, uint64_t offset)
{
    uint8_t byte = 0xee;
    size_t got;
    CHECK_OK(redoxfs_read(&fs, node, offset, (struct span){&byte, 1}, &got));
    return got == 1 ? byte : 0xee;
}

TEST(records_read_plain_short_compressed_missing_and_far)
{
    struct redoxfs_node big;
    uint64_t at, far = 128ull * REDOXFS_RECORD_BYTES_MAX;
    vector_build(&volume);
    CHECK_OK(open_volume());
    CHECK_OK(redoxfs_node_read(&fs, 3, &big));
    CHECK_EQUAL(byte_at(&big, 4095), 'p');
    CHECK_EQUAL(byte_at(&big, 4096), 0);
    CHECK_EQUAL(byte_at(&big, REDOXFS_RECORD_BYTES_MAX), 'z');
    CHECK_EQUAL(byte_at(&big, REDOXFS_RECORD_BYTES_MAX + 1060), 't');
    CHECK_EQUAL(byte_at(&big, REDOXFS_RECORD_BYTES_MAX + 1065), 0);
    CHECK_EQUAL(byte_at(&big, far), 'f');
    CHECK_EQUAL(byte_at(&big, far + 4999), 0);
    CHECK_EQUAL(byte_at(&big, far + 5000), 0xee);
    CHECK_OK(redoxfs_find_data(&fs, &big, 2 * REDOXFS_RECORD_BYTES_MAX, &at));
    CHECK_EQUAL(at, far);
}

TEST(inline_data_ends_with_zeros)
{
    struct redoxfs_node small;
    vector_build(&volume);
    vector_put(&volume, V_SMALL, 14, 1u << 20, 8);
    vector_seal(&volume);
    CHECK_OK(open_volume());
    CHECK_OK(redoxfs_node_read(&fs, 2, &small));
    CHECK_EQUAL(byte_at(&small, 0), 'H');
    CHECK_EQUAL(byte_at(&small, 3967), 0);
    CHECK_EQUAL(byte_at(&small, 3968), 0);
    CHECK_EQUAL(byte_at(&small, (1u << 20) - 1), 0);
}

TEST(a_flipped_bit_is_corrupt_and_never_data)
{
    struct redoxfs_node big;
    uint8_t byte;
    size_t got;
    vector_build(&volume);
    volume.blocks[V_BIG_PLAIN][100] ^= 1;
    CHECK_OK(open_volume());
    CHECK_OK(redoxfs_node_read(&fs, 3, &big));
    CHECK_EQUAL(redoxfs_read(&fs, &big, 0, (struct span){&byte, 1}, &got), ERR_CORRUPT);
    CHECK_EQUAL(count_problems(), 1);
}

TEST(a_torn_newest_generation_gives_way_to_the_one_before)
{
    vector_build(&volume);
    memcpy(volume.blocks[VECTOR_GENERATION + 1], volume.blocks[VECTOR_GENERATION], REDOXFS_BLOCK_BYTES);
    uint32_t newer = VECTOR_GENERATION + 1;
    vector_put(&volume, newer, HEADER_GENERATION, newer, 8);
    vector_put(&volume, newer, HEADER_TREE + 8, 1, 8); /* as if its tree had not reached the disk */
    uint64_t hash = seahash((struct view){volume.blocks[newer], HEADER_HASHED});
    vector_put(&volume, newer, HEADER_HASH, hash, 8);
    vector_put(&volume, newer, HEADER_CHECK, hash, 8);
    CHECK_OK(open_volume());
    CHECK(fs.is_older);
    CHECK_EQUAL(fs.generation, VECTOR_GENERATION);
}

static int reads_left;

static enum status read_a_few(void *context, uint64_t block, struct span to)
{
    return reads_left-- > 0 ? vector_read(context, block, to) : ERR_WOULD_BLOCK;
}

TEST(a_disk_that_is_not_ready_is_waited_for_at_every_block)
{
    enum status status = ERR_WOULD_BLOCK;
    vector_build(&volume);
    for (int reads = 0; reads < 1000 && status == ERR_WOULD_BLOCK; reads++) {
        reads_left = reads;
        status = redoxfs_open((struct redoxfs_disk){.read = read_a_few, .context = &volume, .block_count = VECTOR_BLOCKS}, &fs);
    }
    CHECK_OK(status);
    CHECK(!fs.is_older);
}

TEST(an_older_volume_in_the_same_place_does_not_hide_the_new_one)
{
    uint32_t old = 200;
    vector_build(&volume);
    memcpy(volume.blocks[old], volume.blocks[VECTOR_GENERATION], REDOXFS_BLOCK_BYTES);
    vector_put(&volume, old, HEADER_GENERATION, old, 8);
    vector_put(&volume, old, HEADER_UUID, 7, 8);
    vector_put(&volume, old, HEADER_TREE + 8, 1, 8);
    uint64_t hash = seahash((struct view){volume.blocks[old], HEADER_HASHED});
    vector_put(&volume, old, HEADER_HASH, hash, 8);
    vector_put(&volume, old, HEADER_CHECK, hash, 8);
    CHECK_OK(open_volume());
    CHECK(fs.is_older);
    CHECK_EQUAL(fs.generation, VECTOR_GENERATION);
}

TEST(an_encrypted_volume_is_not_supported)
{
    vector_build(&volume);
    vector_put(&volume, VECTOR_GENERATION, HEADER_CHECK, 1, 8);
    CHECK_EQUAL(open_volume(), ERR_NOT_SUPPORTED);
}

TEST(no_header_is_not_the_format)
{
    memset(&volume, 0, sizeof volume);
    CHECK_EQUAL(open_volume(), ERR_BAD_FORMAT);
}

TEST(a_directory_tree_that_loops_ends)
{
    struct redoxfs_node many;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    uint32_t id;
    enum status status;
    vector_build(&volume);
    vector_marker(&volume, V_MANY, 15);
    vector_seal(&volume);
    CHECK_OK(open_volume());
    CHECK_OK(redoxfs_node_read(&fs, 4, &many));
    while ((status = redoxfs_directory_next(&fs, &many, &cursor, &entry)) == OK)
        continue;
    CHECK(status == ERR_CORRUPT || status == ERR_NOT_FOUND);
    CHECK(redoxfs_lookup(&fs, &many, VIEW_OF_LITERAL("empty"), &id) != OK);
}

TEST(check_finds_what_reading_forgives)
{
    vector_build(&volume);
    vector_put(&volume, V_SMALL, 10, 9, 4);                          /* link count */
    vector_put(&volume, V_TREE + 3, TREE_BITMAP, 0x1f, 1);           /* a used slot without its bit */
    vector_put(&volume, V_BIG, 22, 3, 8);                            /* too few blocks */
    vector_put(&volume, V_LOG, 40, -(uint64_t)(V_END - 258), 8);     /* the log's own block is free */
    vector_put(&volume, V_MANY_TREE, 20, 0xb5000000, 4);             /* "sizes" and the file lie above their bound */
    vector_seal(&volume);
    CHECK_OK(open_volume());
    CHECK_EQUAL(count_problems(), 6);
}
