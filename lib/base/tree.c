/* SPDX-License-Identifier: MIT
 * The red-black tree. Always true: no red node has a red child; every path from a node down to a null link passes the same
 * number of black nodes; with an update callback, every summary is what `update` would compute now. */
#include "base/tree.h"

#define RED ((uintptr_t)1)

static bool is_red(const struct tree_node *n) { return n && (n->parent_and_color & RED); }
static void set_red(struct tree_node *n) { n->parent_and_color |= RED; }
static void set_black(struct tree_node *n) { n->parent_and_color &= ~RED; }
static void set_parent(struct tree_node *n, struct tree_node *parent)
{
    n->parent_and_color = (uintptr_t)parent | (n->parent_and_color & RED);
}

static void update_one(struct tree *t, struct tree_node *n)
{
    if (t->update)
        (void)t->update(n);
}

void tree_updated(struct tree *t, struct tree_node *n)
{
    if (!t->update)
        return;
    while (n && t->update(n))
        n = tree_parent(n);
}

/* Makes whoever points to `old` (its parent, or the root) point to `new`. */
static void replace_child(struct tree *t, struct tree_node *parent, struct tree_node *old, struct tree_node *new)
{
    if (!parent)
        t->root = new;
    else if (parent->left == old)
        parent->left = new;
    else
        parent->right = new;
}

/* n's right child takes n's place, n becomes its left child; and the mirror image. */
static void rotate_left(struct tree *t, struct tree_node *n)
{
    struct tree_node *up = n->right, *parent = tree_parent(n);
    n->right = up->left;
    if (n->right)
        set_parent(n->right, n);
    up->left = n;
    set_parent(up, parent);
    replace_child(t, parent, n, up);
    set_parent(n, up);
    update_one(t, n);
    update_one(t, up);
}

static void rotate_right(struct tree *t, struct tree_node *n)
{
    struct tree_node *up = n->left, *parent = tree_parent(n);
    n->left = up->right;
    if (n->left)
        set_parent(n->left, n);
    up->right = n;
    set_parent(up, parent);
    replace_child(t, parent, n, up);
    set_parent(n, up);
    update_one(t, n);
    update_one(t, up);
}

static void rotate(struct tree *t, struct tree_node *n, bool to_left)
{
    if (to_left)
        rotate_left(t, n);
    else
        rotate_right(t, n);
}

/* n is red; its parent may be red too: repairs that, moving up. */
static void repair_insert(struct tree *t, struct tree_node *n)
{
    for (;;) {
        struct tree_node *parent = tree_parent(n);
        if (!is_red(parent))
            break;
        struct tree_node *grand = tree_parent(parent); /* exists: the root is black */
        bool parent_is_left = grand->left == parent;
        struct tree_node *uncle = parent_is_left ? grand->right : grand->left;
        if (is_red(uncle)) {
            set_black(parent);
            set_black(uncle);
            set_red(grand);
            n = grand;
            continue;
        }
        if (n == (parent_is_left ? parent->right : parent->left)) { /* inner grandchild: make it the outer one */
            rotate(t, parent, parent_is_left);
            parent = n;
        }
        set_black(parent);
        set_red(grand);
        rotate(t, grand, !parent_is_left);
        break;
    }
    set_black(t->root);
}

void tree_insert(struct tree *t, struct tree_node *n, uint64_t key)
{
    struct tree_node *parent = nullptr, **link = &t->root;
    while (*link) {
        parent = *link;
        link = key < parent->key ? &parent->left : &parent->right;
    }
    *n = (struct tree_node){nullptr, nullptr, (uintptr_t)parent | RED, key};
    *link = n;
    update_one(t, n); /* whatever it said before, its parent does not know it yet */
    tree_updated(t, parent);
    repair_insert(t, n);
}

