/* SPDX-License-Identifier: MIT
 * The head of everything that a handle can name: a kind, a saturating reference count, and a type's operations.
 * Created with one reference; the last put destroys it. Objects are never copied. */
#pragma once
#include "abi/handle.h"
#include "base/try.h"
#include "base/types.h"
#include "kernel/core/count.h"

struct object;
struct wait_queue;
struct readiness;

struct object_type {
    enum object_kind kind;
    const char *name;
    void (*destroy)(struct object *o);                       /* the last reference is gone */
    void (*handle_closed)(struct object *o);                 /* the last HANDLE is gone (optional); references may remain */
    struct readiness *(*readiness)(struct object *o);        /* what poll and queues watch (optional) */
};

struct object {
    const struct object_type *type;   /* constant */
    uint32_t references;              /* atomic, saturates at REFERENCES_MAX: then it is never freed */
    uint32_t handles;                 /* atomic: how many handles name it */
    uint64_t id;                      /* constant, never reused */
#ifdef MH_COUNT
    uint32_t last;                    /* atomic: 1 + the CPU that counted references last */
#endif
};
#define REFERENCES_MAX 0x7fffffffu

void object_init(struct object *o, const struct object_type *type);
OFF_THE_WAY void object_saturated(struct object *o);
void object_destroy(struct object *o);

static inline struct object *object_get(struct object *o)
{
    count_reference(o);
    /* Relaxed: the caller holds a reference already, so the object cannot go while we count. */
    if (unlikely(__atomic_add_fetch(&o->references, 1, __ATOMIC_RELAXED) >= REFERENCES_MAX))
        object_saturated(o);
    return o;
}
static inline void object_put(struct object *o)
{
    count_reference(o);
    /* Acquire-release: what others did with the object happens before its destruction. */
    if (__atomic_sub_fetch(&o->references, 1, __ATOMIC_ACQ_REL) == 0)
        object_destroy(o);
}
DEFINE_CLEANUP(object_put, struct object *)
