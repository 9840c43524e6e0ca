/* SPDX-License-Identifier: MIT
 * Operations: the pool, the walks, and what several requests ask of filesystems in the same way. */
#include "operation.h"
#include "base/string.h"
#include "heap/heap.h"
#include "fs/attributes.h"
#include "sys/log.h"

#define OPERATIONS_MAX 4096u
#define TRIES_MAX 100u
#define LINK_BYTES 4096u
#define MODE_SET_GROUP 02000u

static struct operation *free_operations;
static uint32_t operation_count;

static void operation_completed(struct server *s, struct completion *c, const struct message *reply);

static void close_handle(handle_t *handle)
{
    if (*handle != HANDLE_NONE)
        IGNORE(sys_handle_close(*handle));
    *handle = HANDLE_NONE;
}

static enum status operation_new(struct operation **out)
{
    struct operation *op = free_operations;
    if (op) {
        free_operations = op->next_free;
    } else {
        if (operation_count >= OPERATIONS_MAX)
            return ERR_LIMIT;
        TRY(HEAP_NEW(&op));
        operation_count++;
    }
    op->completion.done = operation_completed;
    op->request = 0;
    op->target = nullptr;
    op->walk_count = op->walk_current = 0;
    op->is_walking = op->is_start = false;
    op->answer = nullptr;
    op->reply = nullptr;
    op->flags = op->mode = op->mask = op->tries = 0;
    op->given = op->handle = HANDLE_NONE;
    op->node = nullptr;
    op->filesystem = nullptr;
    op->kind = 0;
    op->buffer = nullptr;
    op->buffer_bytes = 0;
    op->data = op->text = (struct view){};
    *out = op;
    return OK;
}

static enum status begin(struct request *rq, struct operation **out)
{
    TRY(operation_new(out));
    struct operation *op = *out;
    op->request = rq->id;
    op->target = rq->object;
    if (op->target)
        op->target->references++;
    credentials_read(vfsd.table, rq->credential, &op->who);
    return OK;
}

enum status operation_begin(struct request *rq, struct operation **out)
{
    return vfsd.root ? begin(rq, out) : ERR_WOULD_BLOCK;
}

enum status operation_begin_with(struct request *rq, handle_t given, struct operation **out)
{
    enum status status = begin(rq, out);
    if (status == OK)
        (*out)->given = given;
    else
        close_handle(&given);
    return status;
}

enum status operation_begin_internal(struct operation **out)
{
    TRY(operation_new(out));
    credentials_read(nullptr, 0, &(*out)->who);
    return OK;
}

static inline __attribute__((always_inline)) struct node *glance(struct node *start, struct view path, uint32_t walk_flags, const struct credentials *who)
{
    struct path_question question;
    bool is_asked = path_question(&vfsd.paths, start, who, path, &question);
    struct node *node = is_asked ? path_find(&vfsd.paths, &question) : nullptr;
    if (node)
        return node;
    node = walk_glance(&vfsd.names, start, who, path, walk_flags);
    if (node && is_asked && node->attributes.type != FILE_SYMLINK)
        path_remember(&vfsd.paths, &question, node);
    return node;
}

struct node *operation_glance(const struct request *rq, struct view path, uint32_t walk_flags, struct credentials *out_who)
{
    if (!vfsd.root)
        return nullptr;
    credentials_read(vfsd.table, rq->credential, out_who);
    bool is_absolute = path.length && path.data[0] == '/';
    struct node *start = node_cover(is_absolute ? opened_root(rq->object) : opened_node(rq->object));
    return glance(start, path, walk_flags, out_who);
}

void operation_free(struct operation *op)
{
    for (uint32_t i = 0; i < op->walk_count; i++)
        walk_end(&op->walks[i]);
    close_handle(&op->given);
    node_drop(&vfsd.nodes, &op->node);
    if (op->target)
        opened_put(op->target);
    if (op->buffer)
        heap_free(op->buffer);
    if (op->text.data)
        heap_free((void *)(uintptr_t)op->text.data);
    op->next_free = free_operations;
    free_operations = op;
}

enum status operation_buffer(struct operation *op, size_t bytes)
{
    if (op->buffer_bytes >= bytes)
        return OK;
    uint8_t *fresh = heap_allocate(bytes);
    if (!fresh)
        return ERR_NO_MEMORY;
    heap_free(op->buffer);
    op->buffer = fresh;
    op->buffer_bytes = bytes;
    return OK;
}

enum status operation_keep_text(struct operation *op, struct view text)
{
    uint8_t *copy = heap_allocate(text.length);
    if (!copy)
        return ERR_NO_MEMORY;
    memcpy(copy, text.data, text.length);
    op->text = (struct view){copy, text.length};
    return OK;
}

