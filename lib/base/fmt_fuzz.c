/* SPDX-License-Identifier: MIT
 * Any format: nothing is written past the buffer, and the length is what it says. The arguments are small numbers and pointers to one
 * string, so a format that would read others is skipped. */
#include "base/fmt.h"
#include "base/string.h"

#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char format[64], text[100];
    size_t length = size < sizeof format ? size : sizeof format - 1, directives = 0;
    memcpy(format, data, length);
    format[length] = 0;
    for (size_t i = 0; i < length; i++) {
        directives += format[i] == '%';
        if (format[i] == 's' || format[i] == '*')
            return 0;
    }
    if (directives > 4)
        return 0;
    size_t full = fmt(text, sizeof text, format, 1, 2, 3, 4);
    if (string_length(text, sizeof text) > full || string_length(text, sizeof text) == sizeof text)
        __builtin_trap();
    return 0;
}
