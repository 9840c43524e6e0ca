/* SPDX-License-Identifier: MIT
 * Status lines, command encoding, lines from pieces. The loop itself is tested by tests/runner on a real emulator. */
#include "runner.h"
#include "unit/unit.h"

TEST(status_lines_are_known_or_ignored)
{
    int code = -1;
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("exit 0"), &code), ENDING_EXIT);
    CHECK_EQUAL(code, 0);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("exit 255"), &code), ENDING_EXIT);
    CHECK_EQUAL(code, 255);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("exit 256"), &code), ENDING_NONE);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("exit"), &code), ENDING_NONE);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("exit -1"), &code), ENDING_NONE);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("panic"), &code), ENDING_PANIC);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("hang"), &code), ENDING_HANG);
    CHECK_EQUAL(status_line_parse(VIEW_OF_LITERAL("ready"), &code), ENDING_READY);
    CHECK_EQUAL(code, 255);
}

TEST(a_command_is_encoded_byte_for_byte)
{
    char text[64];
    char *words[] = {(char *)"/bin/sh", (char *)"-c", (char *)"echo a%b \xff\n", (char *)""};
    CHECK_EQUAL(words_encode(words, 4, text, sizeof text), 39);
    CHECK_TEXT(text, "/bin/sh%00-c%00echo%20a%25b%20%FF%0A%00");
}

TEST(lines_come_whole_from_pieces)
{
    struct line_buffer b = {};
    struct view first = VIEW_OF_LITERAL("he"), second = VIEW_OF_LITERAL("llo\r\nx\nrest"), line;
    CHECK(!line_take(&b, &first, &line));
    CHECK(line_take(&b, &second, &line));
    CHECK(view_equal(line, VIEW_OF_LITERAL("hello")));
    CHECK(line_take(&b, &second, &line));
    CHECK(view_equal(line, VIEW_OF_LITERAL("x")));
    CHECK(!line_take(&b, &second, &line));
    CHECK_EQUAL(b.used, 4);
}