/* The subtree at n (may be null), a child of `parent`, lacks one black node: repairs that, moving up. */
static void repair_remove(struct tree *t, struct tree_node *n, struct tree_node *parent)
{
    while (parent && !is_red(n)) {
        bool is_left = parent->left == n;
        struct tree_node *sibling = is_left ? parent->right : parent->left; /* exists: its side has more black nodes */
        if (is_red(sibling)) {
            set_black(sibling);
            set_red(parent);
            rotate(t, parent, is_left);
            sibling = is_left ? parent->right : parent->left;
        }
        struct tree_node *near = is_left ? sibling->left : sibling->right, *far = is_left ? sibling->right : sibling->left;
        if (!is_red(near) && !is_red(far)) {
            set_red(sibling);
            n = parent;
            parent = tree_parent(n);
            continue;
        }
        if (!is_red(far)) {
            set_black(near);
            set_red(sibling);
            rotate(t, sibling, !is_left);
            far = sibling;
            sibling = near;
        }
        if (is_red(parent))
            set_red(sibling);
        else
            set_black(sibling);
        set_black(parent);
        set_black(far);
        rotate(t, parent, is_left);
        return;
    }
    if (n)
        set_black(n);
}

/* n has two children: its successor, which has no left child, leaves its own place and takes n's, with n's color. */
static void replace_by_successor(struct tree *t, struct tree_node *n)
{
    struct tree_node *next = n->right, *hole, *hole_parent;
    while (next->left)
        next = next->left;
    bool lost_black = !is_red(next);
    hole = next->right;
    hole_parent = tree_parent(next);
    if (hole_parent == n) {
        hole_parent = next;
    } else {
        hole_parent->left = hole;
        if (hole)
            set_parent(hole, hole_parent);
        next->right = n->right;
        set_parent(next->right, next);
    }
    next->left = n->left;
    set_parent(next->left, next);
    next->parent_and_color = n->parent_and_color;
    replace_child(t, tree_parent(n), n, next);
    tree_updated(t, hole_parent);
    update_one(t, next); /* whatever it said in its old place, those above it know n's summary */
    tree_updated(t, tree_parent(next));
    if (lost_black)
        repair_remove(t, hole, hole_parent);
}

void tree_remove(struct tree *t, struct tree_node *n)
{
    if (n->left && n->right) {
        replace_by_successor(t, n);
    } else {
        struct tree_node *child = n->left ? n->left : n->right, *parent = tree_parent(n);
        replace_child(t, parent, n, child);
        if (child)
            set_parent(child, parent);
        tree_updated(t, parent);
        if (!is_red(n))
            repair_remove(t, child, parent);
    }
    n->left = n->right = nullptr;
    n->parent_and_color = 0;
}

struct tree_node *tree_at_or_after(const struct tree *t, uint64_t key)
{
    struct tree_node *best = nullptr;
    for (struct tree_node *n = t->root; n;) {
        if (n->key >= key) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

struct tree_node *tree_at_or_before(const struct tree *t, uint64_t key)
{
    struct tree_node *best = nullptr;
    for (struct tree_node *n = t->root; n;) {
        if (n->key <= key) {
            best = n;
            n = n->right;
        } else {
            n = n->left;
        }
    }
    return best;
}

struct tree_node *tree_find(const struct tree *t, uint64_t key)
{
    struct tree_node *n = tree_at_or_after(t, key);
    return n && n->key == key ? n : nullptr;
}

struct tree_node *tree_first(const struct tree *t)
{
    struct tree_node *n = t->root;
    while (n && n->left)
        n = n->left;
    return n;
}

struct tree_node *tree_last(const struct tree *t)
{
    struct tree_node *n = t->root;
    while (n && n->right)
        n = n->right;
    return n;
}

struct tree_node *tree_next(const struct tree_node *n)
{
    if (n->right) {
        struct tree_node *down = n->right;
        while (down->left)
            down = down->left;
        return down;
    }
    struct tree_node *parent = tree_parent(n);
    while (parent && parent->right == n) {
        n = parent;
        parent = tree_parent(n);
    }
    return parent;
}

struct tree_node *tree_previous(const struct tree_node *n)
{
    if (n->left) {
        struct tree_node *down = n->left;
        while (down->right)
            down = down->right;
        return down;
    }
    struct tree_node *parent = tree_parent(n);
    while (parent && parent->left == n) {
        n = parent;
        parent = tree_parent(n);
    }
    return parent;
}
