/* SPDX-License-Identifier: MIT
 * `$((...))`: integers of 128 bits, otherwise doubles. Precedence from low to high: & | ^ << >>, + -, * / %, **, signs. */
#include "expand/expand.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARENS_MAX = 10 };
typedef __int128 wide;
struct number {
    bool floating;
    wide whole;
    double real;
};
struct calculator {
    const char *at, *error;
    unsigned depth;
    bool hex;
};

static struct number level(struct calculator *c, unsigned precedence);

static struct number refuse(struct calculator *c, const char *why)
{
    if (!c->error) c->error = why;
    c->at = "";
    return (struct number){};
}

static void skip_blanks(struct calculator *c)
{
    while (isspace((unsigned char)*c->at)) c->at++;
}

static double real(struct number n)
{
    return n.floating ? n.real : (double)n.whole;
}

static struct number floating(double value)
{
    return (struct number){.floating = true, .real = value};
}

static struct number call(struct calculator *c, const char *name, size_t size)
{
    static const struct { const char *name; double (*function)(double); } FUNCTIONS[] = {
        {"log", log10}, {"ln", log}, {"abs", fabs}, {"sin", sin}, {"cos", cos}, {"tan", tan}, {"asin", asin}, {"acos", acos},
        {"atan", atan}, {"sinh", sinh}, {"cosh", cosh}, {"tanh", tanh}, {"asinh", asinh}, {"acosh", acosh}, {"atanh", atanh}};
    static const struct { const char *name; double value; } CONSTANTS[] = {{"pi", M_PI}, {"tau", 2 * M_PI}, {"e", M_E}};
    for (size_t i = 0; i < sizeof CONSTANTS / sizeof *CONSTANTS; i++)
        if (strlen(CONSTANTS[i].name) == size && !memcmp(CONSTANTS[i].name, name, size)) return floating(CONSTANTS[i].value);
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (strlen(FUNCTIONS[i].name) == size && !memcmp(FUNCTIONS[i].name, name, size))
            return floating(FUNCTIONS[i].function(real(level(c, 4))));
    return refuse(c, "unrecognized identifier");
}

static struct number literal(struct calculator *c)
{
    const char *start = c->at;
    bool hex = start[0] == '0' && (start[1] | 32) == 'x';
    struct number n = {};
    if (hex) c->at += 2, c->hex = true;
    for (; hex ? isxdigit((unsigned char)*c->at) : isdigit((unsigned char)*c->at); c->at++) {
        int digit = isdigit((unsigned char)*c->at) ? *c->at - '0' : (*c->at | 32) - 'a' + 10;
        if (__builtin_mul_overflow(n.whole, (wide)(hex ? 16 : 10), &n.whole) || __builtin_add_overflow(n.whole, (wide)digit, &n.whole))
            return refuse(c, "number is too large");
    }
    if (hex || *c->at != '.') return n;
    char *end;
    n = floating(strtod(start, &end));
    c->at = end;
    return n;
}

static struct number primary(struct calculator *c)
{
    skip_blanks(c);
    char ch = *c->at;
    if (ch == '-' || ch == '+' || ch == '(' || ch == '~') {
        if (c->depth++ == PARENS_MAX * 6) return refuse(c, "recursion limit reached");
        c->at++;
        struct number n = ch == '-' || ch == '+' ? primary(c) : level(c, 0);
        c->depth--;
        if (ch == '-') n.whole = (wide)(-(unsigned __int128)n.whole), n.real = -n.real;
        if (ch == '~') return n.floating ? refuse(c, "bitwise operation on a float") : (n.whole = ~n.whole, n);
        if (ch != '(') return n;
        skip_blanks(c);
        if (*c->at != ')') return refuse(c, "unmatched parenthesis");
        c->at++;
        return n;
    }
    if (isdigit((unsigned char)ch) || ch == '.') return literal(c);
    size_t size = 0;
    while (isalnum((unsigned char)c->at[size]) || c->at[size] == '_') size++;
    const char *name = c->at;
    c->at += size;
    return size ? call(c, name, size) : refuse(c, ch ? "unexpected character" : "unexpected end of input");
}

static struct number power(struct calculator *c, struct number a, struct number b)
{
    if (a.floating || b.floating) return floating(pow(real(a), real(b)));
    if (b.whole < 0) return refuse(c, "negative exponent");
    wide result = 1;
    for (wide i = 0; i < b.whole && a.whole != 1 && i < 200; i++)
        if (__builtin_mul_overflow(result, a.whole, &result)) return refuse(c, "overflow");
    if (b.whole > 200 && a.whole == -1) result = b.whole % 2 ? -1 : 1;
    return (struct number){.whole = result};
}

