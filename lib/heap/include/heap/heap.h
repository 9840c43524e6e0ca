/* SPDX-License-Identifier: MIT
 * Memory for native servers: blocks in size classes over map(), and arenas that are freed as a whole. Blocks are zeroed.
 * Running out is a normal answer: nullptr. One lock guards the free lists; it sleeps on a futex only when two contexts meet. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

/* `bytes` of zeros, aligned to 16; nullptr when there is no memory. */
void *heap_allocate(size_t bytes);
/* count * size, checked. */
void *heap_allocate_array(size_t count, size_t size);
/* Keeps the contents, up to the smaller size; new bytes are zero. nullptr: nothing changed. */
void *heap_resize(void *block, size_t bytes);
void heap_free(void *block);
/* heap_allocate for `type *p; TRY(HEAP_NEW(&p))`. */
#define HEAP_NEW(out_pointer) ((*(out_pointer) = heap_allocate(sizeof **(out_pointer))) ? OK : ERR_NO_MEMORY)

struct arena_chunk;
struct arena { struct arena_chunk *chunks; };
/* From an arena (zero-initialized); valid until arena_free, which gives all of it back. */
void *arena_allocate(struct arena *a, size_t bytes);
void arena_free(struct arena *a);
