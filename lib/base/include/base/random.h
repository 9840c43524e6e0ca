/* SPDX-License-Identifier: MIT
 * A random generator from a seed: the ChaCha20 stream (RFC 8439), 32 bytes of each block becoming the next key, so that
 * what the generator holds now does not tell what it gave before. Pure: the same seed gives the same bytes. The owner's
 * lock guards it. */
#pragma once
#include "base/span.h"

struct random {
    uint32_t key[8];
    uint8_t ready[32]; /* the last `left` of these are not given out yet */
    uint32_t left;
};

void random_init(struct random *g, const uint64_t seed[4]);
/* Mixes more entropy in; what comes after depends on both. */
void random_mix(struct random *g, const uint64_t more[4]);
void random_fill(struct random *g, struct span to);
uint64_t random_u64(struct random *g);
/* Uniform in [0, limit); limit is not 0. */
uint64_t random_below(struct random *g, uint64_t limit);

/* One block of the key stream, RFC 8439 section 2.3. For the generator and its test. */
void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3], uint32_t out_block[16]);
