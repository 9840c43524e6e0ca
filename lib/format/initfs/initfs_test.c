/* SPDX-License-Identifier: MIT
 * What the archive promises: what was written is found, and no byte of a bad archive makes a reader leave it. */
#include "initfs/initfs.h"
#include "unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define SOURCES 4

static void make_sources(struct initfs_source sources[SOURCES])
{
    sources[0] = (struct initfs_source){.path = VIEW_OF_LITERAL("sbin/init"), .data = VIEW_OF_LITERAL("program"), .type = FILE_REGULAR, .mode = 0755};
    sources[1] = (struct initfs_source){.path = VIEW_OF_LITERAL("bin"), .type = FILE_DIRECTORY, .mode = 0755};
    sources[2] = (struct initfs_source){.path = VIEW_OF_LITERAL("bin/sh"), .data = VIEW_OF_LITERAL("busybox"), .type = FILE_SYMLINK, .mode = 0777};
    sources[3] = (struct initfs_source){.path = VIEW_OF_LITERAL("sbin"), .type = FILE_DIRECTORY, .mode = 0755, .uid = 7, .modify_ns = -1};
}

static struct span make_archive(void)
{
    struct initfs_source sources[SOURCES];
    make_sources(sources);
    uint64_t bytes = 0;
    CHECK_EQUAL(initfs_plan(sources, SOURCES, &bytes), OK);
    struct span to = {malloc(bytes), bytes};
    CHECK_EQUAL(initfs_write(sources, SOURCES, to), OK);
    return to;
}

TEST(initfs_finds_what_was_written)
{
    struct span bytes = make_archive();
    struct initfs fs;
    struct initfs_entry e;
    CHECK_EQUAL(initfs_open(view_of_span(bytes), &fs), OK);
    CHECK_EQUAL(fs.count, SOURCES);
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL("sbin/init"), &e), OK);
    CHECK(view_equal(e.data, VIEW_OF_LITERAL("program")));
    CHECK_EQUAL(e.offset % INITFS_ALIGNMENT, 0);
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL("bin/sh"), &e), OK);
    CHECK_EQUAL(e.type, FILE_SYMLINK);
    CHECK(view_equal(e.data, VIEW_OF_LITERAL("busybox")));
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL("sbin"), &e), OK);
    CHECK_EQUAL(e.uid, 7);
    CHECK_EQUAL(e.modify_ns, -1);
    free(bytes.data);
}

TEST(initfs_knows_what_is_not_there)
{
    struct span bytes = make_archive();
    struct initfs fs;
    struct initfs_entry e;
    CHECK_EQUAL(initfs_open(view_of_span(bytes), &fs), OK);
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL("sbin/ini"), &e), ERR_NOT_FOUND);
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL("sbin/initx"), &e), ERR_NOT_FOUND);
    CHECK_EQUAL(initfs_find(&fs, VIEW_OF_LITERAL(""), &e), ERR_NOT_FOUND);
    CHECK_EQUAL(initfs_entry_at(&fs, SOURCES, &e), ERR_NOT_FOUND);
    free(bytes.data);
}

TEST(initfs_refuses_two_entries_of_one_path)
{
    struct initfs_source sources[SOURCES];
    make_sources(sources);
    sources[3].path = sources[1].path;
    uint64_t bytes;
    CHECK_EQUAL(initfs_plan(sources, SOURCES, &bytes), ERR_EXISTS);
}

TEST(initfs_open_refuses_a_cut_archive)
{
    struct span bytes = make_archive();
    struct initfs fs;
    CHECK_EQUAL(initfs_open((struct view){bytes.data, bytes.length - 1}, &fs), ERR_TRUNCATED);
    CHECK_EQUAL(initfs_open((struct view){bytes.data, 10}, &fs), ERR_TRUNCATED);
    bytes.data[0] ^= 1;
    CHECK_EQUAL(initfs_open(view_of_span(bytes), &fs), ERR_CORRUPT);
    free(bytes.data);
}

static void read_everything(struct view archive)
{
    struct initfs fs;
    if (initfs_open(archive, &fs) != OK)
        return;
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < fs.count; i++) {
        struct initfs_entry e;
        if (initfs_entry_at(&fs, i, &e) != OK)
            continue;
        for (size_t at = 0; at < e.path.length; at++)
            sum = (uint8_t)(sum + e.path.data[at]);
        if (e.data.length)
            sum = (uint8_t)(sum + e.data.data[0] + e.data.data[e.data.length - 1]);
    }
}

/* Every byte before the data, with several values each; the sanitizer watches. */
TEST(initfs_survives_any_changed_byte)
{
    struct span bytes = make_archive();
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < 512 && at < bytes.length; at++) {
        uint8_t before = bytes.data[at];
        for (size_t v = 0; v < sizeof values; v++) {
            bytes.data[at] = values[v];
            read_everything(view_of_span(bytes));
        }
        bytes.data[at] = before;
    }
    CHECK(true);
    free(bytes.data);
}
