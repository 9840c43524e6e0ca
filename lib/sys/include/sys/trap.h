/* SPDX-License-Identifier: MIT
 * The instruction beneath every stub but those of messages: number and up to six arguments, one answer.
 * The kernel keeps every register but rax, rcx and r11. */
#pragma once
#include "base/types.h"

#ifdef MH_HOST
/* On the build machine there is no such kernel: the test plays it. */
int64_t trap_host(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
static inline int64_t trap_0(uint32_t n) { return trap_host(n, 0, 0, 0, 0, 0, 0); }
static inline int64_t trap_1(uint32_t n, uint64_t a) { return trap_host(n, a, 0, 0, 0, 0, 0); }
static inline int64_t trap_2(uint32_t n, uint64_t a, uint64_t b) { return trap_host(n, a, b, 0, 0, 0, 0); }
static inline int64_t trap_3(uint32_t n, uint64_t a, uint64_t b, uint64_t c) { return trap_host(n, a, b, c, 0, 0, 0); }
static inline int64_t trap_4(uint32_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d) { return trap_host(n, a, b, c, d, 0, 0); }
static inline int64_t trap_5(uint32_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    return trap_host(n, a, b, c, d, e, 0);
}
static inline int64_t trap_6(uint32_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    return trap_host(n, a, b, c, d, e, f);
}
#else

static inline int64_t trap_0(uint32_t number)
{
    int64_t answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"((uint64_t)number) : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_1(uint32_t number, uint64_t a)
{
    int64_t answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"((uint64_t)number), "D"(a) : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_2(uint32_t number, uint64_t a, uint64_t b)
{
    int64_t answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"((uint64_t)number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_3(uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t answer;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_4(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    int64_t answer;
    register uint64_t r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_5(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    int64_t answer;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return answer;
}

static inline int64_t trap_6(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    int64_t answer;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"((uint64_t)number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return answer;
}
#endif
