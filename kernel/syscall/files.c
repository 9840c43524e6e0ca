/* SPDX-License-Identifier: MIT
 * Reading and writing anything: what the kernel answers itself goes to kernel/object/io.h, a resource's server gets a request.
 * And the server's side of file objects. */
#include "kernel/object/io.h"
#include "kernel/core/log.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/heap.h"
#include "kernel/object/file_object.h"
#include "kernel/object/memory_object.h"
#include "kernel/object/pipe.h"
#include "kernel/object/small.h"
#include "kernel/object/stream.h"
#include "kernel/syscall/syscall.h"

#define VECTORS_MAX 1024u
#define VECTORS_ON_STACK 8u

static enum status get_object(uint64_t handle, uint32_t rights, struct object **out)
{
    return handle_get(caller_handles(), (handle_t)handle, 0, rights, out);
}

/* A resource's server reads or writes; takes over the reference. */
static int64_t resource_transfer(struct object *o, uint32_t operation, uint64_t address, uint64_t length, uint64_t offset)
{
    struct resource *r = container_of(o, struct resource, object);
    uint64_t words[MESSAGE_WORDS] = {offset, r->stream_flags};
    uint32_t kind = operation | KIND_INTERRUPTIBLE;
    if (operation == OP_READ) {
        words[4] = address;
        words[5] = length;
        kind |= KIND_RECEIVE_DATA | (offset == OFFSET_STREAM ? 0 : KIND_IDEMPOTENT);
    } else {
        words[6] = address;
        words[7] = length;
        kind |= KIND_SEND_DATA | (offset == OFFSET_STREAM ? 0 : KIND_IDEMPOTENT);
    }
    return ipc_call(r, kind, words, words);
}

/* Timers and doorbells: eight bytes, how often since the last read. */
static enum status read_count(struct object *o, struct user_io *io, uint64_t *out_done)
{
    if (io->left < sizeof(uint64_t))
        return ERR_INVALID;
    uint64_t count;
    do /* another reader may be faster */
        TRY(object_count_wait(o));
    while (!(count = object_count_take(o)));
    size_t done;
    TRY(user_io_put(io, &count, sizeof count, &done));
    *out_done = done;
    return OK;
}

/* To a doorbell: eight bytes, how often it rings. All ones are refused: the number could never be read. */
static enum status write_count(struct object *o, struct user_io *io, uint64_t *out_done)
{
    uint64_t count;
    size_t done;
    if (io->left < sizeof count)
        return ERR_INVALID;
    TRY(user_io_take(io, &count, sizeof count, &done));
    if (count == UINT64_MAX)
        return ERR_INVALID;
    *out_done = sizeof count;
    return object_count_add(o, count);
}

static enum status read_log(struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    uint8_t chunk[512];
    uint64_t position = offset;
    *out_done = 0;
    while (io->left) {
        size_t n = log_read(&position, (struct span){chunk, MIN(sizeof chunk, io->left)}), put;
        if (!n)
            break;
        TRY(user_io_put(io, chunk, n, &put));
        *out_done += put;
    }
    return OK;
}

static enum status read_object(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    switch (o->type->kind) {
    case OBJECT_TIMER:
    case OBJECT_DOORBELL:
        return read_count(o, io, out_done);
    case OBJECT_LOG:
        return read_log(io, offset, out_done);
    default:
        return io_is_kernel_kind(o->type->kind) ? io_read(o, io, offset, out_done) : ERR_NOT_SUPPORTED;
    }
}

static enum status write_object(struct object *o, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    if (o->type->kind == OBJECT_DOORBELL)
        return write_count(o, io, out_done);
    return io_is_kernel_kind(o->type->kind) ? io_write(o, io, offset, out_done) : ERR_NOT_SUPPORTED;
}

int64_t sys_read(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), RIGHT_READ, &o));
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_transfer(o, OP_READ, ARG1(f), ARG2(f), ARG3(f));
    struct user_io io;
    uint64_t done;
    enum status status = user_io_single(&io, user(ARG1(f)), ARG2(f));
    if (likely(status == OK))
        status = read_object(o, &io, ARG3(f), &done);
    object_put(o);
    return status == OK ? (int64_t)done : status;
}

int64_t sys_write(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), RIGHT_WRITE, &o));
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_transfer(o, OP_WRITE, ARG1(f), ARG2(f), ARG3(f));
    struct user_io io;
    uint64_t done;
    enum status status = user_io_single(&io, user(ARG1(f)), ARG2(f));
    io.file_limit = caller()->limits[LIMIT_FILE_BYTES];
    if (likely(status == OK))
        status = write_object(o, &io, ARG3(f), &done);
    object_put(o);
    return status == OK ? (int64_t)done : status;
}

