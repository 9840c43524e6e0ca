/* SPDX-License-Identifier: MIT
 * Making, linking, renaming and removing names. The filesystem makes each change atomically and judges existence for itself; what is
 * checked here, permissions and mounts, is checked against directories that did not change since they were looked at. */
#include "ops.h"
#include "operation.h"
#include "base/fmt.h"
#include "base/string.h"
#include "heap/heap.h"

/* The name of a walk that is to be made new: `.`, `..` and the root are always there. */
static enum status new_name_check(const struct walk *w, bool is_directory)
{
    if (w->last != WALK_LAST_NAME || w->found)
        return ERR_EXISTS;
    return w->has_trailing_slash && !is_directory ? ERR_NOT_FOUND : OK;
}

/* -- mkdir, mknod ------------------------------------------------------------------------------------------------- */

static enum status made(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(operation_result(op));
    struct fs_create_out out;
    fs_create_completion(op->reply, &out);
    op->attributes.inode = out.node;
    struct node *node;
    TRY(operation_made(w->parent->filesystem, &op->attributes, out.file, &node));
    node->is_fresh = false;
    operation_name_changed(w->parent, walk_name(w), node);
    if (op->given != HANDLE_NONE) { /* the node is kept with it */
        node->end = op->given;
        op->given = HANDLE_NONE;
        return OK;
    }
    node_put(&vfsd.nodes, node);
    return OK;
}

static enum status make_walked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(new_name_check(w, op->type == FILE_DIRECTORY));
    bool is_device = op->type == FILE_CHARACTER || op->type == FILE_BLOCK;
    if (is_device && !credentials_is_root(&op->who))
        return ERR_NOT_PERMITTED;
    return operation_wait(op, operation_create(op, w->parent, walk_name(w), op->type, op->special), made);
}

enum status operation_make(struct operation *op, struct view path)
{
    TRY(operation_path(op, path, WALK_NAME | WALK_MAY_MISS));
    return operation_walk(op, make_walked);
}

enum status vfsd_make(struct request *rq, const struct vfs_make_in *in, struct vfs_make_out *out)
{
    (void)out;
    if (in->type < FILE_REGULAR || in->type > FILE_SOCKET || in->type == FILE_SYMLINK)
        return ERR_INVALID;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->type = in->type;
    op->mode = in->mode;
    op->special = in->special;
    return operation_end(op, rq, operation_make(op, in->path), operation_plain_answer);
}

/* -- symlink ----------------------------------------------------------------------------------------------------- */

static enum status symlink_made(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(operation_result(op));
    struct node *node;
    TRY(operation_made(w->parent->filesystem, &op->attributes, HANDLE_NONE, &node));
    operation_name_changed(w->parent, walk_name(w), node);
    node_put(&vfsd.nodes, node);
    return OK;
}

static enum status symlink_walked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(new_name_check(w, false));
    TRY(operation_may_add(op, w->parent));
    struct view target = op->text, name = walk_name(w);
    TRY(operation_buffer(op, name.length + target.length));
    memcpy(op->buffer, name.data, name.length);
    memcpy(op->buffer + name.length, target.data, target.length);
    TRY(walk_keep_path(w));
    operation_change_name(w->parent, walk_name(w));
    uint32_t gid = w->parent->attributes.mode & 02000 ? w->parent->attributes.gid : op->who.gid;
    struct fs_symlink_in in = {.directory = w->parent->attributes.inode, .owner = (uint64_t)op->who.uid << 32 | gid,
                               .name_bytes = (uint32_t)name.length, .text = {op->buffer, name.length + target.length},
                               .attributes_space = &op->attributes};
    return operation_wait(op, OPERATION_ASK(op, w->parent->filesystem, symlink, &in),
                          symlink_made);
}

static enum status symlink_start(struct operation *op, const struct vfs_symlink_in *in)
{
    struct view target, path;
    TRY(view_part(in->paths, 0, in->first_bytes, &target));
    TRY(view_part(in->paths, in->first_bytes, in->paths.length - in->first_bytes, &path));
    if (target.length == 0)
        return ERR_NOT_FOUND;
    if (target.length >= WALK_PATH_MAX)
        return ERR_NAME_TOO_LONG;
    TRY(operation_keep_text(op, target));
    TRY(operation_path(op, path, WALK_NAME | WALK_MAY_MISS));
    return operation_walk(op, symlink_walked);
}

