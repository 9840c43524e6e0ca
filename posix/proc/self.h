/* SPDX-License-Identifier: MIT
 * The calling process's own entries of /proc and /dev, answered by its library: descriptors, executable, mappings, environment. What
 * is true of every process (status, cmdline, ...) is procd's. Known by their absolute names only. */
#pragma once
#include "posix/file/path.h"
#include "posix/proc/self_name.h"

int64_t self_name_read(const struct path *path, struct self_name *out); /* the slow half of the next */

/* SELF_NONE for nearly all paths, after a look at their first eight bytes. The path was measured, so they are readable; that they
 * may have changed since only chooses which answer is given. */
static inline int64_t self_name_find(const struct path *path, struct self_name *out)
{
    uint64_t first;
    *out = (struct self_name){SELF_NONE, 0};
    if (path->text.length < 8)
        return 0;
    TRY_LINUX(program_read_u64((uint64_t)path->text.data, &first));
    return likely(!self_name_may_begin(first)) ? 0 : self_name_read(path, out);
}

int64_t self_open(struct self_name name, uint32_t linux_flags, uint32_t open_flags);
int64_t self_readlink(struct self_name name, uint64_t to, uint64_t capacity);
int64_t self_attributes(struct self_name name, bool follow, struct file_attributes *out);
