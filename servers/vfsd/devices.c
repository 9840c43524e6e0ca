/* SPDX-License-Identifier: MIT
 * /dev: a filesystem of vfsd's own, with what servers register and a few devices that need no server. Its nodes hang at their
 * directories by first_child and sibling, in order of inode, and each is referenced once for that. Nothing else is made or removed here. */
#include "ops.h"
#include "operation.h"
#include "base/string.h"
#include "heap/heap.h"
#include "sys/clock.h"
#include "sys/start.h"

#define DEVICE_NUMBER(major, minor) ((uint64_t)(major) << 8 | (minor))
#define RANDOM_CHUNK 256u

static struct filesystem dev_filesystem;
static uint64_t next_inode = 2;

static struct node **child_link(struct node *directory, struct view name)
{
    struct node **link = &directory->first_child;
    while (*link && !view_equal((*link)->name, name))
        link = &(*link)->sibling;
    return link;
}

static enum status child_add(struct node *directory, struct view name, uint32_t type, uint32_t mode, uint64_t special, struct node **out)
{
    int64_t now = (int64_t)clock_realtime_ns();
    struct file_attributes a = {.inode = next_inode, .type = type, .mode = mode & 07777, .special = special,
                                .links = type == FILE_DIRECTORY ? 2 : 1, .block_bytes = 4096,
                                .access_ns = now, .modify_ns = now, .change_ns = now, .birth_ns = now};
    struct node *node;
    TRY(node_obtain(&vfsd.nodes, &dev_filesystem, &a, &node));
    enum status status = node_set_name(&vfsd.nodes, node, directory, name);
    if (status != OK) {
        node_put(&vfsd.nodes, node);
        return status;
    }
    next_inode++;
    *child_link(directory, name) = node; /* the free end */
    *out = node;
    return OK;
}

static void device_drop(struct node *node)
{
    if (node->device && node->device->target != HANDLE_NONE)
        IGNORE(sys_handle_close(node->device->target));
    heap_free(node->device);
    node->device = nullptr;
}

/* Finds or makes the directories of `name`; *out_last is what is left of it. */
static enum status directory_of(struct view name, bool makes, struct node **out, struct view *out_last)
{
    struct node *at = dev_filesystem.root;
    for (;;) {
        struct view head, rest;
        size_t slash = view_find(name, '/');
        if (slash == name.length)
            break;
        view_split(name, '/', &head, &rest);
        struct node *next = *child_link(at, head);
        if (!next && !makes)
            return ERR_NOT_FOUND;
        if (!next)
            TRY(child_add(at, head, FILE_DIRECTORY, 0755, 0, &next));
        if (!node_is_directory(next))
            return ERR_NOT_DIRECTORY;
        at = next;
        name = rest;
    }
    if (name.length == 0)
        return ERR_INVALID;
    *out = at;
    *out_last = name;
    return OK;
}

enum status devices_add(struct view name, uint32_t type, uint32_t mode, uint64_t special, struct device device)
{
    struct node *directory;
    struct view last;
    TRY(directory_of(name, true, &directory, &last));
    struct device *d;
    TRY(HEAP_NEW(&d));
    *d = device;
    struct node *node = *child_link(directory, last);
    enum status status = node ? OK : child_add(directory, last, type, mode, special, &node);
    if (status == OK && node_is_directory(node))
        status = ERR_EXISTS;
    if (status != OK) {
        heap_free(d);
        return status;
    }
    device_drop(node);
    node->device = d;
    node->attributes.special = special;
    return OK;
}

static enum status devices_remove(struct view name)
{
    struct node *directory;
    struct view last;
    TRY(directory_of(name, false, &directory, &last));
    struct node **link = child_link(directory, last), *node = *link;
    if (!node || !node->device)
        return ERR_NOT_FOUND;
    *link = node->sibling;
    node->is_removed = true;
    device_drop(node);
    node_put(&vfsd.nodes, node);
    return OK;
}

static struct node *find_below(struct node *directory, uint32_t type, uint64_t special)
{
    for (struct node *child = directory->first_child; child; child = child->sibling) {
        if (child->device && child->attributes.type == type && child->attributes.special == special)
            return child;
        struct node *found = child->first_child ? find_below(child, type, special) : nullptr;
        if (found)
            return found;
    }
    return nullptr;
}

struct node *devices_find(uint32_t type, uint64_t special)
{
    return find_below(dev_filesystem.root, type, special);
}

