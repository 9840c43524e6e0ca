/* SPDX-License-Identifier: MIT
 * Grapheme clusters, near enough: a code point with its combining marks, joined sequences, and pairs of flag letters. */
#include "expand/expand.h"

size_t code_point_size(const char *at)
{
    size_t size = *at ? 1 : 0;
    while (size && ((unsigned char)at[size] & 0xc0) == 0x80) size++;
    return size;
}

static uint32_t code_point(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t size = code_point_size(at);
    uint32_t value = first < 0x80 ? first : first & (0xff >> (size + 1 < 8 ? size + 1 : 7));
    for (size_t i = 1; i < size; i++) value = value << 6 | ((unsigned char)at[i] & 0x3f);
    return value;
}

static bool extends(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f) || (c >= 0x1f3fb && c <= 0x1f3ff) || c == 0x200d;
}

size_t grapheme_size(const char *at)
{
    size_t size = code_point_size(at);
    uint32_t before = size ? code_point(at) : 0;
    if (before == '\r' && at[1] == '\n') return 2;
    bool flag = before >= 0x1f1e6 && before <= 0x1f1ff;
    while (size && at[size]) {
        uint32_t next = code_point(at + size);
        bool second_flag = flag && next >= 0x1f1e6 && next <= 0x1f1ff;
        if (!extends(next) && before != 0x200d && !second_flag) break;
        flag = false;
        before = next;
        size += code_point_size(at + size);
    }
    return size;
}

size_t grapheme_count(const char *text)
{
    size_t count = 0;
    for (; *text; count++) text += grapheme_size(text);
    return count;
}
