/* SPDX-License-Identifier: MIT
 * Listing a directory: `.` and `..`, then what its filesystem answers. The first two have cookies 1 and 2, and the filesystem's are
 * moved up by two. Readers have small buffers, so the filesystem is asked for more than they take, and the rest stays with the
 * open directory for the next read that goes on there. Seeking drops it. */
#include "ops.h"
#include "operation.h"
#include "fs/records.h"
#include "heap/heap.h"

#define LISTING_BYTES 16384u /* asked for at once, and given at most */
#define OWN_COOKIES 2u
#define SPARE_MAX 8u

/* Buffers that were used before: memory from the heap is cleared, which nobody needs here. */
static uint8_t *spare[SPARE_MAX];
static uint32_t spare_count;

static enum status buffer_take(struct operation *op)
{
    op->buffer = spare_count ? spare[--spare_count] : heap_allocate(LISTING_BYTES);
    op->buffer_bytes = LISTING_BYTES;
    return op->buffer ? OK : ERR_NO_MEMORY;
}

void listing_drop(struct opened *o)
{
    if (o->listing && spare_count < SPARE_MAX)
        spare[spare_count++] = o->listing;
    else
        heap_free(o->listing);
    o->listing = nullptr;
    o->listing_start = o->listing_end = 0;
}

static void listing_answer(struct operation *op, enum status status)
{
    if (status == OK)
        IGNORE(server_answer_data(&vfsd.server, op->request, op->data));
    else
        operation_plain_answer(op, status);
}

/* op->buffer holds `bytes` of records: the client gets what it has room for, the directory keeps the buffer with the rest. */
static enum status listing_done(struct operation *op, size_t bytes)
{
    struct opened *o = op->target;
    uint64_t position = op->cookie;
    size_t fitting = records_fit((struct view){op->buffer, bytes}, op->capacity, &position);
    if (bytes && !fitting)
        return ERR_TOO_BIG;
    listing_drop(o);
    o->listing = op->buffer;
    op->buffer = nullptr;
    o->listing_start = fitting;
    o->listing_end = bytes;
    o->position = position;
    op->data = (struct view){o->listing, fitting};
    return OK;
}

/* Goes on in what was read ahead; false when that is used up. */
static bool listing_from_memory(struct opened *o, uint64_t capacity, struct view *out)
{
    if (!o->listing)
        return false;
    struct view rest = {o->listing + o->listing_start, o->listing_end - o->listing_start};
    size_t fitting = records_fit(rest, capacity, &o->position);
    if (!fitting)
        return false;
    *out = (struct view){rest.data, fitting};
    o->listing_start += fitting;
    return true;
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

static void list_dots(struct operation *op, struct record_writer *w)
{
    struct node *node = op->target->node, *above = node_above(node, op->target->root);
    if (op->cookie < 1)
        (void)record_append(w, node->attributes.inode, 1, FILE_DIRECTORY, VIEW_OF_LITERAL("."));
    if (op->cookie < 2)
        (void)record_append(w, above->attributes.inode, 2, FILE_DIRECTORY, VIEW_OF_LITERAL(".."));
}

static enum status list_dev(struct operation *op, struct record_writer *w)
{
    for (struct node *child = op->target->node->first_child; child; child = child->sibling) {
        uint64_t cookie = child->attributes.inode + OWN_COOKIES;
        if (cookie <= op->cookie)
            continue;
        if (!record_append(w, child->attributes.inode, cookie, child->attributes.type, child->name))
            break;
    }
    return listing_done(op, w->used);
}

static enum status list(struct operation *op)
{
    const struct node *node = op->target->node;
    TRY(buffer_take(op));
    struct record_writer w = {.space = {op->buffer, LISTING_BYTES}};
    if (node->is_removed)
        return listing_done(op, 0);
    list_dots(op, &w);
    if (node->filesystem->server == HANDLE_NONE)
        return list_dev(op, &w);
    op->special = w.used;
    struct fs_readdir_in in = {.directory = node->attributes.inode, .cookie = op->cookie > OWN_COOKIES ? op->cookie - OWN_COOKIES : 0,
                               .records_space = {op->buffer + w.used, LISTING_BYTES - w.used}};
    return operation_wait(op, OPERATION_ASK(op, node->filesystem, readdir, &in),
                          listing_answered);
}

enum status vfsd_scheme_readdir(struct request *rq, uint64_t cookie, uint64_t capacity, struct view *out_records)
{
    struct opened *o = rq->object;
    if (!o || o->kind != OPENED_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    if (cookie == OFFSET_STREAM)
        cookie = o->position;
    if (cookie == o->position && listing_from_memory(o, capacity, out_records))
        return OK;
    struct operation *op;
    TRY(operation_begin(rq, &op));
    op->cookie = cookie;
    op->capacity = capacity;
    enum status status = list(op);
    if (status == OK)
        *out_records = op->data;
    return operation_end(op, rq, status, listing_answer);
}

/* Readers that took more than they had room for go back a few entries: those are still here. */
static void listing_move(struct opened *o, uint64_t cookie)
{
    struct directory_record record;
    struct view name, all = {o->listing, o->listing_end};
    for (size_t at = 0; o->listing && record_next(all, &at, &record, &name) == OK;) {
        if (record.cookie != cookie)
            continue;
        o->listing_start = at;
        return;
    }
    listing_drop(o);
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
    listing_move(o, o->position);
    *out_offset = o->position;
    return OK;
}
