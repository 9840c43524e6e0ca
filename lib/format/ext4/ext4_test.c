/* SPDX-License-Identifier: MIT
 * Promises of the ext4 reader, against images that mke2fs makes. The image is read whole; every block is there. */
#include "ext4/ext4.h"
#include "base/string.h"
#include "base/try.h"
#include "unit/unit.h"
#include <stdio.h>
#include <stdlib.h>

static uint8_t *image;
static size_t image_bytes;
static struct ext4 fs;

static enum status image_block(void *context, uint64_t number, struct view *out)
{
    (void)context;
    if ((number + 1) * fs.block_bytes > image_bytes)
        return ERR_IO;
    *out = (struct view){image + number * fs.block_bytes, fs.block_bytes};
    return OK;
}

/* A directory of 300 small files, a deep path, a file with holes, links; made with these mke2fs options. */
static bool make_image(const char *options)
{
    char command[2048];
    snprintf(command, sizeof command,
             "set -e; d=$(mktemp -d); mkdir -p $d/t/a/b/c $d/t/many; i=0; while [ $i -lt 300 ]; do echo $i > $d/t/many/file-number-$i; "
             "i=$((i+1)); done; head -c 300000 /dev/zero | tr '\\0' x > $d/t/a/b/c/big; truncate -s 5000000 $d/t/sparse; printf end >> "
             "$d/t/sparse; ln -s a/b/c/big $d/t/short; ln -s $(printf 'x%%.0s' $(seq 1 200)) $d/t/long; "
             "PATH=$PATH:/sbin:/usr/sbin mke2fs -q -t ext4 %s -d $d/t $d/i 16M >/dev/null; cat $d/i; rm -rf $d",
             options);
    FILE *f = popen(command, "r");
    if (!f)
        return false;
    image = realloc(image, 17u << 20);
    image_bytes = fread(image, 1, 17u << 20, f);
    return pclose(f) == 0 && image_bytes == 16u << 20;
}

static enum status walk(const char *path, struct ext4_inode *out)
{
    struct view rest = view_of_string(path), name;
    TRY(ext4_read_inode(&fs, EXT4_ROOT_INODE, out));
    while (rest.length) {
        uint32_t number;
        view_split(rest, '/', &name, &rest);
        TRY(ext4_lookup(&fs, out, name, &number));
        TRY(ext4_read_inode(&fs, number, out));
    }
    return OK;
}

static uint32_t count_entries(const struct ext4_inode *directory)
{
    uint8_t records[700];
    uint64_t cookie = 0;
    uint32_t count = 0;
    for (;;) {
        size_t bytes = 0;
        if (ext4_read_directory(&fs, directory, cookie, SPAN_OF_ARRAY(records), &bytes) != OK || !bytes)
            return count;
        for (size_t at = 0; at < bytes;) {
            struct directory_record r;
            memcpy(&r, records + at, sizeof r);
            cookie = r.cookie;
            at += r.record_bytes;
            count++;
        }
    }
}

static void check_tree(const char *options)
{
    struct ext4_inode inode;
    uint64_t physical, run;
    uint8_t target[256];
    size_t bytes;
    if (!CHECK(make_image(options)))
        return;
    CHECK_EQUAL(ext4_open((struct view){image + EXT4_SUPER_OFFSET, EXT4_SUPER_BYTES}, &fs), OK);
    fs.block = image_block;
    CHECK_EQUAL(walk("many", &inode), OK);
    CHECK_EQUAL(count_entries(&inode), 300);
    CHECK_EQUAL(walk("many/file-number-299", &inode), OK);
    CHECK_EQUAL(inode.size_bytes, 4);
    CHECK_EQUAL(walk("many/file-number-300", &inode), ERR_NOT_FOUND);
    CHECK_EQUAL(walk("a/b/c/big", &inode), OK);
    CHECK_EQUAL(inode.size_bytes, 300000);
    for (uint64_t block = 0; block < 300000 / fs.block_bytes; block++) {
        CHECK_EQUAL(ext4_map(&fs, &inode, block, &physical, &run), OK);
        CHECK(physical && image[physical * fs.block_bytes] == 'x');
    }
    CHECK_EQUAL(walk("sparse", &inode), OK);
    CHECK_EQUAL(ext4_map(&fs, &inode, 0, &physical, &run), OK);
    CHECK_EQUAL(physical, 0);
    CHECK_EQUAL(walk("short", &inode), OK);
    CHECK_EQUAL(ext4_read_link(&fs, &inode, SPAN_OF_ARRAY(target), &bytes), OK);
    CHECK_EQUAL(bytes, 9);
    CHECK_EQUAL(walk("long", &inode), OK);
    CHECK_EQUAL(ext4_read_link(&fs, &inode, SPAN_OF_ARRAY(target), &bytes), OK);
    CHECK_EQUAL(bytes, 200);
}

TEST(ext4_images_of_mke2fs_are_read) { check_tree(""); }
TEST(ext4_small_blocks_are_read) { check_tree("-b 1024"); }
TEST(ext4_block_maps_are_read) { check_tree("-O ^extents,^64bit"); }

TEST(ext4_no_changed_byte_makes_it_run_wild)
{
    struct ext4_inode inode;
    uint8_t records[4096];
    uint64_t seed = 42, physical, run;
    size_t bytes;
    if (!CHECK(make_image("-b 1024")))
        return;
    uint8_t *good = malloc(image_bytes);
    memcpy(good, image, image_bytes);
    for (uint32_t round = 0; round < 3000; round++) {
        for (uint32_t i = 0; i < 12; i++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            image[(seed >> 20) % (round % 2 ? 400000u : 1200000u) + 1024] = (uint8_t)(seed >> 50);
        }
        if (ext4_open((struct view){image + EXT4_SUPER_OFFSET, EXT4_SUPER_BYTES}, &fs) == OK) {
            fs.block = image_block;
            for (uint32_t number = 1; number < 40; number++)
                if (ext4_read_inode(&fs, number, &inode) == OK) {
                    IGNORE(ext4_map(&fs, &inode, seed % 5000, &physical, &run));
                    inode.size_bytes %= 1u << 20;
                    IGNORE(ext4_read_directory(&fs, &inode, 0, SPAN_OF_ARRAY(records), &bytes));
                }
        }
        memcpy(image, good, 1500000);
    }
    free(good);
}
