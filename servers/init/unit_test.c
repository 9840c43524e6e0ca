/* SPDX-License-Identifier: MIT
 * What unit files promise. */
#include "unit.h"
#include "abi/handle.h"
#include "unit/unit.h"
#include <string.h>

static enum status parse(const char *text, struct unit *out, uint32_t *out_line)
{
    return unit_parse(VIEW_OF_LITERAL("ttyd"), (struct view){(const uint8_t *)text, strlen(text)}, out, out_line);
}

TEST(unit_reads_every_key)
{
    struct unit u;
    uint32_t line;
    CHECK_EQUAL(parse("# terminals\nprogram /sbin/ttyd\nargument one two\nscheme tty # here\nuse vfs proc\ngive table read grant\n"
                      "ports uart 0x3f8 8\ninterrupt uart_line 4 level low\nafter vfsd\nrestart never\nstart manual\nmount /dev 3\npriority 5\n"
                      "limit memory 64M\nlimit contexts 100\nlimit cpu 25\nroot\nbase /system",
                      &u, &line), OK);
    CHECK(strcmp(u.program, "sbin/ttyd") == 0);
    CHECK_EQUAL(u.arguments_bytes, 13);
    CHECK(memcmp(u.arguments, "ttyd\0one two", 13) == 0);
    CHECK(unit_name_is(&u.scheme, VIEW_OF_LITERAL("tty")));
    CHECK_EQUAL(u.use_count, 2);
    CHECK(unit_name_is(&u.uses[1], VIEW_OF_LITERAL("proc")));
    CHECK_EQUAL(u.gives[0].rights, RIGHT_READ | RIGHT_GRANT);
    CHECK_EQUAL(u.ports[0].base, 0x3f8);
    CHECK_EQUAL(u.ports[0].count, 8);
    CHECK_EQUAL(u.interrupts[0].line, 4);
    CHECK_EQUAL(u.interrupts[0].flags, 3);
    CHECK_EQUAL(u.after_count, 1);
    CHECK(!u.restarts && u.is_manual);
    CHECK(strcmp(u.mount, "/dev") == 0);
    CHECK_EQUAL(u.mount_token, 3);
    CHECK_EQUAL(u.priority, 5);
    CHECK(u.may_be_root);
    CHECK(strcmp(u.base, "/system") == 0);
    CHECK(u.has_limits);
    CHECK_EQUAL(u.limits[0], 64ull << 20);
    CHECK_EQUAL(u.limits[1], UINT64_MAX);
    CHECK_EQUAL(u.limits[2], 100);
    CHECK_EQUAL(u.limits[3], 250);
}

TEST(unit_limits_are_sizes_of_something)
{
    struct unit u;
    uint32_t line;
    CHECK_EQUAL(parse("program /a\nlimit memory 64X", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("program /a\nlimit memory", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("program /a\nlimit beer 3", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("program /a\nlimit memory 99999999999G", &u, &line), ERR_INVALID);
}

TEST(unit_restarts_and_starts_at_boot_unless_told_otherwise)
{
    struct unit u;
    uint32_t line;
    CHECK_EQUAL(parse("program sbin/x", &u, &line), OK);
    CHECK(u.restarts && !u.is_vital && !u.is_manual);
    CHECK_EQUAL(parse("program sbin/x\nrestart reboot", &u, &line), OK);
    CHECK(!u.restarts && u.is_vital);
}

TEST(unit_names_the_bad_line)
{
    struct unit u;
    uint32_t line;
    CHECK_EQUAL(parse("program a\n\ncolour blue\n", &u, &line), ERR_INVALID);
    CHECK_EQUAL(line, 3);
    CHECK_EQUAL(parse("program a\nports uart 0x3f8\n", &u, &line), ERR_INVALID);
    CHECK_EQUAL(line, 2);
    CHECK_EQUAL(parse("program a\ngive log fly\n", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("program a\nscheme a-name-that-is-longer-than-it-may\n", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("", &u, &line), ERR_INVALID);
}

TEST(unit_instance_has_its_own_names)
{
    struct unit u, made;
    uint32_t line;
    CHECK_EQUAL(parse("program sbin/p9\nscheme p9\nstart device\nallow attach", &u, &line), OK);
    CHECK(u.is_device && u.may_attach && !u.may_power && !u.is_manual);
    CHECK_EQUAL(unit_instance(&u, VIEW_OF_LITERAL("28"), &made), OK);
    CHECK(unit_name_is(&made.name, VIEW_OF_LITERAL("ttyd:28")) && unit_name_is(&made.scheme, VIEW_OF_LITERAL("p9.28")));
    CHECK(!made.is_device);
    CHECK_EQUAL(unit_instance(&u, VIEW_OF_LITERAL("a-very-long-instance-it-is"), &made), ERR_NAME_TOO_LONG);
    CHECK_EQUAL(unit_instance(&u, VIEW_OF_LITERAL("nineteen-characters"), &made), ERR_NAME_TOO_LONG);
    CHECK_EQUAL(parse("program sbin/p9\nscheme p9\nstart device single", &u, &line), OK);
    CHECK_EQUAL(unit_instance(&u, VIEW_OF_LITERAL("28"), &made), OK);
    CHECK(unit_name_is(&made.name, VIEW_OF_LITERAL("ttyd")) && unit_name_is(&made.scheme, VIEW_OF_LITERAL("p9")));
    CHECK_EQUAL(parse("program sbin/p9\nstart device often", &u, &line), ERR_INVALID);
    CHECK_EQUAL(parse("program sbin/p9\nallow everything", &u, &line), ERR_INVALID);
}

TEST(unit_lists_are_bounded)
{
    struct unit u;
    uint32_t line;
    CHECK_EQUAL(parse("program a\nuse 1 2 3 4 5 6 7 8 9 10 11 12 13\n", &u, &line), ERR_INVALID);
    char text[600] = "program a\nargument ";
    memset(text + strlen(text), 'x', 300);
    CHECK_EQUAL(parse(text, &u, &line), ERR_INVALID);
}
