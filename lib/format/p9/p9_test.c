/* SPDX-License-Identifier: MIT
 * What 9P messages promise. */
#include "p9/p9.h"
#include "unit/unit.h"
#include <string.h>

static uint8_t bytes[512];

static struct view written(struct p9_writer *w)
{
    struct view v = {};
    CHECK_EQUAL(p9_end(w, 0, &v), OK);
    return v;
}

TEST(p9_message_has_its_size_type_and_tag)
{
    struct p9_writer w = p9_begin(SPAN_OF_ARRAY(bytes), P9_WALK, 7);
    p9_u32(&w, 1);
    p9_string(&w, VIEW_OF_LITERAL("ab"));
    struct view v = written(&w);
    static const uint8_t wanted[] = {15, 0, 0, 0, 110, 7, 0, 1, 0, 0, 0, 2, 0, 'a', 'b'};
    CHECK_EQUAL(v.length, sizeof wanted);
    CHECK(memcmp(v.data, wanted, sizeof wanted) == 0);
}

TEST(p9_writer_never_runs_over)
{
    struct view v;
    struct p9_writer w = p9_begin((struct span){bytes, 12}, P9_WALK, 7);
    p9_u32(&w, 1);
    p9_string(&w, VIEW_OF_LITERAL("abc"));
    CHECK_EQUAL(p9_end(&w, 0, &v), ERR_TOO_BIG);
    w = p9_begin((struct span){bytes, 3}, P9_WALK, 7);
    CHECK_EQUAL(p9_end(&w, 0, &v), ERR_TOO_BIG);
}

TEST(p9_answer_is_checked)
{
    struct reader body;
    struct p9_writer w = p9_begin(SPAN_OF_ARRAY(bytes), (enum p9_type)(P9_CLUNK + 1), 3);
    struct view v = written(&w);
    CHECK_EQUAL(p9_answer(v, P9_CLUNK, 3, &body), OK);
    CHECK_EQUAL(body.rest.length, 0);
    CHECK_EQUAL(p9_answer(v, P9_CLUNK, 4, &body), ERR_PROTOCOL);
    CHECK_EQUAL(p9_answer(v, P9_READ, 3, &body), ERR_PROTOCOL);
    CHECK_EQUAL(p9_answer((struct view){bytes, 6}, P9_CLUNK, 3, &body), ERR_TRUNCATED);
    bytes[0] = 200; /* longer than what came */
    CHECK_EQUAL(p9_answer(v, P9_CLUNK, 3, &body), ERR_PROTOCOL);
    bytes[0] = 2;
    CHECK_EQUAL(p9_answer(v, P9_CLUNK, 3, &body), ERR_PROTOCOL);
    w = p9_begin(SPAN_OF_ARRAY(bytes), P9_ERROR, 3);
    p9_u32(&w, 39);
    CHECK_EQUAL(p9_answer(written(&w), P9_CLUNK, 3, &body), ERR_NOT_EMPTY);
    CHECK_EQUAL(p9_status_of_error(9999), ERR_IO);
}

static void entry(struct p9_writer *w, const char *name)
{
    p9_u8(w, 0x80);
    p9_u32(w, 1);
    p9_u64(w, 42);
    p9_u64(w, 99);
    p9_u8(w, 4);
    p9_string(w, view_of_string(name));
}

TEST(p9_entries_are_read_to_the_end_and_bad_names_refused)
{
    struct p9_entry e;
    struct p9_writer w = {.space = SPAN_OF_ARRAY(bytes)};
    entry(&w, "one");
    entry(&w, "two");
    struct reader r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_entry(&r, &e), OK);
    CHECK(view_equal(e.name, VIEW_OF_LITERAL("one")) && e.qid.path == 42 && e.offset == 99);
    CHECK_EQUAL(p9_type_of_entry(e.type), FILE_DIRECTORY);
    CHECK_EQUAL(p9_read_entry(&r, &e), OK);
    CHECK_EQUAL(p9_read_entry(&r, &e), ERR_TRUNCATED);
    r = reader_of((struct view){bytes, w.used - 1});
    CHECK_EQUAL(p9_read_entry(&r, &e), OK);
    CHECK_EQUAL(p9_read_entry(&r, &e), ERR_CORRUPT);
    w.used = 0;
    entry(&w, "a/b");
    r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_entry(&r, &e), ERR_CORRUPT);
    w.used = 0;
    entry(&w, "");
    r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_entry(&r, &e), ERR_CORRUPT);
}

static void attributes(struct p9_writer *w, uint64_t inode, uint32_t mode, uint64_t seconds)
{
    p9_u64(w, P9_GETATTR_BASIC);
    p9_u8(w, 0);
    p9_u32(w, 0);
    p9_u64(w, inode);
    p9_u32(w, mode);
    p9_u32(w, 1000);
    p9_u32(w, 100);
    for (uint64_t i = 1; i <= 5; i++) /* links, device, size, block size, blocks */
        p9_u64(w, i);
    for (int i = 0; i < 6; i++)
        p9_u64(w, seconds);
}

TEST(p9_attributes_are_read_and_checked)
{
    struct file_attributes a;
    struct p9_writer w = {.space = SPAN_OF_ARRAY(bytes)};
    attributes(&w, 5, 0100644, 7);
    struct reader r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_attributes(&r, &a), OK);
    CHECK_EQUAL(a.type, FILE_REGULAR);
    CHECK_EQUAL(a.mode, 0644);
    CHECK_EQUAL(a.size_bytes, 3);
    CHECK_EQUAL(a.modify_ns, 7000000007);
    r = reader_of((struct view){bytes, w.used - 1});
    CHECK_EQUAL(p9_read_attributes(&r, &a), ERR_TRUNCATED);
    w.used = 0;
    attributes(&w, 0, 0100644, 7); /* no inode */
    r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_attributes(&r, &a), ERR_CORRUPT);
    w.used = 0;
    attributes(&w, 5, 0100644, UINT64_MAX / 2); /* times that are none */
    r = reader_of((struct view){bytes, w.used});
    CHECK_EQUAL(p9_read_attributes(&r, &a), OK);
    CHECK_EQUAL(a.modify_ns, 0);
    CHECK_EQUAL(p9_mode_of_type(FILE_FIFO), 0010000);
    CHECK_EQUAL(p9_type_of_mode(0120777), FILE_SYMLINK);
}
