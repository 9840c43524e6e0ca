/* SPDX-License-Identifier: MIT
 * `$((...))`: whole numbers of any size, otherwise decimals. Precedence from low to high: & | ^ << >>, + -, * / % d, **, ² ³, signs.
 * Names are looked up on the way when they hold numbers; when one holds anything else, all are put in as text, and that is read. */
#include "expand/expand.h"
#include "value/big.h"
#include "value/decimal.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARENS_MAX = 10, SIGNS_MAX = 100 };
enum number_kind : uint8_t { SMALL, BIG, REAL };
struct number {
    enum number_kind kind;
    union {
        long long small;
        struct big big;
        struct decimal real;
    };
};
struct calculator {
    struct arena *arena;
    const struct scope *scope;   /* null: names are not looked up */
    const char *at, *error;
    unsigned parens, depth;
    bool hex, textual;
};

static struct number level(struct calculator *c, unsigned precedence);

static struct number refuse(struct calculator *c, const char *why)
{
    if (!c->error) c->error = why;
    c->at = "";
    return (struct number){};
}

static struct number small(long long value)
{
    return (struct number){.kind = SMALL, .small = value};
}

static struct number real(struct decimal value)
{
    return (struct number){.kind = REAL, .real = value};
}

static struct number from_big(struct big big)
{
    struct number n = {.kind = BIG, .big = big};
    long long value;
    return big_small(&big, &value) ? small(value) : n;
}

static struct big to_big(struct calculator *c, const struct number *n)
{
    return n->kind == BIG ? n->big : big_from(c->arena, n->small);
}

static struct decimal to_real(struct calculator *c, const struct number *n)
{
    struct decimal d;
    if (n->kind == REAL) return n->real;
    if (n->kind == BIG) {
        decimal_parse(big_print(c->arena, &n->big, 10) + n->big.negative, &d);
        d.negative = n->big.negative;
        return d;
    }
    unsigned long long size = n->small < 0 ? -(unsigned long long)n->small : (unsigned long long)n->small;
    return (struct decimal){.digits = size, .negative = n->small < 0};
}

static struct number from_double(struct calculator *c, double value)
{
    return isfinite(value) ? real(decimal_from(value)) : refuse(c, "result is not a number");
}

static bool is_zero(const struct number *n)
{
    return n->kind == REAL ? n->real.digits == 0 : n->kind == SMALL && n->small == 0;
}

static void skip_blanks(struct calculator *c)
{
    while (is_blank(*c->at)) c->at++;
}

/* A number as a whole text; false when it is none. */
static bool read_number(struct calculator *c, const char *text, struct number *out)
{
    bool negative = *text == '-';
    const char *digits = text + negative;
    size_t size = 0;
    long long value = 0;
    while (isdigit((unsigned char)digits[size])) value = size < 18 ? value * 10 + (digits[size] - '0') : 0, size++;
    if (!size) return false;
    if (!digits[size] && size <= 18) return *out = small(negative ? -value : value), true;
    struct decimal d;
    if (digits[size] == '.' && !*decimal_parse(digits, &d)) return d.negative = negative, *out = real(d), true;
    struct big big;
    if (digits[size] || !big_parse(c->arena, digits, size, 10, &big)) return false;
    big.negative = negative;
    return *out = from_big(big), true;
}

static struct number call(struct calculator *c, const char *name, size_t size)
{
    static const struct { const char *name; double (*function)(double); } FUNCTIONS[] = {
        {"log", log10}, {"ln", log}, {"abs", fabs}, {"sin", sin}, {"cos", cos}, {"tan", tan}, {"asin", asin}, {"acos", acos},
        {"atan", atan}, {"sinh", sinh}, {"cosh", cosh}, {"tanh", tanh}, {"asinh", asinh}, {"acosh", acosh}, {"atanh", atanh}};
    static const struct { const char *name, *digits; } CONSTANTS[] = {
        {"pi", "3.141592653589793238462643383279503"}, {"tau", "6.283185307179586476925286766559006"},
        {"e", "2.718281828459045235360287471352662"}};
    struct decimal d;
    for (size_t i = 0; i < sizeof CONSTANTS / sizeof *CONSTANTS; i++) {
        if (strlen(CONSTANTS[i].name) != size || memcmp(CONSTANTS[i].name, name, size)) continue;
        decimal_parse(CONSTANTS[i].digits, &d);
        return real(d);
    }
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        if (strlen(FUNCTIONS[i].name) != size || memcmp(FUNCTIONS[i].name, name, size)) continue;
        if (c->depth++ >= SIGNS_MAX) return refuse(c, "recursion limit reached");
        struct number n = level(c, 4);
        c->depth--;
        if (c->error) return n;
        if (FUNCTIONS[i].function == fabs) {
            if (n.kind == SMALL && n.small < 0 && n.small != INT64_MIN) n.small = -n.small;
            else if (n.kind == BIG) n.big.negative = false;
            else if (n.kind == REAL) n.real.negative = false;
            return n;
        }
        return from_double(c, FUNCTIONS[i].function(decimal_double(to_real(c, &n))));
    }
    return refuse(c, "unrecognized identifier");
}

