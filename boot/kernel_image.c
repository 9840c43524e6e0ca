/* SPDX-License-Identifier: MIT
 * Putting the kernel's segments into one run of memory. The image is position independent and relocates itself, so only the distances
 * between its segments matter here. */
#include "abi/memory.h"
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"
#include "loader.h"

enum { ELF_64 = 2, ELF_LITTLE = 1, TYPE_DYNAMIC = 3, MACHINE_X86_64 = 62, SEGMENT_LOAD = 1, SEGMENT_BYTES = 56 };
#define IMAGE_BYTES_MAX (256ull << 20)
#define BELOW_4G (1ull << 32)

struct headers { uint64_t entry, segments_offset; uint16_t segment_bytes, segment_count; };
struct segment { uint32_t type; uint64_t offset, address, file_bytes, memory_bytes; };

static enum status read_headers(struct view file, struct headers *out)
{
    struct reader r = reader_of(file);
    struct view identity;
    uint16_t type, machine;
    TRY(read_view(&r, 16, &identity));
    TRY(read_u16le(&r, &type));
    TRY(read_u16le(&r, &machine));
    if (!view_starts_with(identity, VIEW_OF_LITERAL("\x7f" "ELF\x02\x01")) || type != TYPE_DYNAMIC || machine != MACHINE_X86_64)
        return ERR_BAD_FORMAT;
    TRY(read_skip(&r, 4));
    TRY(read_u64le(&r, &out->entry));
    TRY(read_u64le(&r, &out->segments_offset));
    TRY(read_skip(&r, 14));
    TRY(read_u16le(&r, &out->segment_bytes));
    TRY(read_u16le(&r, &out->segment_count));
    return out->segment_bytes == SEGMENT_BYTES ? OK : ERR_BAD_FORMAT;
}

static enum status read_segment(struct view file, const struct headers *h, uint32_t index, struct segment *out)
{
    struct view bytes;
    TRY(view_part(file, h->segments_offset + index * SEGMENT_BYTES, SEGMENT_BYTES, &bytes));
    struct reader r = reader_of(bytes);
    TRY(read_u32le(&r, &out->type));
    TRY(read_skip(&r, 4));
    TRY(read_u64le(&r, &out->offset));
    TRY(read_u64le(&r, &out->address));
    TRY(read_skip(&r, 8));
    TRY(read_u64le(&r, &out->file_bytes));
    return read_u64le(&r, &out->memory_bytes);
}

static enum status measure(struct view file, const struct headers *h, uint64_t *out_low, uint64_t *out_bytes)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < h->segment_count; i++) {
        struct segment s;
        uint64_t end;
        TRY(read_segment(file, h, i, &s));
        if (s.type != SEGMENT_LOAD)
            continue;
        TRY(size_add(s.address, s.memory_bytes, &end));
        if (s.file_bytes > s.memory_bytes)
            return ERR_BAD_FORMAT;
        low = MIN(low, s.address);
        high = MAX(high, end);
    }
    if (low >= high || high - low > IMAGE_BYTES_MAX || low % PAGE_SIZE_BYTES || h->entry < low || h->entry >= high)
        return ERR_BAD_FORMAT;
    *out_low = low;
    *out_bytes = high - low;
    return OK;
}

enum status kernel_image_load(struct view file, struct kernel_image *out)
{
    struct headers h;
    uint64_t low, bytes, at;
    TRY(read_headers(file, &h));
    TRY(measure(file, &h, &low, &bytes));
    TRY(pages_allocate(bytes, EFI_LOADER_CODE, BELOW_4G, &at));
    memset((void *)at, 0, bytes);
    for (uint32_t i = 0; i < h.segment_count; i++) {
        struct segment s;
        struct view content;
        TRY(read_segment(file, &h, i, &s));
        if (s.type != SEGMENT_LOAD)
            continue;
        TRY(view_part(file, s.offset, s.file_bytes, &content));
        memcpy((uint8_t *)at + (s.address - low), content.data, content.length);
    }
    *out = (struct kernel_image){at, bytes, at + (h.entry - low)};
    return OK;
}
