/* SPDX-License-Identifier: MIT
 * The header at the image's first byte: who maps the image finds its entries here. Offsets are from the image's start. */
#pragma once
#include <stdint.h>

/* For what assembly defines: found relative to the instruction, not through a table that would need relocation. */
#define IN_IMAGE __attribute__((visibility("hidden")))

#define POSIX_IMAGE_MAGIC 0x31305849534f504dull /* "MPOSIX01" */
struct posix_image {
    uint64_t magic;
    uint32_t image_bytes;
    uint32_t entry, upcall;                 /* of struct personality */
    uint32_t fault_start, fault_end, fault_landing;
    uint32_t launch;                        /* first context of a natively started process; rsp = thread block */
    uint32_t resume;                        /* a context whose registers are in thread_block.saved; rsp = thread block */
    uint32_t vdso, vdso_end;                /* the C libraries' image: whole pages */
    uint32_t reserved[4];
};
static_assert(sizeof(struct posix_image) == 64);
