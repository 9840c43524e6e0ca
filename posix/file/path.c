/* SPDX-License-Identifier: MIT
 * Paths as calls name them. */
#include "posix/file/path.h"
#include "sys/syscall.h"

int64_t path_or_empty(int32_t directory, uint64_t address, struct path *out)
{
    int64_t length = program_string_length(address, LINUX_PATH_MAX);
    if (unlikely(length < 0))
        return length;
    if (unlikely(length == LINUX_PATH_MAX))
        return -LINUX_ENAMETOOLONG;
    out->text = (struct view){(const uint8_t *)address, (uint64_t)length};
    out->target = view_current();
    if (likely(directory == LINUX_AT_FDCWD))
        return 0;
    uint8_t first = 0;
    if (length > 0)
        TRY_LINUX(program_read(&first, address, 1));
    if (first == '/')
        return 0; /* the descriptor is not even looked at */
    if (!fd_is_valid((uint32_t)directory))
        return -LINUX_EBADF;
    out->target = directory;
    return 0;
}

int64_t path_from_program(int32_t directory, uint64_t address, struct path *out)
{
    TRY_LINUX(path_or_empty(directory, address, out));
    return likely(out->text.length) ? 0 : -LINUX_ENOENT;
}

int64_t path_failure(handle_t target, enum status status)
{
    bool descriptor = target != view_current();
    return descriptor && (status == ERR_WRONG_TYPE || status == ERR_NOT_SUPPORTED) ? -LINUX_ENOTDIR : linux_failure(status);
}

int64_t path_pair_from_program(int32_t old_directory, uint64_t old_address, int32_t new_directory, uint64_t new_address,
                               struct path_pair *out)
{
    struct path old, new;
    TRY_LINUX(path_from_program(old_directory, old_address, &old));
    TRY_LINUX(path_from_program(new_directory, new_address, &new));
    uint64_t bytes = old.text.length + new.text.length;
    uint8_t *to = out->room;
    out->mapped = nullptr;
    if (bytes > sizeof out->room) {
        void *mapped;
        enum status s = sys_map_anonymous(2 * PAGE_SIZE_BYTES, 0, &mapped);
        if (s != OK)
            return linux_failure(s);
        out->mapped = to = mapped;
    }
    out->target = old.target;
    out->directory = new.target == old.target ? HANDLE_NONE : new.target;
    out->first_bytes = (uint32_t)old.text.length;
    out->text = (struct view){to, bytes};
    int64_t failed = program_read(to, old_address, old.text.length);
    if (failed == 0)
        failed = program_read(to + old.text.length, new_address, new.text.length);
    if (failed)
        path_pair_end(out);
    return failed;
}

void path_pair_end(struct path_pair *p)
{
    if (p->mapped)
        IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)p->mapped, 2 * PAGE_SIZE_BYTES));
}
