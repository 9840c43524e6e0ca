/* SPDX-License-Identifier: MIT
 * Terminal settings between Linux's termios and the terminal protocol. Pure, so the build machine tests it. */
#include "posix/terminal/termios.h"
#include "base/string.h"

static const uint32_t SPEEDS[] = {0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
static const uint32_t EXTENDED_SPEEDS[] = {0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000,
                                           2000000, 2500000, 3000000, 3500000, 4000000};

uint32_t speed_from_control(uint32_t control)
{
    return control & LINUX_CBAUDEX ? EXTENDED_SPEEDS[control & 15] : SPEEDS[control & 15];
}

void termios_from_settings(const struct tty_settings *from, struct linux_termios2 *out)
{
    uint32_t characters[] = {from->characters_0, from->characters_1, from->characters_2, from->characters_3, from->characters_4};
    *out = (struct linux_termios2){
        .common = {.c_iflag = from->input, .c_oflag = from->output, .c_cflag = from->control, .c_lflag = from->local,
                   .c_line = (uint8_t)from->line},
        .c_ispeed = from->input_speed, .c_ospeed = from->output_speed,
    };
    memcpy(out->common.c_cc, characters, LINUX_TERMIOS_CHARACTERS);
}

void settings_from_termios(const struct linux_termios2 *from, bool explicit_speed, struct tty_settings *in_out)
{
    uint32_t characters[5] = {0, 0, 0, 0, in_out->characters_4};
    memcpy(characters, from->common.c_cc, LINUX_TERMIOS_CHARACTERS);
    bool numbers = explicit_speed && (from->common.c_cflag & LINUX_CBAUD) == LINUX_BOTHER;
    uint32_t speed = speed_from_control(from->common.c_cflag);
    *in_out = (struct tty_settings){
        .input = from->common.c_iflag, .output = from->common.c_oflag, .control = from->common.c_cflag, .local = from->common.c_lflag,
        .line = from->common.c_line, .input_speed = numbers ? from->c_ispeed : speed, .output_speed = numbers ? from->c_ospeed : speed,
        .characters_0 = characters[0], .characters_1 = characters[1], .characters_2 = characters[2], .characters_3 = characters[3],
        .characters_4 = characters[4],
    };
}
