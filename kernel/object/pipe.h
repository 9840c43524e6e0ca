/* SPDX-License-Identifier: MIT
 * Pipes: a ring of 16 pages, taken as they fill; writes of up to PIPE_ATOMIC_BYTES are never mixed with others. Each end is an
 * object of its own; when the last handle of one goes, the other end learns it. */
#pragma once
#include "kernel/core/object.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/wait.h"

#define PIPE_PAGES 16u
#define PIPE_ATOMIC_BYTES 4096u

struct pipe;
struct pipe_end {
    struct object object;        /* OBJECT_PIPE_READER or OBJECT_PIPE_WRITER */
    struct pipe *pipe;           /* constant; counted by its two ends */
    uint32_t flags;              /* atomic; STREAM_NONBLOCK */
    struct readiness readiness;
    struct wait_queue waiters;   /* readers wait at the reader's end, writers at the writer's */
};

/* Two references, one each. flags: STREAM_NONBLOCK. */
enum status pipe_create(uint32_t flags, struct pipe_end **out_reader, struct pipe_end **out_writer);
enum status pipe_read(struct pipe_end *reader, struct user_io *io, uint64_t *out_done);
enum status pipe_write(struct pipe_end *writer, struct user_io *io, uint64_t *out_done); /* ERR_BROKEN_PIPE: nobody reads */
uint64_t pipe_bytes(struct pipe_end *end); /* waiting to be read */
uint64_t pipe_id(struct pipe_end *end);    /* the same for both ends */
