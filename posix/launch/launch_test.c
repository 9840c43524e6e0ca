/* SPDX-License-Identifier: MIT
 * Promises of the string block, of script lines, of the first stack, and of where things are put. */
#include "base/string.h"
#include "posix/launch/place.h"
#include "posix/launch/stack.h"
#include "posix/vdso/vdso.h"
#include "unit/unit.h"

static uint8_t room[256];
static alignas(8) uint8_t table[1024];

static struct exec_strings strings_of(const char *text, size_t bytes, uint32_t arguments, uint32_t environment)
{
    memcpy(room + 128, text, bytes);
    return (struct exec_strings){room, room + 128, room + 128 + bytes, arguments, environment};
}

static uint64_t word(size_t index)
{
    uint64_t w;
    memcpy(&w, table + 8 * index, 8);
    return w;
}

TEST(a_script_replaces_argument_zero)
{
    static const char text[] = "./run\0one\0HOME=/";
    struct exec_strings s = strings_of(text, sizeof text, 2, 1);
    exec_strings_drop_first(&s);
    CHECK(exec_strings_push_front(&s, view_of_string("/tmp/run")) == OK);
    CHECK(exec_strings_push_front(&s, view_of_string("/bin/sh")) == OK);
    static const char wanted[] = "/bin/sh\0/tmp/run\0one\0HOME=/";
    CHECK(view_equal(exec_strings_view(&s), (struct view){(const uint8_t *)wanted, sizeof wanted}));
    CHECK_EQUAL(s.argument_count, 3);
}

TEST(the_room_in_front_is_bounded)
{
    struct exec_strings s = strings_of("x", 2, 1, 0);
    static const uint8_t large[200] = {1};
    CHECK(exec_strings_push_front(&s, (struct view){large, sizeof large}) == ERR_TOO_BIG);
    CHECK_EQUAL(s.argument_count, 1);
}

TEST(script_lines_have_an_interpreter_and_perhaps_one_argument)
{
    struct view interpreter, argument;
    CHECK(script_parse(view_of_string("#! /bin/sh -e -x \nrest"), &interpreter, &argument) == OK);
    CHECK(view_equal(interpreter, view_of_string("/bin/sh")));
    CHECK(view_equal(argument, view_of_string("-e -x")));
    CHECK(script_parse(view_of_string("#!/bin/sh\n"), &interpreter, &argument) == OK);
    CHECK_EQUAL(argument.length, 0);
    CHECK(script_parse(view_of_string("#!/bin/sh"), &interpreter, &argument) == OK);
    CHECK(script_parse(view_of_string("#!  \n"), &interpreter, &argument) == ERR_BAD_FORMAT);
    CHECK(script_parse(view_of_string("\177ELF"), &interpreter, &argument) == ERR_BAD_FORMAT);
    CHECK(script_parse(view_of_string(""), &interpreter, &argument) == ERR_BAD_FORMAT);
}

TEST(the_first_stack_is_what_the_abi_says)
{
    static const char text[] = "ls\0-l\0A=1\0/bin/ls";
    struct exec_strings s = strings_of(text, sizeof text, 2, 1);
    struct auxiliary values[] = {{LINUX_AT_PAGESZ, 4096}};
    struct stack_input in = {.strings = &s, .values = values, .value_count = 1, .top = 0x10000};
    struct stack_output out;
    CHECK(stack_build(&in, SPAN_OF_ARRAY(table), &out) == OK);
    CHECK_EQUAL(out.stack_pointer % 16, 0);
    CHECK(out.stack_pointer + out.bytes <= out.strings_address);
    CHECK(out.strings_address + sizeof text <= 0x10000 - 8);
    CHECK_EQUAL(word(0), 2);
    CHECK_EQUAL(word(1), out.strings_address);
    CHECK_EQUAL(word(2), out.strings_address + 3);
    CHECK_EQUAL(word(3), 0);
    CHECK_EQUAL(word(4), out.strings_address + 6);
    CHECK_EQUAL(word(5), 0);
    CHECK_EQUAL(word(6), LINUX_AT_PAGESZ);
    CHECK_EQUAL(word(7), 4096);
    CHECK_EQUAL(word(12), LINUX_AT_EXECFN);
    CHECK_EQUAL(word(13), out.strings_address + 10);
    CHECK_EQUAL(word(14), LINUX_AT_NULL);
    CHECK_EQUAL(out.arguments_end, out.strings_address + 6);
    CHECK_EQUAL(out.environment_end, out.strings_address + 10);
}

TEST(strings_that_are_fewer_than_they_say_are_refused)
{
    struct exec_strings s = strings_of("a", 2, 3, 0);
    struct stack_input in = {.strings = &s, .top = 0x10000};
    struct stack_output out;
    CHECK(stack_build(&in, SPAN_OF_ARRAY(table), &out) == ERR_PROTOCOL);
    CHECK(stack_build(&in, (struct span){table, 16}, &out) == ERR_TOO_BIG);
}

TEST(places_do_not_overlap_whatever_the_random_numbers_say)
{
    for (int all_ones = 0; all_ones < 2; all_ones++) {
        uint64_t random[4] = {};
        if (all_ones)
            memset(random, 0xff, sizeof random);
        struct posix_place p;
        posix_place_choose(random, &p);
        CHECK(p.program + (1ull << 32) < p.stack_top - POSIX_STACK_BYTES_MAX && p.stack_top < p.interpreter);
        CHECK(p.interpreter + (1ull << 32) < p.image);
        CHECK_EQUAL(p.clock - p.vdso, VDSO_TO_CLOCK);
        CHECK(p.image < p.vdso && p.vdso < p.clock && p.clock < p.table && p.table < p.state && p.state < p.arena);
        CHECK(p.arena + (16u << 20) < USER_LIMIT);
        CHECK_EQUAL(p.arena % THREAD_AREA_BYTES, 0);
        CHECK_EQUAL(p.stack_top % 16, 0);
    }
}
