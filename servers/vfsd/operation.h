/* SPDX-License-Identifier: MIT
 * An operation: one request from its arrival to its answer, however often it has to ask filesystems in between.
 *
 *     static enum status on_x(struct request *rq, const struct vfs_x_in *in, struct vfs_x_out *out)
 *         operation_begin, operation_path (the walks), op->... = in->...
 *         status = operation_walk(op, x_walked);            runs until it is done or has to wait
 *         if (status == OK) out = op->...
 *         return operation_end(op, rq, status, x_answer);   done: frees it; waiting: x_answer will send the reply later
 *
 * A step returns OK or an error when the operation is done, and WAITING when it has submitted something whose completion calls
 * op->next. What a submitted message points to lies in the operation or in the walks. Everything belongs to the one loop. */
#pragma once
#include "protocol/fs.h"
#include "server/server.h"
#include "vfsd.h"
#include "walk.h"

#define WAITING ((enum status)1) /* no status has this value; TRY passes it on like an error */

struct operation;
typedef enum status operation_step(struct operation *op);
typedef void operation_answer(struct operation *op, enum status status);

struct operation {
    struct completion completion;
    struct operation *next_free;
    /* set by operation_begin */
    uint64_t request;            /* 0: our own, nobody waits */
    struct opened *target;       /* what the request came through, counted; nullptr: the scheme's root */
    struct credentials who;
    /* the walks */
    struct walk walks[2];
    uint32_t walk_count, walk_current;
    bool is_walking, asked_link;
    /* what happens next */
    operation_step *next, *then; /* then: second continuation, for steps that several operations share */
    operation_answer *answer;
    const struct message *reply; /* in a step called for a completion */
    /* the request's arguments, as far as they are needed later */
    uint32_t flags, mode, mask, tries;
    uint32_t type;
    uint64_t special, cookie, capacity;
    handle_t given;              /* came with the request; closed at the end unless taken */
    struct file_attributes change;
    struct view text;            /* own copy in `buffer`: a link's target, two names */
    /* results, and room for what filesystems answer */
    struct file_attributes attributes;
    struct node *node;           /* that the operation is about, with a reference */
    struct filesystem *filesystem; /* being mounted */
    handle_t handle;             /* result */
    uint32_t kind;
    uint8_t *buffer;             /* heap; freed at the end */
    size_t buffer_bytes;
    struct view data;            /* result, in `buffer` */
    uint8_t statistics[80];
};

enum status operation_begin(struct request *rq, struct operation **out);
/* Our own, with all rights. */
enum status operation_begin_internal(struct operation **out);
/* The next walk: from the target (or from `from`) along `path`. */
enum status operation_path(struct operation *op, struct view path, uint32_t walk_flags);
enum status operation_path_from(struct operation *op, struct opened *from, struct view path, uint32_t walk_flags);
enum status operation_walk(struct operation *op, operation_step *next);
/* For the handler's return: see above. */
enum status operation_end(struct operation *op, struct request *rq, enum status status, operation_answer *answer);
/* The end of an internal one that did not wait. */
void operation_free(struct operation *op);
/* At least `bytes` of op->buffer, contents undefined. */
enum status operation_buffer(struct operation *op, size_t bytes);
/* Walks again from the start of the last walk's last name: something changed between looking and doing. ERR_BUSY after many times. */
enum status operation_again(struct operation *op);

static inline uint64_t operation_tag(struct operation *op) { return server_completion_tag(&op->completion); }
/* After a submit. */
static inline enum status operation_wait(struct operation *op, enum status submitted, operation_step *next)
{
    op->next = next;
    return submitted == OK ? WAITING : submitted;
}
/* The answer to what was submitted. */
static inline enum status operation_result(const struct operation *op)
{
    return op->reply->result < 0 ? (enum status)op->reply->result : OK;
}
/* What the (first) walk found. */
static inline struct node *operation_found(const struct operation *op) { return op->walks[0].found; }

/* Shared steps. Each goes on with `then` at once when there is nothing to ask. */
/* Makes node->file present, or op->handle the resource that its server gave instead. */
enum status operation_need_file(struct operation *op, struct node *node, operation_step *then);
/* Fills op->attributes with what stat shows. */
enum status operation_need_attributes(struct operation *op, struct node *node, operation_step *then);
/* Changes op->mask of op->change; the rules were checked. */
enum status operation_change(struct operation *op, struct node *node, operation_step *then);
