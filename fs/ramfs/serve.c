/* SPDX-License-Identifier: MIT
 * The fs protocol over the tree. A regular file's bytes, size and times are in a memory file of the kernel, made when somebody
 * first asks for the file; ramfs tells it when mode, owner or links change, and its pages go when the last handle does. */
#include "ramfs.h"
#include "protocol/fs_server.h"
#include "base/string.h"
#include "fs/attributes.h"
#include "heap/heap.h"
#include "protocol/vfs_abi.h"
#include "server/server.h"
#include "sys/clock.h"
#include "serve.h"

struct ramfs ramfs;

static_assert(RAM_NO_REPLACE == VFS_NO_REPLACE && RAM_EXCHANGE == VFS_EXCHANGE);
enum : uint32_t { UNLINK_DIRECTORY = 1, UNLINK_FORGET = 2 }; /* fs.unlink's flags */
#define STATISTICS_MAGIC 0x01021994u

/* The root's tree, or that of an instance of its own. */
static struct ram_tree *tree_of(const struct request *rq)
{
    struct ramfs *instance = rq->object;
    return instance ? &instance->tree : &ramfs.tree;
}

static int64_t now_ns(void)
{
    return (int64_t)clock_realtime_ns();
}

/* -- file objects ------------------------------------------------------------------------------------------------ */

static enum status file_fill(handle_t file, struct view content)
{
    handle_t stream;
    TRY(sys_stream_create(file, STREAM_WRITE, RIGHT_WRITE, PLACE_HIGH, &stream));
    enum status status = OK;
    for (uint64_t done = 0; done < content.length && status == OK;) {
        int64_t n = sys_write(stream, content.data + done, content.length - done, done);
        if (n <= 0)
            status = n < 0 ? (enum status)n : ERR_NO_SPACE;
        else
            done += (uint64_t)n;
    }
    IGNORE(sys_handle_close(stream));
    return status;
}

enum status ramfs_need_file(struct ram_node *node)
{
    if (node->attributes.type != FILE_REGULAR)
        return ERR_WRONG_TYPE;
    if (node->file != HANDLE_NONE)
        return OK;
    struct file_attributes a = node->attributes;
    handle_t file;
    a.size_bytes = a.blocks_512 = 0;
    TRY(sys_file_create(HANDLE_NONE, 0, &a, PLACE_HIGH, &file));
    if (node->content.length) {
        enum status status = file_fill(file, node->content);
        if (status == OK) /* filling was not a change */
            status = sys_file_set(file, ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY | ATTRIBUTE_CHANGE | ATTRIBUTE_MODE, &a);
        if (status != OK) {
            IGNORE(sys_handle_close(file));
            return status;
        }
        node->content = (struct view){};
    }
    node->file = file;
    return OK;
}

void ramfs_release(struct ram_node *node)
{
    if (node->file != HANDLE_NONE)
        IGNORE(sys_handle_close(node->file));
    node->file = HANDLE_NONE;
}

/* The kernel's copy of what changed in the tree. */
static enum status file_update(struct ram_node *node, uint32_t mask)
{
    return node->file == HANDLE_NONE ? OK : sys_file_set(node->file, mask, &node->attributes);
}

/* The answer lends the file object: the client gets a handle of its own. */
static enum status file_lend(struct request *rq, struct ram_node *node, handle_t *out)
{
    rq->keep_handle = true;
    TRY(ramfs_need_file(node));
    *out = node->file;
    return OK;
}

/* -- looking ----------------------------------------------------------------------------------------------------- */

static enum status on_root(struct request *rq, const struct fs_root_in *in, struct fs_root_out *out)
{
    ram_set_device(tree_of(rq), in->device);
    *out = (struct fs_root_out){.node = tree_of(rq)->root->attributes.inode, .name = rq->object ? VIEW_OF_LITERAL("tmpfs") : VIEW_OF_LITERAL("ramfs")};
    return OK;
}

