/* SPDX-License-Identifier: MIT
 * The arena and what grows in it. Blocks form a stack; the top one is filled from its start. */
#include "value/mem.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *below;
    size_t used, size;
    alignas(16) char bytes[];
};

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

void *arena_alloc(struct arena *arena, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct arena_block *top = arena->top;
    if (!top || top->size - top->used < size) {
        size_t room = size > 16000 ? size : 16000;
        top = heap_alloc(sizeof *top + room);
        *top = (struct arena_block){.below = arena->top, .size = room};
        arena->top = top;
    }
    void *at = top->bytes + top->used;
    top->used += size;
    return at;
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

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->top, arena->top ? arena->top->used : 0};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->top != mark.block) {
        struct arena_block *top = arena->top;
        arena->top = top->below;
        free(top);
    }
    if (arena->top) arena->top->used = mark.used;
}

void arena_fini(struct arena *arena)
{
    arena_release(arena, (struct arena_mark){});
}

struct buf buf_make(struct arena *arena)
{
    struct buf buf = {.arena = arena, .at = arena_alloc(arena, 32), .capacity = 32};
    buf.at[0] = 0;
    return buf;
}

void buf_bytes(struct buf *buf, const char *text, size_t size)
{
    if (buf->capacity - buf->size <= size) {
        size_t capacity = (buf->size + size) * 2 + 1;
        char *grown = arena_alloc(buf->arena, capacity);
        memcpy(grown, buf->at, buf->size);
        buf->at = grown;
        buf->capacity = capacity;
    }
    if (size) memcpy(buf->at + buf->size, text, size);
    buf->size += size;
    buf->at[buf->size] = 0;
}

void buf_char(struct buf *buf, char c)
{
    buf_bytes(buf, &c, 1);
}

void buf_text(struct buf *buf, const char *text)
{
    buf_bytes(buf, text, strlen(text));
}

struct list list_make(struct arena *arena)
{
    return (struct list){.arena = arena, .at = arena_alloc(arena, 8 * sizeof(char *)), .capacity = 8};
}

void list_add(struct list *list, char *text)
{
    if (list->count == list->capacity) {
        char **grown = arena_alloc(list->arena, list->capacity * 2 * sizeof *grown);
        memcpy(grown, list->at, list->count * sizeof *grown);
        list->at = grown;
        list->capacity *= 2;
    }
    list->at[list->count++] = text;
}

char *list_join(const struct list *list, const char *separator)
{
    struct buf joined = buf_make(list->arena);
    for (size_t i = 0; i < list->count; i++) {
        if (i) buf_text(&joined, separator);
        buf_text(&joined, list->at[i]);
    }
    return joined.at;
}
