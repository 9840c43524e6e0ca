/* SPDX-License-Identifier: MIT
 * What groups promise. */
#include "kernel/mm/group.h"
#include "machine_test.h"
#include "unit/unit.h"

static struct group *group_below(struct group *parent)
{
    struct group *g = nullptr;
    CHECK_OK(group_create(parent, 0, &g));
    return g;
}

TEST(a_charge_is_all_or_nothing_up_to_the_root)
{
    test_machine_start();
    struct group *upper = group_below(&root_group), *lower = group_below(upper);
    group_set_limit(upper, GROUP_KIND_HANDLES, 10);
    CHECK_OK(group_charge(lower, GROUP_KIND_HANDLES, 8));
    CHECK_EQUAL(group_charge(lower, GROUP_KIND_HANDLES, 3), ERR_LIMIT);
    CHECK_EQUAL(group_used(lower, GROUP_KIND_HANDLES), 8u);
    CHECK_EQUAL(group_used(upper, GROUP_KIND_HANDLES), 8u);
    CHECK_EQUAL(upper->counts[GROUP_KIND_HANDLES].refused, 1u);
    CHECK_OK(group_charge(upper, GROUP_KIND_HANDLES, 2));
    group_return(lower, GROUP_KIND_HANDLES, 8);
    group_return(upper, GROUP_KIND_HANDLES, 2);
    CHECK_EQUAL(group_used(upper, GROUP_KIND_HANDLES), 0u);
    CHECK_EQUAL(upper->counts[GROUP_KIND_HANDLES].most, 10u);
    group_put(lower);
    group_put(upper);
}

TEST(a_frame_is_paid_for_until_its_last_reference_goes)
{
    test_machine_start();
    struct group *g = group_below(&root_group);
    phys_addr_t page;
    CHECK_OK(group_frame(g, FRAME_ZEROED, FRAME_ANONYMOUS, &page));
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 1u);
    frame_get(page);
    frame_put(page);
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 1u);
    frame_put(page);
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 0u);
    group_put(g);
}

TEST(exactly_the_limit_can_be_had)
{
    test_machine_start();
    struct group *g = group_below(&root_group);
    phys_addr_t pages[101];
    group_set_limit(g, GROUP_KIND_PAGES, 100);
    for (unsigned i = 0; i < 100; i++)
        CHECK_OK(group_frame(g, 0, FRAME_ANONYMOUS, &pages[i]));
    CHECK_EQUAL(group_frame(g, 0, FRAME_ANONYMOUS, &pages[100]), ERR_LIMIT);
    CHECK(group_full(g) == g);
    frame_put(pages[0]);
    CHECK_OK(group_frame(g, 0, FRAME_ANONYMOUS, &pages[0]));
    for (unsigned i = 0; i < 100; i++)
        frame_put(pages[i]);
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 0u);
    group_put(g);
}

TEST(a_run_is_paid_for_whole_and_in_parts)
{
    test_machine_start();
    struct group *g = group_below(&root_group);
    phys_addr_t run;
    for (unsigned split = 0; split < 2; split++) {
        CHECK_OK(frame_allocate_run(4, 0, FRAME_ANONYMOUS, &run));
        CHECK_OK(group_run_charge(g, run, 4));
        CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 16u);
        if (split)
            frame_run_split(run, 4);
        for (uint64_t i = 0; i < (split ? 16 : 1); i++)
            frame_put(phys_add(run, i << PAGE_BITS));
        CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 0u);
    }
    group_put(g);
}

TEST(a_released_frame_costs_nobody_anything)
{
    test_machine_start();
    struct group *g = group_below(&root_group);
    phys_addr_t page;
    CHECK_OK(group_frame(g, 0, FRAME_OBJECT, &page));
    group_frame_release(page);
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 0u);
    frame_put(page);
    CHECK_EQUAL(group_used(g, GROUP_KIND_PAGES), 0u);
    group_put(g);
}

TEST(memory_keeps_its_group_until_it_is_given_back)
{
    test_machine_start();
    struct group *g = group_below(&root_group), *other = group_below(&root_group);
    uint32_t number = g->number;
    phys_addr_t page, others[2];
    CHECK_OK(group_frame(g, 0, FRAME_ANONYMOUS, &page));
    group_put(g); /* the frame is all that holds it */
    CHECK(other->number != number);
    frame_put(page);
    for (unsigned i = 0; i < GROUP_STOCKS; i++) { /* its pages in stock go when the place is needed */
        struct group *next = group_below(&root_group);
        CHECK_OK(group_frame(next, 0, FRAME_ANONYMOUS, &others[0]));
        frame_put(others[0]);
        group_put(next);
    }
    group_put(other);
}

TEST(the_tree_is_not_too_deep)
{
    test_machine_start();
    struct group *chain[GROUP_DEPTH_MAX];
    unsigned count = 0;
    enum status status = OK;
    for (struct group *parent = &root_group; count < GROUP_DEPTH_MAX; parent = chain[count++])
        if ((status = group_create(parent, 0, &chain[count])) != OK)
            break;
    CHECK_EQUAL(status, ERR_LIMIT);
    CHECK_EQUAL(count, GROUP_DEPTH_MAX - 1);
    CHECK(group_is_within(chain[count - 1], chain[0]));
    CHECK(!group_is_within(chain[0], chain[1]));
    while (count--)
        group_put(chain[count]);
}
