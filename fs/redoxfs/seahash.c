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

static struct lanes take_word(struct lanes s, uint64_t word)
{
    return (struct lanes){s.b, s.c, s.d, mix(s.a ^ word)};
}

uint64_t seahash(struct view bytes)
{
    struct lanes s = {0x16f11fe89b0d677c, 0xb480a793d8e6c86c, 0x6fe2e5aaf078ebc9, 0x14f994a4c5259381};
    size_t at = 0;
    for (uint64_t word; bytes.length - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes.data + at, sizeof word); /* every machine of ours is little-endian */
        s = take_word(s, word);
    }
    if (at < bytes.length) {
        uint64_t word = 0;
        memcpy(&word, bytes.data + at, bytes.length - at);
        s = take_word(s, word);
    }
    return mix(s.a ^ s.b ^ s.c ^ s.d ^ bytes.length);
}
