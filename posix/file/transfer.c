/* SPDX-License-Identifier: MIT
 * read, write and their relatives: the descriptor is the handle, the program's buffer goes to the kernel as it is, and nothing is
 * looked at before the call. What Linux's answer needs beyond that happens only when the native call failed. */
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "sys/syscall.h"

/* A failed write to something that nobody reads any more raises SIGPIPE as well, and one beyond the limit of files SIGXFSZ. */
[[gnu::cold, gnu::noinline]] static int64_t write_failed(int64_t answer)
{
    if (answer == ERR_BROKEN_PIPE)
        signal_raise(LINUX_SIGPIPE);
    if (answer == ERR_FILE_TOO_BIG)
        signal_raise(LINUX_SIGXFSZ);
    return linux_failure(answer);
}

static inline int64_t write_result(int64_t answer) { return likely(answer >= 0) ? answer : write_failed(answer); }
static inline uint64_t length_limit(uint64_t length) { return MIN(length, LINUX_RW_MAX); }
static inline void *program_pointer(uint64_t address) { return (void *)address; } /* for native calls; never dereferenced here */

LINUX_CALL(read, uint32_t fd, uint64_t buffer, uint64_t length)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    return linux_result(sys_read((handle_t)fd, program_pointer(buffer), length_limit(length), OFFSET_STREAM));
}

LINUX_CALL(write, uint32_t fd, uint64_t buffer, uint64_t length)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    return write_result(sys_write((handle_t)fd, program_pointer(buffer), length_limit(length), OFFSET_STREAM));
}

LINUX_CALL(pread64, uint32_t fd, uint64_t buffer, uint64_t length, int64_t offset)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    if (unlikely(offset < 0))
        return -LINUX_EINVAL;
    return linux_result(sys_read((handle_t)fd, program_pointer(buffer), length_limit(length), (uint64_t)offset));
}

LINUX_CALL(pwrite64, uint32_t fd, uint64_t buffer, uint64_t length, int64_t offset)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    if (unlikely(offset < 0))
        return -LINUX_EINVAL;
    return write_result(sys_write((handle_t)fd, program_pointer(buffer), length_limit(length), (uint64_t)offset));
}

/* Linux's iovec and ours are the same two words, so the program's array goes to the kernel too. */
static_assert(sizeof(struct linux_iovec) == sizeof(struct io_vector) && LINUX_IOV_MAX == 1024);

static int64_t vector_read(uint32_t fd, uint64_t vector, uint64_t count, uint64_t offset)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    if (unlikely(count > LINUX_IOV_MAX))
        return -LINUX_EINVAL;
    return linux_result(sys_read_vector((handle_t)fd, program_pointer(vector), count, offset));
}

static int64_t vector_write(uint32_t fd, uint64_t vector, uint64_t count, uint64_t offset)
{
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    if (unlikely(count > LINUX_IOV_MAX))
        return -LINUX_EINVAL;
    return write_result(sys_write_vector((handle_t)fd, program_pointer(vector), count, offset));
}

LINUX_CALL(readv, uint32_t fd, uint64_t vector, uint64_t count) { return vector_read(fd, vector, count, OFFSET_STREAM); }
LINUX_CALL(writev, uint32_t fd, uint64_t vector, uint64_t count) { return vector_write(fd, vector, count, OFFSET_STREAM); }

LINUX_CALL(preadv, uint32_t fd, uint64_t vector, uint64_t count, int64_t offset)
{
    return offset < 0 ? -LINUX_EINVAL : vector_read(fd, vector, count, (uint64_t)offset);
}

LINUX_CALL(pwritev, uint32_t fd, uint64_t vector, uint64_t count, int64_t offset)
{
    return offset < 0 ? -LINUX_EINVAL : vector_write(fd, vector, count, (uint64_t)offset);
}

/* Offset -1 means the stream's own position, and is OFFSET_STREAM; `high` is the offset's unused upper half. */
LINUX_CALL(preadv2, uint32_t fd, uint64_t vector, uint64_t count, int64_t offset, uint64_t high, uint32_t flags)
{
    (void)high;
    if (flags & ~LINUX_RWF_HIPRI)
        return -LINUX_EOPNOTSUPP;
    return offset < -1 ? -LINUX_EINVAL : vector_read(fd, vector, count, (uint64_t)offset);
}

LINUX_CALL(pwritev2, uint32_t fd, uint64_t vector, uint64_t count, int64_t offset, uint64_t high, uint32_t flags)
{
    (void)high;
    if (flags & ~(LINUX_RWF_HIPRI | LINUX_RWF_DSYNC | LINUX_RWF_SYNC))
        return -LINUX_EOPNOTSUPP;
    if (offset < -1)
        return -LINUX_EINVAL;
    int64_t written = vector_write(fd, vector, count, (uint64_t)offset);
    if (written > 0 && (flags & (LINUX_RWF_DSYNC | LINUX_RWF_SYNC))) {
        enum status s = sys_sync((handle_t)fd, flags & LINUX_RWF_SYNC ? SYNC_ALL : SYNC_DATA);
        if (s != OK)
            return linux_failure(s);
    }
    return written;
}

LINUX_CALL(lseek, uint32_t fd, int64_t offset, uint32_t whence)
{
    static_assert((int)SEEK_SET_ == (int)LINUX_SEEK_SET && (int)SEEK_END_ == (int)LINUX_SEEK_END && (int)SEEK_HOLE_ == (int)LINUX_SEEK_HOLE);
    if (unlikely(!fd_is_valid(fd)))
        return -LINUX_EBADF;
    if (unlikely(whence > LINUX_SEEK_HOLE))
        return -LINUX_EINVAL;
    int64_t answer = sys_seek((handle_t)fd, offset, whence);
    if (likely(answer >= 0))
        return answer;
    /* Queues, timers and other things without a position do not know the call. */
    return answer == ERR_WRONG_TYPE || answer == ERR_NOT_SUPPORTED ? -LINUX_ESPIPE : linux_failure(answer);
}
