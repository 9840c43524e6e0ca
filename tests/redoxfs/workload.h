/* SPDX-License-Identifier: MIT
 * The operations of the bounded sequences, over a tree of six names: A, B, A/foo, A/bar, B/foo, foo. At the start A, A/foo, B and foo
 * are there. An operation whose names are not there is refused, which must change nothing. */
#pragma once
#include "proof/disk.h"

enum { WORK_OPERATIONS = 25, WORK_RESIZE = 23 /* from here on the operations commit by themselves */, WORK_BLOCKS = 420 };
/* A volume with the starting tree; every test begins with a copy. */
void workload_start(struct proof_disk *disk);
enum status workload_do(struct redoxfs *fs, uint32_t operation, uint64_t variation);
/* Of all that can be seen: paths, attributes, contents. ERR_IO and the like when it cannot be read. */
enum status workload_digest(struct redoxfs *fs, uint64_t *out);
