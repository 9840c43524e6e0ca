/* SPDX-License-Identifier: MIT
 * Memory of the shell: an arena that is given back to a mark, and strings and lists that grow inside it.
 * What lives shorter than a statement lives in the shell's scratch arena; what a variable holds is its own (value.h).
 * A shell without memory ends with a message: nothing here fails. One thread, no lock. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *top;
};
struct arena_mark {
    struct arena_block *block;
    size_t used;
};

void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t size);
[[gnu::format(printf, 2, 3)]] char *arena_print(struct arena *arena, const char *format, ...);
struct arena_mark arena_mark(const struct arena *arena);
/* Everything allocated after the mark is gone. */
void arena_release(struct arena *arena, struct arena_mark mark);
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
/* Keeps the pointer. */
void list_add(struct list *list, char *text);
char *list_join(const struct list *list, const char *separator);

void *heap_alloc(size_t size);
void *heap_resize(void *old, size_t size);
char *heap_copy(const char *text);
