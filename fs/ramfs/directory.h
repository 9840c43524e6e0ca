/* SPDX-License-Identifier: MIT
 * A directory in memory: names found by hash, listed in order of age.
 *
 * Each entry has a cookie that grows with its age; `order` holds the entries by cookie, with a hole where one was
 * removed, so a listing resumes after any cookie, though the entry that it names is gone. Holes are squeezed out when they are
 * half of it. Owned by one tree (tree.h), used from its loop alone. */
#pragma once
#include "abi/status.h"
#include "base/span.h"
#include "fs/name_hash.h"

struct ram_node;

struct ram_entry {
    struct ram_entry *next;    /* in its bucket */
    uint64_t hash, cookie;
    struct ram_node *node;
    uint32_t position;         /* in `order` */
    uint8_t name_bytes;
    uint8_t name[];
};

struct ram_directory {
    struct ram_entry **buckets;
    struct ram_entry **order;
    uint32_t bucket_count;     /* power of two, or 0 */
    uint32_t order_used, order_capacity;
    uint32_t live;
    uint64_t next_cookie;
};

void ram_directory_init(struct ram_directory *d);
/* Frees the tables and what entries are left; the nodes are not touched. */
void ram_directory_fini(struct ram_directory *d);
struct ram_entry *ram_directory_find(const struct ram_directory *d, const struct name_key *key, struct view name);
/* The name must be free. ERR_NO_SPACE when memory is out; nothing changed then. */
enum status ram_directory_add(struct ram_directory *d, const struct name_key *key, struct view name, struct ram_node *node,
                              struct ram_entry **out);
void ram_directory_remove(struct ram_directory *d, struct ram_entry *entry);
/* The first entry with a greater cookie, or nullptr. */
struct ram_entry *ram_directory_after(const struct ram_directory *d, uint64_t cookie);
static inline struct view ram_entry_name(const struct ram_entry *e) { return (struct view){e->name, e->name_bytes}; }