static enum status on_lookup(struct request *rq, const struct fs_lookup_in *in, struct fs_lookup_out *out)
{
    struct ram_node *directory, *node;
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    TRY(ram_lookup(tree_of(rq), directory, in->name, &node));
    if (node->file != HANDLE_NONE) /* otherwise nobody has opened it yet, and looking is no reason to copy it from the archive */
        TRY(file_lend(rq, node, &out->file));
    out->attributes = node->attributes;
    return OK;
}

static enum status on_open_node(struct request *rq, const struct fs_open_node_in *in, struct fs_open_node_out *out)
{
    struct ram_node *node;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    return file_lend(rq, node, &out->file);
}

static enum status on_attributes(struct request *rq, const struct fs_attributes_in *in, struct fs_attributes_out *out)
{
    struct ram_node *node;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    out->attributes = node->attributes;
    return node->file == HANDLE_NONE ? OK : sys_stat(node->file, &out->attributes);
}

static enum status on_readlink(struct request *rq, const struct fs_readlink_in *in, struct fs_readlink_out *out)
{
    struct ram_node *node;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    if (node->attributes.type != FILE_SYMLINK)
        return ERR_INVALID;
    out->target = node->content;
    return OK;
}

static enum status on_readdir(struct request *rq, const struct fs_readdir_in *in, struct fs_readdir_out *out)
{
    struct ram_node *directory;
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    struct span space = rq->server->receive_buffer; /* the request brought no data */
    struct record_writer w = {.space = {space.data, MIN(space.length, request_capacity(rq))}};
    TRY(ram_readdir(directory, in->cookie, &w));
    out->records = (struct view){space.data, w.used};
    return OK;
}

static enum status on_statistics(struct request *rq, const struct fs_statistics_in *in, struct fs_statistics_out *out)
{
    (void)in;
    const struct ram_tree *t = tree_of(rq);
    static struct vfs_statistics s;
    struct system_info info;
    TRY(sys_system_info(&info));
    uint64_t free_pages = info.free_bytes / PAGE_SIZE_BYTES;
    s = (struct vfs_statistics){.type = STATISTICS_MAGIC, .block_bytes = PAGE_SIZE_BYTES,
                                .blocks = info.memory_bytes / PAGE_SIZE_BYTES, .blocks_free = free_pages,
                                .blocks_available = free_pages, .files = t->node_limit,
                                .files_free = t->node_limit - t->node_count, .name_max = FS_NAME_MAX};
    out->statistics = VIEW_OF_STRUCT(&s);
    return OK;
}

/* -- changing ---------------------------------------------------------------------------------------------------- */

static enum status on_set_attributes(struct request *rq, const struct fs_set_attributes_in *in, struct fs_set_attributes_out *out)
{
    (void)out;
    struct ram_node *node;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    uint32_t mask = in->mask & (ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY | ATTRIBUTE_CHANGE);
    attributes_apply(&node->attributes, mask, in->attributes);
    if (!(in->mask & ATTRIBUTE_SIZE))
        return file_update(node, mask);
    TRY(ramfs_need_file(node));
    TRY(file_update(node, mask));
    return sys_truncate(node->file, in->attributes->size_bytes);
}

static struct ram_owner owner_of(uint64_t word)
{
    return (struct ram_owner){(uint32_t)(word >> 32), (uint32_t)word};
}

static enum status on_create(struct request *rq, const struct fs_create_in *in, struct fs_create_out *out)
{
    struct ram_node *directory, *node, *gone;
    uint32_t type = (uint32_t)(in->type_and_mode >> 32);
    if (type < FILE_REGULAR || type > FILE_SOCKET || type == FILE_SYMLINK)
        return ERR_INVALID;
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    TRY(ram_create(tree_of(rq), directory, in->name, type, (uint32_t)in->type_and_mode, owner_of(in->owner), now_ns(), &node));
    node->attributes.special = in->special;
    out->node = node->attributes.inode;
    if (type != FILE_REGULAR)
        return OK;
    enum status status = file_lend(rq, node, &out->file);
    if (status == OK)
        return OK;
    if (in->name.length)
        IGNORE(ram_unlink(tree_of(rq), directory, in->name, false, now_ns(), &gone));
    ram_forget(tree_of(rq), node);
    return status == ERR_NO_MEMORY ? ERR_NO_SPACE : status;
}

