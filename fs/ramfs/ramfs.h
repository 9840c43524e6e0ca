/* SPDX-License-Identifier: MIT
 * What the parts of ramfs share: the tree, and file objects for its regular files. One loop owns it all. */
#pragma once
#include "sys/syscall.h"
#include "tree.h"

struct ramfs {
    struct ram_tree tree;
};
extern struct ramfs ramfs; /* the one that the program was started for */

/* Makes node->file present: an empty memory file, or one with what the node's content says. */
enum status ramfs_need_file(struct ram_node *node);
/* Fills the tree with what the archive has. */
enum status ramfs_unpack(struct view archive);
