/* SPDX-License-Identifier: MIT
 * Volumes made by a script, for readers that are not ours. */
#pragma once
#include "base/types.h"

/* FOLDER/script with the bytes of FOLDER/pool, on a new volume, which becomes a file. Answers the lines; one that fails ends the program. */
uint64_t replay_run(const char *folder, const char *image, uint64_t blocks, bool compresses);
