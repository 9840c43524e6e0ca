/* SPDX-License-Identifier: MIT
 * Bits of words and of word arrays (bitmaps). Bit numbers count from the lowest bit of the first word. */
#pragma once
#include "base/types.h"

#define BIT(n) (1ull << (n))
#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/* Index of the lowest and of the highest bit set; the value is not 0. */
static inline unsigned bit_lowest(uint64_t value) { return (unsigned)__builtin_ctzll(value); }
static inline unsigned bit_highest(uint64_t value) { return 63u - (unsigned)__builtin_clzll(value); }
static inline unsigned bit_count(uint64_t value) { return (unsigned)__builtin_popcountll(value); }
/* The smallest n with 2^n >= value; 0 for 0 and 1. */
static inline unsigned log2_ceiling(uint64_t value) { return value <= 1 ? 0 : bit_highest(value - 1) + 1; }
/* `width` bits of value from bit `low` on. */
static inline uint64_t bits_get(uint64_t value, unsigned low, unsigned width)
{
    return (value >> low) & (width >= 64 ? UINT64_MAX : BIT(width) - 1);
}

static inline bool bitmap_get(const uint64_t *map, size_t bit) { return map[bit / 64] >> (bit % 64) & 1; }
static inline void bitmap_set(uint64_t *map, size_t bit) { map[bit / 64] |= BIT(bit % 64); }
static inline void bitmap_clear(uint64_t *map, size_t bit) { map[bit / 64] &= ~BIT(bit % 64); }
/* The first clear (set) bit at or after `from`, or `bits` when there is none. */
static inline size_t bitmap_find(const uint64_t *map, size_t bits, size_t from, bool set)
{
    for (size_t at = from; at < bits; at = (at / 64 + 1) * 64) {
        uint64_t word = (set ? map[at / 64] : ~map[at / 64]) >> (at % 64);
        if (word) {
            size_t found = at + bit_lowest(word);
            return found < bits ? found : bits;
        }
    }
    return bits;
}
static inline size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t from) { return bitmap_find(map, bits, from, false); }
static inline size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from) { return bitmap_find(map, bits, from, true); }
