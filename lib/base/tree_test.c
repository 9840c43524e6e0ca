/* SPDX-License-Identifier: MIT
 * The tree's invariants after each of many random insertions and removals, with a summary (largest weight below). */
#include "base/random.h"
#include "base/tree.h"
#include "unit/unit.h"

struct item { struct tree_node node; uint64_t weight, largest; bool inside; };

static struct item *item_of(struct tree_node *n) { return tree_entry(n, struct item, node); }
static uint64_t largest_of(struct tree_node *n) { return n ? item_of(n)->largest : 0; }
static bool update(struct tree_node *n)
{
    struct item *item = item_of(n);
    uint64_t below = MAX(largest_of(n->left), largest_of(n->right)), before = item->largest;
    item->largest = MAX(item->weight, below);
    return item->largest != before;
}

/* Black height of a sound subtree; -1 when something is wrong. */
static int sound(struct tree_node *n)
{
    if (!n)
        return 1;
    bool red = n->parent_and_color & 1;
    uint64_t below = MAX(largest_of(n->left), largest_of(n->right));
    for (int side = 0; side < 2; side++) {
        struct tree_node *child = side ? n->right : n->left;
        if (child && (tree_parent(child) != n || (red && (child->parent_and_color & 1))))
            return -1;
        if (child && (side ? child->key < n->key : child->key > n->key))
            return -1;
    }
    int left = sound(n->left), right = sound(n->right);
    if (left < 0 || left != right || item_of(n)->largest != MAX(item_of(n)->weight, below))
        return -1;
    return left + !red;
}

enum { ITEMS = 200 };
static struct item items[ITEMS];

static size_t count_nodes(struct tree *t)
{
    size_t count = 0;
    uint64_t before = 0;
    tree_for_each(n, t) {
        CHECK(n->key >= before);
        before = n->key;
        count++;
    }
    size_t backwards = 0;
    for (struct tree_node *n = tree_last(t); n; n = tree_previous(n))
        backwards++;
    CHECK_EQUAL(count, backwards);
    return count;
}

TEST(tree_stays_balanced_ordered_and_summarized)
{
    struct tree t;
    struct random g;
    size_t inside = 0;
    const uint64_t seed[4] = {42};
    tree_init(&t, update);
    random_init(&g, seed);
    for (int round = 0; round < 5000; round++) {
        struct item *item = &items[random_below(&g, ITEMS)];
        if (item->inside) {
            tree_remove(&t, &item->node);
            inside--;
        } else {
            item->weight = random_below(&g, 1000);
            tree_insert(&t, &item->node, random_below(&g, 100));
            inside++;
        }
        item->inside = !item->inside;
        if (!CHECK(sound(t.root) > 0))
            return;
        if (round % 100 == 0)
            CHECK_EQUAL(count_nodes(&t), inside);
    }
    tree_for_each_safe(n, &t)
        tree_remove(&t, n);
    CHECK(tree_is_empty(&t));
}

TEST(tree_finds_neighbours_of_a_key)
{
    struct tree t = TREE_INIT(nullptr);
    static struct item some[5];
    for (uint64_t i = 0; i < 5; i++)
        tree_insert(&t, &some[i].node, i * 10);
    CHECK(tree_at_or_after(&t, 11) == &some[2].node);
    CHECK(tree_at_or_after(&t, 20) == &some[2].node);
    CHECK(!tree_at_or_after(&t, 41));
    CHECK(tree_at_or_before(&t, 11) == &some[1].node);
    CHECK(tree_at_or_before(&t, UINT64_MAX) == &some[4].node);
    CHECK(tree_find(&t, 30) == &some[3].node);
    CHECK(!tree_find(&t, 31));
    CHECK(tree_next(&some[1].node) == &some[2].node);
    CHECK(!tree_previous(&some[0].node));
}

TEST(tree_updated_carries_a_change_to_the_root)
{
    struct tree t = TREE_INIT(update);
    static struct item some[9];
    for (uint64_t i = 0; i < 9; i++)
        tree_insert(&t, &some[i].node, i);
    some[0].weight = 99;
    tree_updated(&t, &some[0].node);
    CHECK_EQUAL(largest_of(t.root), 99);
}