/* One request for each vector; a short one ends it. */
static int64_t resource_vectors(struct object *o, uint32_t operation, const struct io_vector *vectors, uint32_t count, uint64_t offset)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!vectors[i].length)
            continue;
        object_get(o);
        int64_t done = resource_transfer(o, operation, vectors[i].address, vectors[i].length,
                                         offset == OFFSET_STREAM ? offset : offset + (uint64_t)total);
        if (done < 0)
            return total ? total : done;
        total += done;
        if ((uint64_t)done < vectors[i].length)
            break;
    }
    return total;
}

static int64_t vectored(struct object *o, const struct io_vector *vectors, uint32_t count, uint64_t offset, bool writing)
{
    struct user_io io;
    uint64_t done;
    TRY_CALL(user_io_init(&io, vectors, count));
    io.file_limit = caller()->limits[LIMIT_FILE_BYTES];
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_vectors(o, writing ? OP_WRITE : OP_READ, vectors, count, offset);
    TRY_CALL(writing ? write_object(o, &io, offset, &done) : read_object(o, &io, offset, &done));
    return (int64_t)done;
}

static int64_t transfer_vectors(struct trap_frame *f, struct object *o, bool writing)
{
    struct io_vector few[VECTORS_ON_STACK];
    uint64_t count = ARG2(f);
    if (count > VECTORS_MAX)
        return ERR_INVALID;
    struct io_vector *vectors = count <= VECTORS_ON_STACK ? few : heap_allocate(count * sizeof *vectors);
    if (!vectors)
        return ERR_NO_MEMORY;
    int64_t result = copy_from_user(vectors, user(ARG1(f)), count * sizeof *vectors);
    if (result == OK)
        result = vectored(o, vectors, (uint32_t)count, ARG3(f), writing);
    if (vectors != few)
        heap_free(vectors, count * sizeof *vectors);
    return result;
}

int64_t sys_read_vector(struct trap_frame *f, struct object *o) { return transfer_vectors(f, o, false); }
int64_t sys_write_vector(struct trap_frame *f, struct object *o) { return transfer_vectors(f, o, true); }

/* Operations without data that a server may answer; takes over the reference. */
static int64_t resource_plain(struct object *o, uint32_t operation, uint64_t first, uint64_t second)
{
    uint64_t words[MESSAGE_WORDS] = {first, second};
    return ipc_call(container_of(o, struct resource, object), operation | KIND_INTERRUPTIBLE, words, words);
}

int64_t sys_seek(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), 0, &o));
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_plain(o, OP_SEEK, ARG1(f), ARG2(f));
    uint64_t offset;
    enum status status = io_is_kernel_kind(o->type->kind) ? io_seek(o, (int64_t)ARG1(f), (uint32_t)ARG2(f), &offset) : ERR_NOT_SEEKABLE;
    object_put(o);
    return status == OK ? (int64_t)offset : status;
}

int64_t sys_stat(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), 0, &o));
    if (o->type->kind == OBJECT_RESOURCE) {
        uint64_t words[MESSAGE_WORDS] = {[4] = ARG1(f), [5] = sizeof(struct file_attributes)};
        return ipc_call(container_of(o, struct resource, object), OP_STAT | KIND_RECEIVE_DATA, words, words);
    }
    struct file_attributes attributes = {};
    enum status status = OK;
    if (o->type->kind == OBJECT_MEMORY)
        attributes.size_bytes = memory_from_object(o)->size_bytes;
    else
        status = io_is_kernel_kind(o->type->kind) ? io_stat(o, &attributes) : ERR_NOT_SUPPORTED;
    object_put(o);
    TRY_CALL(status);
    return copy_to_user(user(ARG1(f)), &attributes, sizeof attributes);
}

int64_t sys_sync(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), 0, &o));
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_plain(o, OP_SYNC, ARG1(f), 0);
    enum status status = io_is_kernel_kind(o->type->kind) ? io_sync(o, (uint32_t)ARG1(f)) : ERR_NOT_SUPPORTED;
    object_put(o);
    return status;
}

/* A limit on files is about making them longer; what is longer already may stay so. */
static bool would_lengthen(struct object *o, uint64_t size)
{
    struct file_attributes a;
    return io_stat(o, &a) == OK && size > a.size_bytes;
}

int64_t sys_truncate(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(get_object(ARG0(f), RIGHT_WRITE, &o));
    if (o->type->kind == OBJECT_RESOURCE)
        return resource_plain(o, OP_TRUNCATE, ARG1(f), 0);
    enum status status = io_is_kernel_kind(o->type->kind) ? OK : ERR_NOT_SUPPORTED;
    if (status == OK && ARG1(f) > caller()->limits[LIMIT_FILE_BYTES] && would_lengthen(o, ARG1(f)))
        status = ERR_FILE_TOO_BIG;
    if (status == OK)
        status = io_truncate(o, ARG1(f));
    object_put(o);
    return status;
}

