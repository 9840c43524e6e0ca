/* SPDX-License-Identifier: MIT
 * Texts of the process's own /proc files. */
#include "posix/proc/text.h"
#include "abi/file.h"
#include "base/fmt.h"
#include "base/string.h"
#include "posix/core/call.h"
#include "posix/process/limit.h"
#include "sys/syscall.h"

static enum status write_all(handle_t to, const void *bytes, uint64_t length)
{
    for (uint64_t done = 0; done < length;) {
        int64_t put = sys_write(to, (const uint8_t *)bytes + done, length - done, OFFSET_STREAM);
        if (put <= 0)
            return put < 0 ? (enum status)put : ERR_NO_SPACE;
        done += (uint64_t)put;
    }
    return OK;
}

/* The library's own mappings are shown too: they are the process's. */
static const char *mapping_name(const struct process *p, const struct mapping_info *m)
{
    if (m->start < p->brk_end && m->end > p->brk_start)
        return "[heap]";
    if (m->flags & MAP_GROWS_DOWN_)
        return "[stack]";
    if (p->vdso && m->start <= p->vdso && p->vdso < m->end)
        return "[vdso]";
    return m->start <= p->image_base && p->image_base < m->end ? "[posix]" : "";
}

enum status maps_write(handle_t to)
{
    const struct process *p = process_current();
    struct mapping_info mapping;
    for (uint64_t address = 0; sys_space_query(HANDLE_SELF_SPACE, address, &mapping) == OK; address = mapping.end) {
        char line[128];
        size_t length = maps_line(line, sizeof line, &mapping, mapping_name(p, &mapping));
        TRY(write_all(to, line, length));
    }
    return OK;
}

/* The program's own memory, as it is now: the kernel reads it. */
enum status environment_write(handle_t to)
{
    const struct process *p = process_current();
    return write_all(to, (const void *)p->environment_start, p->environment_end - p->environment_start);
}

static enum status descriptor_record_write(handle_t to, uint64_t index, const char *name, uint32_t type)
{
    struct { struct directory_record record; char name[8]; } entry = {
        .record = {.inode = index + 1, .cookie = (index + 1) * DESCRIPTOR_RECORD_BYTES, .type = type, .record_bytes = DESCRIPTOR_RECORD_BYTES,
                   .name_bytes = (uint16_t)string_length(name, 7)}};
    static_assert(sizeof entry == DESCRIPTOR_RECORD_BYTES);
    memcpy(entry.name, name, entry.record.name_bytes);
    return write_all(to, &entry, sizeof entry);
}

/* The limit bounds the walk, as it bounds what the process can have opened. */
enum status descriptors_write(handle_t to)
{
    uint64_t limit = MIN(limit_current(LINUX_RLIMIT_NOFILE), (uint64_t)HANDLE_LOW_LIMIT), index = 0;
    TRY(descriptor_record_write(to, index++, ".", FILE_DIRECTORY));
    TRY(descriptor_record_write(to, index++, "..", FILE_DIRECTORY));
    for (handle_t fd = 0; (uint64_t)fd < limit; fd++) {
        char name[8];
        if (sys_handle_flags(fd, 0, 0) < 0)
            continue;
        (void)fmt(name, sizeof name, "%d", fd);
        TRY(descriptor_record_write(to, index++, name, FILE_SYMLINK));
    }
    return OK;
}
