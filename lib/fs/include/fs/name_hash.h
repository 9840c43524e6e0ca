/* SPDX-License-Identifier: MIT
 * A keyed hash of names. Names come from everybody, so the key must be secret: who knows it could make one chain long. */
#pragma once
#include "base/span.h"
#include "base/string.h"

struct name_key { uint64_t a, b; };

static inline uint64_t name_hash_mix(uint64_t x, uint64_t y)
{
    unsigned __int128 product = (unsigned __int128)x * y;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t name_load_8(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t name_load_4(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* All of a name of up to eight bytes in one word; names of different length may give the same. */
static inline uint64_t name_word(const uint8_t *at, size_t length)
{
    if (length >= 4)
        return name_load_4(at) | name_load_4(at + length - 4) << 32;
    return length ? at[0] | (uint64_t)at[length / 2] << 8 | (uint64_t)at[length - 1] << 16 : 0;
}

/* Eight bytes a step, the last step overlapping; `seed` tells directories apart. */
static inline uint64_t name_hash(const struct name_key *key, uint64_t seed, struct view name)
{
    uint64_t h = name_hash_mix(seed ^ key->a, key->b ^ name.length);
    if (name.length <= 8)
        return name_hash_mix(h ^ name_word(name.data, name.length), key->a ^ 0x9e3779b97f4a7c15ull);
    for (size_t at = 0; at + 8 < name.length; at += 8)
        h = name_hash_mix(h ^ name_load_8(name.data + at), key->b);
    return name_hash_mix(h ^ name_load_8(name.data + name.length - 8), key->a ^ 0x9e3779b97f4a7c15ull);
}

/* Both of `length` bytes. */
static inline bool name_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    if (length <= 8)
        return name_word(a, length) == name_word(b, length);
    for (size_t at = 0; at + 8 < length; at += 8)
        if (name_load_8(a + at) != name_load_8(b + at))
            return false;
    return name_load_8(a + length - 8) == name_load_8(b + length - 8);
}
