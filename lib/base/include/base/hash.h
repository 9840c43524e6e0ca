/* SPDX-License-Identifier: MIT
 * Hashes for tables: a keyed one for names that others choose, and a cheap mix for numbers that we choose. */
#pragma once
#include "base/span.h"

struct hash_key { uint64_t k0, k1; }; /* random, secret; one a table or one a process */

/* SipHash-1-3: without the key nobody can aim many names at one bucket. */
uint64_t hash_bytes(struct hash_key key, struct view bytes);

/* Spreads a number over all 64 bits; no protection against a hostile chooser. Different numbers give different results. */
static inline uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    return x;
}
