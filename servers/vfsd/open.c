/* SPDX-License-Identifier: MIT
 * Opening: what a path names becomes a handle. A regular file whose object is known is opened without asking anybody: the kernel makes
 * a stream and the client gets it. Directories become resources of ours; devices are the business of those who registered them. */
#include "protocol/vfs_server.h"
#include "fifo.h"
#include "operation.h"
#include "ops.h"

static enum status open_walked(struct operation *op);

static uint32_t stream_flags_of(uint32_t flags)
{
    return (flags & (OPEN_READ | OPEN_EXECUTE) ? STREAM_READ : 0) | (flags & OPEN_WRITE ? STREAM_WRITE : 0)
           | (flags & OPEN_APPEND ? STREAM_APPEND : 0) | (flags & OPEN_NONBLOCK ? STREAM_NONBLOCK : 0)
           | (flags & OPEN_SYNC ? STREAM_SYNC : 0) | (flags & OPEN_PATH ? STREAM_PATH : 0);
}

/* Who may read may also map executable: shared libraries need no execute bit. */
static uint32_t rights_of(uint32_t flags)
{
    return (flags & (OPEN_READ | OPEN_EXECUTE) ? RIGHT_READ | RIGHT_EXECUTE : 0) | (flags & OPEN_WRITE ? RIGHT_WRITE : 0) | RIGHT_GRANT;
}

/* The server serves this file itself: its handle goes to the client, with what was asked for. */
static enum status open_resource(struct operation *op)
{
    handle_t whole = op->handle;
    op->handle = HANDLE_NONE;
    enum status status = sys_handle_dup(whole, PLACE_HIGH, rights_of(op->flags) & ~RIGHT_EXECUTE, 0, 0, &op->handle);
    IGNORE(sys_handle_close(whole));
    return status;
}

static enum status stream_open(const struct node *node, uint32_t flags, handle_t *out)
{
    if (flags & OPEN_TRUNCATE)
        TRY(sys_truncate(node->file, 0));
    return sys_stream_create(node->file, stream_flags_of(flags), rights_of(flags), PLACE_HIGH, out);
}

static enum status open_stream(struct operation *op)
{
    op->kind = FILE_REGULAR;
    return op->handle != HANDLE_NONE ? open_resource(op) : stream_open(op->node, op->flags, &op->handle);
}

static enum status open_opened(struct operation *op, enum opened_kind kind, struct node *node)
{
    op->kind = node->attributes.type;
    return opened_create(kind, opened_root(op->target), node, op->flags, &op->handle);
}

static uint32_t access_wanted(uint32_t flags)
{
    return (flags & OPEN_READ ? MAY_READ : 0) | (flags & (OPEN_WRITE | OPEN_TRUNCATE) ? MAY_WRITE : 0)
           | (flags & OPEN_EXECUTE ? MAY_EXECUTE : 0);
}

static enum status open_directory(struct operation *op, struct node *node)
{
    if (op->flags & (OPEN_WRITE | OPEN_TRUNCATE))
        return ERR_IS_DIRECTORY;
    return open_opened(op, OPENED_DIRECTORY, node);
}

/* A device node of any filesystem leads to what is registered under its number. The server gets what of the path is the
 * device's name, if the path ends with it, and answers the client itself. */
static enum status open_device(struct operation *op, struct node *node)
{
    if (!node->device)
        node = devices_find(node->attributes.type, node->attributes.special);
    if (!node || !node->device)
        return ERR_NO_DEVICE;
    const struct device *d = node->device;
    op->kind = node->attributes.type;
    if (d->is_duplicated)
        return sys_handle_dup(d->target, PLACE_HIGH, rights_of(op->flags) & ~RIGHT_EXECUTE, 0, 0, &op->handle);
    if (d->target == HANDLE_NONE)
        return opened_create(d->own_kind, opened_root(op->target), node, op->flags, &op->handle);
    const struct walk *w = &op->walks[0];
    bool is_plain = op->walk_count && w->links == 0 && !w->has_trailing_slash && view_equal(walk_name(w), node->name);
    struct message m = {.words = {op->flags, op->mode}};
    TRY(sys_forward(d->target, OP_OPEN | KIND_SEND_DATA | KIND_RECEIVE_HANDLE, op->request, is_plain ? w->name_start : op->capacity, &m));
    op->request = 0; /* somebody else's now */
    return OK;
}

