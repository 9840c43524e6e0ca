/* SPDX-License-Identifier: MIT
 * What frames and the heap over them promise. */
#include "base/random.h"
#include "base/string.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"
#include "machine_test.h"
#include "unit/unit.h"

static uint64_t all_free(void)
{
    struct frame_counts counts;
    frame_counts(&counts);
    return counts.free;
}

TEST(frames_are_distinct_counted_and_come_back)
{
    test_machine_start();
    phys_addr_t frames[300];
    uint64_t before = all_free();
    for (unsigned i = 0; i < 300; i++) {
        CHECK_OK(frame_allocate(0, FRAME_ANONYMOUS, &frames[i]));
        CHECK_EQUAL(frame_references(frames[i]), 1);
        memset(phys_to_virt(frames[i]), (int)i, PAGE_BYTES);
    }
    CHECK_EQUAL(all_free(), before - 300);
    for (unsigned i = 0; i < 300; i++) {
        CHECK_EQUAL(*(uint8_t *)phys_to_virt(frames[i]), (uint8_t)i);
        frame_get(frames[i]);
        frame_put(frames[i]);
        CHECK_EQUAL(frame_references(frames[i]), 1);
        frame_put(frames[i]);
    }
    CHECK_EQUAL(all_free(), before);
}

TEST(zeroed_frames_are_zero)
{
    test_machine_start();
    phys_addr_t p;
    for (unsigned i = 0; i < 64; i++) {
        CHECK_OK(frame_allocate(FRAME_ZEROED, FRAME_ANONYMOUS, &p));
        const uint64_t *words = phys_to_virt(p);
        for (unsigned k = 0; k < PAGE_BYTES / 8; k++)
            if (!CHECK_EQUAL(words[k], 0))
                return;
        memset(phys_to_virt(p), 0xaa, PAGE_BYTES);
        frame_put(p);
    }
}

TEST(runs_are_aligned_to_their_size_and_join_again)
{
    test_machine_start();
    uint64_t before = all_free();
    for (unsigned round = 0; round < 3; round++)
        for (uint32_t order = 0; order <= 9; order++) {
            phys_addr_t run;
            CHECK_OK(frame_allocate_run(order, FRAME_ZEROED, FRAME_KERNEL, &run));
            CHECK(is_aligned(run.value, PAGE_BYTES << order));
            if (order % 2) {
                frame_free_run(run, order);
            } else {
                frame_run_split(run, order);
                for (uint64_t i = 0; i < 1ull << order; i++)
                    frame_put(phys_add(run, i << PAGE_BITS));
            }
        }
    CHECK_EQUAL(all_free(), before);
    phys_addr_t large;
    CHECK_OK(frame_allocate_run(10, 0, FRAME_KERNEL, &large)); /* 4 MiB in one piece are still there */
    frame_free_run(large, 10);
}

TEST(memory_ends_with_an_answer_and_a_reserve)
{
    test_machine_start();
    static phys_addr_t frames[TEST_MEMORY_BYTES / PAGE_BYTES];
    uint64_t before = all_free(), count = 0;
    while (frame_allocate(0, FRAME_ANONYMOUS, &frames[count]) == OK)
        count++;
    CHECK(count > before - 200 && all_free() > 0);
    CHECK(frame_is_low());
    uint64_t ordinary = count;
    while (frame_allocate(FRAME_RESERVE, FRAME_ANONYMOUS, &frames[count]) == OK)
        count++;
    CHECK(count > ordinary);
    CHECK_EQUAL(all_free(), 0);
    while (count)
        frame_put(frames[--count]);
    CHECK_EQUAL(all_free(), before);
}

struct thing { uint64_t words[9]; };
static struct cache things = CACHE_INIT("thing", struct thing);

TEST(cache_items_do_not_overlap_and_slabs_go_back)
{
    test_machine_start();
    enum { COUNT = 2000 };
    static struct thing *items[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_OK(cache_allocate(&things, &items[i]));
        memset(items[i], (int)i, sizeof **items);
    }
    for (unsigned i = 0; i < COUNT; i++)
        CHECK_EQUAL(items[i]->words[8], (i & 0xff) * 0x0101010101010101ull);
    uint32_t slabs = things.slabs;
    for (unsigned i = 0; i < COUNT; i++)
        cache_free(&things, items[i]);
    CHECK(slabs > 20);
    CHECK(things.slabs <= 4); /* what the magazine holds, and one */
}

TEST(heap_gives_each_size_room_of_its_own)
{
    test_machine_start();
    struct random g;
    struct { uint8_t *at; size_t size; } live[200] = {};
    random_init(&g, (const uint64_t[4]){1, 2, 3, 4});
    for (unsigned round = 0; round < 20000; round++) {
        size_t i = random_below(&g, ARRAY_LENGTH(live));
        if (live[i].at) {
            CHECK(live[i].at[0] == (uint8_t)i && live[i].at[live[i].size - 1] == (uint8_t)i);
            heap_free(live[i].at, live[i].size);
            live[i].at = nullptr;
        } else {
            live[i].size = 1 + random_below(&g, round % 50 ? 3000 : 40000);
            live[i].at = heap_allocate(live[i].size);
            if (!CHECK(live[i].at))
                return;
            memset(live[i].at, (int)i, live[i].size);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(live); i++)
        heap_free(live[i].at, live[i].size);
}
