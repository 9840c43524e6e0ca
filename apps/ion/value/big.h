/* SPDX-License-Identifier: MIT
 * Whole numbers of any size up to BIG_BITS, in an arena: sign and magnitude, least limb first, no leading zero limbs; zero has none.
 * Operations that would become larger answer false. */
#pragma once
#include "value/mem.h"
#include <stdint.h>

enum { BIG_BITS = 1 << 15, BIG_LIMBS = BIG_BITS / 32 };
struct big {
    bool negative;
    uint32_t count;
    uint32_t *limbs;
};
struct big big_from(struct arena *arena, long long number);
/* Whether it fits; the number then. */
bool big_small(const struct big *big, long long *out_number);
bool big_parse(struct arena *arena, const char *digits, size_t size, unsigned base, struct big *out);
char *big_print(struct arena *arena, const struct big *big, unsigned base);
double big_double(const struct big *big);
[[nodiscard]] bool big_add(struct arena *arena, struct big a, struct big b, struct big *out);
[[nodiscard]] bool big_multiply(struct arena *arena, struct big a, struct big b, struct big *out);
/* Truncating; the divisor is not zero. */
void big_divide(struct arena *arena, struct big a, struct big b, struct big *out_quotient, struct big *out_rest);
/* As if in two's complement of unlimited width: & | ^ */
[[nodiscard]] bool big_bits(struct arena *arena, char operator, struct big a, struct big b, struct big *out);
