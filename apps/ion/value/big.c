/* SPDX-License-Identifier: MIT
 * Whole numbers of any size (big.h): schoolbook methods on limbs of 32 bits. */
#include "value/big.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

static struct big make(struct arena *arena, uint32_t count)
{
    struct big big = {.count = count, .limbs = arena_alloc(arena, (count + 1) * sizeof(uint32_t))};
    memset(big.limbs, 0, (count + 1) * sizeof(uint32_t));
    return big;
}

static struct big trimmed(struct big big)
{
    while (big.count && !big.limbs[big.count - 1]) big.count--;
    if (!big.count) big.negative = false;
    return big;
}

struct big big_from(struct arena *arena, long long number)
{
    struct big big = make(arena, 2);
    unsigned long long rest = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
    big.limbs[0] = (uint32_t)rest;
    big.limbs[1] = (uint32_t)(rest >> 32);
    big.negative = number < 0;
    return trimmed(big);
}

bool big_small(const struct big *big, long long *out_number)
{
    if (big->count > 2) return false;
    unsigned long long value = 0;
    for (uint32_t i = big->count; i-- > 0;) value = value << 32 | big->limbs[i];
    if (value > (1ull << 63) - !big->negative) return false;
    *out_number = (long long)(big->negative ? -value : value);
    return true;
}

static int compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

