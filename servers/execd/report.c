/* SPDX-License-Identifier: MIT
 * What leaves the machine: the command's output, its error output and one status line, each on a debug-console port of its own (handles
 * "out", "error", "status"), so that the log on the serial line is apart from them. */
#include "base/fmt.h"
#include "execd.h"
#include "protocol/hardware.h"

static handle_t out_port = HANDLE_NONE, error_port = HANDLE_NONE, status_port = HANDLE_NONE;

static enum status write_port(handle_t port, struct view bytes)
{
    struct hardware_out_bytes_out nothing;
    return hardware_out_bytes(port, &(struct hardware_out_bytes_in){.offset = 0, .data = bytes}, &nothing);
}

enum status report_init(struct execd *e)
{
    out_port = start_handle(e->block, "out");
    error_port = start_handle(e->block, "error");
    status_port = start_handle(e->block, "status");
    return status_port == HANDLE_NONE ? ERR_NO_DEVICE : OK;
}

enum status report_bytes(uint64_t token, struct view bytes)
{
    return write_port(token == TOKEN_OUT ? out_port : error_port, bytes);
}

void report_line(const char *format, ...)
{
    char line[160];
    va_list arguments;
    va_start(arguments, format);
    size_t length = fmt_v(line, sizeof line, format, arguments);
    va_end(arguments);
    IGNORE(write_port(status_port, (struct view){(const uint8_t *)line, MIN(length, sizeof line - 1)}));
}
