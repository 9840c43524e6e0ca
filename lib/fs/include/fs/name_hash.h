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

/* Eight bytes a step; `seed` tells directories apart. */
static inline uint64_t name_hash(const struct name_key *key, uint64_t seed, struct view name)
{
    uint64_t h = name_hash_mix(seed ^ key->a, key->b ^ name.length);
    const uint8_t *at = name.data;
    size_t left = name.length;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = name_hash_mix(h ^ word, key->b);
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < left; i++)
        tail |= (uint64_t)at[i] << (8 * i);
    return name_hash_mix(h ^ tail, key->a ^ 0x9e3779b97f4a7c15ull);
}
