/* SPDX-License-Identifier: MIT
 * Numbers for paged files, so that a frame's metadata can say in 32 bits whose page it holds. Number 0 is nobody. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

struct file_object;
enum status file_number_take(struct file_object *f, uint32_t *out);
void file_number_give(uint32_t number);
struct endpoint;
/* The server of this endpoint is gone: readers of its files get ERR_PEER_GONE instead of waiting for ever. */
void files_endpoint_died(const struct endpoint *e);
/* The file with a new reference; null: none, or on its way out. */
struct file_object *file_by_number(uint32_t number);
