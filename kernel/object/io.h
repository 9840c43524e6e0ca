/* SPDX-License-Identifier: MIT
 * Reading and writing what the kernel itself answers: streams, files, pipe and channel ends, the null and zero devices. The system calls check
 * the handle's rights, build the cursor, and come here; a resource goes to its server instead. All may sleep.
 *
 * `offset` is OFFSET_STREAM (own position) or absolute. *out_done is set on OK; a failure after some bytes is OK with fewer. */
#pragma once
#include "abi/file.h"
#include "abi/message.h"
#include "kernel/core/object.h"
#include "kernel/mm/user_copy.h"

static inline bool io_is_kernel_kind(enum object_kind k)
{
    return k == OBJECT_STREAM || k == OBJECT_PIPE_READER || k == OBJECT_PIPE_WRITER || k == OBJECT_CHANNEL || k == OBJECT_FILE || k == OBJECT_MEMORY ||
           k == OBJECT_NULL_DEVICE || k == OBJECT_ZERO_DEVICE;
}
enum status io_read(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done);
enum status io_write(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done);
enum status io_seek(struct object *o, int64_t offset, uint32_t whence, uint64_t *out_offset);
enum status io_stat(struct object *o, struct file_attributes *out);
enum status io_sync(struct object *o, uint32_t what);                    /* SYNC_* */
enum status io_truncate(struct object *o, uint64_t size);
enum status io_flags(struct object *o, uint32_t set, uint32_t clear, uint32_t *out_old); /* STREAM_* that may change: append, nonblock, ... */
uint32_t io_flags_get(struct object *o);                                 /* for handle_info; 0 when it has none */
/* For mapping: the file of a stream, the object itself of a file or memory object; null: cannot be mapped. No reference is taken. */
struct object *io_mappable(struct object *o);

enum status null_device_create(struct object **out);
enum status zero_device_create(struct object **out);
