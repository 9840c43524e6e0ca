/* SPDX-License-Identifier: MIT
 * ramfs: filesystems in memory. Its root resource is one; opening "new" makes another, empty, that lives while its handle
 * does. With the handle "initfs" and without the argument `empty` it starts with
 * what that archive has. Arguments: `empty`, `mode=OCTAL` of the root, `nodes=N` (how many at most). */
#include "initfs/initfs.h"
#include "serve.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/start.h"

#define NODES_MAX 1000000u

static struct server server;
static uint64_t nodes_max = NODES_MAX;

static enum status on_open(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                           uint32_t *out_kind)
{
    (void)open_flags, (void)mode;
    *out_kind = FILE_DIRECTORY;
    if (path.length == 0)
        return server_resource(rq->server, 0, RIGHT_ALL, 0, 0, out_handle);
    if (rq->object || !view_equal(path, VIEW_OF_LITERAL("new")))
        return ERR_NOT_SUPPORTED; /* paths are vfsd's */
    struct ramfs *instance;
    TRY(ramfs_instance_create(nodes_max, ramfs.tree.key, &instance));
    enum status status = server_open(rq->server, instance, RIGHT_ALL, 0, 0, out_handle);
    if (status != OK)
        ramfs_instance_destroy(instance);
    return status;
}

static void on_closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)token;
    if (object)
        ramfs_instance_destroy(object);
}

static const struct scheme_ops ops = {.open = on_open, .protocol = ramfs_protocol, .closed = on_closed};

static enum status map_bytes(handle_t memory, uint64_t bytes, uint64_t *out_address)
{
    return sys_map(HANDLE_SELF_SPACE, 0, align_up(bytes, PAGE_SIZE_BYTES), PROT_READ_ | MAP_SHARED_, memory, 0, out_address);
}

/* The first page tells how long it is. */
static enum status archive_map(handle_t memory, struct view *out)
{
    uint64_t address, bytes;
    TRY(map_bytes(memory, PAGE_SIZE_BYTES, &address));
    enum status status = initfs_length((struct view){(const uint8_t *)(uintptr_t)address, PAGE_SIZE_BYTES}, &bytes);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, address, PAGE_SIZE_BYTES));
    TRY(status);
    TRY(map_bytes(memory, bytes, &address));
    *out = (struct view){(const uint8_t *)(uintptr_t)address, bytes};
    return OK;
}

static uint32_t octal(struct view digits, uint32_t fallback)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits.length; i++)
        value = value * 8 + (digits.data[i] & 7u);
    return digits.length ? value & 07777 : fallback;
}

static enum status start(const struct start_block *block)
{
    struct view limit = start_option(block, "nodes=");
    if (limit.length)
        TRY(view_to_u64(limit, &nodes_max));
    struct name_key key = {block->random[0] | 1, block->random[1] | 1};
    TRY(ram_tree_init(&ramfs.tree, key, nodes_max, (int64_t)clock_realtime_ns(), ramfs_release));
    ramfs.tree.root->attributes.mode = octal(start_option(block, "mode="), 0755);
    handle_t initfs = start_handle(block, "initfs");
    if (initfs == HANDLE_NONE || start_has_argument(block, "empty"))
        return OK;
    struct view archive;
    TRY(archive_map(initfs, &archive));
    TRY(ramfs_unpack(archive));
    log_info("%lu nodes from the initfs", (unsigned long)ramfs.tree.node_count);
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_init(&server, start_handle(block, "endpoint"), &ops, nullptr);
    if (status == OK)
        status = server_run(&server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
