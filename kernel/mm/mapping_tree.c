/* SPDX-License-Identifier: MIT
 * The tree of mappings. Always true: m->gap is the distance to the end of the mapping before (to USER_LOWEST for the first), and
 * m->largest_gap the largest gap in m's subtree. */
#include "kernel/mm/mapping_tree.h"

static bool update_largest(struct tree_node *n)
{
    struct mapping *m = tree_entry(n, struct mapping, node);
    uint64_t largest = m->gap, before = m->largest_gap;
    if (n->left)
        largest = MAX(largest, tree_entry(n->left, struct mapping, node)->largest_gap);
    if (n->right)
        largest = MAX(largest, tree_entry(n->right, struct mapping, node)->largest_gap);
    m->largest_gap = largest;
    return largest != before;
}

void mapping_tree_init(struct tree *t) { tree_init(t, update_largest); }

struct mapping *mapping_find(const struct tree *t, uint64_t address)
{
    struct mapping *m = mapping_of(tree_at_or_before(t, address));
    return m && address < m->end ? m : nullptr;
}

struct mapping *mapping_at_or_after(const struct tree *t, uint64_t address)
{
    struct mapping *m = mapping_of(tree_at_or_before(t, address));
    if (m && address < m->end)
        return m;
    return m ? mapping_next(m) : mapping_first(t);
}

bool mapping_range_is_free(const struct tree *t, uint64_t start, uint64_t end)
{
    const struct mapping *m = mapping_at_or_after(t, start);
    return !m || m->start >= end;
}

static void set_gap(struct tree *t, struct mapping *m, uint64_t gap)
{
    m->gap = gap;
    tree_updated(t, &m->node);
}

void mapping_insert(struct tree *t, struct mapping *m)
{
    const struct mapping *before = mapping_of(tree_at_or_before(t, m->start));
    m->gap = m->start - (before ? before->end : USER_LOWEST);
    m->largest_gap = m->gap;
    tree_insert(t, &m->node, m->start);
    struct mapping *after = mapping_next(m);
    if (after)
        set_gap(t, after, after->start - m->end);
}

void mapping_remove(struct tree *t, struct mapping *m)
{
    struct mapping *after = mapping_next(m);
    uint64_t gap = m->gap + (m->end - m->start);
    tree_remove(t, &m->node);
    if (after)
        set_gap(t, after, after->gap + gap);
}

void mapping_split(struct tree *t, struct mapping *m, uint64_t at, struct mapping *upper)
{
    upper->page = m->page + ((at - m->start) >> PAGE_BITS);
    upper->start = at;
    upper->end = m->end;
    upper->gap = upper->largest_gap = 0;
    m->end = at;
    tree_insert(t, &upper->node, at);
}

void mapping_join(struct tree *t, struct mapping *low, struct mapping *high)
{
    tree_remove(t, &high->node);
    low->end = high->end;
    low->has_copies |= high->has_copies;
}

void mapping_set_start(struct tree *t, struct mapping *m, uint64_t start)
{
    m->page += (uint64_t)((int64_t)(start - m->start) >> PAGE_BITS); /* arithmetic: also downwards */
    m->gap += start - m->start;
    m->start = m->node.key = start;
    tree_updated(t, &m->node);
}

void mapping_set_end(struct tree *t, struct mapping *m, uint64_t end)
{
    struct mapping *after = mapping_next(m);
    m->end = end;
    if (after)
        set_gap(t, after, after->start - end);
}

bool mapping_can_join(const struct mapping *low, const struct mapping *high)
{
    if (low->end != high->start || low->flags != high->flags || low->max_prot != high->max_prot || low->object != high->object)
        return false;
    if (low->flags & MAP_GROWS_DOWN_)
        return false;
    return !low->object || low->page + ((low->end - low->start) >> PAGE_BITS) == high->page;
}

static bool gap_in(uint64_t gap_start, uint64_t gap_end, uint64_t length, uint64_t low, uint64_t top, uint64_t *out_start)
{
    uint64_t start = MAX(gap_start, low), end = MIN(gap_end, top);
    if (start > end || end - start < length)
        return false;
    *out_start = end - length;
    return true;
}

/* Right to left; subtrees without a large enough gap are skipped. Only the gaps that `low` and `top` cut can disappoint, so few
 * nodes are seen. The depth of the recursion is the tree's, under 40. */
static bool find_below(struct tree_node *n, uint64_t length, uint64_t low, uint64_t top, uint64_t *out_start)
{
    while (n && mapping_of(n)->largest_gap >= length) {
        const struct mapping *m = mapping_of(n);
        if (m->start - m->gap < top) {
            if (m->end < top && find_below(n->right, length, low, top, out_start))
                return true;
            if (m->gap >= length && gap_in(m->start - m->gap, m->start, length, low, top, out_start))
                return true;
        }
        if (m->start <= low)
            return false;
        n = n->left;
    }
    return false;
}

bool mapping_find_gap(const struct tree *t, uint64_t length, uint64_t low, uint64_t top, uint64_t *out_start)
{
    const struct mapping *last = mapping_of(tree_last(t));
    if (gap_in(last ? last->end : USER_LOWEST, USER_LIMIT, length, low, top, out_start))
        return true;
    return find_below(t->root, length, low, top, out_start);
}