#define RESOURCE_FLAGS_CHANGEABLE (STREAM_APPEND | STREAM_NONBLOCK | STREAM_SYNC | STREAM_DIRECT | STREAM_NO_ACCESS_TIME)

int64_t sys_stream_flags(struct trap_frame *f, struct object *o)
{
    uint32_t set = (uint32_t)ARG1(f), clear = (uint32_t)ARG2(f), old;
    if (o->type->kind == OBJECT_RESOURCE) {
        struct resource *r = container_of(o, struct resource, object);
        if ((set | clear) & ~RESOURCE_FLAGS_CHANGEABLE)
            return ERR_INVALID;
        old = __atomic_load_n(&r->stream_flags, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(&r->stream_flags, &old, (old & ~clear) | set, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            ;
        return old;
    }
    if (o->type->kind == OBJECT_TIMER || o->type->kind == OBJECT_DOORBELL)
        return object_count_flags(o, set & STREAM_NONBLOCK, clear & STREAM_NONBLOCK);
    if (!io_is_kernel_kind(o->type->kind))
        return ERR_NOT_SUPPORTED;
    TRY_CALL(io_flags(o, set, clear, &old));
    return old;
}

int64_t sys_pipe_create(struct trap_frame *f)
{
    struct pipe_end *reader, *writer;
    if (ARG2(f) & ~(uint64_t)(STREAM_NONBLOCK | STREAM_DIRECT))
        return ERR_INVALID;
    TRY_CALL(pipe_create((uint32_t)ARG2(f), &reader, &writer));
    return install_pair(&reader->object, RIGHT_READ | RIGHT_GRANT, &writer->object, RIGHT_WRITE | RIGHT_GRANT, ARG1(f), user(ARG0(f)));
}

/* ---- The server's side ------------------------------------------------------------------------------------------------ */

int64_t sys_file_create(struct trap_frame *f)
{
    struct file_attributes attributes;
    TRY_CALL(copy_from_user(&attributes, user(ARG2(f)), sizeof attributes));
    CLEANUP(object_put) struct object *endpoint = nullptr;
    if ((handle_t)ARG0(f) != HANDLE_NONE)
        TRY_CALL(handle_get(caller_handles(), (handle_t)ARG0(f), OBJECT_ENDPOINT, RIGHT_MANAGE, &endpoint));
    struct file_object *file;
    TRY_CALL(file_create(endpoint ? container_of(endpoint, struct endpoint, object) : nullptr, endpoint, ARG1(f), &attributes, &file));
    return install_new(file_as_object(file), RIGHT_ALL & ~RIGHT_DEBUG, ARG3(f));
}

int64_t sys_stream_create(struct trap_frame *f)
{
    CLEANUP(object_put) struct object *o = nullptr;
    uint32_t flags = (uint32_t)ARG1(f), rights = (uint32_t)ARG2(f);
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG0(f), OBJECT_FILE, rights & (RIGHT_READ | RIGHT_WRITE), &o));
    struct stream *s;
    TRY_CALL(stream_create(file_from_object(o), flags, &s));
    return install_new(stream_as_object(s), rights & RIGHT_ALL, ARG3(f));
}

int64_t sys_file_set(struct trap_frame *f, struct object *o)
{
    struct file_attributes attributes;
    TRY_CALL(copy_from_user(&attributes, user(ARG2(f)), sizeof attributes));
    enum status status = file_set(file_from_object(o), (uint32_t)ARG1(f), &attributes);
    if (ARG1(f) & ATTRIBUTE_LAST_WORD)
        IGNORE(handle_close(caller_handles(), (handle_t)ARG0(f)));
    return status;
}

int64_t sys_file_supply(struct trap_frame *f, struct object *o)
{
    CLEANUP(object_put) struct object *memory = nullptr;
    if ((int64_t)ARG2(f) < 0)
        return file_supply_status(file_from_object(o), ARG1(f), (enum status)(int32_t)ARG2(f));
    if ((handle_t)ARG3(f) != HANDLE_NONE)
        TRY_CALL(handle_get(caller_handles(), (handle_t)ARG3(f), OBJECT_MEMORY, RIGHT_READ | RIGHT_WRITE, &memory));
    return file_supply(file_from_object(o), ARG1(f), ARG2(f), memory ? memory_from_object(memory) : nullptr, ARG4(f));
}

int64_t sys_file_written(struct trap_frame *f, struct object *o)
{
    return file_written(file_from_object(o), ARG1(f), ARG2(f), (enum status)(int32_t)ARG3(f));
}

int64_t sys_file_read(struct trap_frame *f, struct object *o)
{
    struct user_io io;
    uint64_t done;
    TRY_CALL(user_io_single(&io, user(ARG2(f)), ARG3(f)));
    TRY_CALL(file_read_cached(file_from_object(o), ARG1(f), &io, &done));
    return (int64_t)done;
}
