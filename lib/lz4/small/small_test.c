/* SPDX-License-Identifier: MIT
 * The decoder alone, and beside liblz4: they agree on what liblz4 makes and on what is wrong with it. */
#include "base/string.h"
#include "lz4/lz4.h"
#include "unit/unit.h"
#include <lz4.h>

TEST(literals_and_overlapping_matches_expand)
{
    uint8_t to[32];
    size_t bytes;
    CHECK_OK(lz4_decode(VIEW_OF_LITERAL("\x24" "ab\x02\x00\x10!"), SPAN_OF_ARRAY(to), &bytes));
    CHECK(view_equal((struct view){to, bytes}, VIEW_OF_LITERAL("ababababab!")));
}

TEST(what_reaches_outside_is_refused)
{
    uint8_t to[8];
    size_t bytes;
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL(""), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL("\x50" "ab"), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL("\x10" "a\x02\x00\x00"), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL("\x10" "a\x00\x00\x00"), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL("\x1f" "a\x01\x00\xff\xff\x00\x00"), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode(VIEW_OF_LITERAL("\x90" "123456789"), SPAN_OF_ARRAY(to), &bytes), ERR_CORRUPT);
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Runs, repetitions from before, and chance. */
static void fill(uint8_t *data, size_t bytes, uint32_t *state)
{
    for (size_t at = 0; at < bytes;) {
        uint32_t kind = next(state) % 3, length = 1 + next(state) % 300, from = at ? next(state) % (uint32_t)at : 0;
        for (uint32_t i = 0; i < length && at < bytes; i++, at++)
            data[at] = kind == 0 ? (uint8_t)length : kind == 1 && at ? data[from + i] : (uint8_t)next(state);
    }
}

TEST(it_agrees_with_liblz4)
{
    static uint8_t data[20000], packed[21000], back[sizeof data + 1], other[sizeof data + 1];
    uint32_t state = 7;
    size_t bytes = 0;
    for (uint32_t round = 0; round < 300; round++) {
        size_t length = 1 + next(&state) % sizeof data;
        fill(data, length, &state);
        int packed_bytes = LZ4_compress_default((const char *)data, (char *)packed, (int)length, sizeof packed);
        CHECK_OK(lz4_decode((struct view){packed, (size_t)packed_bytes}, (struct span){back, length}, &bytes));
        CHECK_EQUAL(bytes, length);
        CHECK(memcmp(back, data, length) == 0);
        packed[next(&state) % (uint32_t)packed_bytes] ^= (uint8_t)(1 + next(&state) % 255);
        int theirs = LZ4_decompress_safe((const char *)packed, (char *)other, packed_bytes, (int)length);
        enum status ours = lz4_decode((struct view){packed, (size_t)packed_bytes}, (struct span){back, length}, &bytes);
        if (theirs >= 0) { /* it also refuses blocks that end unlike those that it makes */
            CHECK_OK(ours);
            CHECK_EQUAL(bytes, (size_t)theirs);
            CHECK(memcmp(back, other, bytes) == 0);
        }
    }
}
