/* SPDX-License-Identifier: MIT
 * Reading in order tells the disk what comes next; reading here and there does not. */
#include "fs/redoxfs/vector.h"
#include "unit/unit.h"

static struct vector volume;
static struct redoxfs fs;
static uint64_t expected_block, expected_count;
static uint32_t calls;

static void expect(void *context, uint64_t block, uint64_t count)
{
    (void)context;
    expected_block = block;
    expected_count = count;
    calls++;
}

static void open_big(struct redoxfs_node *out)
{
    struct redoxfs_disk disk;
    calls = 0;
    vector_build(&volume);
    disk = vector_disk(&volume);
    disk.expect = expect;
    CHECK_OK(redoxfs_open(disk, &fs));
    CHECK_OK(redoxfs_node_read(&fs, 3, out));
}

static void read_at(const struct redoxfs_node *node, uint64_t offset)
{
    uint8_t bytes[10];
    size_t done;
    CHECK_OK(redoxfs_read(&fs, node, offset, SPAN_OF_ARRAY(bytes), &done));
}

TEST(the_record_behind_is_expected_once)
{
    struct redoxfs_node big;
    open_big(&big);
    read_at(&big, 0);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(expected_block, V_BIG_PACKED);
    CHECK_EQUAL(expected_count, 1);
    read_at(&big, 10); /* from memory: the disk is not asked, and need not know */
    CHECK_EQUAL(calls, 1);
    read_at(&big, REDOXFS_RECORD_BYTES_MAX); /* behind it is a hole */
    CHECK_EQUAL(calls, 1);
}

TEST(nothing_is_expected_of_who_reads_here_and_there)
{
    struct redoxfs_node big;
    open_big(&big);
    read_at(&big, 128ull * REDOXFS_RECORD_BYTES_MAX);
    read_at(&big, REDOXFS_RECORD_BYTES_MAX);
    CHECK_EQUAL(calls, 0);
}
