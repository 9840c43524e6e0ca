/* SPDX-License-Identifier: MIT
 * The small objects: doorbell, timer, log, identity domain. Each is a head, a readiness, and little else. */
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
enum status log_object_create(struct object **out);
enum status identity_create(struct object **out);
