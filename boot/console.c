/* SPDX-License-Identifier: MIT
 * Lines on the firmware's console. */
#include "base/fmt.h"
#include "loader.h"

#define LINE_BYTES 256

void say(const char *format, ...)
{
    char text[LINE_BYTES];
    efi_char wide[LINE_BYTES + 16];
    size_t n = 0;
    va_list arguments;
    va_start(arguments, format);
    size_t length = fmt_v(text, sizeof text, format, arguments);
    va_end(arguments);
    length = MIN(length, sizeof text - 1);
    for (const char *p = "macrohard: "; *p; p++)
        wide[n++] = (efi_char)*p;
    for (size_t i = 0; i < length; i++)
        wide[n++] = (efi_char)(uint8_t)text[i];
    wide[n++] = '\r';
    wide[n++] = '\n';
    wide[n] = 0;
    if (system_table->output)
        (void)system_table->output->print(system_table->output, wide);
}
