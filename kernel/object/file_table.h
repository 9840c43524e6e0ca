/* SPDX-License-Identifier: MIT
 * Numbers for paged files, so that a frame's metadata can say in 32 bits whose page it holds. Number 0 is nobody. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

struct file_object;
enum status file_number_take(struct file_object *f, uint32_t *out);
void file_number_give(uint32_t number);
/* The file with a new reference; null: none, or on its way out. */
struct file_object *file_by_number(uint32_t number);
