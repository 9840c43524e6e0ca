/* SPDX-License-Identifier: MIT
 * One door for reads and writes that the kernel answers: by kind of object. The null and zero devices live here whole. */
#include "kernel/object/io.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"
#include "kernel/object/channel.h"
#include "kernel/object/file_object.h"
#include "kernel/object/memory_object.h"
#include "kernel/object/pipe.h"
#include "kernel/object/stream.h"

struct device {
    struct object object;
    struct readiness readiness;
};

static struct stream *stream_from(struct object *o) { return container_of(o, struct stream, object); }
static struct pipe_end *pipe_from(struct object *o) { return container_of(o, struct pipe_end, object); }

static struct channel_end *channel_from(struct object *o) { return container_of(o, struct channel_end, object); }

/* Handles that come with the bytes are closed. */
static enum status channel_io(struct channel_end *e, bool is_read, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    struct channel_parcel parcel = {};
    if (offset != OFFSET_STREAM)
        return ERR_NOT_SEEKABLE;
    if (is_read) {
        enum status status = channel_receive(e, io, 0, &parcel, out_done);
        channel_parcel_drop(&parcel);
        return status;
    }
    parcel.sender = e->owner; /* whoever writes, it is this end's */
    parcel.credential = e->credential;
    return channel_send(e, io, 0, &parcel, out_done);
}

static void device_destroy(struct object *o) { heap_free(container_of(o, struct device, object), sizeof(struct device)); }
static struct readiness *device_readiness(struct object *o) { return &container_of(o, struct device, object)->readiness; }

static const struct object_type null_type = {
    .kind = OBJECT_NULL_DEVICE, .name = "null", .destroy = device_destroy, .readiness = device_readiness,
};
static const struct object_type zero_type = {
    .kind = OBJECT_ZERO_DEVICE, .name = "zero", .destroy = device_destroy, .readiness = device_readiness,
};

static enum status device_create(const struct object_type *type, struct object **out)
{
    struct device *d = heap_allocate(sizeof *d);
    if (!d)
        return ERR_NO_MEMORY;
    object_init(&d->object, type);
    readiness_init(&d->readiness, EVENT_READ | EVENT_WRITE);
    *out = &d->object;
    return OK;
}
enum status null_device_create(struct object **out) { return device_create(&null_type, out); }
enum status zero_device_create(struct object **out) { return device_create(&zero_type, out); }

static enum status read_zeros(struct user_io *io, uint64_t *out_done)
{
    enum status status = OK;
    *out_done = 0;
    while (io->left && status == OK) {
        size_t done;
        status = user_io_put(io, phys_to_virt(frame_of_zeros), MIN(io->left, PAGE_BYTES), &done);
        *out_done += done;
        preempt_point();
    }
    return *out_done ? OK : status;
}

enum status io_read(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    if (likely(o->type->kind == OBJECT_STREAM))
        return stream_read(stream_from(o), io, offset, out_done);
    switch (o->type->kind) {
    case OBJECT_FILE:
        if (offset > INT64_MAX)
            return ERR_INVALID;
        return file_read(file_from_object(o), offset, io, STREAM_NO_ACCESS_TIME, out_done);
    case OBJECT_MEMORY:
        return memory_io(memory_from_object(o), offset, io, true, out_done);
    case OBJECT_PIPE_READER:
        return offset == OFFSET_STREAM ? pipe_read(pipe_from(o), io, out_done) : ERR_NOT_SEEKABLE;
    case OBJECT_CHANNEL:
        return channel_io(channel_from(o), true, io, offset, out_done);
    case OBJECT_NULL_DEVICE:
        *out_done = 0;
        return OK;
    case OBJECT_ZERO_DEVICE:
        return read_zeros(io, out_done);
    default:
        return ERR_NOT_SUPPORTED;
    }
}

enum status io_write(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    if (likely(o->type->kind == OBJECT_STREAM))
        return stream_write(stream_from(o), io, offset, out_done);
    switch (o->type->kind) {
    case OBJECT_FILE:
        if (offset > INT64_MAX)
            return ERR_INVALID;
        return file_write(file_from_object(o), &offset, io, 0, out_done);
    case OBJECT_MEMORY:
        return memory_io(memory_from_object(o), offset, io, false, out_done);
    case OBJECT_PIPE_WRITER:
        return offset == OFFSET_STREAM ? pipe_write(pipe_from(o), io, out_done) : ERR_NOT_SEEKABLE;
    case OBJECT_CHANNEL:
        return channel_io(channel_from(o), false, io, offset, out_done);
    case OBJECT_NULL_DEVICE:
    case OBJECT_ZERO_DEVICE:
        *out_done = io->left;
        io->left = 0;
        return OK;
    default:
        return ERR_NOT_SUPPORTED;
    }
}

