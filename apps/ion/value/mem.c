/* SPDX-License-Identifier: MIT
 * The arena and what grows in it. Blocks form a stack; the top one is filled from its start. */
#include "value/mem.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *heap_resize(void *old, size_t size)
{
    void *grown = realloc(old, size ? size : 1);
    if (!grown) {
        fputs("ion: out of memory\n", stderr);
        exit(1);
    }
    return grown;
}

void *heap_alloc(size_t size)
{
    return heap_resize(nullptr, size);
}

char *heap_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(heap_alloc(size), text, size);
}

enum { POOL_STEP = 32, POOL_CLASSES = 8, POOL_CHUNK = 8192 };

/* Under the sanitizer each piece comes from malloc, so that a use after its return is seen. */
#if defined __has_feature && __has_feature(address_sanitizer)
enum { POOLED = 0 };
#else
enum { POOLED = 1 };
#endif

struct pool_piece {
    struct pool_piece *next;
};

static struct pool_piece *pools[POOL_CLASSES];
static char *pool_rest;
static size_t pool_left;

static void *pool_cut(size_t size)
{
    if (pool_left < size) {
        pool_rest = heap_alloc(POOL_CHUNK);
        pool_left = POOL_CHUNK;
    }
    pool_left -= size;
    pool_rest += size;
    return pool_rest - size;
}

void *pool_alloc(size_t size)
{
    size_t class = size ? (size - 1) / POOL_STEP : 0;
    if (!POOLED || class >= POOL_CLASSES) return heap_alloc(size);
    struct pool_piece *piece = pools[class];
    if (!piece) return pool_cut((class + 1) * POOL_STEP);
    pools[class] = piece->next;
    return piece;
}

void pool_free(void *at, size_t size)
{
    size_t class = size ? (size - 1) / POOL_STEP : 0;
    if (!POOLED || class >= POOL_CLASSES || !at) {
        free(at);
        return;
    }
    struct pool_piece *piece = at;
    piece->next = pools[class];
    pools[class] = piece;
}

enum { BLOCK_SIZE = 16000 };

void *arena_grow(struct arena *arena, size_t size)
{
    struct arena_block *top = arena->spare;
    if (top && size <= top->size) {
        arena->spare = nullptr;
    } else {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        top = heap_alloc(sizeof *top + room);
        top->size = room;
    }
    top->below = arena->top;
    top->used = size;
    arena->top = top;
    return top->bytes;
}

void arena_drop_blocks(struct arena *arena, struct arena_block *keep)
{
    while (arena->top != keep) {
        struct arena_block *top = arena->top;
        arena->top = top->below;
        if (!arena->spare && top->size == BLOCK_SIZE) arena->spare = top;
        else free(top);
    }
}

char *arena_copy(struct arena *arena, const char *text, size_t size)
{
    char *copy = arena_alloc(arena, size + 1);
    if (size) memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(nullptr, 0, format, arguments);
    va_end(arguments);
    char *text = arena_alloc(arena, (size_t)size + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return text;
}

void arena_fini(struct arena *arena)
{
    arena_drop_blocks(arena, nullptr);
    free(arena->spare);
    arena->spare = nullptr;
}

struct buf buf_make(struct arena *arena)
{
    struct buf buf = {.arena = arena, .at = arena_alloc(arena, 32), .capacity = 32};
    buf.at[0] = 0;
    return buf;
}

/* The last thing in its block grows where it is. */
static void buf_grow(struct buf *buf, size_t size)
{
    size_t capacity = ((buf->size + size) * 2 + 16) & ~(size_t)15, more = capacity - buf->capacity;
    struct arena_block *top = buf->arena->top;
    if (top && buf->at + buf->capacity == top->bytes + top->used && top->size - top->used >= more) {
        top->used += more;
    } else {
        char *grown = arena_alloc(buf->arena, capacity);
        memcpy(grown, buf->at, buf->size);
        buf->at = grown;
    }
    buf->capacity = capacity;
}

void buf_bytes(struct buf *buf, const char *text, size_t size)
{
    if (buf->capacity - buf->size <= size) buf_grow(buf, size);
    if (size) memcpy(buf->at + buf->size, text, size);
    buf->size += size;
    buf->at[buf->size] = 0;
}

void buf_char(struct buf *buf, char c)
{
    if (buf->capacity - buf->size <= 1) buf_grow(buf, 1);
    buf->at[buf->size++] = c;
    buf->at[buf->size] = 0;
}

void buf_text(struct buf *buf, const char *text)
{
    buf_bytes(buf, text, strlen(text));
}

struct list list_make(struct arena *arena)
{
    return (struct list){.arena = arena};
}

void list_grow(struct list *list)
{
    size_t capacity = list->capacity ? list->capacity * 2 : 8;
    char **grown = arena_alloc(list->arena, capacity * sizeof *grown);
    if (list->count) memcpy(grown, list->at, list->count * sizeof *grown);
    list->at = grown;
    list->capacity = capacity;
}

char *list_join(const struct list *list, const char *separator)
{
    if (list->count == 1) return list->at[0];
    struct buf joined = buf_make(list->arena);
    for (size_t i = 0; i < list->count; i++) {
        if (i) buf_text(&joined, separator);
        buf_text(&joined, list->at[i]);
    }
    return joined.at;
}

char *arena_number(struct arena *arena, long long number)
{
    char digits[24], *at = digits + sizeof digits;
    unsigned long long rest = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) *--at = '-';
    return arena_copy(arena, at, (size_t)(digits + sizeof digits - at));
}

bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
