/* SPDX-License-Identifier: MIT
 * What elf_parse promises, on an image built here byte by byte. */
#include "elf/elf.h"
#include "abi/memory.h"
#include "unit/unit.h"
#include <string.h>

#define FILE_BYTES 0x3000
static uint8_t file[FILE_BYTES];

static void put(size_t at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        file[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_segment(unsigned index, uint32_t type, uint32_t flags, uint64_t offset, uint64_t address, uint64_t in_file, uint64_t in_memory)
{
    size_t at = 64 + 56 * (size_t)index;
    put(at, type, 4);
    put(at + 4, flags, 4);
    put(at + 8, offset, 8);
    put(at + 16, address, 8);
    put(at + 24, address, 8);
    put(at + 32, in_file, 8);
    put(at + 40, in_memory, 8);
    put(at + 48, 4096, 8);
}

/* R at 0, RX at 0x1000, RW with zeros behind at 0x2f00. */
static void make_file(void)
{
    memset(file, 0, sizeof file);
    memcpy(file, "\177ELF\2\1\1", 7);
    put(16, 3, 2);      /* DYN */
    put(18, 62, 2);
    put(20, 1, 4);
    put(24, 0x1010, 8); /* entry */
    put(32, 64, 8);     /* program headers */
    put(54, 56, 2);
    put(56, 3, 2);
    put_segment(0, 1, 4, 0, 0, 0x1000, 0x1000);
    put_segment(1, 1, 5, 0x1000, 0x1000, 0x800, 0x800);
    put_segment(2, 1, 6, 0x1f00, 0x2f00, 0x80, 0x2000);
}

static enum status parse(struct elf_image *out)
{
    return elf_parse((struct view){file, sizeof file}, sizeof file, out);
}

TEST(elf_parse_reads_segments)
{
    struct elf_image image;
    make_file();
    CHECK_EQUAL(parse(&image), OK);
    CHECK(image.position_independent);
    CHECK_EQUAL(image.segment_count, 3);
    CHECK_EQUAL(image.lowest, 0);
    CHECK_EQUAL(image.highest, 0x5000);
    CHECK_EQUAL(image.segments[1].protection, PROT_READ_ | PROT_EXECUTE_);
    CHECK_EQUAL(image.segments[2].memory_bytes, 0x2000);
    CHECK_EQUAL(image.headers_address, 64);
}

TEST(elf_parse_refuses_writable_code)
{
    struct elf_image image;
    make_file();
    put_segment(1, 1, 7, 0x1000, 0x1000, 0x800, 0x800);
    CHECK_EQUAL(parse(&image), ERR_NOT_PERMITTED);
}

TEST(elf_parse_refuses_overlap_and_disorder)
{
    struct elf_image image;
    make_file();
    put_segment(2, 1, 6, 0x1f00, 0x1f00, 0x80, 0x2000);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
}

TEST(elf_parse_refuses_ranges_beyond_the_file_or_the_user_half)
{
    struct elf_image image;
    make_file();
    put_segment(2, 1, 6, 0x2f00, 0x2f00, 0x1000, 0x2000);
    CHECK_EQUAL(parse(&image), ERR_TRUNCATED);
    make_file();
    put_segment(2, 1, 6, 0x1f00, 0xffffffffffffff00, 0x80, 0x2000);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
    make_file();
    put_segment(2, 1, 6, 0x1f00, 0x2f00, 0x80, UINT64_MAX);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
    make_file();
    put_segment(2, 1, 6, UINT64_MAX - 0x10, 0x2ff0, 0x80, 0x80);
    CHECK_EQUAL(parse(&image), ERR_TRUNCATED);
}

TEST(elf_parse_refuses_more_in_file_than_in_memory)
{
    struct elf_image image;
    make_file();
    put_segment(2, 1, 6, 0x1f00, 0x2f00, 0x81, 0x80);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
}

TEST(elf_parse_refuses_an_entry_outside_code)
{
    struct elf_image image;
    make_file();
    put(24, 0x2f10, 8);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
}

TEST(elf_parse_refuses_another_machine)
{
    struct elf_image image;
    make_file();
    put(18, 183, 2);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
}

TEST(elf_parse_wants_a_fixed_image_above_page_zero)
{
    struct elf_image image;
    make_file();
    put(16, 2, 2);
    CHECK_EQUAL(parse(&image), ERR_BAD_FORMAT);
}

TEST(elf_parse_survives_every_prefix_and_any_changed_byte)
{
    struct elf_image image;
    make_file();
    for (size_t length = 0; length < 64 + 3 * 56; length++)
        CHECK(elf_parse((struct view){file, length}, sizeof file, &image) != OK);
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < 64 + 3 * 56; at++) {
        uint8_t before = file[at];
        for (size_t v = 0; v < sizeof values; v++) {
            file[at] = values[v];
            if (parse(&image) == OK)
                CHECK(image.segment_count <= ELF_SEGMENTS_MAX && image.lowest < image.highest);
        }
        file[at] = before;
    }
}
