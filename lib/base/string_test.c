/* SPDX-License-Identifier: MIT
 * The memory functions against the C library's, for every small length, offset and overlap. */
#include "base/string.h"
#include "unit/unit.h"

void *base_memcpy(void *restrict to, const void *restrict from, size_t length);
void *base_memmove(void *to, const void *from, size_t length);
void *base_memset(void *to, int byte, size_t length);
int base_memcmp(const void *a, const void *b, size_t length);

enum { SIZE = 160 };
static uint8_t ours[SIZE], theirs[SIZE], source[SIZE];

static void fill(void)
{
    for (size_t i = 0; i < SIZE; i++) {
        source[i] = (uint8_t)(i * 7 + 3);
        ours[i] = theirs[i] = (uint8_t)(i * 13 + 1);
    }
}

TEST(memcpy_copies_every_length_at_every_offset)
{
    for (size_t offset = 0; offset < 9; offset++) {
        for (size_t length = 0; length < 70; length++) {
            fill();
            CHECK(base_memcpy(ours + offset, source + 3, length) == ours + offset);
            memcpy(theirs + offset, source + 3, length);
            CHECK(memcmp(ours, theirs, SIZE) == 0);
        }
    }
}

TEST(memmove_is_right_for_every_overlap)
{
    for (size_t to = 0; to < 40; to++) {
        for (size_t from = 0; from < 40; from++) {
            for (size_t length = 0; length < 70; length += 3) {
                fill();
                base_memmove(ours + to, ours + from, length);
                memmove(theirs + to, theirs + from, length);
                CHECK(memcmp(ours, theirs, SIZE) == 0);
            }
        }
    }
}

TEST(memset_fills_exactly)
{
    for (size_t length = 0; length < 70; length++) {
        fill();
        base_memset(ours + 5, 0xa5, length);
        memset(theirs + 5, 0xa5, length);
        CHECK(memcmp(ours, theirs, SIZE) == 0);
    }
}

TEST(memcmp_orders_by_the_first_byte_that_differs)
{
    for (size_t length = 1; length < 40; length++) {
        for (size_t at = 0; at < length; at++) {
            fill();
            ours[at] = 200;
            theirs[at] = 100;
            memcpy(ours, theirs, at);
            CHECK(base_memcmp(ours, theirs, length) > 0);
            CHECK(base_memcmp(theirs, ours, length) < 0);
            CHECK(base_memcmp(ours, theirs, at) == 0);
        }
    }
}

TEST(string_length_stops_at_its_limit)
{
    CHECK_EQUAL(string_length("abc", 10), 3);
    CHECK_EQUAL(string_length("abc", 2), 2);
}
