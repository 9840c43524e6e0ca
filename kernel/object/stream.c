/* SPDX-License-Identifier: MIT
 * Streams over file objects. The position's lock is held for the whole of a read or write that uses it, so that two that share the
 * stream never get the same bytes; one with its own offset takes no lock here. */
#include "kernel/object/stream.h"
#include "abi/message.h"
#include "base/try.h"
#include "kernel/mm/heap.h"
#include "kernel/object/file_object.h"

static struct cache stream_cache = CACHE_INIT("stream", struct stream);

static struct stream *stream_of(struct object *o) { return container_of(o, struct stream, object); }

static void stream_destroy(struct object *o)
{
    struct stream *s = stream_of(o);
    file_user_gone(s->file);
    object_put(file_as_object(s->file));
    cache_free(&stream_cache, s);
}

static struct readiness *stream_readiness(struct object *o) { return &stream_of(o)->readiness; }

static const struct object_type stream_type = {
    .kind = OBJECT_STREAM, .name = "stream", .destroy = stream_destroy, .readiness = stream_readiness,
};

enum status stream_create(struct file_object *file, uint32_t flags, struct stream **out)
{
    struct stream *s;
    TRY(cache_allocate(&stream_cache, &s));
    *s = (struct stream){.file = file, .flags = flags, .error_seen = file->write_error_count};
    object_init(&s->object, &stream_type);
    object_get(file_as_object(file));
    file_user_added(file);
    sleep_lock_init(&s->position);
    readiness_init(&s->readiness, EVENT_READ | EVENT_WRITE);
    *out = s;
    return OK;
}

static uint32_t flags_of(const struct stream *s) { return __atomic_load_n(&s->flags, __ATOMIC_RELAXED); }

enum status stream_read(struct stream *s, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    uint32_t flags = flags_of(s);
    if (!(flags & STREAM_READ))
        return ERR_DENIED;
    if (offset != OFFSET_STREAM)
        return offset > INT64_MAX ? ERR_INVALID : file_read(s->file, offset, io, flags, out_done);
    sleep_lock(&s->position);
    enum status status = file_read(s->file, s->offset, io, flags, out_done);
    if (status == OK)
        s->offset += *out_done;
    sleep_unlock(&s->position);
    return status;
}

enum status stream_write(struct stream *s, struct user_io *io, uint64_t offset, uint64_t *out_done)
{
    uint32_t flags = flags_of(s);
    if (!(flags & STREAM_WRITE))
        return ERR_DENIED;
    if (offset != OFFSET_STREAM)
        return offset > INT64_MAX ? ERR_INVALID : file_write(s->file, &offset, io, flags, out_done);
    sleep_lock(&s->position);
    uint64_t at = s->offset;
    enum status status = file_write(s->file, &at, io, flags, out_done);
    if (status == OK)
        s->offset = at + *out_done;
    sleep_unlock(&s->position);
    return status;
}

static uint64_t file_size(struct file_object *f)
{
    GUARD(&f->pages.lock);
    return f->attributes.size_bytes;
}

static enum status seek_target(struct stream *s, int64_t offset, uint32_t whence, uint64_t *out)
{
    int64_t base = 0, target;
    switch (whence) {
    case SEEK_SET_:
        break;
    case SEEK_CUR_:
        base = (int64_t)s->offset;
        break;
    case SEEK_END_:
        base = (int64_t)file_size(s->file);
        break;
    case SEEK_DATA_:
    case SEEK_HOLE_:
        return offset < 0 ? ERR_OUT_OF_RANGE : file_find(s->file, (uint64_t)offset, whence, out);
    default:
        return ERR_INVALID;
    }
    if (__builtin_add_overflow(base, offset, &target))
        return ERR_OUT_OF_RANGE;
    if (target < 0)
        return ERR_INVALID;
    *out = (uint64_t)target;
    return OK;
}

enum status stream_seek(struct stream *s, int64_t offset, uint32_t whence, uint64_t *out_offset)
{
    uint64_t target;
    sleep_lock(&s->position);
    enum status status = seek_target(s, offset, whence, &target);
    if (status == OK)
        *out_offset = s->offset = target;
    sleep_unlock(&s->position);
    return status;
}
