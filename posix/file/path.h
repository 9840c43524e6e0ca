/* SPDX-License-Identifier: MIT
 * Paths as calls name them. A path is not copied: the program's own bytes are the message's data, read by the kernel once; only its
 * length (and, beside a directory descriptor, its first byte) is looked at here. Names mean what vfsd says they mean. */
#pragma once
#include "base/span.h"
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "protocol/vfs.h"

struct path {
    handle_t target;   /* the view, or the open directory that a relative path starts at */
    struct view text;  /* program memory: for messages only, never dereferenced */
};

static inline handle_t view_current(void)
{
    return process_current()->view; /* the number never changes, what it names does */
}

/* The *at argument pair. ENOENT for an empty path, EBADF, EFAULT, ENAMETOOLONG. */
int64_t path_from_program(int32_t directory, uint64_t address, struct path *out);
/* The same, but an empty path is allowed (AT_EMPTY_PATH). */
int64_t path_or_empty(int32_t directory, uint64_t address, struct path *out);

/* The answer to a failed message that named a path: a descriptor of something without names is no directory. */
int64_t path_failure(handle_t target, enum status status) __attribute__((cold));
static inline int64_t path_result(handle_t target, enum status status)
{
    return likely(status == OK) ? 0 : path_failure(target, status);
}

/* Two paths in one message: old, then new. The new one starts at `directory` when that is not HANDLE_NONE. */
#define PATH_PAIR_ROOM 1024
struct path_pair {
    handle_t target, directory;
    uint32_t first_bytes;
    struct view text;          /* library memory: `room`, or a mapping when longer */
    uint8_t *mapped;
    uint8_t room[PATH_PAIR_ROOM];
};
int64_t path_pair_from_program(int32_t old_directory, uint64_t old_address, int32_t new_directory, uint64_t new_address,
                               struct path_pair *out);
void path_pair_end(struct path_pair *p);
