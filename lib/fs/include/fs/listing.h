/* SPDX-License-Identifier: MIT
 * A directory's names as they were when somebody began to read them, so that reading on stays right while names come and go. Cookies
 * count entries from 1. Works on memory of its own. */
#pragma once
#include "abi/status.h"
#include "fs/records.h"

struct listing { uint8_t *data; size_t used, capacity; };

/* Names are 1..255 bytes; type is enum file_type, 0: unknown. NO_MEMORY also for more than 64 MiB of them. */
enum status listing_add(struct listing *l, uint64_t inode, uint32_t type, struct view name);
/* What comes after the cookie, as much as fits; ERR_TOO_BIG when not even one entry does. */
enum status listing_records(const struct listing *l, uint64_t cookie, struct record_writer *w);
void listing_free(struct listing *l);
