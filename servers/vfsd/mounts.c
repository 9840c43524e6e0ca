/* SPDX-License-Identifier: MIT
 * The mount table: which filesystem covers which directory. A filesystem gets a number that no other has had; its root and the directory
 * that it covers are referenced while it is mounted. */
#include "ops.h"
#include "operation.h"
#include "base/fmt.h"
#include "base/string.h"
#include "heap/heap.h"
#include "sys/log.h"

#define TEXT_BYTES 16384u
#define PATH_BYTES 4096u

void filesystem_init(struct filesystem *fs, handle_t server, const char *name)
{
    *fs = (struct filesystem){.server = server, .device = ++vfsd.next_device};
    (void)fmt(fs->name, sizeof fs->name, "%s", name);
}

static void filesystem_cover(struct filesystem *fs, struct node *directory)
{
    list_push_back(&vfsd.filesystems, &fs->link);
    if (!directory)
        return;
    fs->covered = node_get(directory);
    directory->mounted = fs;
    node_lost_a_name(&vfsd.nodes, directory);
}

/* What fs.root answered. */
static void filesystem_describe(struct filesystem *fs, const struct fs_root_out *root, size_t name_bytes)
{
    fs->flags |= root->flags & (FILESYSTEM_READ_ONLY | FILESYSTEM_VOLATILE_NAMES);
    fs->name[MIN(name_bytes, sizeof fs->name - 1)] = 0;
    fs->is_process = view_equal(view_of_string(fs->name), VIEW_OF_LITERAL("proc"));
}

/* -- mounting ---------------------------------------------------------------------------------------------------- */

/* Mounts that came before the root did. */
static struct operation *early;

static void mount_abandon(struct operation *op)
{
    if (!op->filesystem || op->filesystem->server == HANDLE_NONE)
        return;
    IGNORE(sys_handle_close(op->filesystem->server));
    heap_free(op->filesystem);
    op->filesystem = nullptr;
}

static enum status mount_walked(struct operation *op);
static enum status type_walked(struct operation *op);

static enum status mount_start(struct operation *op, struct view path)
{
    TRY(operation_path(op, path, WALK_FOLLOW | WALK_MAY_MISS));
    return operation_walk(op, mount_walked);
}

/* A filesystem in memory at a path, for those who share memory by name. */
static void mount_shared_memory(void)
{
    struct operation *op;
    if (vfsd.memory_filesystems == HANDLE_NONE || operation_begin_internal(&op) != OK)
        return;
    op->answer = mount_answer;
    enum status status = operation_path(op, VIEW_OF_LITERAL("/dev/shm"), WALK_FOLLOW);
    if (status == OK)
        status = operation_walk(op, type_walked);
    if (status == WAITING)
        return;
    mount_answer(op, status);
    operation_free(op);
}

/* The system has a root: what waited for it goes on, and /dev is hung up. */
static void root_is_there(struct node *root)
{
    vfsd.root = root;
    enum status status = mount_own(VIEW_OF_LITERAL("/dev"), vfsd.dev);
    if (status != OK)
        log_error("/dev: %s", status_sentence(status));
    while (early) {
        struct operation *op = early;
        early = op->next_free;
        status = mount_start(op, op->text);
        if (status == WAITING)
            continue;
        mount_answer(op, status);
        operation_free(op);
    }
}

static enum status mount_with_attributes(struct operation *op)
{
    struct filesystem *fs = op->filesystem;
    TRY(operation_result(op));
    if (op->attributes.type != FILE_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    if (!op->node && vfsd.root)
        return ERR_BUSY;
    TRY(node_obtain(&vfsd.nodes, fs, &op->attributes, &fs->root));
    filesystem_cover(fs, op->node ? node_cover(op->node) : nullptr);
    op->filesystem = nullptr;
    if (!op->node)
        root_is_there(fs->root);
    return OK;
}

static enum status mount_with_root(struct operation *op)
{
    TRY(operation_result(op));
    struct fs_root_out root;
    fs_root_completion(op->reply, &root);
    filesystem_describe(op->filesystem, &root, root.name.length);
    struct fs_attributes_in in = {.node = root.node, .attributes_space = &op->attributes};
    return operation_wait(op, OPERATION_ASK(op, op->filesystem, attributes, &in),
                          mount_with_attributes);
}

enum status mount_at(struct operation *op, struct node *directory)
{
    if (directory && !node_is_directory(directory))
        return ERR_NOT_DIRECTORY;
    op->node = directory ? node_get(directory) : nullptr;
    if (op->filesystem) { /* ours: nobody to ask */
        filesystem_cover(op->filesystem, node_cover(directory));
        mount_shared_memory();
        return OK;
    }
    TRY(HEAP_NEW(&op->filesystem));
    struct filesystem *fs = op->filesystem;
    filesystem_init(fs, op->given, "");
    fs->flags = op->flags & FILESYSTEM_READ_ONLY;
    op->given = HANDLE_NONE;
    struct fs_root_in in = {.device = fs->device, .name_space = {(uint8_t *)fs->name, sizeof fs->name - 1}};
    return operation_wait(op, OPERATION_ASK(op, fs, root, &in), mount_with_root);
}

static enum status mount_directory_made(struct operation *op)
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
    enum status status = mount_at(op, node);
    node_put(&vfsd.nodes, node);
    return status;
}