enum status io_seek(struct object *o, int64_t offset, uint32_t whence, uint64_t *out_offset)
{
    switch (o->type->kind) {
    case OBJECT_STREAM:
        return stream_seek(stream_from(o), offset, whence, out_offset);
    case OBJECT_NULL_DEVICE:
    case OBJECT_ZERO_DEVICE:
        *out_offset = 0;
        return OK;
    default:
        return ERR_NOT_SEEKABLE;
    }
}

/* What is no file of a filesystem still has a type, and an inode number that is its own. */
static void stat_plain(const struct object *o, uint32_t type, uint32_t mode, struct file_attributes *out)
{
    *out = (struct file_attributes){.inode = o->id, .type = type, .mode = mode, .links = 1, .block_bytes = PAGE_BYTES};
}

enum status io_stat(struct object *o, struct file_attributes *out)
{
    switch (o->type->kind) {
    case OBJECT_STREAM:
        file_stat(stream_from(o)->file, out);
        return OK;
    case OBJECT_FILE:
        file_stat(file_from_object(o), out);
        return OK;
    case OBJECT_MEMORY:
        stat_plain(o, FILE_REGULAR, 0600, out);
        out->size_bytes = memory_from_object(o)->size_bytes;
        return OK;
    case OBJECT_PIPE_READER:
    case OBJECT_PIPE_WRITER:
        stat_plain(o, FILE_FIFO, 0600, out);
        out->inode = pipe_id(pipe_from(o));
        out->size_bytes = pipe_bytes(pipe_from(o)); /* what a read would find */
        return OK;
    case OBJECT_CHANNEL:
        stat_plain(o, FILE_SOCKET, 0777, out);
        return OK;
    case OBJECT_NULL_DEVICE:
    case OBJECT_ZERO_DEVICE:
        stat_plain(o, FILE_CHARACTER, 0666, out);
        return OK;
    default:
        return ERR_NOT_SUPPORTED;
    }
}

enum status io_sync(struct object *o, uint32_t what)
{
    uint32_t seen = 0;
    if (what > SYNC_DATA)
        return ERR_INVALID;
    switch (o->type->kind) {
    case OBJECT_STREAM:
        return file_sync(stream_from(o)->file, true, &stream_from(o)->error_seen);
    case OBJECT_FILE:
        seen = file_from_object(o)->write_error_count;
        return file_sync(file_from_object(o), false, &seen);
    default:
        return ERR_NOT_SUPPORTED;
    }
}

enum status io_truncate(struct object *o, uint64_t size)
{
    switch (o->type->kind) {
    case OBJECT_STREAM:
        if (!(__atomic_load_n(&stream_from(o)->flags, __ATOMIC_RELAXED) & STREAM_WRITE))
            return ERR_DENIED;
        return file_truncate(stream_from(o)->file, size);
    case OBJECT_FILE:
        return file_truncate(file_from_object(o), size);
    default:
        return ERR_NOT_SUPPORTED;
    }
}

#define CHANGEABLE_FLAGS (STREAM_APPEND | STREAM_NONBLOCK | STREAM_SYNC | STREAM_DIRECT | STREAM_NO_ACCESS_TIME)

static uint32_t *flags_in(struct object *o)
{
    switch (o->type->kind) {
    case OBJECT_STREAM:
        return &stream_from(o)->flags;
    case OBJECT_PIPE_READER:
    case OBJECT_PIPE_WRITER:
        return &pipe_from(o)->flags;
    case OBJECT_CHANNEL:
        return &channel_from(o)->flags;
    default:
        return nullptr;
    }
}

uint32_t io_flags_get(struct object *o)
{
    const uint32_t *flags = flags_in(o);
    if (o->type->kind == OBJECT_NULL_DEVICE || o->type->kind == OBJECT_ZERO_DEVICE)
        return STREAM_READ | STREAM_WRITE;
    return flags ? __atomic_load_n(flags, __ATOMIC_RELAXED) : 0;
}

enum status io_flags(struct object *o, uint32_t set, uint32_t clear, uint32_t *out_old)
{
    uint32_t *flags = flags_in(o);
    if ((set | clear) & ~CHANGEABLE_FLAGS)
        return ERR_INVALID;
    if (!flags) {
        *out_old = io_flags_get(o);
        return io_is_kernel_kind(o->type->kind) ? OK : ERR_NOT_SUPPORTED;
    }
    uint32_t old = __atomic_load_n(flags, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(flags, &old, (old & ~clear) | set, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    *out_old = old;
    return OK;
}

struct object *io_mappable(struct object *o)
{
    switch (o->type->kind) {
    case OBJECT_MEMORY:
    case OBJECT_FILE:
        return o;
    case OBJECT_STREAM:
        return file_as_object(stream_from(o)->file);
    default:
        return nullptr;
    }
}
