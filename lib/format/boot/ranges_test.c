/* SPDX-License-Identifier: MIT
 * What the loader's memory list promises. */
#include "boot/ranges.h"
#include "base/string.h"
#include "unit/unit.h"

static struct boot_info info;

static void start_with(uint64_t start, uint64_t length)
{
    info = (struct boot_info){0};
    CHECK_EQUAL(boot_ranges_mark(&info, start, length, BOOT_MEMORY_USABLE), OK);
}

TEST(marking_inside_leaves_both_sides)
{
    start_with(0x1000, 0x10000);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x4000, 0x2000, BOOT_MEMORY_KERNEL), OK);
    CHECK_EQUAL(info.range_count, 3);
    CHECK_EQUAL(info.ranges[0].length, 0x3000);
    CHECK_EQUAL(info.ranges[1].kind, BOOT_MEMORY_KERNEL);
    CHECK_EQUAL(info.ranges[2].start, 0x6000);
    CHECK_EQUAL(info.ranges[2].length, 0xb000);
}

TEST(marking_across_ranges_swallows_them)
{
    start_with(0x1000, 0x1000);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x4000, 0x1000, BOOT_MEMORY_USABLE), OK);
    CHECK_EQUAL(boot_ranges_mark(&info, 0, 0x8000, BOOT_MEMORY_RESERVED), OK);
    CHECK_EQUAL(info.range_count, 1);
    CHECK_EQUAL(info.ranges[0].start, 0);
    CHECK_EQUAL(info.ranges[0].length, 0x8000);
}

TEST(usable_memory_shrinks_to_pages_and_the_rest_grows)
{
    start_with(0x1001, 0x3000);
    CHECK_EQUAL(info.ranges[0].start, 0x2000);
    CHECK_EQUAL(info.ranges[0].length, 0x2000);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x2fff, 2, BOOT_MEMORY_ACPI), OK);
    CHECK_EQUAL(info.range_count, 1);
    CHECK_EQUAL(info.ranges[0].kind, BOOT_MEMORY_ACPI);
}

TEST(neighbours_of_one_kind_are_joined)
{
    start_with(0x1000, 0x1000);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x3000, 0x1000, BOOT_MEMORY_USABLE), OK);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x2000, 0x1000, BOOT_MEMORY_USABLE), OK);
    CHECK_EQUAL(info.range_count, 1);
    CHECK_EQUAL(info.ranges[0].length, 0x3000);
}

TEST(a_wrapping_range_is_refused)
{
    start_with(0x1000, 0x1000);
    CHECK_EQUAL(boot_ranges_mark(&info, UINT64_MAX - 10, 0x1000, BOOT_MEMORY_RESERVED), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x1000, UINT64_MAX, BOOT_MEMORY_RESERVED), ERR_OUT_OF_RANGE);
    CHECK_EQUAL(info.range_count, 1);
}

TEST(a_full_table_is_an_error)
{
    info = (struct boot_info){0};
    enum status s = OK;
    for (uint64_t i = 0; i < BOOT_RANGES_MAX && s == OK; i++)
        s = boot_ranges_mark(&info, i * 0x2000, 0x1000, BOOT_MEMORY_USABLE);
    CHECK_EQUAL(s, ERR_NO_SPACE);
    CHECK(info.range_count <= BOOT_RANGES_MAX);
}

TEST(find_takes_the_highest_fit_under_the_limit)
{
    uint64_t at = 0;
    start_with(0x1000, 0x10000);
    CHECK_EQUAL(boot_ranges_mark(&info, 0x100000, 0x10000, BOOT_MEMORY_USABLE), OK);
    CHECK_EQUAL(boot_ranges_find(&info, 0x2000, 0, UINT64_MAX, &at), OK);
    CHECK_EQUAL(at, 0x10e000);
    CHECK_EQUAL(boot_ranges_find(&info, 0x2000, 0, 0x8000, &at), OK);
    CHECK_EQUAL(at, 0x6000);
    CHECK_EQUAL(boot_ranges_find(&info, 0x200000, 0, UINT64_MAX, &at), ERR_NO_MEMORY);
}

TEST(command_words_are_found_by_name)
{
    struct view v;
    info = (struct boot_info){.command = "a=1 seed=42 quiet log=debug"};
    info.command_bytes = (uint32_t)string_length(info.command, sizeof info.command);
    CHECK_EQUAL(boot_command_word(&info, VIEW_OF_LITERAL("seed"), &v), OK);
    CHECK(view_equal(v, VIEW_OF_LITERAL("42")));
    CHECK_EQUAL(boot_command_word(&info, VIEW_OF_LITERAL("quiet"), &v), OK);
    CHECK_EQUAL(v.length, 0);
    CHECK_EQUAL(boot_command_word(&info, VIEW_OF_LITERAL("see"), &v), ERR_NOT_FOUND);
}
