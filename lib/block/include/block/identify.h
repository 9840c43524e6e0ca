/* SPDX-License-Identifier: MIT
 * What a disk holds, by its first bytes: which unit serves it. */
#pragma once
#include "base/span.h"

#define BLOCK_IDENTIFY_BYTES (1u << 20) /* as many are looked at, or as many as the disk has */
/* The name of the unit; null: nothing that is known. */
const char *block_identify(struct view head);
