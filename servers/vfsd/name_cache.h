/* SPDX-License-Identifier: MIT
 * What a name in a directory leads to: a node, or nothing (which is remembered too).
 *
 * Bounded: when it is full, the oldest entry that was not used since the hand last passed it goes. Each entry holds a reference on
 * its directory and on its node. Whoever changes a name sets the entry again; so an entry is never wrong, only absent. */
#pragma once
#include "base/list.h"
#include "fs/name_hash.h"
#include "node.h"

struct name_entry {
    struct list_node age;        /* oldest first */
    struct name_entry *next;     /* in its bucket */
    struct node *directory;
    struct node *node;           /* nullptr: there is no such name */
    uint64_t hash;
    bool is_used;
    bool is_unknown;             /* it is being changed: as good as no entry, and its place is kept for the outcome */
    uint8_t name_bytes;
    uint8_t name[];
};

struct name_cache {
    struct node_table *nodes;
    struct name_key key;
    struct name_entry **buckets;
    uint32_t bucket_count, entry_count, entry_limit; /* bucket_count: power of two */
    struct list_node ages;
};

enum name_known { NAME_UNKNOWN, NAME_MISSING, NAME_PRESENT };

enum status name_cache_init(struct name_cache *c, struct node_table *nodes, struct name_key key, uint32_t entry_limit);
/* *out_node is set for NAME_PRESENT, without a reference. */
enum name_known name_find(struct name_cache *c, const struct node *directory, struct view name, struct node **out_node);
/* From now on the name leads to `node`, or (nullptr) nowhere. Without memory the name is unknown again. */
void name_set(struct name_cache *c, struct node *directory, struct view name, struct node *node);
void name_forget(struct name_cache *c, struct node *directory, struct view name);
/* Everything about one filesystem (nullptr: all). */
void name_cache_purge(struct name_cache *c, const struct filesystem *fs);
