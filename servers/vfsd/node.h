/* SPDX-License-Identifier: MIT
 * Nodes: what vfsd remembers of files and directories, one structure for each inode of each mounted filesystem.
 *
 * A node lives while something holds a reference: a name in the cache, a child that calls it parent, a walk, an open directory, a
 * mount. A directory knows its parent and its own name, so a path can be made from any of them; other nodes know the last name they
 * were found by. Mode, owner and type in `attributes` are always current, because every change goes through vfsd; size and times
 * of regular files are the file object's, and those of other nodes are current while `is_fresh`. One loop owns everything here. */
#pragma once
#include "abi/file.h"
#include "abi/handle.h"
#include "base/list.h"
#include "base/span.h"

#define NODE_SHORT_NAME 32u

struct node;
struct device;

enum : uint32_t { FILESYSTEM_READ_ONLY = 1, FILESYSTEM_VOLATILE_NAMES = 2 }; /* as fs.root's flags */

struct filesystem {
    struct list_node link;      /* all of them, in order of mounting */
    handle_t server;            /* target of the fs protocol; HANDLE_NONE: vfsd's own (/dev) */
    uint64_t device;
    uint32_t flags;
    bool is_process;            /* procfs: `self` is the caller */
    struct node *root;          /* holds a reference */
    struct node *covered;       /* the directory that it is mounted on, with a reference; nullptr: the system's root */
    uint64_t node_count;
    char name[64];
};

struct node {
    struct node *next;          /* in the table */
    struct filesystem *filesystem;
    uint64_t serial;            /* never reused; names its directory in the name cache */
    struct file_attributes attributes;
    bool is_fresh;              /* attributes are complete and current */
    bool is_removed;            /* its last name is gone */
    bool is_forgotten;          /* its server was told already */
    bool is_self;               /* procfs's `self`: its target is the caller's pid */
    uint32_t references;
    uint32_t generation;        /* directory: rises with each change of its names */
    handle_t file;              /* regular: the file object, or HANDLE_NONE */
    handle_t end;               /* named pipe: the end kept for the first writer; socket: its connector, and the node is kept while it is */
    struct filesystem *mounted; /* directory: what covers it */
    struct node *parent;        /* with a reference; nullptr for a root, or never known */
    struct view name;           /* in the parent; in short_name, or own memory */
    struct view target;         /* symbolic link: once read; own memory */
    struct device *device;      /* in /dev */
    struct node *first_child, *sibling; /* in /dev */
    uint8_t short_name[NODE_SHORT_NAME];
};

struct node_table {
    struct node **buckets;
    uint64_t bucket_count, node_count, next_serial;
    /* path_cache.h: rises when a path that led to a directory may lead elsewhere, or not let somebody pass; and when any path may */
    uint64_t directory_changes, changes;
    /* The node is about to go: close its file, tell its server. */
    void (*released)(struct node_table *table, struct node *node);
};

enum status node_table_init(struct node_table *t, void (*released)(struct node_table *, struct node *));
/* The node of attributes->inode, found or made, with a reference for the caller. Attributes of a known one are refreshed. */
enum status node_obtain(struct node_table *t, struct filesystem *fs, const struct file_attributes *attributes, struct node **out);
/* A known node, with a reference, or nullptr. */
struct node *node_find(struct node_table *t, uint64_t device, uint64_t inode);
static inline struct node *node_get(struct node *node)
{
    node->references++;
    return node;
}
/* The last reference is gone. */
void node_release(struct node_table *t, struct node *node);
static inline void node_put(struct node_table *t, struct node *node)
{
    if (--node->references == 0)
        node_release(t, node);
}
/* Puts *node and clears it; *node may be nullptr. */
static inline void node_drop(struct node_table *t, struct node **node)
{
    if (*node)
        node_put(t, *node);
    *node = nullptr;
}
/* A name leads there no longer. */
static inline void node_lost_a_name(struct node_table *t, const struct node *node)
{
    t->changes++;
    t->directory_changes += node->attributes.type == FILE_DIRECTORY;
}
/* Attributes as its server told them, or with a change applied. */
void node_set_attributes(struct node_table *t, struct node *node, const struct file_attributes *attributes);
/* Where it was found. */
enum status node_set_name(struct node_table *t, struct node *node, struct node *parent, struct view name);
enum status node_set_target(struct node *node, struct view target);
static inline bool node_is_directory(const struct node *node) { return node->attributes.type == FILE_DIRECTORY; }

/* The directory above, across mounts, never above `root`. No reference is taken. */
struct node *node_above(struct node *node, const struct node *root);
/* What is seen at this directory: the root of what is mounted on it, if anything. */
static inline struct node *node_cover(struct node *node)
{
    while (node->mounted)
        node = node->mounted->root;
    return node;
}
/* The path from `root`, or from the system's root when it is not below `root`. ERR_NOT_FOUND when it, or one above it, was
 * removed; ERR_OUT_OF_RANGE when there is no room. */
enum status node_path(struct node *node, const struct node *root, struct span space, struct view *out);