static enum status on_symlink(struct request *rq, const struct fs_symlink_in *in, struct fs_symlink_out *out)
{
    struct ram_node *directory, *node;
    struct view name, target;
    TRY(view_part(in->text, 0, in->name_bytes, &name));
    TRY(view_part(in->text, name.length, in->text.length - name.length, &target));
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    TRY(ram_symlink(tree_of(rq), directory, name, target, owner_of(in->owner), now_ns(), &node));
    out->attributes = node->attributes;
    return OK;
}

static enum status on_link(struct request *rq, const struct fs_link_in *in, struct fs_link_out *out)
{
    (void)out;
    struct ram_node *node, *directory;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    TRY(ram_link(tree_of(rq), node, directory, in->name, now_ns()));
    return file_update(node, ATTRIBUTE_LINKS | ATTRIBUTE_CHANGE);
}

static enum status on_unlink(struct request *rq, const struct fs_unlink_in *in, struct fs_unlink_out *out)
{
    (void)out;
    struct ram_node *directory, *victim;
    TRY(ram_node_find(tree_of(rq), in->directory, &directory));
    TRY(ram_unlink(tree_of(rq), directory, in->name, in->flags & UNLINK_DIRECTORY, now_ns(), &victim));
    bool is_over = in->flags & UNLINK_FORGET && victim->attributes.links == 0;
    enum status status = file_update(victim, ATTRIBUTE_LINKS | ATTRIBUTE_CHANGE | (is_over ? ATTRIBUTE_LAST_WORD : 0));
    if (is_over) {
        victim->file = HANDLE_NONE;
        ram_forget(tree_of(rq), victim);
    }
    return status;
}

static enum status on_rename(struct request *rq, const struct fs_rename_in *in, struct fs_rename_out *out)
{
    (void)out;
    struct ram_node *from, *to, *moved, *victim;
    struct view old_name, new_name;
    uint32_t old_bytes = (uint32_t)(in->lengths >> 32);
    TRY(view_part(in->names, 0, old_bytes, &old_name));
    TRY(view_part(in->names, old_bytes, in->names.length - old_bytes, &new_name));
    TRY(ram_node_find(tree_of(rq), in->old_directory, &from));
    TRY(ram_node_find(tree_of(rq), in->new_directory, &to));
    TRY(ram_rename(tree_of(rq), from, old_name, to, new_name, (uint32_t)in->lengths, now_ns(), &moved, &victim));
    TRY(file_update(moved, ATTRIBUTE_CHANGE));
    return victim ? file_update(victim, ATTRIBUTE_LINKS | ATTRIBUTE_CHANGE) : OK;
}

static enum status on_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out)
{
    (void)out;
    struct ram_node *node;
    TRY(ram_node_find(tree_of(rq), in->node, &node));
    ram_forget(tree_of(rq), node);
    return OK;
}

static enum status on_sync(struct request *rq, const struct fs_sync_in *in, struct fs_sync_out *out)
{
    (void)rq, (void)in, (void)out;
    return OK; /* memory is as safe as it gets */
}

static const struct fs_ops operations = {
    .root = on_root, .lookup = on_lookup, .open_node = on_open_node, .attributes = on_attributes,
    .set_attributes = on_set_attributes, .create = on_create, .link = on_link, .unlink = on_unlink, .rename = on_rename,
    .readdir = on_readdir, .symlink = on_symlink, .readlink = on_readlink, .statistics = on_statistics, .forget = on_forget,
    .sync = on_sync,
};

enum status ramfs_instance_create(uint64_t node_limit, struct name_key key, struct ramfs **out)
{
    struct ramfs *instance;
    TRY(HEAP_NEW(&instance));
    enum status status = ram_tree_init(&instance->tree, key, node_limit, now_ns(), ramfs_release);
    if (status != OK) {
        heap_free(instance);
        return status;
    }
    instance->tree.root->attributes.mode = 01777;
    *out = instance;
    return OK;
}

void ramfs_instance_destroy(struct ramfs *instance)
{
    ram_tree_fini(&instance->tree);
    heap_free(instance);
}

bool ramfs_protocol(struct request *rq)
{
    return fs_dispatch(&operations, rq);
}
