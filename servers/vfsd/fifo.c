/* SPDX-License-Identifier: MIT
 * Named pipes. One who opens for reading and one who opens for writing meet here and get the two ends of a new pipe; until then the first
 * waits. vfsd keeps no end of a pipe that has both, or end of file would never come: so a third opener waits for a fourth.
 * A reader that does not wait gets its end at once, and the node keeps the other for the first writer. */
#include "fifo.h"
#include "protocol/vfs_server.h"

static struct list_node waiting = LIST_INIT(waiting);

static bool is_writer(const struct operation *op)
{
    return op->flags & OPEN_WRITE;
}

static enum status pipe_make(struct operation *op, handle_t *out_other)
{
    handle_t ends[2];
    TRY(sys_pipe_create(ends, PLACE_HIGH, 0));
    op->handle = ends[is_writer(op) ? 1 : 0];
    *out_other = ends[is_writer(op) ? 0 : 1];
    if (op->flags & OPEN_NONBLOCK)
        IGNORE(sys_status(sys_stream_flags(op->handle, STREAM_NONBLOCK, 0)));
    return OK;
}

static struct operation *partner_of(const struct operation *op, const struct node *node)
{
    list_for_each(at, &waiting) {
        struct operation *other = container_of(at, struct operation, waiting);
        if (other->node == node && is_writer(other) != is_writer(op))
            return other;
    }
    return nullptr;
}

/* False: the partner's client is gone. */
static bool partner_give(struct operation *partner, handle_t end)
{
    struct vfs_open_out out = {.kind = FILE_FIFO, .file = end};
    list_remove(&partner->waiting);
    bool is_there = vfs_open_reply(vfsd.server.endpoint, partner->request, OK, &out) == OK;
    partner->request = 0;
    operation_finish(partner, OK);
    return is_there;
}

static enum status meet(struct operation *op, struct operation *partner)
{
    handle_t other;
    TRY(pipe_make(op, &other));
    if (partner_give(partner, other))
        return OK;
    IGNORE(sys_handle_close(op->handle));
    op->handle = HANDLE_NONE;
    return ERR_CANCELLED;
}

enum status fifo_open(struct operation *op, struct node *node)
{
    struct operation *partner;
    op->kind = FILE_FIFO;
    if ((op->flags & OPEN_READ) && is_writer(op))
        return ERR_NOT_SUPPORTED; /* one handle cannot be both ends */
    if (is_writer(op) && node->end != HANDLE_NONE) {
        op->handle = node->end;
        node->end = HANDLE_NONE;
        return OK;
    }
    while ((partner = partner_of(op, node)) != nullptr) {
        enum status status = meet(op, partner);
        if (status != ERR_CANCELLED)
            return status;
    }
    if (!(op->flags & OPEN_NONBLOCK)) {
        operation_set_node(op, node);
        list_push_back(&waiting, &op->waiting);
        return WAITING;
    }
    if (is_writer(op))
        return ERR_NO_DEVICE;
    handle_t writer;
    TRY(pipe_make(op, &writer));
    if (node->end != HANDLE_NONE)
        IGNORE(sys_handle_close(node->end));
    node->end = writer;
    return OK;
}

void fifo_cancel(uint64_t request)
{
    list_for_each(at, &waiting) {
        struct operation *op = container_of(at, struct operation, waiting);
        if (op->request != request)
            continue;
        list_remove(&op->waiting);
        operation_finish(op, ERR_INTERRUPTED);
        return;
    }
}
