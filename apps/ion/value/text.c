/* SPDX-License-Identifier: MIT
 * Grapheme clusters, near enough: a code point with its combining marks, joined sequences, and pairs of flag letters. */
#include "value/text.h"

size_t code_point_size(const char *at)
{
    size_t size = *at ? 1 : 0;
    while (size && size < 4 && ((unsigned char)at[size] & 0xc0) == 0x80) size++;
    return size;
}

uint32_t code_point(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t size = code_point_size(at);
    uint32_t value = first < 0x80 ? first : first & (0xff >> (size + 1 < 8 ? size + 1 : 7));
    for (size_t i = 1; i < size; i++) value = value << 6 | ((unsigned char)at[i] & 0x3f);
    return value;
}

size_t space_size(const char *at)
{
    if ((signed char)*at >= 0) return *at == ' ' || (*at >= '\t' && *at <= '\r');
    uint32_t c = code_point(at);
    bool space = c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                 c == 0x205f || c == 0x3000;
    return space ? code_point_size(at) : 0;
}

static bool extends(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f) || (c >= 0x1f3fb && c <= 0x1f3ff) || c == 0x200d;
}

size_t code_point_put(uint32_t c, char *out)
{
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size; size > 1 && i-- > 0; c >>= 6)
        out[i] = (char)(i ? 0x80 | (c & 63) : (0xf0 << (4 - size) & 0xff) | c);
    if (size == 1) *out = (char)c;
    return size;
}

size_t grapheme_size(const char *at)
{
    if ((signed char)*at > 0 && *at != '\r' && (signed char)at[1] >= 0) return 1;
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

/* Ranges of letters in pairs: upper, lower, upper, ... or the lower ones at a distance. */
static const struct { uint32_t first, last, distance; } CASES[] = {
    {'A', 'Z', 32}, {0xc0, 0xd6, 32}, {0xd8, 0xde, 32}, {0x100, 0x12e, 1}, {0x132, 0x136, 1}, {0x139, 0x147, 1}, {0x14a, 0x176, 1},
    {0x179, 0x17d, 1}, {0x1cd, 0x1db, 1}, {0x1de, 0x1ee, 1}, {0x1f8, 0x21e, 1}, {0x222, 0x232, 1}, {0x388, 0x38a, 37}, {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32}, {0x3d8, 0x3ee, 1}, {0x400, 0x40f, 80}, {0x410, 0x42f, 32}, {0x460, 0x480, 1}, {0x48a, 0x4be, 1}, {0x4c1, 0x4cd, 1},
    {0x4d0, 0x52e, 1}, {0x531, 0x556, 48}, {0x1e00, 0x1e94, 1}, {0x1ea0, 0x1efe, 1}, {0x2160, 0x216f, 16}, {0x24b6, 0x24cf, 26},
    {0xff21, 0xff3a, 32}, {0x10400, 0x10427, 40}};

uint32_t code_point_case(uint32_t c, bool upper)
{
    if (c == 0xff && upper) return 0x178;
    if (c == 0x178 && !upper) return 0xff;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t first = CASES[i].first + (upper ? CASES[i].distance : 0), last = CASES[i].last + (upper ? CASES[i].distance : 0);
        if (c < first || c > last) continue;
        if (CASES[i].distance == 1 && (c - first) % 2) continue;
        return upper ? c - CASES[i].distance : c + CASES[i].distance;
    }
    return c;
}
