/* SPDX-License-Identifier: MIT
 * One raw LZ4 block (no frame, no dictionary) into memory of known size. */
#pragma once
#include "base/span.h"

/* CORRUPT: it ends in the middle, copies from before its start, or expands to more than to.length. */
enum status lz4_decode(struct view block, struct span to, size_t *out_bytes);
