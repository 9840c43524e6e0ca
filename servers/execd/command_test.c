/* SPDX-License-Identifier: MIT
 * What the command line promises. */
#include "command.h"
#include "abi/process.h"
#include "unit/unit.h"
#include <string.h>

static enum status parse(const char *text, struct command *out)
{
    return command_parse((struct view){(const uint8_t *)text, strlen(text)}, out);
}

TEST(command_words_are_decoded)
{
    struct command c;
    CHECK_EQUAL(parse("log=3 exec=/bin/sh%00-c%00echo%20%22hi%22%00 seed=1", &c), OK);
    CHECK(c.is_given && !c.stdin_console);
    CHECK_EQUAL(c.word_count, 4);
    CHECK(view_equal(command_word(&c, 0), VIEW_OF_LITERAL("/bin/sh")));
    CHECK(view_equal(command_word(&c, 2), VIEW_OF_LITERAL("echo \"hi\"")));
    CHECK_EQUAL(command_word(&c, 3).length, 0);
    CHECK_EQUAL(command_word(&c, 4).length, 0);
}

TEST(command_is_absent_without_exec)
{
    struct command c;
    CHECK_EQUAL(parse("stdin=console quiet", &c), OK);
    CHECK(!c.is_given && c.stdin_console);
}

TEST(command_refuses_bad_encoding)
{
    struct command c;
    CHECK_EQUAL(parse("exec=", &c), ERR_INVALID);
    CHECK_EQUAL(parse("exec=a%2", &c), ERR_INVALID);
    CHECK_EQUAL(parse("exec=a%zz", &c), ERR_INVALID);
}

TEST(command_refuses_what_does_not_fit)
{
    static char text[6000] = "exec=";
    struct command c;
    memset(text + 5, 'x', 5000);
    CHECK_EQUAL(parse(text, &c), ERR_TOO_BIG);
    strcpy(text, "exec=a");
    for (int i = 0; i < 300; i++)
        strcat(text, "%00");
    CHECK_EQUAL(parse(text, &c), ERR_TOO_BIG);
}

TEST(command_names_the_shell_of_the_console)
{
    struct command c;
    CHECK_OK(parse("quiet", &c));
    CHECK_TEXT(c.shell, "/bin/sh");
    CHECK_OK(parse("shell=/bin/ion quiet", &c));
    CHECK_TEXT(c.shell, "/bin/ion");
    CHECK_EQUAL(parse("shell=ion", &c), ERR_INVALID);
    CHECK_EQUAL(parse("shell=/bin/sh;reboot", &c), ERR_INVALID);
    CHECK_EQUAL(parse("shell=/0123456789012345678901234567890123456789012345678901234567890123", &c), ERR_TOO_BIG);
}

TEST(exit_codes_are_those_of_a_shell)
{
    CHECK_EQUAL(command_exit_code(0), 0);
    CHECK_EQUAL(command_exit_code(3 << 8), 3);
    CHECK_EQUAL(command_exit_code(9), 137);
    CHECK_EQUAL(command_exit_code(6 | 0x80), 134);
    CHECK_EQUAL(command_exit_code(EXIT_EXCEPTION | 14), 139);
}
