/* SPDX-License-Identifier: MIT
 * Names under /proc and /dev that mean something of the calling process alone, which only its library knows. Pure. */
#pragma once
#include "base/span.h"

enum self_kind : uint32_t {
    SELF_NONE,        /* an ordinary path */
    SELF_DESCRIPTOR,  /* /proc/self/fd/N, /dev/fd/N, /dev/stdin ... */
    SELF_EXECUTABLE,  /* /proc/self/exe */
    SELF_DIRECTORY,   /* /proc/self/cwd */
    SELF_ROOT,        /* /proc/self/root */
    SELF_MAPS, SELF_ENVIRONMENT,
    SELF_DESCRIPTORS, /* /proc/self/fd, /dev/fd: a directory */
};
struct self_name { enum self_kind kind; uint32_t fd; };

/* The longest path that is looked at; the rest of this many bytes is zero. */
#define SELF_NAME_BYTES 32u

/* Whether a path that begins with these eight bytes can be one of them: cheap, for every path. */
static inline bool self_name_may_begin(uint64_t first)
{
#define EIGHT(a, b, c, d, e, f, g, h)                                                                                  \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 |            \
     (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)
    return (first & 0xffffffffffff) == EIGHT('/', 'p', 'r', 'o', 'c', '/', 0, 0) ||
           first == EIGHT('/', 'd', 'e', 'v', '/', 'f', 'd', '/') || first == EIGHT('/', 'd', 'e', 'v', '/', 's', 't', 'd');
#undef EIGHT
}
/* `pid`: the process's own; /proc/PID is /proc/self then. */
struct self_name self_name_parse(struct view path, int32_t pid);
