/* SPDX-License-Identifier: MIT
 * Starts native programs: an address space with the image at a random base (W^X), a stack between guards, the clock page, the start
 * block, and exactly the handles that are listed. The new process has them as numbers 0, 1, 2, ... in the order given. */
#pragma once
#include "abi/start.h"
#include "base/span.h"
#include "elf/elf.h"

struct loader_handle {
    const char *name;      /* in the start block; at most 23 bytes */
    handle_t from;         /* HANDLE_NONE: left out */
    uint32_t rights;       /* 0: all that `from` has */
};

struct loader_program {
    struct view image;     /* the program file */
    handle_t object;       /* the memory object that holds it, so that code is mapped in place; HANDLE_NONE: copied */
    uint64_t object_offset;/* where the image begins there; page aligned */
    struct view arguments; /* zero-terminated strings one after the other; the first is the program's name */
    const struct loader_handle *handles;
    uint32_t handle_count;
    handle_t clock;        /* the clock page's memory object; HANDLE_NONE: the program asks the kernel for the time */
    handle_t name_space, group, identity; /* as in struct process_arguments */
    uint64_t credential;   /* only with identity */
    uint64_t stack_bytes;  /* 0: 64 KiB */
    uint32_t priority;     /* 0: the caller's */
};

/* Makes the process; it runs when the caller says sys_process_start(process, 0, 0). */
enum status loader_spawn(const struct loader_program *program, handle_t *out_process);

/* The image's segments alone, into an existing space; `out_base` is what was added to its addresses. For those that build processes of
 * another kind. */
enum status loader_map_image(handle_t space, const struct loader_program *program, const struct elf_image *image, uint64_t *out_base);

/* A page-aligned address to ask a map for, anywhere in the middle of the user half; random. */
uint64_t loader_random_address(void);