enum status vfsd_symlink(struct request *rq, const struct vfs_symlink_in *in, struct vfs_symlink_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    return operation_end(op, rq, symlink_start(op, in), operation_plain_answer);
}

/* -- readlink ---------------------------------------------------------------------------------------------------- */

static enum status readlink_answered(struct operation *op)
{
    TRY(operation_result(op));
    struct fs_readlink_out out;
    fs_readlink_completion(op->reply, &out);
    struct view target = {op->buffer, MIN(out.target.length, op->buffer_bytes)};
    op->data = target;
    if (!(op->node->filesystem->flags & FILESYSTEM_VOLATILE_NAMES))
        IGNORE(node_set_target(op->node, target));
    return OK;
}

static enum status readlink_walked(struct operation *op)
{
    struct node *node = operation_found(op);
    if (node->attributes.type != FILE_SYMLINK)
        return ERR_INVALID;
    op->node = node_get(node);
    TRY(operation_buffer(op, WALK_PATH_MAX));
    if (node->is_self) {
        if (op->who.pid == 0)
            return ERR_NOT_FOUND;
        op->data = (struct view){op->buffer, fmt((char *)op->buffer, op->buffer_bytes, "%d", op->who.pid)};
        return OK;
    }
    if (node->target.data) {
        op->data = node->target;
        return OK;
    }
    struct fs_readlink_in in = {.node = node->attributes.inode, .target_space = {op->buffer, op->buffer_bytes}};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, readlink, &in),
                          readlink_answered);
}

/* Links are cut to the room that the caller has, as readlink(2) does. */
static struct view cut(struct view data, uint64_t capacity)
{
    return (struct view){data.data, MIN(data.length, capacity)};
}

static void readlink_answer(struct operation *op, enum status status)
{
    struct vfs_readlink_out out = {.target = cut(op->data, op->capacity)};
    IGNORE(vfs_readlink_reply(vfsd.server.endpoint, op->request, status, &out));
}

enum status vfsd_readlink(struct request *rq, const struct vfs_readlink_in *in, struct vfs_readlink_out *out)
{
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->capacity = request_capacity(rq);
    enum status status = operation_path(op, in->path, WALK_EMPTY);
    if (status == OK)
        status = operation_walk(op, readlink_walked);
    if (status == OK) {
        /* the operation's memory goes before the answer is sent; the receive buffer stays */
        struct view data = cut(op->data, op->capacity);
        memcpy(vfsd.server.receive_buffer.data, data.data, data.length);
        out->target = (struct view){vfsd.server.receive_buffer.data, data.length};
    }
    return operation_end(op, rq, status, readlink_answer);
}

/* -- link -------------------------------------------------------------------------------------------------------- */

static enum status linked(struct operation *op)
{
    struct walk *to = &op->walks[1];
    TRY(operation_result(op));
    struct node *node = operation_found(op);
    node->is_fresh = false;
    node->is_removed = false;
    node->attributes.links++;
    operation_name_changed(to->parent, walk_name(to), node);
    return OK;
}

static enum status link_walked(struct operation *op)
{
    struct walk *to = &op->walks[1];
    struct node *node = operation_found(op);
    TRY(new_name_check(to, false));
    if (node->filesystem != to->parent->filesystem)
        return ERR_CROSS_DEVICE;
    if (node_is_directory(node) || node->is_self)
        return ERR_NOT_PERMITTED;
    TRY(operation_may_add(op, to->parent));
    TRY(walk_keep_path(to));
    operation_change_name(to->parent, walk_name(to));
    struct fs_link_in in = {.node = node->attributes.inode, .directory = to->parent->attributes.inode, .name = walk_name(to)};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, link, &in), linked);
}

/* Two paths in one message; the second may start at another directory that the client sent along. */
static enum status two_paths(struct operation *op, struct view paths, uint32_t first_bytes, uint32_t first_flags, uint32_t second_flags)
{
    struct view first, second;
    struct opened *from = op->target;
    TRY(view_part(paths, 0, first_bytes, &first));
    TRY(view_part(paths, first_bytes, paths.length - first_bytes, &second));
    if (op->given != HANDLE_NONE && !(from = opened_of_handle(op->given)))
        return ERR_NOT_DIRECTORY;
    TRY(operation_path(op, first, first_flags));
    return operation_path_from(op, from, second, second_flags);
}

