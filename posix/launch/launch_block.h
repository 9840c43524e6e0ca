/* SPDX-License-Identifier: MIT
 * What the native starter leaves in a new process for the library's first act: the exec of the program itself. */
#pragma once
#include "posix/launch/place.h"

#define LAUNCH_BLOCK_OFFSET (1ull << 20) /* from place.state */
#define LAUNCH_BLOCK_BYTES_MAX (4ull << 20)
struct launch_block {
    uint32_t path_bytes;                 /* without a zero */
    uint32_t argument_count, environment_count;
    uint32_t strings_bytes;              /* arguments, then environment, each with its zero */
    uint8_t  text[];                     /* path, strings */
};
