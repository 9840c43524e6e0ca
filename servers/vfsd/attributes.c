/* SPDX-License-Identifier: MIT
 * Attributes by path and by handle: who may see and change them, with Linux's rules. What a change does is the filesystem's business; it
 * tells the kernel when there is a file object. */
#include "ops.h"
#include "operation.h"
#include "base/string.h"
#include "sys/clock.h"

#define MODE_SET_USER 04000u
#define MODE_SET_GROUP 02000u
#define MODE_GROUP_EXECUTE 00010u
#define KEEP_ID UINT32_MAX

static uint32_t walk_flags_of(uint32_t flags)
{
    return (flags & VFS_NO_FOLLOW ? 0 : WALK_FOLLOW) | (flags & VFS_EMPTY_PATH ? WALK_EMPTY : 0);
}

static enum status start(struct request *rq, struct view path, uint32_t flags, operation_step *next, struct operation *op)
{
    (void)rq;
    op->flags = flags;
    TRY(operation_path(op, path, walk_flags_of(flags)));
    return operation_walk(op, next);
}

/* Begins an operation on a path and ends it: for messages without an answer of their own. `prepare` sets op's arguments. */
#define PATH_OPERATION(rq, path, flags, next, answer, prepare)                         \
    do {                                                                               \
        struct operation *op;                                                          \
        TRY(operation_begin(rq, &op));                                                 \
        prepare;                                                                       \
        enum status status_ = start(rq, path, flags, next, op);                        \
        return operation_end(op, rq, status_, answer);                                 \
    } while (0)

static enum status finished(struct operation *op)
{
    (void)op;
    return OK;
}

/* -- stat -------------------------------------------------------------------------------------------------------- */

static enum status stat_walked(struct operation *op)
{
    return operation_need_attributes(op, operation_found(op), finished);
}

static void stat_answer(struct operation *op, enum status status)
{
    struct vfs_stat_out out = {.attributes = op->attributes};
    IGNORE(vfs_stat_reply(vfsd.server.endpoint, op->request, status, &out));
}

enum status vfsd_stat(struct request *rq, const struct vfs_stat_in *in, struct vfs_stat_out *out)
{
    __attribute__((uninitialized)) struct credentials who;
    enum status known;
    const struct node *node = operation_glance(rq, in->path, walk_flags_of(in->flags), &who);
    if (node && operation_known_attributes(node, false, &known, &out->attributes))
        return known;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = start(rq, in->path, in->flags, stat_walked, op);
    if (status == OK)
        out->attributes = op->attributes;
    return operation_end(op, rq, status, stat_answer);
}

/* OP_STAT of an open directory, a device of ours, or a path handle. */
enum status vfsd_scheme_stat(struct request *rq, struct file_attributes *out)
{
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = operation_need_attributes(op, opened_node(op->target), finished);
    if (status == OK)
        *out = op->attributes;
    return operation_end(op, rq, status, stat_answer);
}

/* -- access ------------------------------------------------------------------------------------------------------ */

static enum status access_walked(struct operation *op)
{
    const struct node *node = operation_found(op);
    uint32_t type = node->attributes.type;
    bool is_stored = type == FILE_REGULAR || type == FILE_DIRECTORY || type == FILE_SYMLINK;
    TRY(credentials_may(&op->who, &node->attributes, op->mask));
    bool is_read_only = node->filesystem->flags & FILESYSTEM_READ_ONLY;
    return (op->mask & MAY_WRITE) && is_stored && is_read_only ? ERR_READ_ONLY : OK;
}

enum status vfsd_access(struct request *rq, const struct vfs_access_in *in, struct vfs_access_out *out)
{
    (void)out;
    PATH_OPERATION(rq, in->path, in->flags, access_walked, operation_plain_answer, {
        op->mask = in->wanted & (MAY_EXECUTE | MAY_WRITE | MAY_READ);
        if (in->flags & VFS_EFFECTIVE_IDS)
            credentials_use_effective(&op->who);
        else
            credentials_use_real(&op->who);
    });
}

