/* SPDX-License-Identifier: MIT
 * What the tree of mappings promises: gaps are right after any change, and the search finds the highest place there is. */
#include "kernel/mm/mapping_tree.h"
#include "base/random.h"
#include "unit/unit.h"

#define PAGES 400ull
#define BASE 0x100000ull

static bool model[PAGES];          /* is the page mapped */
static struct mapping pool[PAGES];
static bool taken[PAGES];

static struct mapping *pool_take(void)
{
    for (size_t i = 0; i < PAGES; i++)
        if (!taken[i]) {
            taken[i] = true;
            pool[i] = (struct mapping){};
            return &pool[i];
        }
    return nullptr;
}
static void pool_give(struct mapping *m) { taken[m - pool] = false; }
static uint64_t address(uint64_t page) { return BASE + page * PAGE_BYTES; }

static void check_gaps(const struct tree *t)
{
    uint64_t before = USER_LOWEST, mapped = 0;
    for (struct mapping *m = mapping_first(t); m; m = mapping_next(m)) {
        CHECK(m->start < m->end && m->node.key == m->start);
        CHECK_EQUAL(m->gap, m->start - before);
        before = m->end;
        mapped += (m->end - m->start) / PAGE_BYTES;
        uint64_t largest = m->gap;
        if (m->node.left)
            largest = MAX(largest, mapping_of(m->node.left)->largest_gap);
        if (m->node.right)
            largest = MAX(largest, mapping_of(m->node.right)->largest_gap);
        CHECK_EQUAL(m->largest_gap, largest);
    }
    uint64_t expected = 0;
    for (uint64_t p = 0; p < PAGES; p++)
        expected += model[p];
    CHECK_EQUAL(mapped, expected);
}

static void check_find(const struct tree *t, uint64_t length_pages)
{
    uint64_t start, best = PAGES;
    for (uint64_t p = 0; p + length_pages <= PAGES; p++) {
        bool free = true;
        for (uint64_t i = 0; i < length_pages; i++)
            free &= !model[p + i];
        if (free)
            best = p;
    }
    bool found = mapping_find_gap(t, length_pages * PAGE_BYTES, BASE, address(PAGES), &start);
    CHECK_EQUAL(found, best < PAGES);
    if (found)
        CHECK_EQUAL(start, address(best));
}

static void map_one(struct tree *t, uint64_t page, uint64_t count)
{
    if (!mapping_range_is_free(t, address(page), address(page + count)))
        return;
    struct mapping *m = pool_take();
    m->start = address(page);
    m->end = address(page + count);
    mapping_insert(t, m);
    for (uint64_t i = 0; i < count; i++) {
        CHECK(!model[page + i]);
        model[page + i] = true;
    }
}

/* One of the ways in which a mapping can change. */
static void change_one(struct tree *t, struct mapping *m, struct random *g)
{
    uint64_t pages = (m->end - m->start) / PAGE_BYTES, first = (m->start - BASE) / PAGE_BYTES;
    uint64_t cut = pages > 1 ? 1 + random_below(g, pages - 1) : 0;
    struct mapping *next = mapping_next(m), *upper;
    switch (cut ? random_below(g, 5) : 0) {
    case 0:
        mapping_remove(t, m);
        for (uint64_t i = 0; i < pages; i++)
            model[first + i] = false;
        pool_give(m);
        return;
    case 1:
        mapping_set_start(t, m, m->start + cut * PAGE_BYTES);
        for (uint64_t i = 0; i < cut; i++)
            model[first + i] = false;
        return;
    case 2:
        mapping_set_end(t, m, m->start + cut * PAGE_BYTES);
        for (uint64_t i = cut; i < pages; i++)
            model[first + i] = false;
        return;
    case 3:
        upper = pool_take();
        *upper = *m;
        mapping_split(t, m, m->start + cut * PAGE_BYTES, upper);
        return;
    default:
        if (next && mapping_can_join(m, next)) {
            mapping_join(t, m, next);
            pool_give(next);
        }
    }
}

TEST(gaps_stay_right_and_the_highest_place_is_found)
{
    struct tree t;
    struct random g;
    mapping_tree_init(&t);
    random_init(&g, (const uint64_t[4]){9, 10, 11, 12});
    for (unsigned round = 0; round < 4000; round++) {
        uint64_t page = random_below(&g, PAGES), count = 1 + random_below(&g, 12);
        struct mapping *m = mapping_find(&t, address(page));
        CHECK_EQUAL(m != nullptr, model[page]);
        if (m && random_below(&g, 2))
            change_one(&t, m, &g);
        else if (page + count <= PAGES)
            map_one(&t, page, count);
        check_find(&t, 1 + random_below(&g, 20));
        if (round % 16 == 0)
            check_gaps(&t);
    }
}

TEST(mappings_join_only_when_alike_and_in_sequence)
{
    struct mapping low = {.start = 0x1000, .end = 0x3000, .flags = PROT_READ_, .max_prot = 7};
    struct mapping high = {.start = 0x3000, .end = 0x4000, .flags = PROT_READ_, .max_prot = 7};
    CHECK(mapping_can_join(&low, &high));
    high.flags = PROT_WRITE_;
    CHECK(!mapping_can_join(&low, &high));
    high.flags = PROT_READ_;
    low.object = high.object = (struct pageable *)&low; /* any; only compared */
    low.page = 5;
    high.page = 6;
    CHECK(!mapping_can_join(&low, &high));
    high.page = 7;
    CHECK(mapping_can_join(&low, &high));
    low.flags = high.flags = PROT_READ_ | MAP_GROWS_DOWN_;
    CHECK(!mapping_can_join(&low, &high));
}