enum status vfsd_link(struct request *rq, const struct vfs_link_in *in, struct vfs_link_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin_with(rq, in->directory, &op));
    uint32_t first_flags = (in->flags & VFS_NO_FOLLOW ? 0 : WALK_FOLLOW) | (in->flags & VFS_EMPTY_PATH ? WALK_EMPTY : 0);
    enum status status = two_paths(op, in->paths, in->first_bytes, first_flags, WALK_NAME | WALK_MAY_MISS);
    if (status == OK)
        status = operation_walk(op, link_walked);
    return operation_end(op, rq, status, operation_plain_answer);
}

enum : uint32_t { UNLINK_DIRECTORY = 1, UNLINK_FORGET = 2 }; /* fs.unlink's flags */

/* -- unlink, rmdir ----------------------------------------------------------------------------------------------- */

static enum status unlinked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(operation_result(op));
    operation_name_changed(w->parent, walk_name(w), nullptr);
    if (op->mask && op->node->references <= 2)
        return OK; /* it is gone when this operation is */
    operation_name_lost(op->node, (op->flags & VFS_REMOVE_DIRECTORY) != 0);
    op->node->is_forgotten = op->mask != 0;
    return OK;
}

static enum status unlink_check(const struct operation *op, const struct walk *w)
{
    bool is_rmdir = op->flags & VFS_REMOVE_DIRECTORY;
    switch (w->last) {
    case WALK_LAST_DOT: return is_rmdir ? ERR_INVALID : ERR_IS_DIRECTORY;
    case WALK_LAST_DOT_DOT: return is_rmdir ? ERR_NOT_EMPTY : ERR_IS_DIRECTORY;
    case WALK_LAST_ROOT: return is_rmdir ? ERR_BUSY : ERR_IS_DIRECTORY;
    case WALK_LAST_NAME: break;
    }
    const struct node *victim = w->found;
    if (w->has_trailing_slash && !is_rmdir)
        return node_is_directory(victim) ? ERR_IS_DIRECTORY : ERR_NOT_DIRECTORY;
    TRY(credentials_may_remove(&op->who, &w->parent->attributes, &victim->attributes));
    if (victim == victim->filesystem->root)
        return ERR_BUSY;
    if (is_rmdir && !node_is_directory(victim))
        return ERR_NOT_DIRECTORY;
    if (!is_rmdir && node_is_directory(victim))
        return ERR_IS_DIRECTORY;
    if (w->parent->filesystem->flags & FILESYSTEM_READ_ONLY)
        return ERR_READ_ONLY;
    return w->parent->filesystem->server == HANDLE_NONE || victim->is_self ? ERR_NOT_PERMITTED : OK;
}

static enum status unlink_walked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    TRY(unlink_check(op, w));
    TRY(walk_keep_path(w));
    op->node = node_get(w->found);
    operation_change_name(w->parent, walk_name(w));
    /* The walk and the operation know the node. If nobody else does, it goes with its name, and no message more is needed. */
    op->mask = op->node->references <= 2 ? UNLINK_FORGET : 0;
    struct fs_unlink_in in = {.directory = w->parent->attributes.inode, .name = walk_name(w),
                              .flags = (op->flags & VFS_REMOVE_DIRECTORY ? UNLINK_DIRECTORY : 0) | op->mask};
    return operation_wait(op, OPERATION_ASK(op, w->parent->filesystem, unlink, &in),
                          unlinked);
}

enum status vfsd_unlink(struct request *rq, const struct vfs_unlink_in *in, struct vfs_unlink_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->flags = in->flags;
    enum status status = operation_path(op, in->path, WALK_NAME);
    if (status == OK)
        status = operation_walk(op, unlink_walked);
    return operation_end(op, rq, status, operation_plain_answer);
}

/* -- rename ------------------------------------------------------------------------------------------------------ */

static enum status renamed(struct operation *op)
{
    struct walk *from = &op->walks[0], *to = &op->walks[1];
    TRY(operation_result(op));
    if (from->found == to->found)
        return OK;
    bool is_exchange = op->flags & VFS_EXCHANGE;
    operation_name_changed(from->parent, walk_name(from), is_exchange ? to->found : nullptr);
    operation_name_changed(to->parent, walk_name(to), from->found);
    from->found->is_fresh = false;
    if (to->found && !is_exchange)
        operation_name_lost(to->found, node_is_directory(to->found));
    return OK;
}

static bool is_above(const struct node *ancestor, const struct node *directory)
{
    for (; directory; directory = directory->parent)
        if (directory == ancestor)
            return true;
    return false;
}

