/* SPDX-License-Identifier: MIT
 * vfsd: names as processes see them. Paths, mounts, links, permissions, open directories, /dev. It answers from its caches when it can,
 * and otherwise asks the filesystem's server without waiting, so that one slow filesystem delays only those who use it.
 *
 * Starts with handles "endpoint", "table" (the process table), "null", "zero", and the root resource of each filesystem under its
 * scheme's name. Arguments: `root=NAME` (default ramfs), `mount=PATH:NAME`. */
#include "ops.h"
#include "operation.h"
#include "base/string.h"
#include "sys/log.h"
#include "sys/start.h"

#define NAMES_MAX 8192u

struct vfsd vfsd;

static const struct vfs_ops operations = {
    .open = vfsd_open, .open_handle = vfsd_open_handle, .stat = vfsd_stat, .access = vfsd_access, .set_mode = vfsd_set_mode,
    .set_owner = vfsd_set_owner, .set_times = vfsd_set_times, .set_size = vfsd_set_size, .handle_set = vfsd_handle_set,
    .statistics = vfsd_statistics, .make = vfsd_make, .symlink = vfsd_symlink, .link = vfsd_link, .unlink = vfsd_unlink,
    .rename = vfsd_rename, .readlink = vfsd_readlink, .change_directory = vfsd_change_directory,
    .change_root = vfsd_change_root, .current = vfsd_current, .view = vfsd_view, .handle_path = vfsd_handle_path,
    .mount = vfsd_mount, .unmount = vfsd_unmount, .mounts = vfsd_mounts, .sync = vfsd_sync, .device = vfsd_device,
};

static bool protocol(struct request *rq)
{
    return vfs_dispatch(&operations, rq);
}

static void closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)token;
    if (object)
        opened_put(object);
}

static enum status sync_one(struct request *rq)
{
    (void)rq;
    return OK; /* directories change only in their servers, which are synced by their own rules */
}

static const struct scheme_ops scheme = {
    .open = vfsd_scheme_open, .read = device_read, .write = device_write, .seek = vfsd_scheme_seek, .stat = vfsd_scheme_stat,
    .sync = sync_one, .readdir = vfsd_scheme_readdir, .protocol = protocol, .closed = closed,
};

static void nothing(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self, (void)reply;
}

static struct completion forgotten = {.done = nothing};

/* A node that has lost its last name may go for good when nobody remembers it. */
static void node_released(struct node_table *t, struct node *node)
{
    (void)t;
    if (node->file != HANDLE_NONE)
        IGNORE(sys_handle_close(node->file));
    if (!node->is_removed || node->filesystem->server == HANDLE_NONE)
        return;
    struct fs_forget_in in = {.node = node->attributes.inode};
    IGNORE(fs_forget_submit(node->filesystem->server, &in, vfsd.server.endpoint, server_completion_tag(&forgotten)));
}

static enum status table_map(handle_t table)
{
    uint64_t address;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(PROCESS_TABLE_SLOTS * sizeof(struct process_entry), PAGE_SIZE_BYTES),
                PROT_READ_ | MAP_SHARED_, table, 0, &address));
    vfsd.table = (const volatile struct process_entry *)(uintptr_t)address;
    return OK;
}

/* A filesystem's root resource: given by name, or opened as a scheme. */
static enum status filesystem_handle(const struct start_block *block, struct view name, handle_t *out)
{
    char text[32];
    if (name.length + 2 > sizeof text)
        return ERR_NAME_TOO_LONG;
    memcpy(text, name.data, name.length);
    text[name.length] = 0;
    *out = start_handle(block, text);
    if (*out != HANDLE_NONE)
        return OK;
    text[name.length] = ':';
    return sys_open((struct view){(const uint8_t *)text, name.length + 1}, OPEN_READ | OPEN_WRITE, PLACE_HIGH, HANDLE_NONE, out);
}

/* Every `mount=PATH:NAME`. One that fails is said and left out: a system without it can still be repaired. */
static void mounts_start(const struct start_block *block)
{
    struct view prefix = VIEW_OF_LITERAL("mount=");
    for (uint32_t i = 1; i < block->argument_count; i++) {
        struct view argument = start_argument(block, i), path, name;
        if (!view_starts_with(argument, prefix))
            continue;
        argument = (struct view){argument.data + prefix.length, argument.length - prefix.length};
        view_split(argument, ':', &path, &name);
        handle_t handle;
        enum status status = filesystem_handle(block, name, &handle);
        if (status == OK)
            status = mount_later(path, handle);
        if (status != OK)
            log_error("mount %.*s: %s", (int)argument.length, (const char *)argument.data, status_sentence(status));
    }
}

static enum status start(const struct start_block *block)
{
    list_init(&vfsd.filesystems);
    list_init(&vfsd.openeds);
    struct name_key key = {block->random[0] | 1, block->random[1] | 1};
    TRY(node_table_init(&vfsd.nodes, node_released));
    TRY(name_cache_init(&vfsd.names, &vfsd.nodes, key, NAMES_MAX));
    TRY(server_init(&vfsd.server, start_handle(block, "endpoint"), &scheme, nullptr));
    handle_t table = start_handle(block, "table"), root;
    if (table == HANDLE_NONE || table_map(table) != OK)
        log_warning("no process table: everybody but system processes is nobody");
    struct view root_name = start_option(block, "root=");
    TRY(filesystem_handle(block, root_name.length ? root_name : VIEW_OF_LITERAL("ramfs"), &root));
    TRY(mount_root(root));
    TRY(devices_init(block));
    mounts_start(block);
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&vfsd.server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
