/* SPDX-License-Identifier: MIT
 * A pattern, a newline, a text: refused with a reason, or searched; what is found lies in the text, groups in what is found. */
#include "value/regex.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char pattern[129] = {}, text[257] = {};
    size_t i = 0, length = 0;
    for (; i < size && data[i] != '\n' && i < sizeof pattern - 1; i++) pattern[i] = (char)data[i];
    for (i++; i < size && length < sizeof text - 1; i++) text[length++] = (char)data[i];
    length = strlen(text);
    const char *why = nullptr;
    struct regex *regex = regex_make(pattern, &why);
    if (!regex && !why) abort();
    struct regex_match match;
    for (size_t from = 0; regex && from <= length && regex_search(regex, text, length, from, &match);) {
        if (match.start[0] < (long)from || match.end[0] < match.start[0] || match.end[0] > (long)length) abort();
        for (size_t group = 1; group < regex_group_count(regex); group++) {
            if (match.start[group] < 0) continue;
            if (match.start[group] < match.start[0] || match.end[group] > match.end[0]) abort();
        }
        from = (size_t)match.end[0] + (match.end[0] == match.start[0]);
    }
    regex_free(regex);
    return 0;
}
