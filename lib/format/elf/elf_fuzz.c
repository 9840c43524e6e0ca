/* SPDX-License-Identifier: MIT
 * Any bytes as a program: what is accepted keeps the promises of elf/elf.h. */
#include "elf/elf.h"
#include "abi/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image image;
    if (elf_parse((struct view){data, size}, size, &image) != OK)
        return 0;
    uint64_t end = 0;
    for (uint32_t i = 0; i < image.segment_count; i++) {
        const struct elf_segment *s = &image.segments[i];
        bool is_sound = s->file_bytes <= s->memory_bytes && s->file_offset + s->file_bytes <= size &&
                        align_down(s->address, PAGE_SIZE_BYTES) >= end && s->address + s->memory_bytes <= ELF_LIMIT;
        if (!is_sound)
            __builtin_trap();
        end = align_up(s->address + s->memory_bytes, PAGE_SIZE_BYTES);
    }
    return 0;
}
