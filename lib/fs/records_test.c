/* SPDX-License-Identifier: MIT
 * What directory records promise. */
#include "fs/records.h"
#include "unit/unit.h"
#include "base/string.h"

TEST(records_come_back_as_written)
{
    uint8_t space[256];
    struct record_writer w = {.space = SPAN_OF_ARRAY(space)};
    CHECK(record_append(&w, 7, 1, FILE_REGULAR, VIEW_OF_LITERAL("a")));
    CHECK(record_append(&w, 8, 2, FILE_DIRECTORY, VIEW_OF_LITERAL("directory")));
    struct view all = {space, w.used};
    struct directory_record r;
    struct view name;
    size_t position = 0;
    CHECK_EQUAL(record_next(all, &position, &r, &name), OK);
    CHECK_EQUAL(r.inode, 7u);
    CHECK(view_equal(name, VIEW_OF_LITERAL("a")));
    CHECK_EQUAL(position % 8, 0u);
    CHECK_EQUAL(record_next(all, &position, &r, &name), OK);
    CHECK_EQUAL(r.type, (uint32_t)FILE_DIRECTORY);
    CHECK(view_equal(name, VIEW_OF_LITERAL("directory")));
    CHECK_EQUAL(record_next(all, &position, &r, &name), ERR_TRUNCATED);
}

TEST(a_record_that_does_not_fit_is_not_written)
{
    uint8_t space[40];
    struct record_writer w = {.space = SPAN_OF_ARRAY(space)};
    CHECK(record_append(&w, 1, 1, FILE_REGULAR, VIEW_OF_LITERAL("x")));
    CHECK(!record_append(&w, 1, 2, FILE_REGULAR, VIEW_OF_LITERAL("y")));
    CHECK_EQUAL(w.used, 32u);
}

TEST(records_that_lie_about_their_size_are_caught)
{
    uint8_t space[64] = {0};
    struct directory_record bad = {.record_bytes = 72, .name_bytes = 1}, r;
    struct view name;
    size_t position = 0;
    memcpy(space, &bad, sizeof bad);
    CHECK_EQUAL(record_next((struct view){space, 64}, &position, &r, &name), ERR_CORRUPT);
    bad.record_bytes = 24;
    memcpy(space, &bad, sizeof bad);
    CHECK_EQUAL(record_next((struct view){space, 64}, &position, &r, &name), ERR_CORRUPT);
    bad.record_bytes = 0;
    memcpy(space, &bad, sizeof bad);
    CHECK_EQUAL(records_shift_cookies((struct span){space, 64}, 2), ERR_CORRUPT);
}

TEST(cookies_are_shifted)
{
    uint8_t space[64];
    struct record_writer w = {.space = SPAN_OF_ARRAY(space)};
    CHECK(record_append(&w, 1, 5, FILE_REGULAR, VIEW_OF_LITERAL("x")));
    CHECK_EQUAL(records_shift_cookies((struct span){space, w.used}, 2), OK);
    struct directory_record r;
    struct view name;
    size_t position = 0;
    CHECK_EQUAL(record_next((struct view){space, w.used}, &position, &r, &name), OK);
    CHECK_EQUAL(r.cookie, 7u);
}
