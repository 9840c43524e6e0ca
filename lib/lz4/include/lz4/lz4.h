/* SPDX-License-Identifier: MIT
 * Raw LZ4 blocks (no frame, no dictionary), one door with two behind it: lib/lz4/foreign is Debian's liblz4, for whoever can link it;
 * lib/lz4/small decodes only, for native programs. A program names one of them. */
#pragma once
#include "base/span.h"

/* CORRUPT: it ends in the middle, copies from before its start, or expands to more than to.length. */
enum status lz4_decode(struct view block, struct span to, size_t *out_bytes);
/* The length of the block; 0: it would be longer than to.length. Of lib/lz4/foreign alone. */
size_t lz4_encode(struct view from, struct span to);
