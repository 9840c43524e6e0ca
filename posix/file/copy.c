/* SPDX-License-Identifier: MIT
 * One descriptor into another without the program's memory between: sendfile and copy_file_range, by copying through a buffer of
 * the library. Bytes that were read from a stream's own position but could not be written are given back by seeking. */
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "sys/syscall.h"

#define COPY_BUFFER_BYTES 131072u
#define COPY_STACK_BYTES 2048u

struct copy {
    handle_t from, to;
    uint64_t from_offset, to_offset; /* OFFSET_STREAM: the stream's own */
    uint8_t *buffer;
    uint64_t buffer_bytes;
};

/* Puts back what was read and not written, so that the next reader finds it. */
static void copy_unread(struct copy *c, int64_t bytes)
{
    if (c->from_offset == OFFSET_STREAM && bytes > 0)
        IGNORE(sys_status(sys_seek(c->from, -bytes, SEEK_CUR_)));
}

/* One buffer full; 0 at the end of the source. */
static int64_t copy_step(struct copy *c, uint64_t length)
{
    int64_t got = sys_read(c->from, c->buffer, MIN(length, c->buffer_bytes), c->from_offset);
    if (got <= 0)
        return got;
    int64_t put = sys_write(c->to, c->buffer, (uint64_t)got, c->to_offset);
    copy_unread(c, got - MAX(put, (int64_t)0));
    if (put <= 0)
        return put;
    if (c->from_offset != OFFSET_STREAM)
        c->from_offset += (uint64_t)put;
    if (c->to_offset != OFFSET_STREAM)
        c->to_offset += (uint64_t)put;
    return put;
}

static int64_t copy_all(struct copy *c, uint64_t length)
{
    uint64_t done = 0;
    while (done < length) {
        int64_t moved = copy_step(c, length - done);
        if (moved < 0) {
            if (done)
                break;
            if (moved == ERR_BROKEN_PIPE)
                signal_raise(LINUX_SIGPIPE);
            return linux_failure(moved);
        }
        if (moved == 0)
            break;
        done += (uint64_t)moved;
    }
    return (int64_t)done;
}

static int64_t copy_run(struct copy *c, uint64_t length)
{
    __attribute__((uninitialized)) uint8_t small[COPY_STACK_BYTES];
    c->buffer = small;
    c->buffer_bytes = sizeof small;
    if (length <= sizeof small)
        return copy_all(c, length);
    uint64_t mapped_bytes = MIN(align_up(length, PAGE_SIZE_BYTES), (uint64_t)COPY_BUFFER_BYTES);
    struct file_attributes attributes;
    if (sys_stat(c->from, &attributes) == OK && attributes.size_bytes) /* "all there is" is a common length */
        mapped_bytes = MIN(mapped_bytes, align_up(attributes.size_bytes, PAGE_SIZE_BYTES));
    void *mapped;
    enum status s = sys_map_anonymous(mapped_bytes, 0, &mapped);
    if (s != OK)
        return linux_failure(s);
    c->buffer = mapped;
    c->buffer_bytes = mapped_bytes;
    int64_t done = copy_all(c, length);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)mapped, mapped_bytes));
    return done;
}

/* A program's offset word: address 0 means the stream's own position. */
static int64_t offset_from_program(uint64_t address, uint64_t *out_offset)
{
    *out_offset = OFFSET_STREAM;
    if (!address)
        return 0;
    TRY_LINUX(program_read_u64(address, out_offset));
    return (int64_t)*out_offset < 0 ? -LINUX_EINVAL : 0;
}

static int64_t offset_to_program(uint64_t address, uint64_t offset)
{
    return address ? program_write_u64(address, offset) : 0;
}

LINUX_CALL(sendfile, uint32_t to, uint32_t from, uint64_t offset_address, uint64_t length)
{
    if (!fd_is_valid(to) || !fd_is_valid(from))
        return -LINUX_EBADF;
    struct handle_info info;
    enum status s = sys_handle_info((handle_t)from, &info);
    if (s != OK)
        return linux_failure(s);
    if (info.kind != OBJECT_STREAM) /* as on Linux: the source can be mapped; programs fall back to read and write */
        return -LINUX_EINVAL;
    struct copy c = {.from = (handle_t)from, .to = (handle_t)to, .to_offset = OFFSET_STREAM};
    TRY_LINUX(offset_from_program(offset_address, &c.from_offset));
    int64_t done = copy_run(&c, MIN(length, LINUX_RW_MAX));
    if (done > 0)
        TRY_LINUX(offset_to_program(offset_address, c.from_offset));
    return done;
}

LINUX_CALL(copy_file_range, uint32_t from, uint64_t from_address, uint32_t to, uint64_t to_address, uint64_t length, uint32_t flags)
{
    if (!fd_is_valid(to) || !fd_is_valid(from))
        return -LINUX_EBADF;
    struct handle_info from_info, to_info;
    enum status s = sys_handle_info((handle_t)from, &from_info);
    if (s == OK)
        s = sys_handle_info((handle_t)to, &to_info);
    if (s != OK)
        return linux_failure(s);
    if (flags || from_info.kind != OBJECT_STREAM || to_info.kind != OBJECT_STREAM)
        return -LINUX_EINVAL;
    if (!(to_info.stream_flags & STREAM_WRITE) || (to_info.stream_flags & STREAM_APPEND))
        return -LINUX_EBADF;
    struct copy c = {.from = (handle_t)from, .to = (handle_t)to};
    TRY_LINUX(offset_from_program(from_address, &c.from_offset));
    TRY_LINUX(offset_from_program(to_address, &c.to_offset));
    int64_t done = copy_run(&c, MIN(length, LINUX_RW_MAX));
    if (done > 0) {
        TRY_LINUX(offset_to_program(from_address, c.from_offset));
        TRY_LINUX(offset_to_program(to_address, c.to_offset));
    }
    return done;
}
