/* SPDX-License-Identifier: MIT
 * The messages of abi/protocol/group.proto, which the kernel answers itself. */
#pragma once
#include "kernel/core/object.h"

/* `words` as in a message; o: what the handle names, with these rights. */
int64_t group_call(struct object *o, uint32_t rights, uint32_t kind, uint64_t *words);
