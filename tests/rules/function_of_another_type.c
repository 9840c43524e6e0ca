/* SPDX-License-Identifier: MIT
 * A function goes only where its type is wanted: calls through pointers are checked by it. expect: incompatible function pointer types */
#include "kernel/core/object.h"

void destroy_number(int number);
void destroy_object(struct object *o);
#ifdef ALLOWED
extern const struct object_type rule;
const struct object_type rule = {.name = "rule", .destroy = destroy_object};
#else
extern const struct object_type rule;
const struct object_type rule = {.name = "rule", .destroy = destroy_number};
#endif
