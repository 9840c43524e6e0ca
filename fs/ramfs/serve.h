/* SPDX-License-Identifier: MIT
 * ramfs's side of the fs protocol, and what the tree calls when a node goes. */
#pragma once
#include "ramfs.h"
#include "server/request.h"

bool ramfs_protocol(struct request *rq);
void ramfs_release(struct ram_node *node);
/* An empty filesystem more, as /tmp wants it. */
enum status ramfs_instance_create(uint64_t node_limit, struct name_key key, struct ramfs **out);
void ramfs_instance_destroy(struct ramfs *instance);