enum status vfsd_device(struct request *rq, const struct vfs_device_in *in, struct vfs_device_out *out)
{
    (void)out;
    enum status status;
    if (rq->credential != 0)
        status = ERR_NOT_PERMITTED;
    else if (in->target == HANDLE_NONE)
        return devices_remove(in->name);
    else {
        struct handle_info info = {};
        IGNORE(sys_handle_info(in->target, &info));
        struct device device = {.target = in->target, .is_duplicated = info.kind != OBJECT_RESOURCE};
        status = devices_add(in->name, in->type, in->mode, in->special, device);
    }
    if (status != OK)
        IGNORE(sys_handle_close(in->target));
    return status;
}

/* -- what is served here ----------------------------------------------------------------------------------------- */

enum status device_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    (void)offset, (void)stream_flags;
    const struct opened *o = rq->object;
    if (!o || o->kind == OPENED_VIEW || o->kind == OPENED_PATH)
        return ERR_BAD_HANDLE;
    if (o->kind == OPENED_DIRECTORY)
        return ERR_IS_DIRECTORY;
    struct span space = vfsd.server.receive_buffer;
    size_t length = MIN(capacity, space.length);
    if (o->kind == OPENED_FULL)
        memset(space.data, 0, length);
    for (size_t at = 0; o->kind == OPENED_RANDOM && at < length; at += RANDOM_CHUNK)
        TRY(sys_random((struct span){space.data + at, MIN(length - at, RANDOM_CHUNK)}));
    *out_data = (struct view){space.data, length};
    return OK;
}

enum status device_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    (void)offset, (void)data, (void)stream_flags;
    const struct opened *o = rq->object;
    if (!o || o->kind == OPENED_VIEW || o->kind == OPENED_PATH)
        return ERR_BAD_HANDLE;
    if (o->kind == OPENED_DIRECTORY)
        return ERR_IS_DIRECTORY;
    if (o->kind == OPENED_FULL)
        return ERR_NO_SPACE;
    *out_taken = rq->data_length;
    return OK;
}

/* -- the start --------------------------------------------------------------------------------------------------- */

static enum status link_add(struct view name, struct view target)
{
    struct node *node;
    TRY(child_add(dev_filesystem.root, name, FILE_SYMLINK, 0777, 0, &node));
    node->attributes.size_bytes = target.length;
    return node_set_target(node, target);
}

static enum status kernel_device(const struct start_block *block, const char *name, uint64_t special)
{
    handle_t target = start_handle(block, name);
    if (target == HANDLE_NONE)
        return OK;
    return devices_add(view_of_string(name), FILE_CHARACTER, 0666, special, (struct device){.target = target, .is_duplicated = true});
}

static enum status own_device(struct view name, uint64_t special, enum opened_kind kind)
{
    return devices_add(name, FILE_CHARACTER, 0666, special, (struct device){.target = HANDLE_NONE, .own_kind = kind});
}

enum status devices_init(const struct start_block *block)
{
    struct node *directory;
    int64_t now = (int64_t)clock_realtime_ns();
    struct file_attributes a = {.inode = 1, .type = FILE_DIRECTORY, .mode = 0755, .links = 2, .block_bytes = 4096,
                                .access_ns = now, .modify_ns = now, .change_ns = now, .birth_ns = now};
    filesystem_init(&dev_filesystem, HANDLE_NONE, "dev");
    TRY(node_obtain(&vfsd.nodes, &dev_filesystem, &a, &dev_filesystem.root));
    TRY(kernel_device(block, "null", DEVICE_NUMBER(1, 3)));
    TRY(kernel_device(block, "zero", DEVICE_NUMBER(1, 5)));
    TRY(own_device(VIEW_OF_LITERAL("full"), DEVICE_NUMBER(1, 7), OPENED_FULL));
    TRY(own_device(VIEW_OF_LITERAL("random"), DEVICE_NUMBER(1, 8), OPENED_RANDOM));
    TRY(own_device(VIEW_OF_LITERAL("urandom"), DEVICE_NUMBER(1, 9), OPENED_RANDOM));
    TRY(link_add(VIEW_OF_LITERAL("fd"), VIEW_OF_LITERAL("/proc/self/fd")));
    TRY(link_add(VIEW_OF_LITERAL("stdin"), VIEW_OF_LITERAL("/proc/self/fd/0")));
    TRY(link_add(VIEW_OF_LITERAL("stdout"), VIEW_OF_LITERAL("/proc/self/fd/1")));
    TRY(link_add(VIEW_OF_LITERAL("stderr"), VIEW_OF_LITERAL("/proc/self/fd/2")));
    TRY(child_add(dev_filesystem.root, VIEW_OF_LITERAL("pts"), FILE_DIRECTORY, 0755, 0, &directory));
    TRY(child_add(dev_filesystem.root, VIEW_OF_LITERAL("shm"), FILE_DIRECTORY, 01777, 0, &directory));
    vfsd.dev = &dev_filesystem; /* hung up when there is a root */
    return OK;
}