static enum status mount_walked(struct operation *op)
{
    struct walk *w = &op->walks[0];
    if (w->found)
        return mount_at(op, w->found);
    if (op->request && !op->is_start)
        return ERR_NOT_FOUND; /* only what the system starts with may make its own place */
    op->mode = 0755;
    return operation_wait(op, operation_create(op, w->parent, walk_name(w), FILE_DIRECTORY, 0), mount_directory_made);
}

void mount_answer(struct operation *op, enum status status)
{
    if (status != OK)
        mount_abandon(op);
    if (op->request)
        operation_plain_answer(op, status);
    else if (status != OK)
        log_error("a mount of the start failed: %s", status_sentence(status));
}

enum status mount_own(struct view path, struct filesystem *fs)
{
    struct operation *op;
    TRY(operation_begin_internal(&op));
    op->filesystem = fs;
    op->answer = mount_answer;
    enum status status = mount_start(op, path);
    if (status == WAITING)
        return OK;
    operation_free(op);
    return status;
}

/* Before there is a root, the first mount at `/` makes it, and others wait for that. */
static enum status mount_early(struct operation *op, struct view path)
{
    if (view_equal(path, VIEW_OF_LITERAL("/")))
        return mount_at(op, nullptr);
    TRY(operation_keep_text(op, path));
    op->next_free = early;
    early = op;
    return WAITING;
}

enum status vfsd_mount(struct request *rq, const struct vfs_mount_in *in, struct vfs_mount_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin_with(rq, in->filesystem, &op));
    op->flags = in->flags;
    op->is_start = rq->credential == 0;
    enum status status = credentials_is_root(&op->who) ? OK : ERR_NOT_PERMITTED;
    if (status == OK && in->filesystem == HANDLE_NONE)
        status = ERR_BAD_HANDLE;
    if (status == OK)
        status = vfsd.root ? mount_start(op, in->path) : mount_early(op, in->path);
    if (status != OK && status != WAITING)
        mount_abandon(op);
    return operation_end(op, rq, status, mount_answer);
}

/* -- a new one ---------------------------------------------------------------------------------------------------- */

static enum status type_opened(struct operation *op)
{
    TRY(operation_result(op));
    op->given = (handle_t)(uint32_t)op->reply->words[3];
    return op->given == HANDLE_NONE ? ERR_PROTOCOL : mount_at(op, operation_found(op));
}

static enum status type_walked(struct operation *op)
{
    static const char new_one[] = "new";
    if (!node_is_directory(operation_found(op)))
        return ERR_NOT_DIRECTORY;
    struct message m = {.words = {[0] = OPEN_READ | OPEN_WRITE, [2] = PLACE_HIGH, [6] = sys_address(new_one),
                                  [7] = sizeof new_one - 1}};
    return operation_wait(op, sys_submit(vfsd.memory_filesystems, OP_OPEN | KIND_SEND_DATA | KIND_RECEIVE_HANDLE, &m,
                                         vfsd.server.endpoint, operation_tag(op)), type_opened);
}

static enum status type_start(struct operation *op, const struct vfs_mount_type_in *in)
{
    struct view type, path;
    TRY(view_part(in->text, 0, in->type_bytes, &type));
    TRY(view_part(in->text, in->type_bytes, in->text.length - in->type_bytes, &path));
    if (!credentials_is_root(&op->who))
        return ERR_NOT_PERMITTED;
    bool is_known = view_equal(type, VIEW_OF_LITERAL("tmpfs")) || view_equal(type, VIEW_OF_LITERAL("ramfs"));
    if (!is_known || vfsd.memory_filesystems == HANDLE_NONE)
        return ERR_NO_DEVICE;
    TRY(operation_path(op, path, WALK_FOLLOW));
    return operation_walk(op, type_walked);
}

