/* SPDX-License-Identifier: MIT
 * Terminal settings between Linux's termios and the terminal protocol. Pure. */
#pragma once
#include "posix/linux/terminal.h"
#include "protocol/tty_abi.h"

/* The speeds are bits per second; the speed bits of c_cflag stay as the terminal keeps them. */
void termios_from_settings(const struct tty_settings *from, struct linux_termios2 *out);
/* Starts from what the terminal has, so that characters which the short structure lacks stay. With `explicit_speed` the two numbers
 * count (TCSETS2 with BOTHER); otherwise the speed follows from c_cflag. */
void settings_from_termios(const struct linux_termios2 *from, bool explicit_speed, struct tty_settings *in_out);
/* B9600 and the like to bits per second; 0 for B0 and unknown ones. */
uint32_t speed_from_control(uint32_t control);
