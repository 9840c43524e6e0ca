/* SPDX-License-Identifier: MIT
 * What is encoded is decoded, and neither goes outside. */
#include "base/string.h"
#include "lz4/lz4.h"
#include "unit/unit.h"

static uint8_t from[10000], packed[12000], back[10000];

TEST(what_is_encoded_is_decoded)
{
    size_t bytes;
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i / 50 * 31);
    size_t length = lz4_encode((struct view){from, sizeof from}, SPAN_OF_ARRAY(packed));
    CHECK(length > 0 && length < sizeof from / 4);
    CHECK_OK(lz4_decode((struct view){packed, length}, SPAN_OF_ARRAY(back), &bytes));
    CHECK_EQUAL(bytes, sizeof from);
    CHECK(memcmp(from, back, sizeof from) == 0);
    CHECK_EQUAL(lz4_decode((struct view){packed, length}, (struct span){back, sizeof from - 1}, &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_decode((struct view){packed, length - 1}, SPAN_OF_ARRAY(back), &bytes), ERR_CORRUPT);
    CHECK_EQUAL(lz4_encode((struct view){from, sizeof from}, (struct span){packed, length - 1}), 0);
}

TEST(nothing_is_no_block)
{
    size_t bytes;
    CHECK_EQUAL(lz4_decode((struct view){packed, 0}, SPAN_OF_ARRAY(back), &bytes), ERR_CORRUPT);
}
