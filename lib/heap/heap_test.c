/* SPDX-License-Identifier: MIT
 * What the heap promises. */
#include "heap/heap.h"
#include "unit/unit.h"
#include <string.h>

TEST(heap_blocks_are_zero_aligned_and_distinct)
{
    static unsigned char *blocks[400];
    for (size_t i = 0; i < 400; i++) {
        size_t bytes = i * 97 % 40000;
        blocks[i] = heap_allocate(bytes);
        CHECK(blocks[i] && (uintptr_t)blocks[i] % 16 == 0);
        for (size_t at = 0; at < bytes; at++)
            if (blocks[i][at] != 0)
                CHECK(false);
        memset(blocks[i], (int)(i & 0xff) | 1, bytes);
    }
    for (size_t i = 0; i < 400; i++) {
        size_t bytes = i * 97 % 40000;
        if (bytes)
            CHECK(blocks[i][0] == ((i & 0xff) | 1) && blocks[i][bytes - 1] == ((i & 0xff) | 1));
        heap_free(blocks[i]);
    }
}

TEST(heap_gives_freed_memory_again_and_clean)
{
    unsigned char *a = heap_allocate(100);
    memset(a, 0xff, 100);
    heap_free(a);
    unsigned char *b = heap_allocate(100);
    CHECK(a == b);
    CHECK(b[0] == 0 && b[99] == 0);
    heap_free(b);
}

TEST(heap_resize_keeps_the_contents)
{
    char *a = heap_allocate(10);
    memcpy(a, "contents", 9);
    a = heap_resize(a, 100000);
    CHECK(strcmp(a, "contents") == 0 && a[99999] == 0);
    a = heap_resize(a, 9);
    CHECK(strcmp(a, "contents") == 0);
    heap_free(a);
}

TEST(heap_refuses_what_cannot_be)
{
    CHECK(heap_allocate(SIZE_MAX) == nullptr);
    CHECK(heap_allocate_array(SIZE_MAX / 2, 3) == nullptr);
    heap_free(nullptr);
}

TEST(arena_blocks_live_until_it_is_freed)
{
    struct arena a = {};
    char *first = arena_allocate(&a, 10);
    char *large = arena_allocate(&a, 100000);
    char *last = arena_allocate(&a, 1);
    CHECK(first && large && last && first != last);
    memset(large, 1, 100000);
    memset(first, 2, 10);
    CHECK(large[0] == 1 && first[9] == 2);
    arena_free(&a);
    CHECK(a.chunks == nullptr);
}
