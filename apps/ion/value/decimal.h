/* SPDX-License-Identifier: MIT
 * Decimal numbers of 34 digits, as IEEE 754 decimal128 counts them: 0.1 + 0.2 is 0.3, and 1.50 keeps its zero. Plain values. */
#pragma once
#include "value/mem.h"

struct decimal {
    unsigned __int128 digits;    /* below 10 to the 34th */
    int exponent;
    bool negative;
};
/* Digits with at most one point; gives what follows them. */
const char *decimal_parse(const char *text, struct decimal *out);
struct decimal decimal_from(double value);
double decimal_double(struct decimal a);
struct decimal decimal_add(struct decimal a, struct decimal b);
struct decimal decimal_multiply(struct decimal a, struct decimal b);
/* The divisor is not zero. */
struct decimal decimal_divide(struct decimal a, struct decimal b);
struct decimal decimal_remainder(struct decimal a, struct decimal b);
char *decimal_print(struct arena *arena, struct decimal a);
