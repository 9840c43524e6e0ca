/* SPDX-License-Identifier: MIT
 * poll: waiting for any of several objects, once. Answered by the kernel from readiness masks; asking is no IPC. */
#pragma once
#include "abi/event.h"
#include "base/try.h"
#include "kernel/core/addresses.h"
#include "kernel/object/handle_table.h"

#define POLL_ENTRIES_MAX 65536u
/* Entries are read and written at `entries`; *out_ready counts those with an answer. */
enum status poll_wait(struct handle_table *t, user_addr_t entries, uint32_t count, uint64_t deadline_ns, uint32_t *out_ready);
/* What poll says of an object now; files are always ready. */
uint32_t poll_mask(struct object *o);
