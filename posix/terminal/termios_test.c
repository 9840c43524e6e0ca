/* SPDX-License-Identifier: MIT
 * Promises of the conversion of terminal settings. */
#include "posix/terminal/termios.h"
#include "unit/unit.h"

TEST(termios_survives_a_round_trip)
{
    struct linux_termios2 t = {.common = {.c_iflag = 1, .c_oflag = 5, .c_cflag = 0xbf, .c_lflag = 0x8a3b, .c_line = 0}}, back;
    for (uint8_t i = 0; i < LINUX_TERMIOS_CHARACTERS; i++)
        t.common.c_cc[i] = (uint8_t)(i + 1);
    struct tty_settings settings = {};
    settings_from_termios(&t, false, &settings);
    CHECK_EQUAL(settings.characters_0, 0x04030201u);
    CHECK_EQUAL(settings.output_speed, 38400u);
    termios_from_settings(&settings, &back);
    CHECK_EQUAL(back.common.c_lflag, t.common.c_lflag);
    CHECK_EQUAL(back.common.c_cc[18], 19);
    CHECK_EQUAL(back.c_ospeed, 38400u);
}

TEST(termios_speed_numbers_count_only_when_asked_for)
{
    struct linux_termios2 t = {.common = {.c_cflag = LINUX_BOTHER}, .c_ispeed = 250000, .c_ospeed = 250000};
    struct tty_settings settings = {};
    settings_from_termios(&t, true, &settings);
    CHECK_EQUAL(settings.input_speed, 250000u);
    t.common.c_cflag = 010002; /* B115200 */
    settings_from_termios(&t, true, &settings);
    CHECK_EQUAL(settings.input_speed, 115200u);
}
