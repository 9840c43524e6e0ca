/* SPDX-License-Identifier: MIT
 * The console's device: a 16550 UART behind eight I/O ports and an interrupt line. Register names as in the National
 * Semiconductor PC16550D data sheet, section 8. The line is edge triggered on PCs: every cause is served before the
 * interrupt is acknowledged, or the next edge never comes. The kernel's log shares the transmitter; that is harmless. */
#include "ttyd.h"
#include "protocol/hardware.h"
#include "sys/log.h"

enum : uint32_t { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6 };
enum : uint32_t {
    IER_RECEIVED = 1, IER_TRANSMITTER_EMPTY = 2,
    IIR_NONE_PENDING = 1,
    FCR_ENABLE = 1,
    LCR_8N1 = 3, LCR_DIVISOR = 0x80,
    MCR_DTR = 1, MCR_RTS = 2, MCR_OUT2 = 8, /* OUT2 lets the interrupt through */
    LSR_DATA = 1, LSR_BREAK = 0x10, LSR_THR_EMPTY = 0x20,
};
#define FIFO_BYTES 16u
#define DIVISOR_115200 1u
#define BATCH_MAX 4096u /* bytes taken in one go, so that a flood of input leaves room for requests */

static struct {
    handle_t ports, interrupt;
    struct event_handler interrupted;
    uint32_t enabled;          /* what IER holds */
} serial;

static uint32_t register_read(uint32_t offset)
{
    struct hardware_in_out out = {0};
    if (hardware_in(serial.ports, &(struct hardware_in_in){.offset = offset, .width_bytes = 1}, &out) != OK)
        return 0;
    return out.value & 0xff;
}

static void register_write(uint32_t offset, uint32_t value)
{
    struct hardware_out_out out;
    IGNORE(hardware_out(serial.ports, &(struct hardware_out_in){.offset = offset, .width_bytes = 1, .value = value}, &out));
}

static void enable(uint32_t mask)
{
    if (serial.enabled != mask)
        register_write(IER, mask);
    serial.enabled = mask;
}

/* Sends while the FIFO is empty; what does not go now goes at the transmitter's interrupt. */
static void serial_push(struct terminal *t)
{
    uint8_t bytes[FIFO_BYTES];
    struct hardware_out_bytes_out nothing;
    while (register_read(LSR) & LSR_THR_EMPTY) {
        size_t count = line_transmit(&t->line, SPAN_OF_ARRAY(bytes));
        if (count == 0) {
            enable(IER_RECEIVED);
            return;
        }
        IGNORE(hardware_out_bytes(serial.ports, &(struct hardware_out_bytes_in){.offset = THR, .data = {bytes, count}}, &nothing));
    }
    enable(IER_RECEIVED | IER_TRANSMITTER_EMPTY);
}

static bool serial_is_idle(const struct terminal *t)
{
    (void)t;
    return register_read(LSR) & LSR_THR_EMPTY;
}

static bool receive(struct terminal *t)
{
    bool any = false;
    uint32_t status;
    for (uint32_t i = 0; i < BATCH_MAX && (status = register_read(LSR)) & (LSR_DATA | LSR_BREAK); i++) {
        uint8_t byte = (uint8_t)register_read(RBR);
        if (status & LSR_BREAK)
            line_break(&t->line);
        else
            (void)line_input(&t->line, byte); /* a raw reader that does not read loses what does not fit */
        any = true;
    }
    return any;
}

static void on_interrupt(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    struct terminal *t = &ttyd.console;
    bool received = false;
    for (uint32_t i = 0; i < BATCH_MAX && !(register_read(IIR) & IIR_NONE_PENDING); i++) {
        received |= receive(t);
        if (serial.enabled & IER_TRANSMITTER_EMPTY && register_read(LSR) & LSR_THR_EMPTY) {
            enable(IER_RECEIVED);
            serial_push(t);
        }
        register_read(MSR); /* a change of the modem lines is a cause too, and read away */
    }
    struct hardware_acknowledge_out nothing;
    IGNORE(hardware_acknowledge(serial.interrupt, &(struct hardware_acknowledge_in){}, &nothing));
    if (received)
        terminal_input_done(t);
    else
        terminal_output_done(t);
}

enum status serial_init(handle_t ports, handle_t interrupt)
{
    serial.ports = ports;
    serial.interrupt = interrupt;
    serial.interrupted.happened = on_interrupt;
    terminal_init(&ttyd.console, NUMBER_SERIAL, serial_push, serial_is_idle);
    if (ports == HANDLE_NONE || interrupt == HANDLE_NONE)
        return ERR_NO_DEVICE;
    register_write(IER, 0);
    register_write(LCR, LCR_DIVISOR | LCR_8N1);
    register_write(DLL, DIVISOR_115200);
    register_write(DLM, 0);
    register_write(LCR, LCR_8N1);
    register_write(FCR, FCR_ENABLE); /* without clearing: what was typed before we came is still read */
    register_write(MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    TRY(server_bind(&ttyd.server, interrupt, &serial.interrupted));
    struct hardware_acknowledge_out nothing;
    IGNORE(hardware_acknowledge(interrupt, &(struct hardware_acknowledge_in){}, &nothing));
    enable(IER_RECEIVED);
    if (receive(&ttyd.console))
        terminal_input_done(&ttyd.console);
    return OK;
}
