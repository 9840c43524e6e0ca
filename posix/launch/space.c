/* SPDX-License-Identifier: MIT
 * Builds the address space of a POSIX process. */
#include "posix/launch/space.h"
#include "abi/credential.h"
#include "posix/core/process.h"
#include "sys/syscall.h"

#define TABLE_BYTES (PROCESS_TABLE_SLOTS * sizeof(struct process_entry))

static enum status map_at(handle_t space, uint64_t address, uint64_t length, uint32_t flags, handle_t object, uint64_t offset)
{
    uint64_t at;
    return sys_map(space, address, length, MAP_EXACT_ | flags, object, offset, &at);
}

enum status space_map_library(handle_t space, const struct library_parts *parts, const struct posix_place *place)
{
    uint64_t image_bytes = align_up(parts->image_bytes, PAGE_SIZE_BYTES);
    TRY(map_at(space, place->image, image_bytes, MAP_SHARED_ | PROT_READ_ | PROT_EXECUTE_, parts->image, parts->image_offset));
    TRY(map_at(space, place->clock, PAGE_SIZE_BYTES, MAP_SHARED_ | PROT_READ_, parts->clock, 0));
    TRY(map_at(space, place->table, align_up(TABLE_BYTES, PAGE_SIZE_BYTES), MAP_SHARED_ | PROT_READ_, parts->table, 0));
    TRY(map_at(space, place->state, PROCESS_STATE_BYTES, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0));
    return map_at(space, place->arena, THREAD_AREA_BYTES, MAP_WIRED_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0);
}

enum status space_write_all(handle_t space, uint64_t address, struct view bytes)
{
    while (bytes.length > 0) {
        int64_t written = sys_space_write(space, address, bytes);
        if (written <= 0)
            return written < 0 ? (enum status)written : ERR_BAD_ADDRESS;
        address += (uint64_t)written;
        bytes = (struct view){bytes.data + written, bytes.length - (size_t)written};
    }
    return OK;
}

/* The rest of the last page that came from the file: the program wants zeros there, also beyond its own end (a dynamic loader's first
 * allocations are what is left of that page). */
static enum status clear_tail(handle_t space, uint64_t address, uint64_t end)
{
    static const uint8_t zeros[512];
    while (address < end) {
        uint64_t part = MIN(end - address, sizeof zeros);
        TRY(space_write_all(space, address, (struct view){zeros, part}));
        address += part;
    }
    return OK;
}

static enum status map_segment(handle_t space, handle_t file, const struct elf_segment *s, uint64_t base)
{
    uint64_t address = base + s->address, start = align_down(address, PAGE_SIZE_BYTES);
    uint64_t file_end = address + s->file_bytes, memory_end = address + s->memory_bytes;
    uint64_t file_top = s->file_bytes ? align_up(file_end, PAGE_SIZE_BYTES) : start, top = align_up(memory_end, PAGE_SIZE_BYTES);
    if (s->file_bytes)
        TRY(map_at(space, start, file_top - start, s->protection, file, align_down(s->file_offset, PAGE_SIZE_BYTES)));
    if (s->file_bytes && memory_end > file_end && s->protection & PROT_WRITE_)
        TRY(clear_tail(space, file_end, file_top));
    return top > file_top ? map_at(space, file_top, top - file_top, s->protection, HANDLE_NONE, 0) : OK;
}

enum status space_map_program(handle_t space, handle_t file, const struct elf_image *program, uint64_t base)
{
    for (uint32_t i = 0; i < program->segment_count; i++)
        TRY(map_segment(space, file, &program->segments[i], base));
    return OK;
}

void personality_of_image(const struct posix_image *header, uint64_t base, struct personality *out)
{
    *out = (struct personality){
        .entry = base + header->entry, .upcall = base + header->upcall, .fault_start = base + header->fault_start,
        .fault_end = base + header->fault_end, .fault_landing = base + header->fault_landing,
    };
}
