/* SPDX-License-Identifier: MIT
 * Object identity and the end of an object. Identities come from one counter that never wraps in practice (64 bits). */
#include "kernel/core/object.h"
#include "kernel/core/panic.h"

static uint64_t last_id;

void object_init(struct object *o, const struct object_type *type)
{
    *o = (struct object){
        .type = type,
        .references = 1,
        .id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED),
    };
}

/* Better to leak one object for ever than to free it under somebody. */
OFF_THE_WAY void object_saturated(struct object *o) { __atomic_store_n(&o->references, REFERENCES_MAX, __ATOMIC_RELAXED); }

void object_destroy(struct object *o)
{
    if (unlikely(o->references != 0))
        return; /* saturated, then put: stays */
    ASSERT(o->handles == 0);
    o->type->destroy(o);
}
