/* SPDX-License-Identifier: MIT
 * What a native program was started with. start.S calls main(block) after the image has relocated itself; these read the block. */
#pragma once
#include "abi/start.h"
#include "base/span.h"

#ifdef MH_HOST
#define main native_main /* a unit test on the build machine has its own */
#endif
/* Provided by every native program; what it returns is the exit status word. */
int main(const struct start_block *block);

/* The block of this process, the same that main gets. */
const struct start_block *start_current(void);
/* The handle given under `name`, or HANDLE_NONE. */
handle_t start_handle(const struct start_block *block, const char *name);
/* Argument `index` (0: the program's name); an empty view when there are fewer. The bytes are followed by a zero. */
struct view start_argument(const struct start_block *block, uint32_t index);
/* Is there an argument `word` after the first? */
bool start_has_argument(const struct start_block *block, const char *word);
/* The value of the first argument that begins with `prefix` ("scheme="), or an empty view. */
struct view start_option(const struct start_block *block, const char *prefix);
