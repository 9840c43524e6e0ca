/* SPDX-License-Identifier: MIT
 * liblz4 behind lz4/lz4.h. It counts in int. */
#include "lz4/lz4.h"
#include <lz4.h>

static int int_of(size_t bytes)
{
    return bytes > LZ4_MAX_INPUT_SIZE ? 0 : (int)bytes;
}

enum status lz4_decode(struct view block, struct span to, size_t *out_bytes)
{
    int bytes = LZ4_decompress_safe((const char *)block.data, (char *)to.data, int_of(block.length), int_of(to.length));
    if (bytes < 0)
        return ERR_CORRUPT;
    *out_bytes = (size_t)bytes;
    return OK;
}

size_t lz4_encode(struct view from, struct span to)
{
    int bytes = LZ4_compress_default((const char *)from.data, (char *)to.data, int_of(from.length), int_of(to.length));
    return bytes > 0 ? (size_t)bytes : 0;
}
