/* SPDX-License-Identifier: MIT
 * Names of sockets. A bound socket is a node whose connector (abi/channel.h) is kept here, so whoever may write to the node may connect,
 * whoever listens. The node stays until its last name goes; its socket may be gone before that, and then nobody answers. */
#include "operation.h"
#include "ops.h"

void socket_forget(struct node *node)
{
    if (node->end == HANDLE_NONE)
        return;
    IGNORE(sys_handle_close(node->end));
    node->end = HANDLE_NONE;
    node_put(&vfsd.nodes, node);
}

enum status vfsd_socket_bind(struct request *rq, const struct vfs_socket_bind_in *in, struct vfs_socket_bind_out *out)
{
    (void)out;
    struct operation *op;
    if (in->connector == HANDLE_NONE)
        return ERR_BAD_HANDLE;
    TRY(operation_begin_with(rq, in->connector, &op));
    op->type = FILE_SOCKET;
    op->mode = in->mode;
    op->special = 0;
    return operation_end(op, rq, operation_make(op, in->path), operation_plain_answer);
}

static enum status find_walked(struct operation *op)
{
    const struct node *node = operation_found(op);
    TRY(credentials_may(&op->who, &node->attributes, MAY_WRITE));
    if (node->attributes.type != FILE_SOCKET || node->end == HANDLE_NONE)
        return ERR_REFUSED;
    return sys_handle_dup(node->end, PLACE_HIGH, 0, 0, 0, &op->handle);
}

static void find_answer(struct operation *op, enum status status)
{
    struct vfs_socket_find_out out = {.connector = op->handle};
    IGNORE(vfs_socket_find_reply(vfsd.server.endpoint, op->request, status, &out));
}

enum status vfsd_socket_find(struct request *rq, const struct vfs_socket_find_in *in, struct vfs_socket_find_out *out)
{
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = operation_path(op, in->path, WALK_FOLLOW);
    if (status == OK)
        status = operation_walk(op, find_walked);
    if (status == OK)
        out->connector = op->handle;
    return operation_end(op, rq, status, find_answer);
}