enum status vfsd_mount_type(struct request *rq, const struct vfs_mount_type_in *in, struct vfs_mount_type_out *out)
{
    (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->flags = in->flags;
    return operation_end(op, rq, type_start(op, in), mount_answer);
}

void filesystem_detach(struct filesystem *fs)
{
    fs->covered->mounted = nullptr;
    node_lost_a_name(&vfsd.nodes, fs->covered);
    node_drop(&vfsd.nodes, &fs->covered);
    node_drop(&vfsd.nodes, &fs->root);
    list_remove(&fs->link);
    IGNORE(sys_handle_close(fs->server));
    heap_free(fs);
}

/* -- all of them ------------------------------------------------------------------------------------------------- */

/* One line of /proc/mounts; blanks and backslashes of the path in octal. */
static size_t mount_line(const struct filesystem *fs, char *to, size_t size)
{
    static uint8_t path_bytes[PATH_BYTES];
    struct view path = VIEW_OF_LITERAL("?");
    IGNORE(node_path(fs->root, vfsd.root, SPAN_OF_ARRAY(path_bytes), &path));
    size_t used = fmt(to, size, "%s ", fs->name);
    for (size_t i = 0; i < path.length && used + 5 < size; i++) {
        uint8_t c = path.data[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
            used += fmt(to + used, size - used, "\\%u%u%u", c >> 6, c >> 3 & 7u, c & 7u);
        else
            to[used++] = (char)c;
    }
    used += fmt(to + used, size - used, " %s %s 0 0\n", fs->name, fs->flags & FILESYSTEM_READ_ONLY ? "ro" : "rw");
    return used;
}

enum status vfsd_mounts(struct request *rq, const struct vfs_mounts_in *in, struct vfs_mounts_out *out)
{
    (void)rq;
    static char text[TEXT_BYTES];
    size_t used = 0;
    list_for_each(at, &vfsd.filesystems) {
        size_t length = mount_line(container_of(at, struct filesystem, link), text + used, sizeof text - used);
        if (length >= sizeof text - used)
            break;
        used += length;
    }
    size_t start = MIN(in->offset, used);
    out->text = (struct view){(const uint8_t *)text + start, MIN(used - start, request_capacity(rq))};
    return OK;
}

enum : uint32_t { SYNC_NAMES = 1 }; /* fs.sync's flags */

static enum status sync_next(struct operation *op);

static enum status sync_answered(struct operation *op)
{
    enum status status = operation_result(op);
    if (status != OK && status != ERR_NOT_SUPPORTED)
        op->kind = (uint32_t)status; /* the last failure is the answer, the others are synced all the same */
    return sync_next(op);
}

/* op->cookie is the number of the one that was asked last: it may be unmounted meanwhile. */
static enum status sync_next(struct operation *op)
{
    list_for_each(at, &vfsd.filesystems) {
        struct filesystem *fs = container_of(at, struct filesystem, link);
        if (fs->device <= op->cookie || fs->server == HANDLE_NONE)
            continue;
        op->cookie = fs->device;
        return operation_wait(op, OPERATION_ASK(op, fs, sync, &(struct fs_sync_in){}),
                              sync_answered);
    }
    return (enum status)op->kind;
}

/* fsync of a directory: what was done to names is to last. The answer to the client is the filesystem's. */
enum status vfsd_scheme_sync(struct request *rq)
{
    struct opened *opened = rq->object;
    struct operation *op;
    if (!opened || !opened->node || opened->node->filesystem->server == HANDLE_NONE)
        return OK;
    TRY(operation_begin(rq, &op));
    struct fs_sync_in in = {.flags = SYNC_NAMES};
    enum status status = fs_sync_submit(opened->node->filesystem->server, &in, vfsd.server.endpoint, operation_tag(op));
    return operation_end(op, rq, operation_wait(op, status, operation_result_step), operation_plain_answer);
}

enum status vfsd_sync(struct request *rq, const struct vfs_sync_in *in, struct vfs_sync_out *out)
{
    (void)in, (void)out;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->cookie = 0;
    return operation_end(op, rq, sync_next(op), operation_plain_answer);
}
