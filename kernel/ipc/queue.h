/* SPDX-License-Identifier: MIT
 * Event queues: many objects watched for a long time. Ready items stand on a list; waiting looks at that list only, so the cost
 * does not grow with what is watched. Queues may watch queues, to depth QUEUE_DEPTH_MAX, without cycles. */
#pragma once
#include "abi/event.h"
#include "kernel/core/addresses.h"
#include "kernel/object/handle_table.h"

#define QUEUE_DEPTH_MAX 5
struct queue;
enum status queue_create(struct object **out);
enum status queue_control(struct object *queue, uint32_t operation, handle_t h, struct object *target, uint32_t mask, uint64_t tag);
enum status queue_wait(struct object *queue, user_addr_t events, uint32_t count, uint64_t deadline_ns, uint32_t *out_count);
