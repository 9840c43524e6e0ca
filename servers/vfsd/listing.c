/* SPDX-License-Identifier: MIT
 * Listing a directory: `.` and `..`, then what its filesystem answers. The first two have cookies 1 and 2, and the filesystem's are
 * moved up by two. */
#include "ops.h"
#include "operation.h"
#include "fs/records.h"

#define LISTING_BYTES_MAX 65536u
#define OWN_COOKIES 2u

static void listing_answer(struct operation *op, enum status status)
{
    if (status == OK)
        IGNORE(server_answer_data(&vfsd.server, op->request, op->data));
    else
        operation_plain_answer(op, status);
}

/* Remembers where the listing stands. */
static void move_position(struct operation *op)
{
    struct directory_record record = {};
    struct view name;
    for (size_t at = 0; at < op->data.length;)
        if (record_next(op->data, &at, &record, &name) != OK)
            return;
    if (op->data.length)
        op->target->position = record.cookie;
}

static enum status listing_done(struct operation *op, size_t bytes)
{
    op->data = (struct view){op->buffer, bytes};
    move_position(op);
    return OK;
}

static enum status listing_answered(struct operation *op)
{
    TRY(operation_result(op));
    struct fs_readdir_out out;
    fs_readdir_completion(op->reply, &out);
    size_t own = (size_t)op->special;
    struct span theirs;
    TRY(span_part((struct span){op->buffer, op->buffer_bytes}, own, out.records.length, &theirs));
    TRY(records_shift_cookies(theirs, OWN_COOKIES));
    return listing_done(op, own + theirs.length);
}

static enum status list_dots(struct operation *op, struct record_writer *w)
{
    struct node *node = op->target->node, *above = node_above(node, op->target->root);
    if (op->cookie < 1) {
        if (!record_append(w, node->attributes.inode, 1, FILE_DIRECTORY, VIEW_OF_LITERAL(".")))
            return ERR_TOO_BIG;
        op->cookie = 1;
    }
    if (op->cookie < 2) {
        if (!record_append(w, above->attributes.inode, 2, FILE_DIRECTORY, VIEW_OF_LITERAL("..")))
            return w->used ? OK : ERR_TOO_BIG;
        op->cookie = 2;
    }
    return OK;
}

static enum status list_dev(struct operation *op, struct record_writer *w)
{
    for (struct node *child = op->target->node->first_child; child; child = child->sibling) {
        uint64_t cookie = child->attributes.inode + OWN_COOKIES;
        if (cookie <= op->cookie)
            continue;
        if (!record_append(w, child->attributes.inode, cookie, child->attributes.type, child->name))
            return w->used ? listing_done(op, w->used) : ERR_TOO_BIG;
    }
    return listing_done(op, w->used);
}

static enum status list(struct operation *op)
{
    const struct node *node = op->target->node;
    TRY(operation_buffer(op, op->capacity));
    struct record_writer w = {.space = {op->buffer, op->capacity}};
    if (node->is_removed)
        return listing_done(op, 0);
    TRY(list_dots(op, &w));
    if (op->cookie < OWN_COOKIES)
        return listing_done(op, w.used);
    if (node->filesystem->server == HANDLE_NONE)
        return list_dev(op, &w);
    if (w.used && op->capacity - w.used < sizeof(struct directory_record) + FS_NAME_MAX + 8)
        return listing_done(op, w.used); /* the filesystem might find no room for its first */
    op->special = w.used;
    struct fs_readdir_in in = {.directory = node->attributes.inode, .cookie = op->cookie - OWN_COOKIES,
                               .records_space = {op->buffer + w.used, op->capacity - w.used}};
    return operation_wait(op, fs_readdir_submit(node->filesystem->server, &in, vfsd.server.endpoint, operation_tag(op)),
                          listing_answered);
}

enum status vfsd_scheme_readdir(struct request *rq, uint64_t cookie, uint64_t capacity, struct view *out_records)
{
    struct opened *o = rq->object;
    if (!o || o->kind != OPENED_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->cookie = cookie == OFFSET_STREAM ? o->position : cookie;
    op->capacity = MIN(capacity, LISTING_BYTES_MAX);
    enum status status = list(op);
    if (status == OK) {
        struct span space = vfsd.server.receive_buffer;
        out_records->data = space.data;
        out_records->length = span_copy(space, op->data);
    }
    return operation_end(op, rq, status, listing_answer);
}

/* The position of a directory is a cookie. */
enum status vfsd_scheme_seek(struct request *rq, int64_t offset, uint32_t whence, uint64_t *out_offset)
{
    struct opened *o = rq->object;
    if (!o || o->kind != OPENED_DIRECTORY)
        return ERR_NOT_SEEKABLE;
    int64_t base = whence == SEEK_CUR_ ? (int64_t)o->position : 0;
    if (whence > SEEK_CUR_ || offset < -base)
        return ERR_INVALID;
    o->position = (uint64_t)(base + offset);
    *out_offset = o->position;
    return OK;
}
