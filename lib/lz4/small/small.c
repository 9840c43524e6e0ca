/* SPDX-License-Identifier: MIT
 * The LZ4 block decoder. A block is sequences of: token, literals, distance back, match; the last one ends after its literals.
 * Each length is checked against both what is left to read and what is left to fill before a byte moves. */
#include "lz4/lz4.h"
#include "base/string.h"
#include "base/try.h"

#define MATCH_MIN 4u

/* The token's 4 bits; 15 says that bytes follow to be added, up to the first that is not 255. */
static enum status read_length(struct reader *from, uint32_t nibble, size_t *out)
{
    size_t length = nibble;
    for (uint8_t more = nibble == 15 ? 255 : 0; more == 255; length += more)
        TRY(read_u8(from, &more));
    *out = length;
    return OK;
}

static enum status copy_literals(struct reader *from, size_t length, struct span to, size_t *at)
{
    struct view literals;
    TRY(read_view(from, length, &literals));
    if (length > to.length - *at)
        return ERR_CORRUPT;
    if (length)
        memcpy(to.data + *at, literals.data, length);
    *at += length;
    return OK;
}

static enum status copy_match(size_t distance, size_t length, struct span to, size_t *at)
{
    if (distance == 0 || distance > *at || length > to.length - *at)
        return ERR_CORRUPT;
    for (size_t end = *at + length; *at < end; ++*at) /* forward by bytes: a match may overlap what it makes */
        to.data[*at] = to.data[*at - distance];
    return OK;
}

static enum status decode(struct reader from, struct span to, size_t *out_bytes)
{
    size_t at = 0, length;
    for (;;) {
        uint8_t token;
        uint16_t distance;
        TRY(read_u8(&from, &token));
        TRY(read_length(&from, token >> 4, &length));
        TRY(copy_literals(&from, length, to, &at));
        if (from.rest.length == 0)
            break;
        TRY(read_u16le(&from, &distance));
        TRY(read_length(&from, token & 15, &length));
        TRY(copy_match(distance, length + MATCH_MIN, to, &at));
    }
    *out_bytes = at;
    return OK;
}

enum status lz4_decode(struct view block, struct span to, size_t *out_bytes)
{
    return decode(reader_of(block), to, out_bytes) == OK ? OK : ERR_CORRUPT;
}
