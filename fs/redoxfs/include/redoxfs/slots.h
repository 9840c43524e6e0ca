/* SPDX-License-Identifier: MIT
 * The key slots of an encrypted volume that is open for writing. Changes last after redoxfs_commit. */
#pragma once
#include "redoxfs/redoxfs.h"

bool redoxfs_slot_is_used(const struct redoxfs *fs, uint32_t slot);
/* NOT_SUPPORTED: the volume is in the clear. `sealed` null: the slot becomes empty; LIMIT: it is the last one that opens the volume. */
enum status redoxfs_slot_set(struct redoxfs *fs, uint32_t slot, const struct redoxfs_key_slot *sealed);
/* The ring's older headers, which hold the slots as they were, are cleared. After the commit. */
enum status redoxfs_ring_clear(struct redoxfs *fs);