/* -- changes ----------------------------------------------------------------------------------------------------- */

static enum status change_mode(struct operation *op, struct node *node)
{
    if (!credentials_owns(&op->who, &node->attributes))
        return ERR_NOT_PERMITTED;
    if (node->attributes.type == FILE_SYMLINK)
        return ERR_NOT_SUPPORTED;
    op->change.mode &= 07777;
    if (!credentials_is_root(&op->who) && !credentials_in_group(&op->who, node->attributes.gid))
        op->change.mode &= ~MODE_SET_GROUP;
    return OK;
}

/* Only root gives files away; an owner may choose among its own groups. A program that changes hands is no longer set-id. */
static enum status change_owner(struct operation *op, struct node *node)
{
    const struct file_attributes *a = &node->attributes;
    uint32_t uid = op->change.uid == KEEP_ID ? a->uid : op->change.uid;
    uint32_t gid = op->change.gid == KEEP_ID ? a->gid : op->change.gid;
    bool may = credentials_is_root(&op->who)
               || (op->who.uid == a->uid && uid == a->uid && (gid == a->gid || credentials_in_group(&op->who, gid)));
    if (!may)
        return ERR_NOT_PERMITTED;
    op->change.uid = uid;
    op->change.gid = gid;
    if (a->type == FILE_REGULAR && !(op->mask & ATTRIBUTE_MODE)) {
        op->change.mode = a->mode & ~MODE_SET_USER;
        if (a->mode & MODE_GROUP_EXECUTE)
            op->change.mode &= ~MODE_SET_GROUP;
        op->mask |= ATTRIBUTE_MODE;
    }
    return OK;
}

/* Given times are for the owner; the present one for everybody who may write. */
static enum status change_times(struct operation *op, struct node *node)
{
    if (credentials_owns(&op->who, &node->attributes))
        return OK;
    return op->flags & VFS_TIME_NOW ? credentials_may(&op->who, &node->attributes, MAY_WRITE) : ERR_NOT_PERMITTED;
}

static enum status change_checked(struct operation *op, struct node *node)
{
    if (op->mask & ATTRIBUTE_MODE)
        TRY(change_mode(op, node));
    if (op->mask & ATTRIBUTE_OWNER)
        TRY(change_owner(op, node));
    if (op->mask & (ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY))
        TRY(change_times(op, node));
    op->change.change_ns = (int64_t)clock_realtime_ns();
    op->mask |= ATTRIBUTE_CHANGE;
    return operation_change(op, node, finished);
}

static enum status change_walked(struct operation *op)
{
    return change_checked(op, operation_found(op));
}

enum status vfsd_set_mode(struct request *rq, const struct vfs_set_mode_in *in, struct vfs_set_mode_out *out)
{
    (void)out;
    PATH_OPERATION(rq, in->path, in->flags, change_walked, operation_plain_answer, {
        op->change.mode = in->mode;
        op->mask = ATTRIBUTE_MODE;
    });
}

enum status vfsd_set_owner(struct request *rq, const struct vfs_set_owner_in *in, struct vfs_set_owner_out *out)
{
    (void)out;
    PATH_OPERATION(rq, in->path, in->flags, change_walked, operation_plain_answer, {
        op->change.uid = in->uid;
        op->change.gid = in->gid;
        op->mask = ATTRIBUTE_OWNER;
    });
}

enum status vfsd_set_times(struct request *rq, const struct vfs_set_times_in *in, struct vfs_set_times_out *out)
{
    (void)out;
    PATH_OPERATION(rq, in->path, in->flags, change_walked, operation_plain_answer, {
        bool is_now = in->flags & VFS_TIME_NOW;
        int64_t now = (int64_t)clock_realtime_ns();
        op->change.access_ns = is_now ? now : in->access_ns;
        op->change.modify_ns = is_now ? now : in->modify_ns;
        op->mask = (op->change.access_ns != INT64_MIN ? ATTRIBUTE_ACCESS : 0)
                   | (op->change.modify_ns != INT64_MIN ? ATTRIBUTE_MODIFY : 0);
    });
}

