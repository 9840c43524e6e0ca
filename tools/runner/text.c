/* SPDX-License-Identifier: MIT
 * The pure parts: status lines, the encoding of a command, lines out of pieces. */
#include "runner.h"
#include <string.h>

enum ending status_line_parse(struct view line, int *out_code)
{
    struct view prefix = VIEW_OF_LITERAL("exit ");
    uint64_t code;
    if (view_equal(line, VIEW_OF_LITERAL("ready")))
        return ENDING_READY;
    if (view_equal(line, VIEW_OF_LITERAL("hang")))
        return ENDING_HANG;
    if (view_equal(line, VIEW_OF_LITERAL("panic")))
        return ENDING_PANIC;
    if (!view_starts_with(line, prefix))
        return ENDING_NONE;
    if (view_to_u64((struct view){line.data + prefix.length, line.length - prefix.length}, &code) != OK || code > 255)
        return ENDING_NONE;
    *out_code = (int)code;
    return ENDING_EXIT;
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_./=-", c));
}

static void append(char *to, size_t size, size_t *length, char c)
{
    if (*length + 1 < size)
        to[*length] = c;
    ++*length;
}

static void append_encoded(char *to, size_t size, size_t *length, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    append(to, size, length, '%');
    append(to, size, length, digits[(uint8_t)c >> 4]);
    append(to, size, length, digits[(uint8_t)c & 15]);
}

size_t words_encode(char *const *words, size_t count, char *to, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            append_encoded(to, size, &length, 0);
        for (const char *c = words[i]; *c; c++) {
            if (is_plain(*c))
                append(to, size, &length, *c);
            else
                append_encoded(to, size, &length, *c);
        }
    }
    if (size)
        to[MIN(length, size - 1)] = 0;
    return length;
}

bool line_take(struct line_buffer *b, struct view *from, struct view *out_line)
{
    while (from->length) {
        uint8_t c = from->data[0];
        *from = (struct view){from->data + 1, from->length - 1};
        if (c != '\n' && b->used < sizeof b->bytes) {
            if (c != '\r')
                b->bytes[b->used++] = c;
            if (b->used < sizeof b->bytes)
                continue;
        }
        *out_line = (struct view){b->bytes, b->used};
        b->used = 0;
        return true;
    }
    return false;
}
