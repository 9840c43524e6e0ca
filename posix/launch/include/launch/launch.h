/* SPDX-License-Identifier: MIT
 * Starts a POSIX process natively: the first one of a boot or of a session; all others come from fork and exec.
 * Builds a space with the personality's image, makes the process known to procd, and leaves the rest to the library in the new process,
 * which execs `path` as execve would. The caller needs token 0 (procd adopts for nobody else). */
#pragma once
#include "abi/handle.h"
#include "base/span.h"

struct posix_launch {
    handle_t image_object;      /* the memory object that holds the personality's image, and where: */
    uint64_t image_offset;      /* page aligned */
    struct view image;          /* the same bytes, mapped here */
    handle_t view, proc, table, log, clock; /* duplicated into the process; the caller keeps its own */
    handle_t files[3];          /* duplicated as descriptors 0, 1, 2 */
    struct view path;           /* of the program, without a zero */
    struct view arguments;      /* zero-terminated strings, one after the other */
    struct view environment;    /* the same */
    bool takes_terminal;        /* descriptor 0 becomes the controlling terminal of its session (it leads one) */
};

/* The process exists and does not run: bind to its end, then sys_process_start(process, 0, 0). */
enum status posix_launch(const struct posix_launch *launch, handle_t *out_process);
