/* SPDX-License-Identifier: MIT
 * Namespaces: a small table searched from front to back; a process has a dozen schemes, not thousands. */
#include "kernel/object/namespace.h"
#include "base/string.h"
#include "kernel/mm/heap.h"
#include "kernel/object/grant.h"

static void namespace_destroy(struct object *o)
{
    struct namespace *n = container_of(o, struct namespace, object);
    for (uint32_t i = 0; i < n->count; i++)
        if (n->entries[i].name_bytes) {
            object_handle_removed(n->entries[i].view.object);
            handle_view_put(&n->entries[i].view);
        }
    heap_free(n, sizeof *n);
}

static const struct object_type namespace_type = {.kind = OBJECT_NAMESPACE, .name = "namespace", .destroy = namespace_destroy};

static struct namespace_entry *find_locked(struct namespace *n, struct view name)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (view_equal((struct view){n->entries[i].name, n->entries[i].name_bytes}, name))
            return &n->entries[i];
    return nullptr;
}

enum status namespace_create(struct namespace *from, struct namespace **out)
{
    struct namespace *n = heap_allocate_zeroed(sizeof *n);
    if (!n)
        return ERR_NO_MEMORY;
    object_init(&n->object, &namespace_type);
    spinlock_init(&n->lock, RANK_NAMESPACE);
    if (from) {
        GUARD(&from->lock);
        for (uint32_t i = 0; i < from->count; i++) {
            struct namespace_entry *e = &from->entries[i];
            if (!e->name_bytes)
                continue;
            object_get(e->view.object);
            grant_get(e->view.grant);
            object_handle_added(e->view.object);
            n->entries[n->count++] = *e;
        }
    }
    *out = n;
    return OK;
}

enum status namespace_bind(struct namespace *n, struct view name, struct handle_view *v)
{
    if (!name.length || name.length > SCHEME_NAME_MAX || view_find(name, ':') != name.length || view_find(name, '/') != name.length)
        return ERR_INVALID;
    struct handle_view old = {0};
    {
        GUARD(&n->lock);
        struct namespace_entry *e = find_locked(n, name);
        if (!e && !v)
            return ERR_NOT_FOUND;
        if (!e)
            e = find_locked(n, (struct view){name.data, 0});
        if (!e) {
            if (n->count == SCHEMES_MAX)
                return ERR_LIMIT;
            e = &n->entries[n->count++];
        }
        if (e->name_bytes)
            old = e->view;
        e->name_bytes = v ? name.length : 0;
        memcpy(e->name, name.data, name.length);
        if (v) {
            object_handle_added(v->object);
            e->view = *v;
        }
    }
    if (old.object) {
        object_handle_removed(old.object);
        handle_view_put(&old);
    }
    return OK;
}

enum status namespace_find(struct namespace *n, struct view name, struct handle_view *out)
{
    GUARD(&n->lock);
    struct namespace_entry *e = name.length ? find_locked(n, name) : nullptr;
    if (!e)
        return ERR_NOT_FOUND;
    TRY(grant_check(e->view.grant));
    object_get(e->view.object);
    grant_get(e->view.grant);
    *out = e->view;
    return OK;
}
