/* SPDX-License-Identifier: MIT
 * The small objects: doorbell, timer, log, identity domain, the right to real time. Each is a head, a readiness, and little else. */
#pragma once
#include "kernel/core/object.h"

enum status doorbell_create(struct object **out);
void doorbell_ring(struct object *o);
enum status timer_object_create(struct object **out);
/* first 0: disarm. *out_left: ns until it would have fired. */
enum status timer_object_set(struct object *o, uint64_t first_ns, uint64_t period_ns, uint64_t *out_left);
/* Expirations since the last take; also takes a doorbell's rings. Clears readiness. */
uint64_t object_count_take(struct object *o);
bool object_has_count(const struct object *o);
enum status object_count_wait(struct object *o);                  /* OK: there may be a count; ERR_WOULD_BLOCK, ERR_INTERRUPTED */
enum status object_count_add(struct object *o, uint64_t amount);  /* a doorbell rings that often; ERR_WOULD_BLOCK: it would overflow */
uint32_t object_count_flags(struct object *o, uint32_t set, uint32_t clear); /* STREAM_*, the old ones; only NONBLOCK may change */
enum status log_object_create(struct object **out);
enum status identity_create(struct object **out);
enum status realtime_create(struct object **out);             /* the right to the real-time band */
