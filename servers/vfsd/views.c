/* SPDX-License-Identifier: MIT
 * Views: where a process's paths start. A view is never changed, so threads and forked processes share the handle; changing directory
 * answers a new one. */
#include "ops.h"
#include "operation.h"
#include "base/string.h"

#define PATH_BYTES 4096u

static enum status view_walked(struct operation *op, struct node *root)
{
    struct node *node = operation_found(op);
    if (!node_is_directory(node))
        return ERR_NOT_DIRECTORY;
    TRY(credentials_may(&op->who, &node->attributes, MAY_EXECUTE));
    return opened_create(OPENED_VIEW, root ? root : node, root ? node : opened_node(op->target), 0, &op->handle);
}

static enum status directory_walked(struct operation *op)
{
    return view_walked(op, opened_root(op->target));
}

static enum status root_walked(struct operation *op)
{
    return credentials_is_root(&op->who) ? view_walked(op, nullptr) : ERR_NOT_PERMITTED;
}

static void directory_answer(struct operation *op, enum status status)
{
    struct vfs_change_directory_out out = {.view = op->handle};
    IGNORE(vfs_change_directory_reply(vfsd.server.endpoint, op->request, status, &out));
}

static enum status change(struct request *rq, struct view path, operation_step *next, handle_t *out_view)
{
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = operation_path(op, path, WALK_FOLLOW | WALK_EMPTY);
    if (status == OK)
        status = operation_walk(op, next);
    *out_view = op->handle;
    return operation_end(op, rq, status, directory_answer);
}

enum status vfsd_change_directory(struct request *rq, const struct vfs_change_directory_in *in,
                                  struct vfs_change_directory_out *out)
{
    return change(rq, in->path, directory_walked, &out->view);
}

enum status vfsd_change_root(struct request *rq, const struct vfs_change_root_in *in, struct vfs_change_root_out *out)
{
    static_assert(sizeof(struct vfs_change_root_out) == sizeof(struct vfs_change_directory_out)); /* one answer for both */
    return change(rq, in->path, root_walked, &out->view);
}

/* Paths are made at the end of the receive buffer, whose contents are used up. */
static struct span path_space(void)
{
    return (struct span){vfsd.server.receive_buffer.data, PATH_BYTES};
}

enum status vfsd_current(struct request *rq, const struct vfs_current_in *in, struct vfs_current_out *out)
{
    (void)in;
    return node_path(opened_node(rq->object), opened_root(rq->object), path_space(), &out->path);
}

enum status vfsd_view(struct request *rq, const struct vfs_view_in *in, struct vfs_view_out *out)
{
    (void)in;
    if (rq->credential != 0)
        return ERR_NOT_PERMITTED;
    return opened_create(OPENED_VIEW, vfsd.root, opened_node(rq->object), 0, &out->view);
}

enum status vfsd_handle_path(struct request *rq, const struct vfs_handle_path_in *in, struct vfs_handle_path_out *out)
{
    struct node *node;
    if (in->file == HANDLE_NONE)
        return ERR_BAD_HANDLE;
    enum status status = operation_node_of_handle(in->file, &node);
    IGNORE(sys_handle_close(in->file));
    TRY(status);
    status = node_path(node, opened_root(rq->object), path_space(), &out->path);
    node_put(&vfsd.nodes, node);
    return status;
}
