/* SPDX-License-Identifier: MIT
 * The tree of a filesystem in memory: nodes, names, links, and the rules for changing them. No system calls: what a regular file
 * holds is behind a handle that the caller puts into the node, and `release` gives back.
 *
 * A node lives while it has links, or until it is forgotten: a name that goes takes the last link away, and the node stays
 * as an orphan until ram_forget. A directory's parent pointer is valid while the directory has links.
 * All functions look first and change afterwards; one that fails has changed nothing. One loop owns a tree; there is no lock. */
#pragma once
#include "abi/file.h"
#include "abi/handle.h"
#include "directory.h"
#include "fs/records.h"

struct ram_node {
    struct ram_node *next;            /* in the tree's table */
    struct file_attributes attributes;/* of a regular file with a file object: size, times and blocks are the kernel's */
    handle_t file;                    /* regular: the file object, or HANDLE_NONE until somebody asks for it */
    struct view content;              /* regular: what the file object starts with; symbolic link: its target */
    struct ram_node *parent;          /* directory: the one that holds it; the root's is itself */
    struct ram_directory entries;     /* directory */
};

struct ram_tree {
    struct ram_node **table;          /* by inode */
    uint64_t table_count, node_count, node_limit, next_inode;
    struct name_key key;
    struct ram_node *root;
    uint64_t device;
    void (*release)(struct ram_node *node); /* the node goes: close its file */
};

struct ram_owner { uint32_t uid, gid; };
enum : uint32_t { RAM_NO_REPLACE = 8, RAM_EXCHANGE = 16 }; /* flags of rename, as the vfs protocol numbers them */

enum status ram_tree_init(struct ram_tree *t, struct name_key key, uint64_t node_limit, int64_t now_ns,
                          void (*release)(struct ram_node *node));
/* What attributes.device says from now on, of all nodes. */
void ram_set_device(struct ram_tree *t, uint64_t device);
/* Every node goes, orphans too. */
void ram_tree_fini(struct ram_tree *t);

enum status ram_node_find(const struct ram_tree *t, uint64_t inode, struct ram_node **out);
enum status ram_lookup(const struct ram_tree *t, const struct ram_node *directory, struct view name, struct ram_node **out);
/* Regular files, directories, devices, FIFOs. An empty name makes an orphan. */
enum status ram_create(struct ram_tree *t, struct ram_node *directory, struct view name, uint32_t type, uint32_t mode,
                       struct ram_owner owner, int64_t now_ns, struct ram_node **out);
enum status ram_symlink(struct ram_tree *t, struct ram_node *directory, struct view name, struct view target,
                        struct ram_owner owner, int64_t now_ns, struct ram_node **out);
enum status ram_link(struct ram_tree *t, struct ram_node *node, struct ram_node *directory, struct view name, int64_t now_ns);
/* *out_victim: the node that lost the name, perhaps its last. */
enum status ram_unlink(struct ram_tree *t, struct ram_node *directory, struct view name, bool is_directory, int64_t now_ns,
                       struct ram_node **out_victim);
/* *out_moved: what has the new name now; *out_victim: what lost it (or swapped), nullptr when it was free or the same node. */
enum status ram_rename(struct ram_tree *t, struct ram_node *old_directory, struct view old_name, struct ram_node *new_directory,
                       struct view new_name, uint32_t flags, int64_t now_ns, struct ram_node **out_moved,
                       struct ram_node **out_victim);
/* Fills the writer with what comes after the cookie; ERR_TOO_BIG when not even one entry fits. */
enum status ram_readdir(const struct ram_node *directory, uint64_t cookie, struct record_writer *w);
/* The node goes if it has no links. */
void ram_forget(struct ram_tree *t, struct ram_node *node);
