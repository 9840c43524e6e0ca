/* SPDX-License-Identifier: MIT
 * How many stand at each priority, and which is the highest: constant time. The owner's lock guards it. A count may be below zero for
 * a moment, when two changes of one member arrive in the other order; they add up. */
#pragma once
#include "abi/process.h"
#include "base/types.h"

#define PRIORITY_LEVELS PRIORITY_LIMIT
#define LEVEL_WORDS ((PRIORITY_LEVELS + 63) / 64)

struct level_set {
    uint64_t bits[LEVEL_WORDS];
    int32_t counts[PRIORITY_LEVELS];
};

/* -1: none is set. */
static inline int level_bits_highest(const uint64_t bits[LEVEL_WORDS])
{
    for (uint32_t word = LEVEL_WORDS; word-- > 0;)
        if (bits[word])
            return (int)(word * 64 + 63 - (uint32_t)__builtin_clzll(bits[word]));
    return -1;
}

static inline void level_bits_set(uint64_t bits[LEVEL_WORDS], uint32_t level) { bits[level / 64] |= 1ull << level % 64; }
static inline void level_bits_clear(uint64_t bits[LEVEL_WORDS], uint32_t level) { bits[level / 64] &= ~(1ull << level % 64); }

/* One member goes from a level to another; level 0 is nowhere. */
static inline void level_set_move(struct level_set *s, uint32_t from, uint32_t to)
{
    if (from && --s->counts[from] == 0)
        level_bits_clear(s->bits, from);
    if (to && ++s->counts[to] == 1)
        level_bits_set(s->bits, to);
}

/* 0: nobody. */
static inline uint32_t level_set_top(const struct level_set *s)
{
    int top = level_bits_highest(s->bits);
    return top < 0 ? 0 : (uint32_t)top;
}
