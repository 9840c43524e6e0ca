/* SPDX-License-Identifier: MIT
 * Spans, views and the reader: every function looks at the bounds before it looks at a byte. */
#include "base/span.h"
#include "base/string.h"
#include <stdckdint.h>

#define STRING_LIMIT (1u << 30) /* a longer "string" is a missing terminator */

struct view view_of_string(const char *text)
{
    return (struct view){(const uint8_t *)text, string_length(text, STRING_LIMIT)};
}

enum status view_part(struct view v, uint64_t offset, uint64_t length, struct view *out)
{
    if (offset > v.length || length > v.length - offset)
        return ERR_OUT_OF_RANGE;
    *out = (struct view){length ? v.data + offset : v.data, length};
    return OK;
}

enum status span_part(struct span s, uint64_t offset, uint64_t length, struct span *out)
{
    if (offset > s.length || length > s.length - offset)
        return ERR_OUT_OF_RANGE;
    *out = (struct span){length ? s.data + offset : s.data, length};
    return OK;
}

bool view_equal(struct view a, struct view b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool view_starts_with(struct view v, struct view prefix)
{
    return v.length >= prefix.length && view_equal((struct view){v.data, prefix.length}, prefix);
}

size_t view_find(struct view v, uint8_t byte)
{
    size_t i = 0;
    while (i < v.length && v.data[i] != byte)
        i++;
    return i;
}

size_t span_copy(struct span to, struct view from)
{
    size_t length = MIN(to.length, from.length);
    if (length)
        memcpy(to.data, from.data, length);
    return length;
}

void view_split(struct view v, uint8_t byte, struct view *out_head, struct view *out_rest)
{
    size_t at = view_find(v, byte);
    *out_head = (struct view){v.data, at};
    *out_rest = at < v.length ? (struct view){v.data + at + 1, v.length - at - 1} : (struct view){v.data, 0};
}

static bool digit_value(uint8_t byte, uint64_t base, uint64_t *out)
{
    if (byte >= '0' && byte <= '9')
        *out = (uint64_t)byte - '0';
    else if (base == 16 && (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
        *out = (uint64_t)(byte | 0x20) - 'a' + 10;
    else
        return false;
    return true;
}

enum status view_to_u64(struct view digits, uint64_t *out)
{
    uint64_t base = 10, value = 0, digit;
    if (digits.length > 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') {
        base = 16;
        digits = (struct view){digits.data + 2, digits.length - 2};
    }
    if (digits.length == 0)
        return ERR_INVALID;
    for (size_t i = 0; i < digits.length; i++) {
        if (!digit_value(digits.data[i], base, &digit))
            return ERR_INVALID;
        if (ckd_mul(&value, value, base) || ckd_add(&value, value, digit))
            return ERR_OUT_OF_RANGE;
    }
    *out = value;
    return OK;
}

/* Takes `bytes` (at most 8) off the front as a little-endian number. */
static enum status take_little(struct reader *r, size_t bytes, uint64_t *out)
{
    if (r->rest.length < bytes)
        return ERR_TRUNCATED;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)r->rest.data[i] << (8 * i);
    r->rest = (struct view){r->rest.data + bytes, r->rest.length - bytes};
    *out = value;
    return OK;
}

enum status read_u8(struct reader *r, uint8_t *out)
{
    uint64_t value;
    enum status status = take_little(r, 1, &value);
    if (status == OK)
        *out = (uint8_t)value;
    return status;
}

enum status read_u16le(struct reader *r, uint16_t *out)
{
    uint64_t value;
    enum status status = take_little(r, 2, &value);
    if (status == OK)
        *out = (uint16_t)value;
    return status;
}

enum status read_u32le(struct reader *r, uint32_t *out)
{
    uint64_t value;
    enum status status = take_little(r, 4, &value);
    if (status == OK)
        *out = (uint32_t)value;
    return status;
}

enum status read_u64le(struct reader *r, uint64_t *out)
{
    return take_little(r, 8, out);
}

enum status read_u16be(struct reader *r, uint16_t *out)
{
    uint64_t value;
    enum status status = take_little(r, 2, &value);
    if (status == OK)
        *out = __builtin_bswap16((uint16_t)value);
    return status;
}

enum status read_u32be(struct reader *r, uint32_t *out)
{
    uint64_t value;
    enum status status = take_little(r, 4, &value);
    if (status == OK)
        *out = __builtin_bswap32((uint32_t)value);
    return status;
}

enum status read_view(struct reader *r, uint64_t length, struct view *out)
{
    if (length > r->rest.length)
        return ERR_TRUNCATED;
    *out = (struct view){r->rest.data, length};
    r->rest = (struct view){length ? r->rest.data + length : r->rest.data, r->rest.length - length};
    return OK;
}

enum status read_skip(struct reader *r, uint64_t length)
{
    struct view skipped;
    return read_view(r, length, &skipped);
}
