/* SPDX-License-Identifier: MIT
 * Streams: {file object, offset, flags}; what dup, clone and passing share. The offset belongs to whoever holds `position`. */
#pragma once
#include "kernel/core/object.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/wait.h"

struct file_object;
struct stream {
    struct object object;        /* OBJECT_STREAM */
    struct file_object *file;    /* holds a reference; constant */
    uint32_t flags;              /* atomic; STREAM_* */
    uint32_t error_seen;         /* file.write_error_count that this stream has reported */
    struct sleep_lock position;
    uint64_t offset;             /* under position */
    struct readiness readiness;  /* always readable and writable */
};

enum status stream_create(struct file_object *file, uint32_t flags, struct stream **out);
static inline struct object *stream_as_object(struct stream *s) { return &s->object; }
enum status stream_read(struct stream *s, struct user_io *io, uint64_t offset, uint64_t *out_done);
enum status stream_write(struct stream *s, struct user_io *io, uint64_t offset, uint64_t *out_done);
enum status stream_seek(struct stream *s, int64_t offset, uint32_t whence, uint64_t *out_offset);
