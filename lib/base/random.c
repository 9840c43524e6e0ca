/* SPDX-License-Identifier: MIT
 * The generator: each refill makes one ChaCha20 block, whose first half is the next key and second half is given out. */
#include "base/random.h"
#include "base/string.h"

static inline uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static inline void quarter_round(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
}

void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3], uint32_t out_block[16])
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1],   key[2],   key[3],
                          key[4],     key[5],     key[6],     key[7],     counter, nonce[0], nonce[1], nonce[2]};
    uint32_t x[16];
    memcpy(x, start, sizeof x);
    for (int i = 0; i < 10; i++) {
        quarter_round(x, 0, 4, 8, 12);
        quarter_round(x, 1, 5, 9, 13);
        quarter_round(x, 2, 6, 10, 14);
        quarter_round(x, 3, 7, 11, 15);
        quarter_round(x, 0, 5, 10, 15);
        quarter_round(x, 1, 6, 11, 12);
        quarter_round(x, 2, 7, 8, 13);
        quarter_round(x, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
        out_block[i] = x[i] + start[i];
}

static void refill(struct random *g)
{
    static const uint32_t nonce[3];
    uint32_t block[16];
    chacha20_block(g->key, 0, nonce, block);
    memcpy(g->key, block, sizeof g->key);
    memcpy(g->ready, block + 8, sizeof g->ready);
    g->left = sizeof g->ready;
}

void random_init(struct random *g, const uint64_t seed[4])
{
    memcpy(g->key, seed, sizeof g->key);
    g->left = 0;
}

void random_mix(struct random *g, const uint64_t more[4])
{
    uint32_t words[8];
    refill(g);
    memcpy(words, more, sizeof words);
    for (int i = 0; i < 8; i++)
        g->key[i] ^= words[i];
    g->left = 0;
}

void random_fill(struct random *g, struct span to)
{
    while (to.length) {
        if (g->left == 0)
            refill(g);
        size_t part = MIN(to.length, (size_t)g->left);
        uint8_t *from = g->ready + sizeof g->ready - g->left;
        memcpy(to.data, from, part);
        memset(from, 0, part); /* given out: not kept */
        g->left -= (uint32_t)part;
        to = (struct span){to.data + part, to.length - part};
    }
}

uint64_t random_u64(struct random *g)
{
    uint64_t value;
    random_fill(g, SPAN_OF_STRUCT(&value));
    return value;
}

uint64_t random_below(struct random *g, uint64_t limit)
{
    uint64_t unfair = (0 - limit) % limit; /* values below this would favour small results */
    uint64_t value;
    do
        value = random_u64(g);
    while (value < unfair);
    return value % limit;
}
