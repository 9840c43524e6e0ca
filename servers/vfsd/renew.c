/* SPDX-License-Identifier: MIT
 * A filesystem's server was started again. What the one before had not made last is gone, and nodes that it had given numbers to may be others
 * now; so names, attributes and file objects of the filesystem are forgotten and asked again. What is open stays with who has it. */
#include "protocol/vfs_server.h"
#include "operation.h"
#include "ops.h"

static void node_renew(struct node *node)
{
    node->is_fresh = false;
    node->generation++;
    if (node->attributes.type != FILE_REGULAR || node->file == HANDLE_NONE)
        return;
    IGNORE(sys_handle_close(node->file));
    node->file = HANDLE_NONE;
}

static void filesystem_renew(const struct filesystem *fs)
{
    name_cache_purge(&vfsd.names, fs);
    for (uint64_t i = 0; i < vfsd.nodes.bucket_count; i++)
        for (struct node *node = vfsd.nodes.buckets[i]; node; node = node->next)
            if (node->filesystem == fs)
                node_renew(node);
    vfsd.nodes.changes++;
    vfsd.nodes.directory_changes++;
}

static enum status renew_walked(struct operation *op)
{
    struct node *found = op->walks[0].found;
    struct filesystem *fs = found->filesystem;
    if (found != fs->root || fs->server == HANDLE_NONE)
        return ERR_INVALID;
    filesystem_renew(fs);
    struct fs_root_in in = {.device = fs->device, .name_space = {op->statistics, sizeof op->statistics}};
    return operation_wait(op, OPERATION_ASK(op, fs, root, &in), operation_result_step);
}

enum status vfsd_renew(struct request *rq, const struct vfs_renew_in *in, struct vfs_renew_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    enum status status = credentials_is_root(&op->who) ? operation_path(op, in->path, WALK_FOLLOW) : ERR_NOT_PERMITTED;
    if (status == OK)
        status = operation_walk(op, renew_walked);
    return operation_end(op, rq, status, operation_plain_answer);
}
