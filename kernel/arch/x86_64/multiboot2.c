/* SPDX-License-Identifier: MIT
 * The multiboot2 boot information (specification 2.0, section 3.6) as a struct boot_info. Early code: see early.h. */
#include "base/span.h"
#include "base/string.h"
#include "base/try.h"
#include "boot/ranges.h"
#include "early.h"

enum : uint32_t {
    TAG_END = 0, TAG_COMMAND = 1, TAG_MODULE = 3, TAG_MAP = 6, TAG_FRAMEBUFFER = 8, TAG_ACPI_OLD = 14, TAG_ACPI_NEW = 15,
};
enum { MAP_USABLE = 1, MAP_ACPI = 3 };

EARLY static enum status take_map(struct reader r, bool usable, struct boot_info *out)
{
    uint32_t entry_bytes, version;
    TRY(read_u32le(&r, &entry_bytes));
    TRY(read_u32le(&r, &version));
    if (entry_bytes < 24)
        return ERR_BAD_FORMAT;
    while (r.rest.length >= entry_bytes) {
        uint64_t start, length;
        uint32_t type;
        TRY(read_u64le(&r, &start));
        TRY(read_u64le(&r, &length));
        TRY(read_u32le(&r, &type));
        TRY(read_skip(&r, entry_bytes - 20));
        if ((type == MAP_USABLE) != usable)
            continue;
        enum boot_memory kind = usable ? BOOT_MEMORY_USABLE : type == MAP_ACPI ? BOOT_MEMORY_ACPI : BOOT_MEMORY_RESERVED;
        TRY(boot_ranges_mark(out, start, length, kind));
    }
    return OK;
}

EARLY static enum status take_module(struct reader r, struct boot_info *out)
{
    uint32_t start, end;
    TRY(read_u32le(&r, &start));
    TRY(read_u32le(&r, &end));
    if (end < start)
        return ERR_BAD_FORMAT;
    out->initfs_physical = start;
    out->initfs_bytes = end - start;
    return OK;
}

EARLY static enum status take_framebuffer(struct reader r, struct boot_info *out)
{
    struct boot_framebuffer f = {.format = 1};
    uint8_t depth, type;
    TRY(read_u64le(&r, &f.address));
    TRY(read_u32le(&r, &f.stride_bytes));
    TRY(read_u32le(&r, &f.width));
    TRY(read_u32le(&r, &f.height));
    TRY(read_u8(&r, &depth));
    TRY(read_u8(&r, &type));
    if (depth == 32 && type == 1)
        out->framebuffer = f;
    return OK;
}

EARLY static enum status take_tag(uint32_t type, struct view content, struct boot_info *out)
{
    struct reader r = reader_of(content);
    switch (type) {
    case TAG_COMMAND:
        out->command_bytes = (uint32_t)MIN(string_length((const char *)content.data, content.length), BOOT_COMMAND_BYTES - 1);
        memcpy(out->command, content.data, out->command_bytes);
        return OK;
    case TAG_MODULE:
        return take_module(r, out);
    case TAG_MAP:
        TRY(take_map(r, true, out));
        return take_map(r, false, out);
    case TAG_FRAMEBUFFER:
        return take_framebuffer(r, out);
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW: /* a copy of the RSDP, inside memory that we do not keep: the tables' addresses are in it, so search instead */
    default:
        return OK;
    }
}

EARLY enum status early_from_multiboot2(uint64_t address, struct boot_info *out)
{
    struct reader r = reader_of((struct view){(const uint8_t *)address, 8});
    uint32_t total, reserved;
    TRY(read_u32le(&r, &total));
    TRY(read_u32le(&r, &reserved));
    r = reader_of((struct view){(const uint8_t *)address + 8, total - 8});
    while (r.rest.length) {
        uint32_t type, size;
        struct view content;
        TRY(read_u32le(&r, &type));
        TRY(read_u32le(&r, &size));
        if (type == TAG_END)
            return OK;
        if (size < 8)
            return ERR_BAD_FORMAT;
        TRY(read_view(&r, size - 8, &content));
        TRY(take_tag(type, content, out));
        TRY(read_skip(&r, MIN(-(uint64_t)size & 7, r.rest.length)));
    }
    return OK;
}
