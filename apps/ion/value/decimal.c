/* SPDX-License-Identifier: MIT
 * Decimal numbers (decimal.h). Results are rounded to 34 digits, half to even. */
#include "value/decimal.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 34, EXPONENT_MAX = 6144 };
typedef unsigned __int128 wide;

static wide power_of_ten(int n)
{
    wide value = 1;
    while (n-- > 0) value *= 10;
    return value;
}

static int digit_count(wide value)
{
    int count = 0;
    for (; value >= 1000000000; value /= 1000000000) count += 9;
    for (; value; value /= 10) count++;
    return count;
}

static wide rounded(wide whole, wide rest, wide unit)
{
    bool up = rest * 2 > unit || (rest * 2 == unit && whole % 2);
    return whole + up;
}

static struct decimal shortened(wide digits, int exponent, bool negative)
{
    int extra = digit_count(digits) - DIGITS;
    if (extra > 0) {
        wide unit = power_of_ten(extra);
        digits = rounded(digits / unit, digits % unit, unit);
        exponent += extra;
    }
    if (exponent > EXPONENT_MAX) exponent = EXPONENT_MAX;
    if (exponent < -EXPONENT_MAX) exponent = -EXPONENT_MAX;
    return (struct decimal){digits, exponent, negative};
}

const char *decimal_parse(const char *text, struct decimal *out)
{
    struct decimal d = {};
    bool point = false;
    for (; isdigit((unsigned char)*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (digit_count(d.digits) >= DIGITS) {
            d.exponent += !point;
            continue;
        }
        d.digits = d.digits * 10 + (wide)(*text - '0');
        d.exponent -= point;
    }
    *out = d;
    return text;
}

struct decimal decimal_from(double value)
{
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, fabs(value));
        if (strtod(text, nullptr) == fabs(value)) break;
    }
    struct decimal d = {};
    if (value == 0) return d;
    const char *end = decimal_parse(text, &d);
    if (*end == 'e') d.exponent += atoi(end + 1);
    while (d.digits && d.digits % 10 == 0 && d.exponent < 0) d.digits /= 10, d.exponent++;
    d.negative = value < 0;
    return d;
}

double decimal_double(struct decimal a)
{
    double value = (double)a.digits * pow(10, a.exponent);
    return a.negative ? -value : value;
}

struct decimal decimal_add(struct decimal a, struct decimal b)
{
    if (a.exponent < b.exponent) {
        struct decimal swap = a;
        a = b, b = swap;
    }
    int distance = a.exponent - b.exponent, room = DIGITS + 3 - digit_count(a.digits);
    int up = distance < room ? distance : room > 0 ? room : 0;
    if (a.digits) a.digits *= power_of_ten(up);
    else up = distance;
    distance -= up;
    if (distance > 0) b.digits = distance > 38 ? 0 : rounded(b.digits / power_of_ten(distance), b.digits % power_of_ten(distance), power_of_ten(distance));
    int exponent = a.exponent - up;
    if (a.negative == b.negative) return shortened(a.digits + b.digits, exponent, a.negative);
    if (a.digits >= b.digits) return shortened(a.digits - b.digits, exponent, a.negative && a.digits != b.digits);
    return shortened(b.digits - a.digits, exponent, b.negative);
}

struct decimal decimal_multiply(struct decimal a, struct decimal b)
{
    const wide half = power_of_ten(17), full = half * half;
    wide a1 = a.digits / half, a0 = a.digits % half, b1 = b.digits / half, b0 = b.digits % half;
    wide middle = a1 * b0 + a0 * b1, low = middle % half * half + a0 * b0;
    wide high = a1 * b1 + middle / half + low / full;
    int exponent = a.exponent + b.exponent;
    bool negative = a.negative != b.negative;
    low %= full;
    if (!high) return shortened(low, exponent, negative);
    int count = digit_count(high);
    wide unit = power_of_ten(count);
    wide digits = rounded(high * power_of_ten(DIGITS - count) + low / unit, low % unit, unit);
    return shortened(digits, exponent + count, negative);
}

struct decimal decimal_divide(struct decimal a, struct decimal b)
{
    wide quotient = a.digits / b.digits, rest = a.digits % b.digits;
    int exponent = a.exponent - b.exponent;
    while (rest && digit_count(quotient) < DIGITS) {
        rest *= 10;
        quotient = quotient * 10 + rest / b.digits;
        rest %= b.digits;
        exponent--;
    }
    return shortened(rounded(quotient, rest, b.digits), exponent, a.negative != b.negative);
}

struct decimal decimal_remainder(struct decimal a, struct decimal b)
{
    struct decimal quotient = decimal_divide(a, b);
    while (quotient.exponent < 0 && quotient.digits) quotient.digits /= 10, quotient.exponent++;
    if (quotient.exponent < 0) quotient.exponent = 0;
    struct decimal part = decimal_multiply(quotient, b);
    part.negative = !part.negative;
    return decimal_add(a, part);
}

char *decimal_print(struct arena *arena, struct decimal a)
{
    char digits[40], *at = digits + sizeof digits;
    wide rest = a.digits;
    *--at = 0;
    do *--at = (char)('0' + (int)(rest % 10));
    while (rest /= 10);
    int count = (int)strlen(at), adjusted = a.exponent + count - 1;
    const char *sign = a.negative ? "-" : "";
    if (a.exponent == 0) return arena_print(arena, "%s%s", sign, at);
    if (a.exponent < 0 && adjusted >= -6) {
        int before = count + a.exponent;
        if (before > 0) return arena_print(arena, "%s%.*s.%s", sign, before, at, at + before);
        return arena_print(arena, "%s0.%.*s%s", sign, -before, "0000000", at);
    }
    return arena_print(arena, "%s%c%s%sE%+d", sign, *at, count > 1 ? "." : "", at + 1, adjusted);
}
