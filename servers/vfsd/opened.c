/* SPDX-License-Identifier: MIT
 * Views and open directories: the resources that clients name paths by. An opened thing lives until its token is closed and no
 * operation uses it any more. A view never changes: a new current directory is a new view. */
#include "vfsd.h"
#include "heap/heap.h"

enum status opened_create(enum opened_kind kind, struct node *root, struct node *node, uint32_t open_flags, handle_t *out_handle)
{
    struct opened *o;
    TRY(HEAP_NEW(&o));
    *o = (struct opened){.kind = kind, .references = 1};
    uint32_t flags = kind >= OPENED_RANDOM ? RESOURCE_ALWAYS_READY : 0;
    uint32_t stream = 0;
    if (kind != OPENED_VIEW)
        stream = (open_flags & OPEN_READ ? STREAM_READ : 0) | (open_flags & OPEN_WRITE ? STREAM_WRITE : 0)
                 | (open_flags & OPEN_NONBLOCK ? STREAM_NONBLOCK : 0) | (open_flags & OPEN_PATH ? STREAM_PATH : 0);
    enum status status = server_open(&vfsd.server, o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, flags, stream, out_handle);
    if (status != OK) {
        heap_free(o);
        return status;
    }
    struct handle_info info = {};
    IGNORE(sys_handle_info(*out_handle, &info)); /* without it the handle cannot be sent back to us, but works */
    o->object_id = info.object_id;
    o->root = node_get(root);
    o->node = node_get(node);
    list_push_front(&vfsd.openeds, &o->link);
    return OK;
}

void opened_put(struct opened *o)
{
    if (--o->references > 0)
        return;
    list_remove(&o->link);
    node_put(&vfsd.nodes, o->root);
    node_put(&vfsd.nodes, o->node);
    listing_drop(o);
    heap_free(o);
}

struct opened *opened_of_handle(handle_t handle)
{
    struct handle_info info;
    if (sys_handle_info(handle, &info) != OK || info.kind != OBJECT_RESOURCE)
        return nullptr;
    list_for_each(at, &vfsd.openeds) {
        struct opened *o = container_of(at, struct opened, link);
        if (o->object_id == info.object_id)
            return o;
    }
    return nullptr;
}