static struct number literal(struct calculator *c)
{
    const char *start = c->at;
    bool hex = start[0] == '0' && (start[1] | 32) == 'x';
    if (hex) start += 2, c->hex = true;
    const char *end = start;
    long long value = 0;
    while (hex ? isxdigit((unsigned char)*end) : isdigit((unsigned char)*end)) value = end - start < 18 ? value * 10 + (*end - '0') : 0, end++;
    c->at = end;
    if (!hex && (*end == '.')) {
        struct decimal d;
        c->at = decimal_parse(start, &d);
        if (c->at == start + 1 && *start == '.') return refuse(c, "unexpected character");
        return real(d);
    }
    if (!hex && end - start <= 18) return small(value);
    struct big big;
    if (end == start || !big_parse(c->arena, start, (size_t)(end - start), hex ? 16 : 10, &big)) return refuse(c, "number is too large");
    return from_big(big);
}

static struct number name(struct calculator *c)
{
    size_t size = 0;
    const char *start = c->at;
    while (isalnum((unsigned char)start[size]) || start[size] == '_') size++;
    c->at += size;
    if (c->scope) {
        char *copy = arena_copy(c->arena, start, size);
        const struct value *value = scope_find_hashed(c->scope, copy, name_hash(copy));
        struct number n;
        if (value && value->kind == VALUE_STRING) {
            if (read_number(c, value->text, &n)) return n;
            c->textual = true;
            return refuse(c, "not a number");
        }
    }
    return call(c, start, size);
}

static struct number negated(struct calculator *c, struct number n)
{
    if (n.kind == SMALL && n.small != INT64_MIN) return small(-n.small);
    if (n.kind == REAL) return n.real.negative = !n.real.negative, n;
    struct big big = to_big(c, &n);
    big.negative = !big.negative && big.count;
    return from_big(big);
}

static struct number parenthesis(struct calculator *c)
{
    if (c->parens++ == PARENS_MAX) return refuse(c, "recursion limit reached");
    c->at++;
    struct number n = level(c, 0);
    c->parens--;
    skip_blanks(c);
    if (*c->at != ')') return refuse(c, "unmatched parenthesis");
    c->at++;
    return n;
}

static struct number primary(struct calculator *c)
{
    skip_blanks(c);
    char ch = *c->at;
    if (ch == '-' || ch == '+') {
        if (c->depth++ >= SIGNS_MAX) return refuse(c, "recursion limit reached");
        c->at++;
        struct number n = primary(c);
        c->depth--;
        return ch == '-' && !c->error ? negated(c, n) : n;
    }
    if (ch == '(') return parenthesis(c);
    if (isdigit((unsigned char)ch) || ch == '.') return literal(c);
    if (isalpha((unsigned char)ch) || ch == '_') return name(c);
    return refuse(c, ch ? "unexpected character" : "unexpected end of input");
}

static struct number multiply(struct calculator *c, struct number a, struct number b)
{
    long long value;
    struct big big;
    if (a.kind == REAL || b.kind == REAL) return real(decimal_multiply(to_real(c, &a), to_real(c, &b)));
    if (a.kind == SMALL && b.kind == SMALL && !__builtin_mul_overflow(a.small, b.small, &value)) return small(value);
    return big_multiply(c->arena, to_big(c, &a), to_big(c, &b), &big) ? from_big(big) : refuse(c, "number is too large");
}

