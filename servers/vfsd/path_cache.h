/* SPDX-License-Identifier: MIT
 * Whole paths that led somewhere, and who went: a walk that has been made need not be made again.
 *
 * An entry counts only while node_table.changes is what it was: that number rises whenever a name that led to a node stops doing so, a
 * directory's mode or owner changes, or a mount comes or goes. For a path to a directory it is directory_changes, which does not
 * rise when a name of something else goes: only directories are on the way. So a hit is what a walk would find now, and its node is alive: the name
 * it was found by still holds it, and no reference is taken here. Paths that a walk fails on, links, and filesystems whose names change
 * by themselves are never remembered. A fixed table, one entry a place; the newer one stays. */
#pragma once
#include "credentials.h"
#include "fs/name_hash.h"
#include "node.h"

#define PATH_ENTRY_BYTES 84u /* longer paths are not remembered */

struct path_entry {
    uint64_t hash, changes;
    uint64_t start;              /* serial of the directory where the path begins; 0: nothing is here */
    uint64_t identity;
    struct node *node;
    uint32_t length : 31;
    uint32_t is_directory : 1;
    uint8_t path[PATH_ENTRY_BYTES];
};
static_assert(sizeof(struct path_entry) == 128);

struct path_cache {
    const struct node_table *nodes;
    struct name_key key;
    struct path_entry *entries;  /* nullptr: none, and nothing is remembered */
};

/* What is asked: where it begins, who asks, which way. */
struct path_question {
    struct view path;
    uint64_t start, identity, hash;
};

enum status path_cache_init(struct path_cache *c, const struct node_table *nodes, struct name_key key);
/* `start` as a walk would begin: what is seen at the root or the current directory. False: paths like this are not remembered. */
bool path_question(const struct path_cache *c, const struct node *start, const struct credentials *who, struct view path,
                   struct path_question *out);
struct node *path_find(const struct path_cache *c, const struct path_question *q);
void path_remember(struct path_cache *c, const struct path_question *q, struct node *node);
