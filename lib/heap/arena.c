/* SPDX-License-Identifier: MIT
 * An arena: a list of heap blocks that are filled from the front and freed together. Belongs to one context. */
#include "heap/heap.h"

#define CHUNK_BYTES 16000u

struct arena_chunk { struct arena_chunk *next; size_t used, size; };

static struct arena_chunk *add_chunk(struct arena *a, size_t bytes)
{
    size_t size = MAX(bytes, (size_t)CHUNK_BYTES);
    struct arena_chunk *c = size <= SIZE_MAX - sizeof *c ? heap_allocate(sizeof *c + size) : nullptr;
    if (!c)
        return nullptr;
    *c = (struct arena_chunk){.next = a->chunks, .size = size};
    a->chunks = c;
    return c;
}

void *arena_allocate(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return nullptr;
    bytes = align_up(bytes, 16);
    struct arena_chunk *c = a->chunks;
    if (!c || c->size - c->used < bytes)
        c = add_chunk(a, bytes);
    if (!c)
        return nullptr;
    uint8_t *at = (uint8_t *)(c + 1) + c->used;
    c->used += bytes;
    return at;
}

void arena_free(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *c = a->chunks;
        a->chunks = c->next;
        heap_free(c);
    }
}
