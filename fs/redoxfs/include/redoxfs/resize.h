/* SPDX-License-Identifier: MIT
 * Another size for a volume that is open for writing and that nobody uses meanwhile. */
#pragma once
#include "redoxfs/write.h"

/* Blocks from the volume's first on; ends with a commit. A crash or an error leaves a whole volume of the one size or the other; after an error
 * the same call may be made again. INVALID: too few, or more than the disk has. NO_SPACE: what is in it does not fit, with what is kept back
 * so that deleting always works. CORRUPT: also when blocks behind the new end belong to nobody and are not free: a repair frees them. */
enum status redoxfs_resize(struct redoxfs *fs, uint64_t block_count);
