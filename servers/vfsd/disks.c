/* SPDX-License-Identifier: MIT
 * Mounting what a disk holds: the disk's name in /dev says which one, init starts the filesystem's server for it, and the rest is as with
 * every mount. Who unmounts has the filesystem write everything back first, and its server end. */
#include "protocol/init.h"
#include "ops.h"
#include "operation.h"
#include "base/fmt.h"
#include "base/string.h"

#define TEXT_BYTES 512u

static void nothing(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self, (void)reply;
}

static struct completion ended = {.done = nothing};

/* -- mounting ---------------------------------------------------------------------------------------------------- */

static enum status disk_served(struct operation *op)
{
    TRY(operation_result(op));
    struct init_mount_out out;
    init_mount_completion(op->reply, &out);
    op->given = out.filesystem;
    return mount_at(op, node_cover(op->walks[1].found));
}

/* op->text: type, zero, options; behind them goes the path where it will be. */
static enum status disk_walked(struct operation *op)
{
    struct node *device = op->walks[0].found, *directory = op->walks[1].found;
    static uint8_t path_space[TEXT_BYTES];
    struct view type, options, path;
    if (device->attributes.type != FILE_BLOCK || !device->device)
        return ERR_NOT_SUPPORTED;
    if (!node_is_directory(directory))
        return ERR_NOT_DIRECTORY;
    TRY(node_path(directory, vfsd.root, SPAN_OF_ARRAY(path_space), &path));
    view_split(op->text, 0, &type, &options);
    TRY(operation_buffer(op, TEXT_BYTES));
    size_t length = fmt((char *)op->buffer, TEXT_BYTES, "%.*s:%.*s%c%.*s%c%.*s", (int)type.length, (const char *)type.data,
                        (int)device->name.length, (const char *)device->name.data, 0, (int)options.length, (const char *)options.data, 0,
                        (int)path.length, (const char *)path.data);
    if (length >= TEXT_BYTES)
        return ERR_NAME_TOO_LONG;
    struct init_mount_in in = {.text = {op->buffer, length}, .filesystem_place = PLACE_HIGH};
    op->disk_path = (struct view){op->buffer + length - path.length, path.length};
    return operation_wait(op, init_mount_submit(vfsd.init, &in, vfsd.server.endpoint, operation_tag(op)), disk_served);
}

static void disk_answer(struct operation *op, enum status status)
{
    struct init_unmount_in in = {.path = op->disk_path};
    if (status != OK && status != ERR_BUSY && op->given == HANDLE_NONE && op->disk_path.length > 0) /* its server runs, for nothing */
        IGNORE(init_unmount_submit(vfsd.init, &in, vfsd.server.endpoint, server_completion_tag(&ended)));
    mount_answer(op, status == ERR_NOT_FOUND && op->disk_path.length > 0 ? ERR_NO_DEVICE : status);
}

static enum status disk_start(struct operation *op, struct view text)
{
    struct view type, source, options, target, kept = text;
    view_split(text, 0, &type, &text);
    view_split(text, 0, &options, &text);
    view_split(text, 0, &source, &target);
    if (!credentials_is_root(&op->who))
        return ERR_NOT_PERMITTED;
    if (vfsd.init == HANDLE_NONE)
        return ERR_NOT_SUPPORTED;
    TRY(operation_keep_text(op, (struct view){kept.data, type.length + 1 + options.length}));
    TRY(operation_path(op, source, WALK_FOLLOW));
    TRY(operation_path(op, target, WALK_FOLLOW));
    return operation_walk(op, disk_walked);
}

enum status vfsd_mount_disk(struct request *rq, const struct vfs_mount_disk_in *in, struct vfs_mount_disk_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->flags = in->flags;
    return operation_end(op, rq, disk_start(op, in->text), disk_answer);
}

/* -- unmounting --------------------------------------------------------------------------------------------------- */

/* Nothing but the cache and this walk may know nodes of it. */
static enum status may_unmount(struct operation *op)
{
    struct node *root = operation_found(op);
    struct filesystem *fs = root->filesystem;
    if (root != fs->root || !fs->covered || fs->server == HANDLE_NONE)
        return ERR_INVALID;
    name_cache_purge(&vfsd.names, fs);
    return fs->node_count > 1 || fs->root->references > 2 ? ERR_BUSY : OK;
}

static enum status server_ended(struct operation *op)
{
    enum status status = operation_result(op);
    return status == ERR_NOT_FOUND ? OK : status; /* nothing that a disk holds */
}

static enum status unmount_synced(struct operation *op)
{
    static uint8_t path_space[TEXT_BYTES];
    struct view path;
    enum status status = operation_result(op);
    if (status != OK && status != ERR_NOT_SUPPORTED)
        return status;
    TRY(may_unmount(op)); /* somebody may have come meanwhile */
    struct filesystem *fs = operation_found(op)->filesystem;
    bool is_named = vfsd.init != HANDLE_NONE && node_path(fs->root, vfsd.root, SPAN_OF_ARRAY(path_space), &path) == OK;
    node_drop(&vfsd.nodes, &op->walks[0].found);
    filesystem_detach(fs);
    if (!is_named || operation_buffer(op, path.length) != OK)
        return OK;
    memcpy(op->buffer, path.data, path.length);
    struct init_unmount_in in = {.path = {op->buffer, path.length}};
    return operation_wait(op, init_unmount_submit(vfsd.init, &in, vfsd.server.endpoint, operation_tag(op)), server_ended);
}

static enum status unmount_walked(struct operation *op)
{
    TRY(may_unmount(op));
    return operation_wait(op, OPERATION_ASK(op, operation_found(op)->filesystem, sync, &(struct fs_sync_in){}), unmount_synced);
}

enum status vfsd_unmount(struct request *rq, const struct vfs_unmount_in *in, struct vfs_unmount_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = credentials_is_root(&op->who) ? operation_path(op, in->path, WALK_FOLLOW) : ERR_NOT_PERMITTED;
    if (status == OK)
        status = operation_walk(op, unmount_walked);
    return operation_end(op, rq, status, operation_plain_answer);
}
