/* SPDX-License-Identifier: MIT
 * What leaves the machine: the command's output, its error output and one status line, each on a debug-console port of its own, so
 * that the log on the serial line is apart from them. The handle "debug" covers 33 ports from 0x500 (0x510 is fw_cfg). */
#include "base/fmt.h"
#include "execd.h"
#include "protocol/hardware.h"

#define OUT_OFFSET 0x00u
#define ERROR_OFFSET 0x08u
#define STATUS_OFFSET 0x20u

static handle_t ports = HANDLE_NONE;

static enum status write_port(uint32_t offset, struct view bytes)
{
    struct hardware_out_bytes_out nothing;
    return hardware_out_bytes(ports, &(struct hardware_out_bytes_in){.offset = offset, .data = bytes}, &nothing);
}

enum status report_init(struct execd *e)
{
    ports = start_handle(e->block, "debug");
    return ports == HANDLE_NONE ? ERR_NO_DEVICE : OK;
}

enum status report_bytes(uint64_t token, struct view bytes)
{
    return write_port(token == TOKEN_OUT ? OUT_OFFSET : ERROR_OFFSET, bytes);
}

void report_line(const char *format, ...)
{
    char line[160];
    va_list arguments;
    va_start(arguments, format);
    size_t length = fmt_v(line, sizeof line, format, arguments);
    va_end(arguments);
    IGNORE(write_port(STATUS_OFFSET, (struct view){(const uint8_t *)line, MIN(length, sizeof line - 1)}));
}
