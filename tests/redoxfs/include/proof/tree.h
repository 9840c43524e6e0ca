/* SPDX-License-Identifier: MIT
 * A tree in memory, as simple as can be: what a volume should hold. Names are the caller's and live for ever. */
#pragma once
#include "redoxfs/redoxfs.h"

enum { MODEL_PAGE = 4096 };
struct page { uint32_t references; uint8_t bytes[MODEL_PAGE]; };
struct model_page { uint64_t number; struct page *page; };
struct model_entry { const char *name; uint32_t node; };
struct model_node {
    bool is_used;
    uint16_t mode;
    uint32_t id, uid, gid, links, holds; /* id: the volume's number; links 0: without a name */
    uint64_t size;
    struct redoxfs_time modify;
    struct model_page *pages;
    struct model_entry *entries;
    uint32_t page_count, entry_count;
};
struct model_tree { struct model_node *nodes; uint32_t count; }; /* node 0 is the root */

uint32_t tree_add(struct model_tree *t, const struct model_node *node);
void tree_clear_node(struct model_node *n);
void tree_clear(struct model_tree *t);
void tree_copy(struct model_tree *to, const struct model_tree *from);
struct model_entry *tree_find_entry(struct model_node *directory, const char *name);
void tree_add_entry(struct model_node *directory, const char *name, uint32_t node);
void tree_remove_entry(struct model_node *directory, const char *name);
void tree_write(struct model_node *n, uint64_t offset, const uint8_t *data, size_t bytes);
void tree_truncate(struct model_node *n, uint64_t size);
void tree_read(const struct model_node *n, uint64_t offset, uint8_t *to, size_t bytes);
/* Everything on the volume is in the tree and the other way round; a difference ends the program. */
void tree_compare(const struct model_tree *t, struct redoxfs *fs);
