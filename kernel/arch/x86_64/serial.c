/* SPDX-License-Identifier: MIT
 * COM1 (a 16550) for the log, and the two one-way ports that emulators offer. Polled, without lock: callers serialize
 * (kernel/core/log.c does); in a panic interleaved bytes are better than none. */
#include "arch/machine.h"
#include "asm.h"
#include "base/string.h"
#include "machine_private.h"

enum : uint16_t { COM1 = 0x3f8, STATUS_PORT = 0x520 };
enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE = 3, MODEM = 4, LINE_STATUS = 5 };
enum { FIFO_BYTES = 16, LINE_DIVISOR = 0x80, LINE_8N1 = 0x03, STATUS_EMPTY = 0x20, SPINS_MAX = 200000 };

void serial_init(void)
{
    asm_out8(COM1 + INTERRUPTS, 0);
    asm_out8(COM1 + LINE, LINE_DIVISOR | LINE_8N1);
    asm_out8(COM1 + DATA, 1); /* 115200 baud */
    asm_out8(COM1 + INTERRUPTS, 0);
    asm_out8(COM1 + LINE, LINE_8N1);
    asm_out8(COM1 + FIFO, 0x07); /* on, both cleared */
    asm_out8(COM1 + MODEM, 0x0b); /* DTR, RTS, OUT2 */
}

/* Bounded: a machine without the port must not hang on it. */
static void wait_until_empty(void)
{
    for (int spins = 0; !(asm_in8(COM1 + LINE_STATUS) & STATUS_EMPTY) && spins < SPINS_MAX; spins++)
        asm_pause();
}

void serial_write_raw(const char *text, size_t length)
{
    while (length) {
        size_t part = MIN(length, (size_t)FIFO_BYTES);
        wait_until_empty();
        asm_out_bytes(COM1 + DATA, text, part);
        text += part;
        length -= part;
    }
}

void status_port_write(const char *text) { asm_out_bytes(STATUS_PORT, text, string_length(text, 64)); }

void arch_serial_write(const char *text, size_t length) { serial_write_raw(text, length); }
void arch_status_write(const char *text) { status_port_write(text); }

uint32_t arch_port_in(uint16_t port, uint32_t width_bytes)
{
    return width_bytes == 1 ? asm_in8(port) : width_bytes == 2 ? asm_in16(port) : asm_in32(port);
}

void arch_port_out(uint16_t port, uint32_t width_bytes, uint32_t value)
{
    if (width_bytes == 1)
        asm_out8(port, (uint8_t)value);
    else if (width_bytes == 2)
        asm_out16(port, (uint16_t)value);
    else
        asm_out32(port, value);
}

void arch_port_out_bytes(uint16_t port, const uint8_t *data, size_t length) { asm_out_bytes(port, data, length); }
