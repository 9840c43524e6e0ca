/* SPDX-License-Identifier: MIT
 * The little that libsodium's Argon2 takes from the rest of it: clearing, and which of its ways to compute the CPU can go. Native programs
 * use no vector registers, so it is always the plain one. */
#include <stddef.h>

void sodium_memzero(void *bytes, size_t length);
void sodium_memzero(void *bytes, size_t length)
{
    __builtin_memset(bytes, 0, length);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

void sodium_misuse(void);
void sodium_misuse(void)
{
    __builtin_trap();
}

int sodium_memcmp(const void *a, const void *b, size_t length);
int sodium_memcmp(const void *a, const void *b, size_t length)
{
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= ((const unsigned char *)a)[i] ^ ((const unsigned char *)b)[i];
    return difference ? -1 : 0;
}