static enum status open_found(struct operation *op, struct node *node, bool is_new)
{
    uint32_t type = node->attributes.type;
    if (op->flags & OPEN_PATH)
        return open_opened(op, type == FILE_DIRECTORY ? OPENED_DIRECTORY : OPENED_PATH, node);
    if (type == FILE_SYMLINK)
        return ERR_LOOP;
    if (!is_new)
        TRY(credentials_may(&op->who, &node->attributes, access_wanted(op->flags)));
    bool changes = op->flags & (OPEN_WRITE | OPEN_TRUNCATE);
    switch (type) {
    case FILE_DIRECTORY: return open_directory(op, node);
    case FILE_REGULAR:
        if (changes && (node->filesystem->flags & FILESYSTEM_READ_ONLY))
            return ERR_READ_ONLY;
        return operation_need_file(op, node, open_stream);
    case FILE_CHARACTER: case FILE_BLOCK: return open_device(op, node);
    case FILE_FIFO: return fifo_open(op, node);
    default: return ERR_NO_DEVICE; /* a socket's name is for connect */
    }
}

static enum status open_created(struct operation *op)
{
    struct walk *w = &op->walks[0];
    enum status status = operation_result(op);
    struct node *directory = w->parent ? w->parent : w->found;
    if (status == ERR_EXISTS && !(op->flags & OPEN_EXCLUSIVE))
        return operation_again(op, open_walked);
    TRY(status);
    struct fs_create_out out;
    fs_create_completion(op->reply, &out);
    op->attributes.inode = out.node;
    struct node *node;
    TRY(operation_made(directory->filesystem, &op->attributes, out.file, &node));
    node->is_fresh = false;
    if (w->parent)
        operation_name_changed(directory, walk_name(w), node);
    else
        node->is_removed = true;
    status = open_found(op, node, true);
    node_put(&vfsd.nodes, node);
    return status;
}

static enum status open_create(struct operation *op, struct node *directory, struct view name)
{
    if (!name.data && !node_is_directory(directory))
        return ERR_NOT_DIRECTORY;
    TRY(operation_create(op, directory, name, FILE_REGULAR, 0));
    return operation_wait(op, OK, open_created);
}

static enum status open_walked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    struct node *node = w->found;
    if (op->flags & OPEN_TEMPORARY)
        return open_create(op, node, (struct view){});
    if (!node) {
        if (op->flags & OPEN_DIRECTORY)
            return ERR_INVALID;
        return open_create(op, w->parent, walk_name(w));
    }
    if ((op->flags & OPEN_CREATE) && (op->flags & OPEN_EXCLUSIVE))
        return ERR_EXISTS;
    if ((op->flags & OPEN_CREATE) && node_is_directory(node))
        return ERR_IS_DIRECTORY;
    if ((op->flags & OPEN_DIRECTORY) && !node_is_directory(node))
        return ERR_NOT_DIRECTORY;
    return open_found(op, node, false);
}

static void open_answer(struct operation *op, enum status status)
{
    if (!op->request)
        return;
    struct vfs_open_out out = {.kind = op->kind, .file = op->handle};
    struct message m = {};
    uint64_t flags = 0;
    if (status == OK) { /* vfs_open_reply, with the next receive */
        vfs_open_encode_out(&out, &m);
        m.words[3] = (uint32_t)out.file;
        flags = out.file == HANDLE_NONE ? 0 : REPLY_HANDLE | REPLY_HANDLE_MOVE;
    }
    server_answer_next(&vfsd.server, op->request, status, flags, &m);
}

static enum status open_start(struct request *rq, struct view path, uint32_t flags, uint32_t mode, struct operation **out_op)
{
    TRY(operation_begin(rq, out_op));
    struct operation *op = *out_op;
    op->flags = flags;
    op->mode = mode;
    op->capacity = path.length;
    bool is_exclusive = (flags & OPEN_CREATE) && (flags & OPEN_EXCLUSIVE);
    bool makes = (flags & OPEN_CREATE) && !(flags & OPEN_TEMPORARY);
    uint32_t walk_flags = (flags & OPEN_NO_FOLLOW) || is_exclusive ? 0 : WALK_FOLLOW;
    IGNORE(operation_path(op, path, walk_flags | (makes ? WALK_MAY_MISS | WALK_FILE : 0)));
    return operation_walk(op, open_walked);
}

