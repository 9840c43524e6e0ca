/* SPDX-License-Identifier: MIT
 * An intrusive red-black tree ordered by a 64-bit key (an address, a deadline). Equal keys are allowed; a new node goes
 * after its equals. The owner's lock guards the tree. A node's key may be changed in place while the order stays the same.
 *
 * AUGMENTED: with an update callback, each node may keep a summary of its subtree (the largest gap, the furthest end).
 * `update(node)` computes it from the node's own data and the summaries of node->left and node->right (either may be null) and
 * says whether it came out different; the tree calls it bottom-up wherever a subtree changed, as far as it makes a difference.
 * When a node's own data changes, call tree_updated. */
#pragma once
#include "base/types.h"

struct tree_node {
    struct tree_node *left, *right;
    uintptr_t parent_and_color; /* bit 0: red */
    uint64_t key;
};
struct tree {
    struct tree_node *root;
    bool (*update)(struct tree_node *node); /* null: not augmented */
};

#define TREE_INIT(update_) {nullptr, (update_)}
#define tree_entry(node, type, member) container_of(node, type, member)

static inline void tree_init(struct tree *t, bool (*update)(struct tree_node *node)) { *t = (struct tree){nullptr, update}; }
static inline bool tree_is_empty(const struct tree *t) { return !t->root; }
static inline struct tree_node *tree_parent(const struct tree_node *n)
{
    return (struct tree_node *)(n->parent_and_color & ~(uintptr_t)1);
}

void tree_insert(struct tree *t, struct tree_node *n, uint64_t key);
void tree_remove(struct tree *t, struct tree_node *n);
/* The node's own data changed: its summary, and those above it that depend on it, are computed again. */
void tree_updated(struct tree *t, struct tree_node *n);

/* All answer null when there is none. */
struct tree_node *tree_find(const struct tree *t, uint64_t key);        /* the first node with this key */
struct tree_node *tree_at_or_after(const struct tree *t, uint64_t key); /* the first node with key >= `key` (lower bound) */
struct tree_node *tree_at_or_before(const struct tree *t, uint64_t key);/* the last node with key <= `key` */
struct tree_node *tree_first(const struct tree *t);
struct tree_node *tree_last(const struct tree *t);
struct tree_node *tree_next(const struct tree_node *n);
struct tree_node *tree_previous(const struct tree_node *n);

#define tree_for_each(node, tree) for (struct tree_node *node = tree_first(tree); node; node = tree_next(node))
/* Safe when the body removes `node`. */
#define tree_for_each_safe(node, tree)                                                                     \
    for (struct tree_node *node = tree_first(tree), *node##_next = node ? tree_next(node) : nullptr; node; \
         node = node##_next, node##_next = node ? tree_next(node) : nullptr)