/* How much of the path is before the slash of its last name; 0: there is no such slash, or it is the first or last byte. */
static size_t folder_bytes(struct view path)
{
    size_t at = path.length;
    while (at > 0 && path.data[at - 1] != '/')
        at--;
    return at > 1 && at < path.length ? at - 1 : 0;
}

enum status operation_path_from(struct operation *op, struct opened *from, struct view path, uint32_t walk_flags)
{
    if (!vfsd.root)
        return ERR_WOULD_BLOCK;
    if (op->walk_count == ARRAY_LENGTH(op->walks))
        return ERR_INVALID;
    struct walk *w = &op->walks[op->walk_count++];
    walk_start(w, &vfsd.names, opened_root(from), opened_node(from), &op->who, path, walk_flags);
    size_t bytes = folder_bytes(path);
    struct node *folder = bytes ? glance(w->at, (struct view){path.data, bytes}, 0, &op->who) : nullptr;
    if (folder && node_is_directory(folder))
        walk_skip(w, bytes, folder);
    return OK;
}

enum status operation_path(struct operation *op, struct view path, uint32_t walk_flags)
{
    return operation_path_from(op, op->target, path, walk_flags);
}

/* -- walking ----------------------------------------------------------------------------------------------------- */

static enum status keep_paths(struct operation *op)
{
    for (uint32_t i = 0; i < op->walk_count; i++)
        TRY(walk_keep_path(&op->walks[i]));
    return OK;
}

static enum status ask_lookup(struct operation *op, struct walk *w)
{
    TRY(keep_paths(op));
    op->asked_link = false;
    struct fs_lookup_in in = {.directory = w->at->attributes.inode, .name = walk_name(w), .attributes_space = &op->attributes,
                              .file_place = PLACE_HIGH};
    TRY(OPERATION_ASK(op, w->at->filesystem, lookup, &in));
    return WAITING;
}

static enum status ask_link(struct operation *op, struct walk *w)
{
    TRY(keep_paths(op));
    TRY(operation_buffer(op, LINK_BYTES));
    op->asked_link = true;
    struct fs_readlink_in in = {.node = w->child->attributes.inode, .target_space = {op->buffer, LINK_BYTES}};
    TRY(OPERATION_ASK(op, w->child->filesystem, readlink, &in));
    return WAITING;
}

static enum status walk_on(struct operation *op)
{
    while (op->walk_current < op->walk_count) {
        struct walk *w = &op->walks[op->walk_current];
        enum status status = OK;
        switch (walk_run(w)) {
        case WALK_DONE: op->walk_current++; continue;
        case WALK_FAILED: return w->status;
        case WALK_LOOKUP: status = ask_lookup(op, w); break;
        case WALK_LINK: status = ask_link(op, w); break;
        }
        return status;
    }
    op->is_walking = false;
    return op->next(op);
}

/* A node that a filesystem answered; takes over `file`. */
enum status operation_made(struct filesystem *fs, const struct file_attributes *attributes, handle_t file, struct node **out)
{
    enum status status = attributes->inode == 0 ? ERR_PROTOCOL : node_obtain(&vfsd.nodes, fs, attributes, out);
    if (status == OK && (*out)->file == HANDLE_NONE && attributes->type == FILE_REGULAR && file != HANDLE_NONE) {
        (*out)->file = file;
        file = HANDLE_NONE;
    }
    close_handle(&file);
    return status;
}

static enum status lookup_answered(struct operation *op, struct walk *w)
{
    enum status status = operation_result(op);
    if (status == ERR_NOT_FOUND) {
        walk_answer(w, nullptr);
        return OK;
    }
    TRY(status);
    struct fs_lookup_out out;
    fs_lookup_completion(op->reply, &out);
    struct node *node;
    TRY(operation_made(w->at->filesystem, &op->attributes, out.file, &node));
    walk_answer(w, node);
    return OK;
}

static enum status link_answered(struct operation *op, struct walk *w)
{
    TRY(operation_result(op));
    struct fs_readlink_out out;
    fs_readlink_completion(op->reply, &out);
    size_t length = MIN(out.target.length, LINK_BYTES);
    return node_set_target(w->child, (struct view){op->buffer, length});
}

static enum status walk_resumed(struct operation *op)
{
    struct walk *w = &op->walks[op->walk_current];
    TRY(op->asked_link ? link_answered(op, w) : lookup_answered(op, w));
    return walk_on(op);
}

enum status operation_walk(struct operation *op, operation_step *next)
{
    op->next = next;
    op->is_walking = true;
    return walk_on(op);
}