static struct number power(struct calculator *c, struct number a, struct number b)
{
    bool whole = b.kind == SMALL;
    if (b.kind == BIG) return refuse(c, "exponent is too large");
    if (whole && b.small < 0 && a.kind != REAL) return refuse(c, "negative exponent");
    if (!whole || b.small < 0 || b.small > 10000000)
        return from_double(c, pow(decimal_double(to_real(c, &a)), decimal_double(to_real(c, &b))));
    struct number result = small(1);
    for (long long left = b.small; left && !c->error; left >>= 1) {
        if (left & 1) result = multiply(c, result, a);
        if (left > 1) a = multiply(c, a, a);
    }
    return result;
}

static struct number divide(struct calculator *c, char operator, struct number a, struct number b)
{
    if (is_zero(&b)) return refuse(c, "attempted to divide by zero");
    bool reals = a.kind == REAL || b.kind == REAL;
    if (!reals && a.kind == SMALL && b.kind == SMALL && b.small != -1) {
        if (operator == '%') return small(a.small % b.small);
        if (a.small % b.small == 0) return small(a.small / b.small);
    } else if (!reals) {
        struct big quotient, rest;
        big_divide(c->arena, to_big(c, &a), to_big(c, &b), &quotient, &rest);
        if (operator == '%') return from_big(rest);
        if (!rest.count) return from_big(quotient);
    }
    struct decimal x = to_real(c, &a), y = to_real(c, &b);
    return real(operator == '%' ? decimal_remainder(x, y) : decimal_divide(x, y));
}

static struct number shifted(struct calculator *c, char operator, struct number a, struct number b)
{
    if (b.kind != SMALL || b.small < 0 || b.small >= BIG_BITS) return refuse(c, "shift is out of range");
    if (a.kind == SMALL && operator == '>') return small(a.small >> (b.small > 63 ? 63 : b.small));
    struct number unit = power(c, small(2), b);
    if (c->error || operator == '<') return c->error ? a : multiply(c, a, unit);
    struct big quotient, rest, one = big_from(c->arena, -1);
    big_divide(c->arena, to_big(c, &a), to_big(c, &unit), &quotient, &rest);
    if (rest.negative && !big_add(c->arena, quotient, one, &quotient)) return refuse(c, "number is too large");
    return from_big(quotient);
}

static struct number bits(struct calculator *c, char operator, struct number a, struct number b)
{
    struct big big;
    if (a.kind == REAL || b.kind == REAL) return refuse(c, "bitwise operation on a float");
    if (operator == '<' || operator == '>') return shifted(c, operator, a, b);
    if (a.kind == SMALL && b.kind == SMALL)
        return small(operator == '&' ? a.small & b.small : operator == '|' ? a.small | b.small : a.small ^ b.small);
    return big_bits(c->arena, operator, to_big(c, &a), to_big(c, &b), &big) ? from_big(big) : refuse(c, "number is too large");
}

static struct number dice(struct calculator *c, struct number a, struct number b)
{
    if (a.kind != SMALL || b.kind != SMALL || a.small < 0 || a.small > 100000 || b.small < 1) return refuse(c, "dice out of range");
    long long sum = 0;
    for (long long i = 0; i < a.small; i++) sum += (long long)(random_number() % (unsigned long long)b.small) + 1;
    return small(sum);
}

static struct number add(struct calculator *c, char operator, struct number a, struct number b)
{
    long long value;
    struct big big;
    if (a.kind == SMALL && b.kind == SMALL) {
        bool overflow = operator == '+' ? __builtin_add_overflow(a.small, b.small, &value) : __builtin_sub_overflow(a.small, b.small, &value);
        if (!overflow) return small(value);
    }
    if (operator == '-') b = negated(c, b);
    if (a.kind == REAL || b.kind == REAL) return real(decimal_add(to_real(c, &a), to_real(c, &b)));
    return big_add(c->arena, to_big(c, &a), to_big(c, &b), &big) ? from_big(big) : refuse(c, "number is too large");
}

