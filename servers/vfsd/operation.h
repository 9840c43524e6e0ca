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
    struct list_node waiting;    /* fifo.c: for the other side */
    /* set by operation_begin */
    uint64_t request;            /* 0: our own, nobody waits */
    struct opened *target;       /* what the request came through, counted; nullptr: the scheme's root */
    struct credentials who;
    /* the walks */
    struct walk walks[2];
    uint32_t walk_count, walk_current;
    bool is_walking, asked_link;
    bool is_start;               /* mount: asked for by a system process */
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
    struct view text;            /* own copy: a link's target */
    struct view disk_path;       /* where what a disk holds is being mounted; in `buffer` */
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

/* ERR_WOULD_BLOCK: the system has no root yet, and only mounting makes one (operation_begin_with). */
enum status operation_begin(struct request *rq, struct operation **out);
/* The same for a request that brought a handle, which is closed at the end, also when this fails. */
enum status operation_begin_with(struct request *rq, handle_t given, struct operation **out);
/* Our own, with all rights. */
enum status operation_begin_internal(struct operation **out);
/* The next walk: from the target (or from `from`) along `path`. */
enum status operation_path(struct operation *op, struct view path, uint32_t walk_flags);
enum status operation_path_from(struct operation *op, struct opened *from, struct view path, uint32_t walk_flags);
enum status operation_walk(struct operation *op, operation_step *next);
/* What the request's path leads to when all of it is remembered (walk_glance), with who asks; nullptr: begin an operation. */
struct node *operation_glance(const struct request *rq, struct view path, uint32_t walk_flags, struct credentials *out_who);
/* For the handler's return: see above. */
enum status operation_end(struct operation *op, struct request *rq, enum status status, operation_answer *answer);
/* Answers and frees one that waited; for those that no completion wakes. */
void operation_finish(struct operation *op, enum status status);
/* What the operation is about from now on. */
void operation_set_node(struct operation *op, struct node *node);
/* The end of an internal one that did not wait. */
void operation_free(struct operation *op);
/* At least `bytes` of op->buffer, contents undefined. */
enum status operation_buffer(struct operation *op, size_t bytes);
/* Copies the text into op->text. */
enum status operation_keep_text(struct operation *op, struct view text);
/* Looks at the walks' last names again: something changed between looking and doing. ERR_BUSY after many times. */
enum status operation_again(struct operation *op, operation_step *next);
/* Did the directories of the walks' last names change since they were looked at? */
bool operation_is_stale(const struct operation *op);
/* A name is being changed by a message on its way: what is asked from now on sees the change, what was asked before counts for nothing. */
void operation_change_name(struct node *directory, struct view name);
/* It was changed: the name leads to `node`, or nowhere. */
void operation_name_changed(struct node *directory, struct view name, struct node *node);
/* A name of the node is gone; its server knows. */
void operation_name_lost(struct node *node, bool is_directory);
/* One of our nodes for what a filesystem has just made; takes over `file`. */
enum status operation_made(struct filesystem *fs, const struct file_attributes *attributes, handle_t file, struct node **out);

static inline uint64_t operation_tag(struct operation *op) { return server_completion_tag(&op->completion); }
/* Asks a filesystem's server: fs.MESSAGE goes out with the loop's next receive, its answer comes to op->next. */
#define OPERATION_ASK(op, filesystem, question, in)                                                                                     \
    ({                                                                                                                                  \
        struct message ask_m;                                                                                                           \
        uint32_t ask_kind;                                                                                                              \
        enum status ask_status = fs_##question##_encode((in), &ask_m, &ask_kind);                                                       \
        if (ask_status == OK)                                                                                                           \
            server_submit_next(&vfsd.server, (filesystem)->server, ask_kind, &ask_m, &(op)->completion);                                \
        ask_status;                                                                                                                     \
    })
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
/* The last step of an operation whose answer is the filesystem's. */
enum status operation_result_step(struct operation *op);
/* Replies that are a status alone. */
void operation_plain_answer(struct operation *op, enum status status);
/* What the (first) walk found. */
static inline struct node *operation_found(const struct operation *op) { return op->walks[0].found; }

/* Shared steps. Each goes on with `then` at once when there is nothing to ask. */
/* Makes node->file present, or op->handle the resource that its server gave instead. */
enum status operation_need_file(struct operation *op, struct node *node, operation_step *then);
/* Fills op->attributes with what stat shows. */
enum status operation_need_attributes(struct operation *op, struct node *node, operation_step *then);
/* The same at once, when nobody but the kernel need be asked; false: it is operation_need_attributes' to do. */
bool operation_known_attributes(const struct node *node, bool was_just_asked, enum status *out_status, struct file_attributes *out);
/* Changes op->mask of op->change; the rules were checked. */
enum status operation_change(struct operation *op, struct node *node, operation_step *then);
/* Submits fs.create in `directory` after checking that the caller may; op->mode, op->attributes describe what is made. The caller waits. */
enum status operation_create(struct operation *op, struct node *directory, struct view name, uint32_t type, uint64_t special);
/* mounts.c: op->given (or op->filesystem) over this directory; without one it becomes the system's root. */
enum status mount_at(struct operation *op, struct node *directory);
void mount_answer(struct operation *op, enum status status);
/* The node of an open file or directory that a client sent, with a reference. ERR_WRONG_TYPE: it has no name of ours. */
enum status operation_node_of_handle(handle_t handle, struct node **out);
/* Makes the last name of the walk: op->type, op->mode, op->special. A socket takes op->given as its connector. */
enum status operation_make(struct operation *op, struct view path);
/* sockets.c: nobody finds this socket any more; the caller holds a reference of its own. */
void socket_forget(struct node *node);
/* May the caller add a name here? */
enum status operation_may_add(const struct operation *op, const struct node *directory);