/* The walk is put back to its last name, with what is remembered about that name gone. */
enum status operation_again(struct operation *op, operation_step *next)
{
    if (++op->tries > TRIES_MAX)
        return ERR_BUSY;
    for (uint32_t i = 0; i < op->walk_count; i++) {
        struct walk *w = &op->walks[i];
        if (!w->parent)
            continue;
        name_forget(&vfsd.names, w->parent, walk_name(w));
        node_drop(&vfsd.nodes, &w->found);
        node_drop(&vfsd.nodes, &w->parent);
        w->next = w->name_start;
    }
    op->walk_current = 0;
    return operation_walk(op, next);
}

bool operation_is_stale(const struct operation *op)
{
    for (uint32_t i = 0; i < op->walk_count; i++) {
        const struct walk *w = &op->walks[i];
        if (w->parent && w->generation != w->parent->generation)
            return true;
    }
    return false;
}

void operation_change_name(struct node *directory, struct view name)
{
    directory->generation++;
    directory->is_fresh = false;
    name_forget(&vfsd.names, directory, name);
}

void operation_name_changed(struct node *directory, struct view name, struct node *node)
{
    directory->generation++;
    directory->is_fresh = false;
    if (!(directory->filesystem->flags & FILESYSTEM_VOLATILE_NAMES))
        name_set(&vfsd.names, directory, name, node);
    if (node)
        IGNORE(node_set_name(&vfsd.nodes, node, directory, name));
}

/* Whether it was the last one: the kernel knows for files with an object; others are asked for attributes before they are shown. */
void operation_name_lost(struct node *node, bool is_directory)
{
    struct file_attributes a;
    node->is_fresh = false;
    bool is_last = is_directory || node->attributes.links <= 1;
    if (node->file != HANDLE_NONE && sys_stat(node->file, &a) == OK)
        is_last = a.links == 0;
    if (node->attributes.links > 0)
        node->attributes.links--;
    node->is_removed = is_last;
    if (is_last && node->attributes.type == FILE_SOCKET)
        socket_forget(node);
}

/* -- the end ----------------------------------------------------------------------------------------------------- */

void operation_finish(struct operation *op, enum status status)
{
    if (op->answer)
        op->answer(op, status);
    operation_free(op);
}

static void operation_completed(struct server *s, struct completion *c, const struct message *reply)
{
    (void)s;
    struct operation *op = container_of(c, struct operation, completion);
    op->reply = reply;
    enum status status = op->is_walking ? walk_resumed(op) : op->next(op);
    op->reply = nullptr;
    if (status != WAITING)
        operation_finish(op, status);
}

enum status operation_end(struct operation *op, struct request *rq, enum status status, operation_answer *answer)
{
    if (status != WAITING) {
        operation_free(op);
        return status;
    }
    op->answer = answer;
    request_defer(rq);
    return OK;
}

enum status operation_result_step(struct operation *op)
{
    return operation_result(op);
}

void operation_plain_answer(struct operation *op, enum status status)
{
    server_answer_next(&vfsd.server, op->request, status, 0, nullptr);
}

/* -- shared steps ------------------------------------------------------------------------------------------------ */

static enum status file_answered(struct operation *op)
{
    TRY(operation_result(op));
    struct fs_open_node_out out;
    fs_open_node_completion(op->reply, &out);
    struct handle_info info;
    if (out.file == HANDLE_NONE)
        return ERR_PROTOCOL;
    bool is_file = sys_handle_info(out.file, &info) == OK && info.kind == OBJECT_FILE;
    if (!is_file)
        op->handle = out.file;
    else if (op->node->file == HANDLE_NONE)
        op->node->file = out.file;
    else
        IGNORE(sys_handle_close(out.file)); /* another operation asked at the same time, and its answer came first */
    return op->then(op);
}

void operation_set_node(struct operation *op, struct node *node)
{
    node_get(node);
    node_drop(&vfsd.nodes, &op->node);
    op->node = node;
}

enum status operation_need_file(struct operation *op, struct node *node, operation_step *then)
{
    operation_set_node(op, node);
    if (node->file != HANDLE_NONE)
        return then(op);
    op->then = then;
    struct fs_open_node_in in = {.node = node->attributes.inode, .file_place = PLACE_HIGH};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, open_node, &in),
                          file_answered);
}

static enum status attributes_answered(struct operation *op)
{
    TRY(operation_result(op));
    op->attributes.device = op->node->filesystem->device;
    node_set_attributes(&vfsd.nodes, op->node, &op->attributes);
    op->node->is_fresh = true;
    return op->then(op);
}

/* A regular file with a file object: the kernel knows. Otherwise what is remembered, as long as it is current: without an object
 * nobody has the file open, and every other change goes through here. */
