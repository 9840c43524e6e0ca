/* SPDX-License-Identifier: MIT
 * Namespaces: scheme name -> capability on that scheme's root. A process opens "tcp:x" here and nowhere else. A child gets the
 * same or a narrower one; a bound entry holds references on its object. */
#pragma once
#include "base/span.h"
#include "kernel/core/object.h"
#include "kernel/object/handle_table.h"

#define SCHEME_NAME_MAX 24u
#define SCHEMES_MAX 128u

struct namespace_entry {
    uint8_t name[SCHEME_NAME_MAX];
    size_t name_bytes;              /* 0: free */
    struct handle_view view;
};
struct namespace {
    struct object object;           /* OBJECT_NAMESPACE */
    struct spinlock lock;           /* entries */
    uint32_t count;
    struct namespace_entry entries[SCHEMES_MAX];
};

enum status namespace_create(struct namespace *from, struct namespace **out); /* null: empty; else a copy */
/* Takes over v's references when OK. v null: removes the name. */
enum status namespace_bind(struct namespace *n, struct view name, struct handle_view *v);
enum status namespace_find(struct namespace *n, struct view name, struct handle_view *out);
static inline void namespace_put(struct namespace *n) { object_put(&n->object); }