/* What goes away from its directory: permission to remove it there, and for a directory that changes its parent, to write into it. */
static enum status rename_leave_check(const struct operation *op, const struct walk *from, const struct walk *to)
{
    const struct node *node = from->found;
    TRY(credentials_may_remove(&op->who, &from->parent->attributes, &node->attributes));
    if (node == node->filesystem->root)
        return ERR_BUSY;
    if (node->is_self)
        return ERR_NOT_PERMITTED;
    return node_is_directory(node) && from->parent != to->parent ? credentials_may(&op->who, &node->attributes, MAY_WRITE) : OK;
}

/* Are there the names that the flags ask for, and slashes behind folders only? The order is Linux's. */
static enum status rename_names_check(const struct operation *op, const struct walk *from, const struct walk *to)
{
    bool is_exchange = op->flags & VFS_EXCHANGE;
    const struct node *node = from->found, *victim = to->found;
    if (from->last != WALK_LAST_NAME)
        return ERR_BUSY;
    if (to->last != WALK_LAST_NAME)
        return op->flags & VFS_NO_REPLACE ? ERR_EXISTS : ERR_BUSY;
    if (from->parent->filesystem != to->parent->filesystem)
        return ERR_CROSS_DEVICE;
    if (!node)
        return ERR_NOT_FOUND;
    if (victim && (op->flags & VFS_NO_REPLACE))
        return ERR_EXISTS;
    if (is_exchange && !victim)
        return ERR_NOT_FOUND;
    if (is_exchange && !node_is_directory(victim) && to->has_trailing_slash)
        return ERR_NOT_DIRECTORY;
    if (!node_is_directory(node) && (from->has_trailing_slash || (!is_exchange && to->has_trailing_slash)))
        return ERR_NOT_DIRECTORY;
    if (is_above(node, to->parent))
        return ERR_INVALID;
    if (victim && is_above(victim, from->parent))
        return is_exchange ? ERR_INVALID : ERR_NOT_EMPTY;
    return OK;
}

static enum status rename_check(const struct operation *op, const struct walk *from, const struct walk *to)
{
    TRY(rename_names_check(op, from, to));
    const struct node *victim = to->found;
    if (victim == from->found)
        return OK;
    TRY(rename_leave_check(op, from, to));
    if (!victim)
        return operation_may_add(op, to->parent);
    if (op->flags & VFS_EXCHANGE)
        return rename_leave_check(op, to, from);
    TRY(credentials_may_remove(&op->who, &to->parent->attributes, &victim->attributes));
    if (victim == victim->filesystem->root || victim->mounted)
        return ERR_BUSY;
    if (to->parent->filesystem->flags & FILESYSTEM_READ_ONLY)
        return ERR_READ_ONLY;
    return to->parent->filesystem->server == HANDLE_NONE ? ERR_NOT_PERMITTED : OK;
}

static enum status rename_walked(struct operation *op)
{
    struct walk *from = &op->walks[0], *to = &op->walks[1];
    if (operation_is_stale(op))
        return operation_again(op, rename_walked);
    TRY(rename_check(op, from, to));
    struct view old = walk_name(from), new = walk_name(to);
    TRY(operation_buffer(op, old.length + new.length));
    memcpy(op->buffer, old.data, old.length);
    memcpy(op->buffer + old.length, new.data, new.length);
    TRY(walk_keep_path(from));
    TRY(walk_keep_path(to));
    operation_change_name(from->parent, walk_name(from));
    operation_change_name(to->parent, walk_name(to));
    struct fs_rename_in in = {.old_directory = from->parent->attributes.inode, .new_directory = to->parent->attributes.inode,
                              .lengths = (uint64_t)old.length << 32 | (op->flags & (VFS_NO_REPLACE | VFS_EXCHANGE)),
                              .names = {op->buffer, old.length + new.length}};
    return operation_wait(op, OPERATION_ASK(op, from->parent->filesystem, rename, &in),
                          renamed);
}

enum status vfsd_rename(struct request *rq, const struct vfs_rename_in *in, struct vfs_rename_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin_with(rq, in->directory, &op));
    op->flags = in->flags;
    enum status status = two_paths(op, in->paths, in->first_bytes, WALK_NAME | WALK_MAY_MISS, WALK_NAME | WALK_MAY_MISS);
    if (status == OK)
        status = operation_walk(op, rename_walked);
    return operation_end(op, rq, status, operation_plain_answer);
}
