/* SPDX-License-Identifier: MIT
 * Formatting. A sink counts every byte and keeps those that fit; a directive is parsed whole, then printed. */
#include "base/fmt.h"
#include "base/string.h"

struct sink { char *to; size_t size, length; };
struct directive {
    bool left, zero, alternate;
    int width, precision; /* precision -1: none */
    int size;             /* 0 int, 1 long and wider */
    char conversion;
};

static void put(struct sink *s, char c)
{
    if (s->length + 1 < s->size)
        s->to[s->length] = c;
    s->length++;
}

static void put_many(struct sink *s, char c, size_t count)
{
    while (count--)
        put(s, c);
}

static void put_padded(struct sink *s, const struct directive *d, const char *text, size_t length)
{
    size_t width = (size_t)d->width, padding = width > length ? width - length : 0;
    if (!d->left)
        put_many(s, ' ', padding);
    for (size_t i = 0; i < length; i++)
        put(s, text[i]);
    if (d->left)
        put_many(s, ' ', padding);
}

static void put_number(struct sink *s, const struct directive *d, uint64_t value, uint64_t base, const char *prefix)
{
    const char *digits = d->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    size_t at = sizeof text, prefix_length = string_length(prefix, 2);
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    size_t length = sizeof text - at, total = length + prefix_length, width = (size_t)d->width;
    size_t padding = width > total ? width - total : 0;
    bool zero = d->zero && !d->left;
    if (!zero && !d->left)
        put_many(s, ' ', padding);
    for (size_t i = 0; i < prefix_length; i++)
        put(s, prefix[i]);
    if (zero)
        put_many(s, '0', padding);
    for (size_t i = 0; i < length; i++)
        put(s, text[at + i]);
    if (d->left)
        put_many(s, ' ', padding);
}

static int parse_count(const char **format, va_list *arguments)
{
    int count = 0;
    if (**format == '*') {
        ++*format;
        return va_arg(*arguments, int);
    }
    while (**format >= '0' && **format <= '9' && count < 100000)
        count = count * 10 + (*(*format)++ - '0');
    return count;
}

static struct directive parse(const char **format, va_list *arguments)
{
    struct directive d = {.precision = -1};
    for (;; ++*format) {
        if (**format == '-')
            d.left = true;
        else if (**format == '0')
            d.zero = true;
        else if (**format == '#')
            d.alternate = true;
        else
            break;
    }
    d.width = parse_count(format, arguments);
    if (d.width < 0) {
        d.left = true;
        d.width = -d.width;
    }
    if (**format == '.') {
        ++*format;
        d.precision = parse_count(format, arguments);
    }
    while (**format == 'l' || **format == 'z') {
        d.size = 1;
        ++*format;
    }
    d.conversion = **format;
    if (d.conversion)
        ++*format;
    return d;
}

static void put_signed(struct sink *s, const struct directive *d, va_list *arguments)
{
    int64_t value = d->size ? va_arg(*arguments, long) : va_arg(*arguments, int);
    put_number(s, d, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

static void put_unsigned(struct sink *s, const struct directive *d, va_list *arguments)
{
    uint64_t value = d->size ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
    put_number(s, d, value, d->conversion == 'u' ? 10 : 16, d->alternate && d->conversion != 'u' && value ? "0x" : "");
}

static void put_string(struct sink *s, const struct directive *d, const char *text)
{
    if (!text)
        text = "(null)";
    put_padded(s, d, text, string_length(text, d->precision >= 0 ? (size_t)d->precision : SIZE_MAX));
}

static void put_directive(struct sink *s, const struct directive *d, va_list *arguments)
{
    char c;
    switch (d->conversion) {
    case 'd':
    case 'i':
        put_signed(s, d, arguments);
        break;
    case 'u':
    case 'x':
    case 'X':
        put_unsigned(s, d, arguments);
        break;
    case 'p':
        put_number(s, d, (uintptr_t)va_arg(*arguments, void *), 16, "0x");
        break;
    case 'c':
        c = (char)va_arg(*arguments, int);
        put_padded(s, d, &c, 1);
        break;
    case 's':
        put_string(s, d, va_arg(*arguments, const char *));
        break;
    case '%':
        put(s, '%');
        break;
    default: /* not understood: shown as it is, so that it is seen */
        put(s, '%');
        if (d->conversion)
            put(s, d->conversion);
    }
}

size_t fmt_v(char *to, size_t size, const char *format, va_list arguments)
{
    struct sink s = {to, size, 0};
    va_list list; /* a copy: only an object of type va_list, not a parameter of it, has an address of the right type */
    va_copy(list, arguments);
    while (*format) {
        if (*format != '%') {
            put(&s, *format++);
            continue;
        }
        format++;
        struct directive d = parse(&format, &list);
        put_directive(&s, &d, &list);
    }
    va_end(list);
    if (size)
        to[MIN(s.length, size - 1)] = 0;
    return s.length;
}

size_t fmt(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = fmt_v(to, size, format, arguments);
    va_end(arguments);
    return length;
}
