/* SPDX-License-Identifier: MIT
 * Putting a volume right. Space is what the check did not reach, whatever the log says; counts are what was counted. Each repair is a change like
 * any other, so an interrupted one leaves the volume as it was at the last commit. */
#pragma once
#include "redoxfs/check.h"
#include "redoxfs/write.h"

/* Like redoxfs_open_writable after a check of the same volume (its `state`), but the log is not read: the next commit writes a new one, in which
 * everything is free that nothing points at. A damaged release list is dropped: its nodes are nodes without a name then. */
enum status redoxfs_open_repair(struct redoxfs_disk disk, const struct redoxfs_write_options *options, const uint8_t *state, struct redoxfs *out);
/* The first node with a number greater than `after`. NOT_FOUND: there is none. */
enum status redoxfs_node_next(struct redoxfs *fs, uint32_t after, uint32_t *out_id);
/* Link count; and of a file the records behind its end go, and its blocks are counted again. */
enum status redoxfs_repair_node(struct redoxfs *fs, uint32_t id, uint32_t links);
/* Takes a name away that leads to no node. */
enum status redoxfs_repair_name(struct redoxfs *fs, uint32_t directory, struct view name);