/* The operation is over or waits. A request that was forwarded is nobody's to answer. */
static enum status open_finish(struct request *rq, struct operation *op, enum status status)
{
    if (status == OK && op->request == 0)
        request_defer(rq);
    return operation_end(op, rq, status, open_answer);
}

/* A regular file that is there, known to everybody concerned: no operation is needed. False: one is. */
static bool open_at_once(struct request *rq, const struct vfs_open_in *in, enum status *out_status, handle_t *out_file)
{
    __attribute__((uninitialized)) struct credentials who;
    bool is_exclusive = (in->flags & OPEN_CREATE) && (in->flags & OPEN_EXCLUSIVE);
    if (is_exclusive || (in->flags & (OPEN_PATH | OPEN_DIRECTORY | OPEN_TEMPORARY)))
        return false;
    struct node *node = operation_glance(rq, in->path, in->flags & OPEN_NO_FOLLOW ? 0 : WALK_FOLLOW, &who);
    if (!node || node->attributes.type != FILE_REGULAR || node->file == HANDLE_NONE || (node->filesystem->flags & FILESYSTEM_READ_ONLY))
        return false;
    *out_status = credentials_may(&who, &node->attributes, access_wanted(in->flags));
    if (*out_status == OK)
        *out_status = stream_open(node, in->flags, out_file);
    return true;
}

enum status vfsd_open(struct request *rq, const struct vfs_open_in *in, struct vfs_open_out *out)
{
    enum status at_once;
    out->kind = FILE_REGULAR;
    if (open_at_once(rq, in, &at_once, &out->file))
        return at_once;
    struct operation *op = nullptr;
    enum status status = open_start(rq, in->path, in->flags, in->mode, &op);
    if (!op)
        return status;
    *out = (struct vfs_open_out){.file = op->handle, .kind = op->kind};
    return open_finish(rq, op, status);
}

/* Native open("vfs:path"); an empty path is a view of its own. */
enum status vfsd_scheme_open(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                             uint32_t *out_kind)
{
    if (path.length == 0) {
        const struct opened *o = rq->object;
        *out_kind = FILE_DIRECTORY;
        return opened_create(OPENED_VIEW, opened_root(o), opened_node(o), 0, out_handle);
    }
    struct operation *op = nullptr;
    enum status status = open_start(rq, path, open_flags, mode, &op);
    if (!op)
        return status;
    *out_handle = op->handle;
    *out_kind = op->kind;
    return open_finish(rq, op, status);
}

/* -- reopening what a handle names ------------------------------------------------------------------------------- */

static void open_handle_answer(struct operation *op, enum status status)
{
    struct vfs_open_handle_out out = {.opened = op->handle};
    IGNORE(vfs_open_handle_reply(vfsd.server.endpoint, op->request, status, &out));
}

/* A file's permissions are judged again. What has no name of ours (a pipe, a socket) is duplicated with no more than it had. */
static enum status open_handle_start(struct operation *op)
{
    struct node *node;
    enum status status = operation_node_of_handle(op->given, &node);
    if (status == ERR_WRONG_TYPE)
        return sys_handle_dup(op->given, PLACE_HIGH, 0, 0, 0, &op->handle);
    TRY(status);
    status = open_found(op, node, false);
    node_put(&vfsd.nodes, node);
    return status;
}

enum status vfsd_open_handle(struct request *rq, const struct vfs_open_handle_in *in, struct vfs_open_handle_out *out)
{
    struct operation *op;
    TRY(operation_begin_with(rq, in->file, &op));
    op->flags = in->flags;
    enum status status = in->file == HANDLE_NONE ? ERR_BAD_HANDLE : open_handle_start(op);
    out->opened = op->handle;
    return operation_end(op, rq, status, open_handle_answer);
}
