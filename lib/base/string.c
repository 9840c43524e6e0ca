/* SPDX-License-Identifier: MIT
 * Memory functions. Long copies and fills are `rep movsq`/`rep stosq`: on CPUs without fast string moves, and in an
 * emulator that counts instructions, a quadword costs what a byte would. The direction flag is always clear.
 * On the build machine the C library has these names; ours are then called base_memcpy and so on, for the tests. */
#include "base/string.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#ifdef MH_HOST
#define memcpy base_memcpy
#define memmove base_memmove
#define memset base_memset
#define memcmp base_memcmp
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
#endif

/* A quadword at any address, of anything. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_u64;
typedef uint32_t __attribute__((may_alias, aligned(1))) any_u32;

/* 4 to 16 bytes: the first and the last quarter or half, loaded before anything is stored, so overlap is harmless. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t length)
{
    if (length >= 8) {
        uint64_t head = *(const any_u64 *)from, tail = *(const any_u64 *)(from + length - 8);
        *(any_u64 *)to = head;
        *(any_u64 *)(to + length - 8) = tail;
        return;
    }
    if (length >= 4) {
        uint32_t head = *(const any_u32 *)from, tail = *(const any_u32 *)(from + length - 4);
        *(any_u32 *)to = head;
        *(any_u32 *)(to + length - 4) = tail;
        return;
    }
    if (length == 0)
        return;
    uint8_t head = from[0], middle = from[length / 2], tail = from[length - 1];
    to[0] = head;
    to[length / 2] = middle;
    to[length - 1] = tail;
}

__attribute__((no_builtin)) void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (length <= 16) {
        copy_short(d, s, length);
        return to;
    }
    uint64_t tail = *(const any_u64 *)(s + length - 8);
    uint8_t *tail_at = d + length - 8;
    size_t quadwords = length / 8;
    __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(quadwords) : : "memory");
    *(any_u64 *)tail_at = tail;
    return to;
}

__attribute__((no_builtin)) void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (length <= 16) {
        copy_short(d, s, length);
        return to;
    }
    if ((uintptr_t)d - (uintptr_t)s >= length) { /* d before s, or beyond its end: a forward copy reads before it writes */
        uint64_t tail = *(const any_u64 *)(s + length - 8);
        uint8_t *tail_at = d + length - 8;
        size_t quadwords = length / 8;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(quadwords) : : "memory");
        *(any_u64 *)tail_at = tail;
        return to;
    }
    uint64_t head = *(const any_u64 *)s;
    for (size_t left = length; left >= 8; left -= 8)
        *(any_u64 *)(d + left - 8) = *(const any_u64 *)(s + left - 8);
    *(any_u64 *)d = head;
    return to;
}

__attribute__((no_builtin)) void *memset(void *to, int byte, size_t length)
{
    uint8_t *d = to;
    uint64_t pattern = (uint8_t)byte * 0x0101010101010101ull;
    if (length < 8) {
        for (size_t i = 0; i < length; i++)
            d[i] = (uint8_t)byte;
        return to;
    }
    *(any_u64 *)(d + length - 8) = pattern;
    size_t quadwords = length / 8;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(quadwords) : "a"(pattern) : "memory");
    return to;
}

/* Equal ends of 4 bytes or more, looked at with two loads that may overlap what is known already: names are mostly equal when they are
 * compared at all, and mostly no multiple of eight long. */
static inline bool ends_equal(const uint8_t *x, const uint8_t *y, size_t length, size_t known)
{
    if (length >= 8)
        return *(const any_u64 *)(x + length - 8) == *(const any_u64 *)(y + length - 8);
    return length >= 4 && *(const any_u32 *)(x + known) == *(const any_u32 *)(y + known) &&
           *(const any_u32 *)(x + length - 4) == *(const any_u32 *)(y + length - 4);
}

__attribute__((no_builtin)) int memcmp(const void *a, const void *b, size_t length)
{
    const uint8_t *x = a, *y = b;
    size_t i = 0;
    while (length - i >= 8 && *(const any_u64 *)(x + i) == *(const any_u64 *)(y + i))
        i += 8;
    if (length - i < 8 && ends_equal(x, y, length, i))
        return 0;
    for (; i < length; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t string_length(const char *text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length])
        length++;
    return length;
}