bool big_add(struct arena *arena, struct big a, struct big b, struct big *out)
{
    if (a.negative != b.negative && compare(&a, &b) < 0) {
        struct big swap = a;
        a = b, b = swap;
    }
    uint32_t count = (a.count > b.count ? a.count : b.count) + 1;
    if (count > BIG_LIMBS) return false;
    struct big sum = make(arena, count);
    int64_t carry = 0, sign = a.negative == b.negative ? 1 : -1;
    for (uint32_t i = 0; i < count; i++) {
        carry += (i < a.count ? (int64_t)a.limbs[i] : 0) + sign * (i < b.count ? (int64_t)b.limbs[i] : 0);
        sum.limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum.negative = a.negative;
    *out = trimmed(sum);
    return true;
}

bool big_multiply(struct arena *arena, struct big a, struct big b, struct big *out)
{
    if (a.count + b.count > BIG_LIMBS) return false;
    struct big product = make(arena, a.count + b.count);
    for (uint32_t i = 0; i < a.count; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b.count; j++) {
            carry += (uint64_t)a.limbs[i] * b.limbs[j] + product.limbs[i + j];
            product.limbs[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product.limbs[i + b.count] = (uint32_t)carry;
    }
    product.negative = a.negative != b.negative;
    *out = trimmed(product);
    return true;
}

/* By one limb, in place; gives the rest. */
static uint32_t divide_small(struct big *big, uint32_t by)
{
    uint64_t rest = 0;
    for (uint32_t i = big->count; i-- > 0;) {
        rest = rest << 32 | big->limbs[i];
        big->limbs[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    *big = trimmed(*big);
    return (uint32_t)rest;
}

static struct big copy(struct arena *arena, const struct big *from)
{
    struct big big = make(arena, from->count);
    if (from->count) memcpy(big.limbs, from->limbs, from->count * sizeof *big.limbs);
    big.negative = from->negative;
    return big;
}

/* Bit by bit: the numbers of scripts are small, and this is easy to see to be right. */
void big_divide(struct arena *arena, struct big a, struct big b, struct big *out_quotient, struct big *out_rest)
{
    struct big quotient = copy(arena, &a), rest = make(arena, b.count + 1);
    if (b.count == 1) {
        rest.limbs[0] = divide_small(&quotient, b.limbs[0]);
        rest.count = 1;
    } else {
        memset(quotient.limbs, 0, quotient.count * sizeof *quotient.limbs);
        for (uint32_t bit = a.count * 32; bit-- > 0;) {
            uint32_t carry = a.limbs[bit / 32] >> bit % 32 & 1;
            rest.count = b.count + 1;
            for (uint32_t i = 0; i < rest.count; i++) {
                uint32_t top = rest.limbs[i] >> 31;
                rest.limbs[i] = rest.limbs[i] << 1 | carry;
                carry = top;
            }
            rest = trimmed(rest);
            if (compare(&rest, &b) < 0) continue;
            int64_t borrow = 0;
            for (uint32_t i = 0; i < rest.count; i++) {
                borrow += (int64_t)rest.limbs[i] - (i < b.count ? b.limbs[i] : 0);
                rest.limbs[i] = (uint32_t)borrow;
                borrow >>= 32;
            }
            quotient.limbs[bit / 32] |= 1u << bit % 32;
        }
    }
    quotient.negative = a.negative != b.negative;
    rest.negative = a.negative;
    *out_quotient = trimmed(quotient);
    *out_rest = trimmed(rest);
}

/* Limb i of the number in two's complement. */
static uint32_t twos(const struct big *big, uint32_t i, uint64_t *carry)
{
    uint32_t limb = i < big->count ? big->limbs[i] : 0;
    if (!big->negative) return limb;
    *carry += (uint32_t)~limb;
    limb = (uint32_t)*carry;
    *carry >>= 32;
    return limb;
}

bool big_bits(struct arena *arena, char operator, struct big a, struct big b, struct big *out)
{
    uint32_t count = (a.count > b.count ? a.count : b.count) + 1;
    if (count > BIG_LIMBS) return false;
    struct big result = make(arena, count);
    uint64_t carry_a = 1, carry_b = 1, carry = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = twos(&a, i, &carry_a), y = twos(&b, i, &carry_b);
        result.limbs[i] = operator == '&' ? x & y : operator == '|' ? x | y : x ^ y;
    }
    if (result.limbs[count - 1] >> 31) {
        for (uint32_t i = 0; i < count; i++) {
            carry += (uint32_t)~result.limbs[i];
            result.limbs[i] = (uint32_t)carry;
            carry >>= 32;
        }
        result.negative = true;
    }
    *out = trimmed(result);
    return true;
}

bool big_parse(struct arena *arena, const char *digits, size_t size, unsigned base, struct big *out)
{
    if (size > BIG_BITS / 4) return false;
    struct big big = make(arena, (uint32_t)(size / 8 + 2));
    big.count = 0;
    for (size_t i = 0; i < size; i++) {
        uint64_t carry = isdigit((unsigned char)digits[i]) ? (unsigned)(digits[i] - '0') : (unsigned)((digits[i] | 32) - 'a' + 10);
        for (uint32_t j = 0; j < big.count; j++) {
            carry += (uint64_t)big.limbs[j] * base;
            big.limbs[j] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry) big.limbs[big.count++] = (uint32_t)carry;
    }
    *out = big;
    return big.count <= BIG_LIMBS;
}

char *big_print(struct arena *arena, const struct big *from, unsigned base)
{
    struct big rest = copy(arena, from);
    size_t room = (size_t)from->count * 10 + 4, at = room;
    char *text = arena_alloc(arena, room + 1);
    uint32_t step = base == 16 ? 0x10000000 : 1000000000;
    unsigned width = base == 16 ? 7 : 9;
    text[at] = 0;
    while (rest.count) {
        uint32_t part = divide_small(&rest, step);
        for (unsigned i = 0; i < width && (rest.count || part); i++, part /= base) text[--at] = "0123456789ABCDEF"[part % base];
    }
    if (at == room) text[--at] = '0';
    if (base == 16) text[--at] = 'x', text[--at] = '0';
    if (from->negative) text[--at] = '-';
    return text + at;
}

double big_double(const struct big *big)
{
    double value = 0;
    for (uint32_t i = big->count; i-- > 0;) value = value * 0x1p32 + big->limbs[i];
    return big->negative ? -value : value;
}