static enum status size_with_file(struct operation *op)
{
    handle_t file = op->handle != HANDLE_NONE ? op->handle : op->node->file;
    enum status status = sys_truncate(file, op->special);
    if (op->handle != HANDLE_NONE)
        IGNORE(sys_handle_close(op->handle));
    op->handle = HANDLE_NONE;
    return status;
}

static enum status size_walked(struct operation *op)
{
    struct node *node = operation_found(op);
    if (node_is_directory(node))
        return ERR_IS_DIRECTORY;
    if (node->attributes.type != FILE_REGULAR)
        return ERR_INVALID;
    TRY(credentials_may(&op->who, &node->attributes, MAY_WRITE));
    if (node->filesystem->flags & FILESYSTEM_READ_ONLY)
        return ERR_READ_ONLY;
    return operation_need_file(op, node, size_with_file);
}

enum status vfsd_set_size(struct request *rq, const struct vfs_set_size_in *in, struct vfs_set_size_out *out)
{
    (void)out;
    PATH_OPERATION(rq, in->path, 0, size_walked, operation_plain_answer, { op->special = in->size; });
}

static enum status handle_set_start(struct operation *op)
{
    struct node *node;
    enum status status = op->given == HANDLE_NONE ? ERR_BAD_HANDLE : operation_node_of_handle(op->given, &node);
    if (status == ERR_WRONG_TYPE)
        return ERR_NOT_SUPPORTED;
    TRY(status);
    status = change_checked(op, node);
    node_put(&vfsd.nodes, node);
    return status;
}

enum status vfsd_handle_set(struct request *rq, const struct vfs_handle_set_in *in, struct vfs_handle_set_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin_with(rq, in->file, &op));
    op->mask = in->mask & (ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY);
    op->change = *in->attributes;
    return operation_end(op, rq, handle_set_start(op), operation_plain_answer);
}

/* -- statfs ------------------------------------------------------------------------------------------------------ */

static void statistics_get(struct operation *op, struct vfs_statistics *out)
{
    memcpy(out, op->statistics, sizeof *out);
    out->device = op->node->filesystem->device;
    if (op->node->filesystem->flags & FILESYSTEM_READ_ONLY)
        out->flags |= 1;
}

static void statistics_answer(struct operation *op, enum status status)
{
    struct vfs_statistics_out out = {};
    if (status == OK)
        statistics_get(op, &out.statistics);
    IGNORE(vfs_statistics_reply(vfsd.server.endpoint, op->request, status, &out));
}

static enum status statistics_walked(struct operation *op)
{
    static_assert(sizeof(struct vfs_statistics) == sizeof op->statistics);
    op->node = node_get(operation_found(op));
    struct filesystem *fs = op->node->filesystem;
    if (fs->server == HANDLE_NONE) {
        struct vfs_statistics none = {.block_bytes = 4096, .files = fs->node_count, .name_max = 255};
        memcpy(op->statistics, &none, sizeof none);
        return OK;
    }
    struct fs_statistics_in in = {.statistics_space = SPAN_OF_ARRAY(op->statistics)};
    memset(op->statistics, 0, sizeof op->statistics);
    return operation_wait(op, OPERATION_ASK(op, fs, statistics, &in), operation_result_step);
}

enum status vfsd_statistics(struct request *rq, const struct vfs_statistics_in *in, struct vfs_statistics_out *out)
{
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = start(rq, in->path, VFS_EMPTY_PATH, statistics_walked, op);
    if (status == OK)
        statistics_get(op, &out->statistics);
    return operation_end(op, rq, status, statistics_answer);
}
