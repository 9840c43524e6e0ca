/* SPDX-License-Identifier: MIT
 * The mappings of one space in address order, each with the free gap below it, and the search for a free place. Pure: no page table, no
 * lock of its own (the space's). Mappings never overlap and are never empty. */
#pragma once
#include "kernel/mm/address_space.h"

void mapping_tree_init(struct tree *t);
static inline struct mapping *mapping_of(struct tree_node *n) { return n ? tree_entry(n, struct mapping, node) : nullptr; }
static inline struct mapping *mapping_next(const struct mapping *m) { return mapping_of(tree_next(&m->node)); }
static inline struct mapping *mapping_previous(const struct mapping *m) { return mapping_of(tree_previous(&m->node)); }
static inline struct mapping *mapping_first(const struct tree *t) { return mapping_of(tree_first(t)); }
struct mapping *mapping_find(const struct tree *t, uint64_t address);        /* the one that covers it */
struct mapping *mapping_at_or_after(const struct tree *t, uint64_t address); /* the first that ends above it */
bool mapping_range_is_free(const struct tree *t, uint64_t start, uint64_t end);
void mapping_insert(struct tree *t, struct mapping *m);                      /* start, end set; nothing overlaps */
void mapping_remove(struct tree *t, struct mapping *m);
/* Cuts m at `at`, which lies inside: *upper, a copy with its own place, becomes the upper part. */
void mapping_split(struct tree *t, struct mapping *m, uint64_t at, struct mapping *upper);
/* `high` touches `low` and is swallowed by it. */
void mapping_join(struct tree *t, struct mapping *low, struct mapping *high);
/* Resize in place; an object's page number moves along with the start. */
void mapping_set_start(struct tree *t, struct mapping *m, uint64_t start);
void mapping_set_end(struct tree *t, struct mapping *m, uint64_t end);
/* Could `low` and `high`, which touch, be one mapping? */
bool mapping_can_join(const struct mapping *low, const struct mapping *high);
/* The highest free [start, start + length) inside [low, top). */
bool mapping_find_gap(const struct tree *t, uint64_t length, uint64_t low, uint64_t top, uint64_t *out_start);
