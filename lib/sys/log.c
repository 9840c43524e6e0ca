/* SPDX-License-Identifier: MIT
 * Lines for the log: formatted on the stack, cut at one line's limit, written with one call; so lines of two contexts never mix. */
#include "sys/log.h"
#include "base/fmt.h"
#include "sys/start.h"
#include "sys/syscall.h"

#define LINE_BYTES 512u

static void write_line(enum log_level level, const char *text, size_t length)
{
    const struct start_block *block = start_current();
    handle_t log = block ? start_handle(block, "log") : HANDLE_NONE;
    if (log != HANDLE_NONE)
        IGNORE(sys_log_write(log, level, (struct view){(const uint8_t *)text, length}));
}

static size_t put_name(char *to, size_t size)
{
    const struct start_block *block = start_current();
    struct view name = block ? start_argument(block, 0) : (struct view){};
    return MIN(fmt(to, size, "%.*s: ", (int)name.length, (const char *)name.data), size - 1);
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t used = put_name(line, sizeof line);
    va_list arguments;
    va_start(arguments, format);
    used += fmt_v(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    write_line(level, line, MIN(used, sizeof line - 1));
}

const char *status_sentence(int64_t status)
{
    switch (status) {
    case OK: return "done";
#define STATUS(name, number, sentence) case number: return sentence;
#include "abi/status.def"
#undef STATUS
    default: return "unknown status";
    }
}

void panic_exit(const char *file, int line_number, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t used = put_name(line, sizeof line);
    used += MIN(fmt(line + used, sizeof line - used, "panic at %s:%d: ", file, line_number), sizeof line - 1 - used);
    va_list arguments;
    va_start(arguments, format);
    used += fmt_v(line + used, sizeof line - used, format, arguments);
    va_end(arguments);
    write_line(LOG_ERROR, line, MIN(used, sizeof line - 1));
    sys_process_exit(EXIT_PANIC);
}