static struct number apply(struct calculator *c, char operator, struct number a, struct number b)
{
    if (c->error) return a;
    switch (operator) {
    case 'p': return power(c, a, b);
    case '*': return multiply(c, a, b);
    case '/':
    case '%': return divide(c, operator, a, b);
    case 'd': return dice(c, a, b);
    case '+':
    case '-': return add(c, operator, a, b);
    default: return bits(c, operator, a, b);
    }
}

/* The operator here if it is of this precedence, else 0; ** is 'p'. */
static char operator_at(const char *at, unsigned precedence, size_t *out_size)
{
    char found = *at;
    unsigned its = 9;
    *out_size = 1;
    switch (found) {
    case '*':
        its = at[1] == '*' ? 3 : 2;
        if (its == 3) found = 'p', *out_size = 2;
        break;
    case '/': case '%': its = 2; break;
    case 'd': its = isdigit((unsigned char)at[1]) || at[1] == ' ' || at[1] == '(' ? 2 : 9; break;
    case '+': case '-': its = 1; break;
    case '&': case '|': case '^': its = 0; break;
    case '<': case '>':
        its = at[1] == found ? 0 : 9;
        *out_size = 2;
        break;
    default: return 0;
    }
    return its == precedence ? found : 0;
}

/* Squares and cubes by their superscripts, C2 B2 and C2 B3. */
static struct number postfix(struct calculator *c)
{
    struct number n = primary(c);
    while (c->at[0] == '\xc2' && (c->at[1] == '\xb2' || c->at[1] == '\xb3')) {
        n = power(c, n, small(c->at[1] == '\xb2' ? 2 : 3));
        if (!c->error) c->at += 2;
    }
    return n;
}

static struct number level(struct calculator *c, unsigned precedence)
{
    if (precedence == 4) return postfix(c);
    if (precedence == 0) {
        skip_blanks(c);
        if (*c->at == '~') {
            c->at++;
            if (c->depth++ >= SIGNS_MAX) return refuse(c, "recursion limit reached");
            struct number n = level(c, 0);
            c->depth--;
            if (n.kind == REAL) return refuse(c, "bitwise operation on a float");
            return c->error ? n : add(c, '-', negated(c, n), small(1));
        }
    }
    struct number left = level(c, precedence + 1);
    for (;;) {
        size_t size;
        skip_blanks(c);
        char operator = operator_at(c->at, precedence, &size);
        if (!operator) return left;
        c->at += size;
        if (operator == 'p') {
            if (c->depth++ >= SIGNS_MAX) return refuse(c, "recursion limit reached");
            left = apply(c, operator, left, level(c, precedence));
            c->depth--;
        } else {
            left = apply(c, operator, left, level(c, precedence + 1));
        }
    }
}

static char *evaluate(struct calculator *c, const char *expression)
{
    c->at = expression;
    struct number n = level(c, 0);
    skip_blanks(c);
    if (!c->error && *c->at) c->error = "unexpected token";
    if (c->error) return nullptr;
    if (n.kind == REAL) return decimal_print(c->arena, n.real);
    if (n.kind == SMALL && !c->hex) return arena_number(c->arena, n.small);
    struct big big = to_big(c, &n);
    return big_print(c->arena, &big, c->hex ? 16 : 10);
}

static char *with_names_put_in(struct shell *sh, const char *expression)
{
    struct buf text = buf_make(&sh->scratch);
    while (*expression) {
        size_t size = 0;
        while (isalnum((unsigned char)expression[size]) || expression[size] == '_') size++;
        char *name = arena_copy(&sh->scratch, expression, size);
        const struct value *value = size ? scope_find(sh->scope, name) : nullptr;
        buf_text(&text, value && value->kind == VALUE_STRING ? value->text : name);
        expression += size;
        if (!size) buf_char(&text, *expression++);
    }
    return text.at;
}

char *calculate(struct arena *arena, const char *expression, const char **out_why)
{
    struct calculator c = {.arena = arena};
    char *result = evaluate(&c, expression);
    if (!result) *out_why = c.error;
    return result;
}

char *arithmetic(struct shell *sh, const char *expression)
{
    struct calculator c = {.arena = &sh->scratch, .scope = sh->scope};
    char *result = evaluate(&c, expression);
    if (c.textual) {
        c = (struct calculator){.arena = &sh->scratch};
        result = evaluate(&c, with_names_put_in(sh, expression));
    }
    return result ? result : (char *)c.error;
}
