/* SPDX-License-Identifier: MIT
 * Linux's ioctl numbers and terminal structures. Only posix/ includes this. */
#pragma once
#include <stdint.h>

enum : uint32_t {
    LINUX_TCGETS = 0x5401, LINUX_TCSETS = 0x5402, LINUX_TCSETSW = 0x5403, LINUX_TCSETSF = 0x5404,
    LINUX_TCSBRK = 0x5409, LINUX_TCXONC = 0x540a, LINUX_TCFLSH = 0x540b, LINUX_TIOCEXCL = 0x540c, LINUX_TIOCNXCL = 0x540d,
    LINUX_TIOCSCTTY = 0x540e, LINUX_TIOCGPGRP = 0x540f, LINUX_TIOCSPGRP = 0x5410, LINUX_TIOCOUTQ = 0x5411,
    LINUX_TIOCGWINSZ = 0x5413, LINUX_TIOCSWINSZ = 0x5414, LINUX_FIONREAD = 0x541b, LINUX_TIOCCONS = 0x541d,
    LINUX_FIONBIO = 0x5421, LINUX_TIOCNOTTY = 0x5422, LINUX_TCSBRKP = 0x5425, LINUX_TIOCGSID = 0x5429,
    LINUX_TCGETS2 = 0x802c542a, LINUX_TCSETS2 = 0x402c542b, LINUX_TCSETSW2 = 0x402c542c, LINUX_TCSETSF2 = 0x402c542d,
    LINUX_TIOCGPTN = 0x80045430, LINUX_TIOCSPTLCK = 0x40045431, LINUX_TIOCGPTLCK = 0x80045439, LINUX_TIOCGPTPEER = 0x5441,
    LINUX_FIONCLEX = 0x5450, LINUX_FIOCLEX = 0x5451, LINUX_FIOASYNC = 0x5452, LINUX_FIOQSIZE = 0x5460,
};

#define LINUX_TERMIOS_CHARACTERS 19
struct linux_termios { /* what TCGETS moves; the C library's own structure is larger */
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line, c_cc[LINUX_TERMIOS_CHARACTERS];
};
static_assert(sizeof(struct linux_termios) == 36);
struct linux_termios2 {
    struct linux_termios common;
    uint32_t c_ispeed, c_ospeed;
};
static_assert(sizeof(struct linux_termios2) == 44);
struct linux_winsize { uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel; };
static_assert(sizeof(struct linux_winsize) == 8);
enum : uint32_t { LINUX_CBAUD = 0010017, LINUX_CBAUDEX = 0010000, LINUX_BOTHER = 0010000, LINUX_CIBAUD = 002003600000 };
enum : uint32_t { LINUX_TCIFLUSH = 0, LINUX_TCOFLUSH = 1, LINUX_TCIOFLUSH = 2 };
