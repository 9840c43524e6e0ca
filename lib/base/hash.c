/* SPDX-License-Identifier: MIT
 * SipHash with one round for each word and three at the end (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
#include "base/hash.h"

struct sip { uint64_t v0, v1, v2, v3; };

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t hash_bytes(struct hash_key key, struct view bytes)
{
    struct sip s = {key.k0 ^ 0x736f6d6570736575ull, key.k1 ^ 0x646f72616e646f6dull, key.k0 ^ 0x6c7967656e657261ull,
                    key.k1 ^ 0x7465646279746573ull};
    struct reader r = reader_of(bytes);
    uint64_t word;
    while (read_u64le(&r, &word) == OK)
        sip_word(&s, word);
    word = (uint64_t)bytes.length << 56;
    for (size_t i = 0; i < r.rest.length; i++)
        word |= (uint64_t)r.rest.data[i] << (8 * i);
    sip_word(&s, word);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
