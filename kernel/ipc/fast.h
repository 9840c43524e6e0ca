/* SPDX-License-Identifier: MIT
 * The short ways of call and reply_receive. False: nothing has happened, go the long way. */
#pragma once
#include "kernel/ipc/endpoint.h"

/* Takes over the reference on `resource` when true. */
bool ipc_call_fast(struct resource *resource, uint32_t kind, uint64_t *words, int64_t *out_result);
bool ipc_reply_receive_fast(struct endpoint *e, uint64_t id, int64_t result, uint64_t *words, int64_t *out_kind);
