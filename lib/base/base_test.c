/* SPDX-License-Identifier: MIT
 * Promises of spans, numbers, formatting, bits, hashes and the random generator. */
#include "base/bits.h"
#include "base/checked.h"
#include "base/fmt.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/random.h"
#include "base/string.h"
#include "unit/unit.h"

TEST(view_part_refuses_what_lies_outside)
{
    struct view v = VIEW_OF_LITERAL("abcdef"), part = {};
    CHECK_OK(view_part(v, 2, 3, &part));
    CHECK(view_equal(part, VIEW_OF_LITERAL("cde")));
    CHECK_OK(view_part(v, 6, 0, &part));
    CHECK_EQUAL(view_part(v, 6, 1, &part), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(view_part(v, 7, 0, &part), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(view_part(v, 2, UINT64_MAX, &part), ERR_OUT_OF_RANGE);
}

TEST(view_split_takes_words_until_nothing_is_left)
{
    struct view rest = VIEW_OF_LITERAL("a=1,b"), head;
    view_split(rest, ',', &head, &rest);
    CHECK(view_equal(head, VIEW_OF_LITERAL("a=1")));
    view_split(rest, ',', &head, &rest);
    CHECK(view_equal(head, VIEW_OF_LITERAL("b")));
    CHECK_EQUAL(rest.length, 0);
}

TEST(numbers_are_read_whole_or_not_at_all)
{
    uint64_t value = 77;
    CHECK_OK(view_to_u64(VIEW_OF_LITERAL("18446744073709551615"), &value));
    CHECK_EQUAL(value, UINT64_MAX);
    CHECK_OK(view_to_u64(VIEW_OF_LITERAL("0xfF"), &value));
    CHECK_EQUAL(value, 255);
    CHECK_EQUAL(view_to_u64(VIEW_OF_LITERAL("18446744073709551616"), &value), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(view_to_u64(VIEW_OF_LITERAL("12x"), &value), ERR_INVALID);
    CHECK_EQUAL(view_to_u64(VIEW_OF_LITERAL(""), &value), ERR_INVALID);
    CHECK_EQUAL(view_to_u64(VIEW_OF_LITERAL("0x"), &value), ERR_INVALID);
    CHECK_EQUAL(value, 255);
}

TEST(reader_stops_at_the_end_and_moves_nothing)
{
    struct reader r = reader_of(VIEW_OF_LITERAL("\x01\x02\x03\x04\x05\x06\x07"));
    uint32_t four = 0;
    uint16_t two = 0;
    uint8_t one = 0;
    uint64_t eight = 0;
    CHECK_EQUAL(read_u64le(&r, &eight), ERR_TRUNCATED);
    CHECK_OK(read_u32le(&r, &four));
    CHECK_EQUAL(four, 0x04030201);
    CHECK_OK(read_u16be(&r, &two));
    CHECK_EQUAL(two, 0x0506);
    CHECK_EQUAL(read_u16le(&r, &two), ERR_TRUNCATED);
    CHECK_OK(read_u8(&r, &one));
    CHECK_EQUAL(one, 7);
    CHECK_EQUAL(read_skip(&r, 1), ERR_TRUNCATED);
    CHECK_OK(read_skip(&r, 0));
}

TEST(checked_arithmetic_refuses_to_wrap)
{
    uint64_t out = 5;
    CHECK_EQUAL(size_add(UINT64_MAX, 1, &out), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(size_multiply(1ull << 33, 1ull << 33, &out), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(out, 5);
    CHECK(range_fits(4, 0, 4));
    CHECK(!range_fits(4, 1, 4));
    CHECK(!range_fits(1, UINT64_MAX, 4));
}

static const char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *formatted(const char *format, ...)
{
    static char text[128];
    va_list arguments;
    va_start(arguments, format);
    (void)fmt_v(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

TEST(fmt_writes_what_printf_would)
{
    CHECK_TEXT(formatted("%d %i %u", -5, 7, 4000000000u), "-5 7 4000000000");
    CHECK_TEXT(formatted("%lld", (long long)INT64_MIN), "-9223372036854775808");
    CHECK_TEXT(formatted("%zu %lx %X", (size_t)9, 0xabcul, 0xabcu), "9 abc ABC");
    CHECK_TEXT(formatted("[%5d][%-5d][%05d][%05d]", 42, 42, 42, -42), "[   42][42   ][00042][-0042]");
    CHECK_TEXT(formatted("[%s][%5s][%-5s][%.2s][%.*s]", "abc", "abc", "abc", "abc", 1, "abc"), "[abc][  abc][abc  ][ab][a]");
    CHECK_TEXT(formatted("%c%%%p", 'x', (void *)0x10), "x%0x10");
    CHECK_TEXT(formatted("%016llx", 0x1234ull), "0000000000001234");
}

TEST(fmt_never_writes_past_its_buffer_and_says_what_it_needs)
{
    char small[4] = "zzz";
    CHECK_EQUAL(fmt(small, 3, "%s", "hello"), 5);
    CHECK_TEXT(small, "he");
    CHECK_EQUAL(fmt(nullptr, 0, "%d", 123), 3);
}

TEST(bits_are_found_in_words_and_maps)
{
    uint64_t map[2] = {UINT64_MAX, 0x5};
    CHECK_EQUAL(bit_lowest(0x50), 4);
    CHECK_EQUAL(bit_highest(0x50), 6);
    CHECK_EQUAL(log2_ceiling(4096), 12);
    CHECK_EQUAL(log2_ceiling(4097), 13);
    CHECK_EQUAL(bits_get(0xabcd, 4, 8), 0xbc);
    CHECK_EQUAL(bitmap_find_clear(map, 128, 0), 65);
    CHECK_EQUAL(bitmap_find_clear(map, 65, 0), 65);
    CHECK_EQUAL(bitmap_find_set(map, 128, 65), 66);
    CHECK_EQUAL(bitmap_find_set(map, 128, 67), 128);
}

TEST(siphash_keeps_its_value_and_depends_on_the_key)
{
    uint8_t bytes[15];
    for (uint8_t i = 0; i < 15; i++)
        bytes[i] = i;
    struct view v = {bytes, 15};
    uint64_t a = hash_bytes((struct hash_key){1, 2}, v);
    CHECK_EQUAL(a, hash_bytes((struct hash_key){1, 2}, v));
    CHECK(a != hash_bytes((struct hash_key){1, 3}, v));
    CHECK(a != hash_bytes((struct hash_key){1, 2}, (struct view){bytes, 14}));
    CHECK(hash_mix(1) != hash_mix(2));
}

TEST(chacha20_block_is_that_of_the_standard)
{
    /* RFC 8439, 2.3.2 */
    uint32_t key[8], block[16];
    const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    for (uint32_t i = 0; i < 8; i++)
        key[i] = 0x03020100u + i * 0x04040404u;
    chacha20_block(key, 1, nonce, block);
    CHECK_EQUAL(block[0], 0xe4e7f110);
    CHECK_EQUAL(block[15], 0x4e3c50a2);
}

TEST(random_repeats_for_a_seed_and_does_not_repeat_itself)
{
    struct random a, b;
    const uint64_t seed[4] = {1, 2, 3, 4};
    random_init(&a, seed);
    random_init(&b, seed);
    uint64_t first = random_u64(&a);
    CHECK_EQUAL(first, random_u64(&b));
    CHECK(first != random_u64(&a));
    random_mix(&b, seed);
    CHECK(random_u64(&a) != random_u64(&b));
    for (int i = 0; i < 1000; i++)
        CHECK(random_below(&a, 7) < 7);
}

TEST(list_keeps_order_and_forgives_a_second_removal)
{
    struct list_node head = LIST_INIT(head), other = LIST_INIT(other), a, b;
    list_push_back(&head, &b);
    list_push_front(&head, &a);
    list_append_all(&other, &head);
    CHECK(list_is_empty(&head));
    CHECK(list_pop_front(&other) == &a);
    list_remove(&b);
    list_remove(&b);
    CHECK(list_is_empty(&other));
    CHECK(!list_pop_front(&other));
}
