/* SPDX-License-Identifier: MIT
 * Memory of the shell: an arena that is given back to a mark, and strings and lists that grow inside it.
 * What lives shorter than a statement lives in the shell's scratch arena; what a variable holds is its own (value.h).
 * A shell without memory ends with a message: nothing here fails. One thread, no lock. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena_block {
    struct arena_block *below;
    size_t used, size;
    alignas(16) char bytes[];
};
/* One block that was given back is kept: a loop's statements must not fetch and return one each time. */
struct arena {
    struct arena_block *top, *spare;
};
struct arena_mark {
    struct arena_block *block;
    size_t used;
};

void *arena_grow(struct arena *arena, size_t size);
static inline void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *top = arena->top;
    size = (size + 15) & ~(size_t)15;
    if (!top || top->size - top->used < size) return arena_grow(arena, size);
    void *at = top->bytes + top->used;
    top->used += size;
    return at;
}
char *arena_copy(struct arena *arena, const char *text, size_t size);
[[gnu::format(printf, 2, 3)]] char *arena_print(struct arena *arena, const char *format, ...);
static inline struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->top, arena->top ? arena->top->used : 0};
}
void arena_drop_blocks(struct arena *arena, struct arena_block *keep);
/* Everything allocated after the mark is gone. */
static inline void arena_release(struct arena *arena, struct arena_mark mark)
{
    if (arena->top != mark.block) arena_drop_blocks(arena, mark.block);
    if (arena->top) arena->top->used = mark.used;
}
void arena_fini(struct arena *arena);

/* Always ends in NUL. */
struct buf {
    struct arena *arena;
    char *at;
    size_t size, capacity;
};
struct buf buf_make(struct arena *arena);
void buf_char(struct buf *buf, char c);
void buf_bytes(struct buf *buf, const char *text, size_t size);
void buf_text(struct buf *buf, const char *text);

struct list {
    struct arena *arena;
    char **at;
    size_t count, capacity;
};
struct list list_make(struct arena *arena);
void list_grow(struct list *list);
/* Keeps the pointer. */
static inline void list_add(struct list *list, char *text)
{
    if (list->count == list->capacity) list_grow(list);
    list->at[list->count++] = text;
}
char *list_join(const struct list *list, const char *separator);

/* Small things that come and go with each statement: kept by size and given out again. The size is told on return. */
void *pool_alloc(size_t size);
void pool_free(void *at, size_t size);

void *heap_alloc(size_t size);
void *heap_resize(void *old, size_t size);
char *heap_copy(const char *text);
/* The decimal digits of a number, in the arena; much cheaper than a format. */
char *arena_number(struct arena *arena, long long number);
bool is_blank(char c);
