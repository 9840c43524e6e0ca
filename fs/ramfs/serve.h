/* SPDX-License-Identifier: MIT
 * ramfs's side of the fs protocol, and what the tree calls when a node goes. */
#pragma once
#include "ramfs.h"
#include "server/request.h"

bool ramfs_protocol(struct request *rq);
void ramfs_release(struct ram_node *node);