static struct number divide(struct calculator *c, char operator, struct number a, struct number b)
{
    if (real(b) == 0) return refuse(c, "attempted to divide by zero");
    if (operator == '%') return a.floating || b.floating ? floating(fmod(real(a), real(b))) : (struct number){.whole = b.whole == -1 ? 0 : a.whole % b.whole};
    if (!a.floating && !b.floating && b.whole != -1 && a.whole % b.whole == 0) return (struct number){.whole = a.whole / b.whole};
    if (!a.floating && !b.floating && b.whole == -1) return (struct number){.whole = (wide)(-(unsigned __int128)a.whole)};
    return floating(real(a) / real(b));
}

static struct number bits(struct calculator *c, char operator, struct number a, struct number b)
{
    if (a.floating || b.floating) return refuse(c, "bitwise operation on a float");
    bool shift = operator == '<' || operator == '>';
    if (shift && (b.whole < 0 || b.whole > 126)) return refuse(c, "shift is out of range");
    a.whole = operator == '&'   ? a.whole & b.whole
              : operator == '|' ? a.whole | b.whole
              : operator == '^' ? a.whole ^ b.whole
              : operator == '<' ? (wide)((unsigned __int128)a.whole << (int)b.whole)
                                : a.whole >> (int)b.whole;
    return a;
}

static struct number apply(struct calculator *c, char operator, struct number a, struct number b)
{
    wide whole = 0;
    if (operator == 'p') return power(c, a, b);
    if (operator == '/' || operator == '%') return divide(c, operator, a, b);
    if (strchr("&|^<>", operator)) return bits(c, operator, a, b);
    if (a.floating || b.floating)
        return floating(operator == '+' ? real(a) + real(b) : operator == '-' ? real(a) - real(b) : real(a) * real(b));
    bool overflow = operator == '+'   ? __builtin_add_overflow(a.whole, b.whole, &whole)
                    : operator == '-' ? __builtin_sub_overflow(a.whole, b.whole, &whole)
                                      : __builtin_mul_overflow(a.whole, b.whole, &whole);
    return overflow ? refuse(c, "overflow") : (struct number){.whole = whole};
}

/* The operator here if it is of this precedence, else 0; ** is 'p'. */
static char operator_at(const char *at, unsigned precedence, size_t *out_size)
{
    bool two = at[0] && at[0] == at[1];
    char found = two && *at == '*' ? 'p' : *at;
    unsigned its = !found              ? 9
                   : found == 'p'      ? 3
                   : strchr("*/%", found) ? 2
                   : strchr("+-", found)  ? 1
                   : strchr("&|^", found) || (two && strchr("<>", found)) ? 0
                                                                          : 9;
    *out_size = found == 'p' || found == '<' || found == '>' ? 2 : 1;
    return its == precedence ? found : 0;
}

static struct number level(struct calculator *c, unsigned precedence)
{
    if (precedence == 4) return primary(c);
    struct number left = level(c, precedence + 1);
    for (;;) {
        size_t size;
        skip_blanks(c);
        char operator = operator_at(c->at, precedence, &size);
        if (!operator) return left;
        c->at += size;
        if (operator == 'p') {
            if (c->depth++ == PARENS_MAX * 6) return refuse(c, "recursion limit reached");
            left = apply(c, operator, left, level(c, precedence));
            c->depth--;
        } else {
            left = apply(c, operator, left, level(c, precedence + 1));
        }
    }
}

static char *print_wide(struct arena *arena, wide value, bool hex)
{
    char digits[48], *at = digits + sizeof digits;
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    unsigned base = hex ? 16 : 10;
    *--at = 0;
    do *--at = "0123456789ABCDEF"[(unsigned)(rest % base)];
    while (rest /= base);
    return arena_print(arena, "%s%s%s", value < 0 ? "-" : "", hex ? "0x" : "", at);
}

static char *print_real(struct arena *arena, double value)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, nullptr) == value) break;
    }
    return arena_print(arena, "%s", text);
}

char *arithmetic(struct shell *sh, const char *expression)
{
    struct buf text = buf_make(&sh->scratch);
    while (*expression) {
        size_t size = 0;
        while (isalnum((unsigned char)expression[size]) || expression[size] == '_') size++;
        char *name = arena_copy(&sh->scratch, expression, size);
        const struct value *value = size ? scope_find(sh->scope, name) : nullptr;
        if (value && value->kind == VALUE_STRING) buf_text(&text, value->text);
        else buf_text(&text, name);
        expression += size;
        if (!size) buf_char(&text, *expression++);
    }
    struct calculator c = {.at = text.at};
    struct number n = level(&c, 0);
    skip_blanks(&c);
    if (!c.error && *c.at) c.error = "unexpected token";
    if (c.error) return (char *)c.error;
    return n.floating ? print_real(&sh->scratch, n.real) : print_wide(&sh->scratch, n.whole, c.hex);
}
