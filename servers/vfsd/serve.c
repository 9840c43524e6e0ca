/* SPDX-License-Identifier: MIT
 * vfsd: names as processes see them. Paths, mounts, links, permissions, open directories, /dev. It answers from its caches when it can,
 * and otherwise asks the filesystem's server without waiting, so that one slow filesystem delays only those who use it.
 *
 * Starts with handles "endpoint", "table" (the process table), "null", "zero", "ramfs" (for tmpfs), and with no filesystem but /dev: init mounts the root and
 * the others, and until the root is there nothing but mounting and registering devices works. */
#include "fifo.h"
#include "ops.h"
#include "operation.h"
#include "base/string.h"
#include "sys/log.h"
#include "sys/start.h"

#define NAMES_MAX 16384u

struct vfsd vfsd;

static const struct vfs_ops operations = {
    .open = vfsd_open, .open_handle = vfsd_open_handle, .stat = vfsd_stat, .access = vfsd_access, .set_mode = vfsd_set_mode,
    .set_owner = vfsd_set_owner, .set_times = vfsd_set_times, .set_size = vfsd_set_size, .handle_set = vfsd_handle_set,
    .statistics = vfsd_statistics, .make = vfsd_make, .symlink = vfsd_symlink, .link = vfsd_link, .unlink = vfsd_unlink,
    .rename = vfsd_rename, .readlink = vfsd_readlink, .change_directory = vfsd_change_directory,
    .change_root = vfsd_change_root, .current = vfsd_current, .view = vfsd_view, .handle_path = vfsd_handle_path,
    .mount = vfsd_mount, .mount_type = vfsd_mount_type, .mount_disk = vfsd_mount_disk, .unmount = vfsd_unmount, .renew = vfsd_renew,
    .mounts = vfsd_mounts, .sync = vfsd_sync, .device = vfsd_device,
    .socket_bind = vfsd_socket_bind, .socket_find = vfsd_socket_find,
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

static void cancel(struct server *s, uint64_t request)
{
    (void)s;
    fifo_cancel(request); /* everything else is answered soon anyway */
}

static const struct scheme_ops scheme = {
    .open = vfsd_scheme_open, .read = device_read, .write = device_write, .seek = vfsd_scheme_seek, .stat = vfsd_scheme_stat,
    .sync = vfsd_scheme_sync, .readdir = vfsd_scheme_readdir, .protocol = protocol, .closed = closed, .cancel = cancel,
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
    if (node->end != HANDLE_NONE)
        IGNORE(sys_handle_close(node->end));
    if (!node->is_removed || node->is_forgotten || node->filesystem->server == HANDLE_NONE)
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

enum status vfsd_start(const struct start_block *block)
{
    list_init(&vfsd.filesystems);
    list_init(&vfsd.openeds);
    struct name_key key = {block->random[0] | 1, block->random[1] | 1};
    TRY(node_table_init(&vfsd.nodes, node_released));
    TRY(name_cache_init(&vfsd.names, &vfsd.nodes, key, NAMES_MAX));
    TRY(path_cache_init(&vfsd.paths, &vfsd.nodes, key));
    TRY(server_init(&vfsd.server, start_handle(block, "endpoint"), &scheme, nullptr));
    handle_t table = start_handle(block, "table");
    if (table == HANDLE_NONE || table_map(table) != OK)
        log_warning("no process table: everybody but system processes is nobody");
    vfsd.memory_filesystems = start_handle(block, "ramfs");
    vfsd.init = start_handle(block, "init");
    return devices_init(block);
}
