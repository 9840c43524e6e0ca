/* SPDX-License-Identifier: MIT
 * SeaHash: four lanes take turns at one little-endian word each; a short last word is filled with zeros. */
#include "redoxfs/seahash.h"
#include "base/string.h"

static uint64_t mix(uint64_t x)
{
    x *= 0x6eed0e9da4d94a4full;
    x ^= (x >> 32) >> (x >> 60);
    return x * 0x6eed0e9da4d94a4full;
}

struct lanes { uint64_t a, b, c, d; };

static uint64_t word_at(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word); /* every machine of ours is little-endian */
    return word;
}

static struct lanes take_word(struct lanes s, uint64_t word)
{
    return (struct lanes){s.b, s.c, s.d, mix(s.a ^ word)};
}

/* Four words leave the lanes in the order that they had, so a round is four steps that do not wait for each other. */
static struct lanes take_round(struct lanes s, const uint8_t *data)
{
    return (struct lanes){mix(s.a ^ word_at(data)), mix(s.b ^ word_at(data + 8)), mix(s.c ^ word_at(data + 16)), mix(s.d ^ word_at(data + 24))};
}

uint64_t seahash(struct view bytes)
{
    struct lanes s = {0x16f11fe89b0d677c, 0xb480a793d8e6c86c, 0x6fe2e5aaf078ebc9, 0x14f994a4c5259381};
    size_t at = 0;
    for (; bytes.length - at >= 64; at += 64)
        s = take_round(take_round(s, bytes.data + at), bytes.data + at + 32);
    for (; bytes.length - at >= 8; at += 8)
        s = take_word(s, word_at(bytes.data + at));
    if (at < bytes.length) {
        uint64_t word = 0;
        memcpy(&word, bytes.data + at, bytes.length - at);
        s = take_word(s, word);
    }
    return mix(s.a ^ s.b ^ s.c ^ s.d ^ bytes.length);
}
