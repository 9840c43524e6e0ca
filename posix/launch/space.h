/* SPDX-License-Identifier: MIT
 * Builds the address space of a POSIX process: what the native starter and exec do alike. The space is one that nobody runs in yet, so
 * a failure only means that its handle is closed. */
#pragma once
#include "base/span.h"
#include "elf/elf.h"
#include "posix/core/image.h"
#include "posix/launch/place.h"

struct library_parts {
    handle_t image, clock, table;
    uint64_t image_offset, image_bytes;  /* in the memory object; page aligned offset */
};
/* Image, clock page, process table, state, and the first thread's area. */
enum status space_map_library(handle_t space, const struct library_parts *parts, const struct posix_place *place);
/* A program's segments, privately from its file; `base` is 0 for one with fixed addresses. */
enum status space_map_program(handle_t space, handle_t file, const struct elf_image *program, uint64_t base);
enum status space_write_all(handle_t space, uint64_t address, struct view bytes);
/* What the kernel gets to know of the image at `base`. */
void personality_of_image(const struct posix_image *header, uint64_t base, struct personality *out);
static inline uint64_t first_thread_block(const struct posix_place *place)
{
    return place->arena + THREAD_BLOCK_OFFSET;
}
