/* SPDX-License-Identifier: MIT
 * What foreign libraries need of C, for native programs: memory from the program's heap, a few functions on text. */
#include "errno.h"
#include "stdlib.h"
#include "string.h"
#include "heap/heap.h"

int port_errno;

void *malloc(size_t bytes)
{
    return heap_allocate(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return heap_allocate_array(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return block ? heap_resize(block, bytes) : heap_allocate(bytes);
}

void free(void *block)
{
    heap_free(block);
}

void abort(void)
{
    __builtin_trap();
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

int strncmp(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i] || !a[i])
            return (unsigned char)a[i] - (unsigned char)b[i];
    return 0;
}

char *strchr(const char *text, int byte)
{
    while (*text != (char)byte)
        if (!*text++)
            return nullptr;
    return (char *)text;
}
