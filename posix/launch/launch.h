/* SPDX-License-Identifier: MIT
 * Starts a POSIX process from a native program: for the first ones, before there is anybody who could fork. The new process is given the
 * library, which then does the exec of the program itself; a program that cannot be started ends it with status 126 or 127. */
#pragma once
#include "abi/handle.h"
#include "base/span.h"

struct posix_launch {
    handle_t image;                  /* memory object that holds the personality's image (the initfs), with read and execute */
    uint64_t image_offset, image_bytes;
    handle_t clock, table;           /* memory objects: clock page, process table */
    handle_t proc, view, log;        /* procd; vfsd's view: root and current directory; the log */
    handle_t name_space, group, identity; /* as in struct process_arguments; HANDLE_NONE: the caller's */
    handle_t descriptors[3];         /* become 0, 1, 2; HANDLE_NONE: closed */
    int32_t  parent;                 /* pid; 0: none */
    struct view path;                /* of the program or script */
    struct view arguments, environment; /* zero-terminated strings one after the other */
};
/* *out_process: its handle, HIGH; *out_pid as procd gave it. The process runs. Its credential is set by procd (adopt). */
enum status posix_launch(const struct posix_launch *launch, handle_t *out_process, int32_t *out_pid);