bool operation_known_attributes(const struct node *node, bool was_just_asked, enum status *out_status, struct file_attributes *out)
{
    *out_status = OK;
    if (node->file != HANDLE_NONE) {
        *out_status = sys_stat(node->file, out);
        out->device = node->filesystem->device;
        return true;
    }
    bool is_live = (node->filesystem->flags & FILESYSTEM_VOLATILE_NAMES) && !was_just_asked;
    if (node->filesystem->server != HANDLE_NONE && !node->is_self && (!node->is_fresh || is_live))
        return false;
    *out = node->attributes;
    return true;
}

enum status operation_need_attributes(struct operation *op, struct node *node, operation_step *then)
{
    enum status status;
    operation_set_node(op, node);
    bool was_just_asked = op->walk_count && op->walks[0].parent && op->walks[0].found == node;
    if (operation_known_attributes(node, was_just_asked, &status, &op->attributes))
        return status == OK ? then(op) : status;
    op->then = then;
    struct fs_attributes_in in = {.node = node->attributes.inode, .attributes_space = &op->attributes};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, attributes, &in),
                          attributes_answered);
}

static void change_apply(struct operation *op)
{
    struct file_attributes changed = op->node->attributes;
    attributes_apply(&changed, op->mask, &op->change);
    node_set_attributes(&vfsd.nodes, op->node, &changed);
}

static enum status change_answered(struct operation *op)
{
    TRY(operation_result(op));
    change_apply(op);
    return op->then(op);
}

enum status operation_change(struct operation *op, struct node *node, operation_step *then)
{
    operation_set_node(op, node);
    if (node->filesystem->flags & FILESYSTEM_READ_ONLY)
        return ERR_READ_ONLY;
    if (node->is_self)
        return ERR_NOT_PERMITTED;
    op->then = then;
    if (node->filesystem->server == HANDLE_NONE) {
        change_apply(op);
        return then(op);
    }
    struct fs_set_attributes_in in = {.node = node->attributes.inode, .mask = op->mask, .attributes = &op->change};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, set_attributes, &in),
                          change_answered);
}

/* A new node belongs to its maker; in a set-group-id directory it gets that group, and a directory passes the bit on. */
static void owner_of_new(struct operation *op, const struct node *directory, uint32_t type)
{
    op->attributes.uid = op->who.uid;
    op->attributes.gid = op->who.gid;
    op->attributes.mode = op->mode & 07777;
    if (directory->attributes.mode & MODE_SET_GROUP) {
        op->attributes.gid = directory->attributes.gid;
        if (type == FILE_DIRECTORY)
            op->attributes.mode |= MODE_SET_GROUP;
    }
}

enum status operation_may_add(const struct operation *op, const struct node *directory)
{
    if (directory->is_removed)
        return ERR_NOT_FOUND;
    TRY(credentials_may(&op->who, &directory->attributes, MAY_WRITE | MAY_EXECUTE));
    if (directory->filesystem->flags & FILESYSTEM_READ_ONLY)
        return ERR_READ_ONLY;
    return directory->filesystem->server == HANDLE_NONE ? ERR_NOT_PERMITTED : OK;
}

enum status operation_create(struct operation *op, struct node *directory, struct view name, uint32_t type, uint64_t special)
{
    TRY(operation_may_add(op, directory));
    TRY(keep_paths(op));
    if (op->walks[0].parent)
        name = walk_name(&op->walks[0]); /* the path may have moved */
    op->attributes = (struct file_attributes){.type = type, .special = special, .links = type == FILE_DIRECTORY ? 2 : 1};
    owner_of_new(op, directory, type);
    if (name.length)
        operation_change_name(directory, name);
    struct fs_create_in in = {
        .directory = directory->attributes.inode, .special = special, .name = name, .file_place = PLACE_HIGH,
        .type_and_mode = (uint64_t)type << 32 | op->attributes.mode,
        .owner = (uint64_t)op->attributes.uid << 32 | op->attributes.gid,
    };
    return OPERATION_ASK(op, directory->filesystem, create, &in);
}

enum status operation_node_of_handle(handle_t handle, struct node **out)
{
    struct opened *o = opened_of_handle(handle);
    if (o) {
        *out = node_get(o->node);
        return OK;
    }
    struct handle_info info;
    struct file_attributes a;
    TRY(sys_handle_info(handle, &info));
    if (info.kind != OBJECT_STREAM && info.kind != OBJECT_FILE)
        return ERR_WRONG_TYPE;
    TRY(sys_stat(handle, &a));
    struct node *node = a.device ? node_find(&vfsd.nodes, a.device, a.inode) : nullptr;
    if (!node)
        return ERR_WRONG_TYPE;
    *out = node;
    return OK;
}
