/* SPDX-License-Identifier: MIT
 * The PVH start information (Xen's public arch-x86/hvm/start_info.h describes it) as a struct boot_info. Early code: see early.h. */
#include "base/string.h"
#include "base/try.h"
#include "boot/ranges.h"
#include "early.h"

struct pvh_start {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command, acpi_root;
    uint64_t map;           /* from version 1 on */
    uint32_t map_count, reserved;
};
struct pvh_module { uint64_t address, length, command, reserved; };
struct pvh_range { uint64_t address, length; uint32_t type, reserved; };
#define PVH_MAGIC 0x336ec578u
enum { E820_USABLE = 1, E820_ACPI = 3 };

EARLY static enum status take_map(const struct pvh_range *map, uint32_t count, bool usable, struct boot_info *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if ((map[i].type == E820_USABLE) != usable)
            continue;
        enum boot_memory kind = usable ? BOOT_MEMORY_USABLE : map[i].type == E820_ACPI ? BOOT_MEMORY_ACPI : BOOT_MEMORY_RESERVED;
        TRY(boot_ranges_mark(out, map[i].address, map[i].length, kind));
    }
    return OK;
}

EARLY enum status early_from_pvh(uint64_t address, struct boot_info *out)
{
    const struct pvh_start *start = (const struct pvh_start *)address;
    if (start->magic != PVH_MAGIC || start->version < 1)
        return ERR_BAD_FORMAT;
    const struct pvh_range *map = (const struct pvh_range *)start->map;
    /* Usable first: where the map contradicts itself, reserved wins. */
    TRY(take_map(map, start->map_count, true, out));
    TRY(take_map(map, start->map_count, false, out));
    if (start->module_count) {
        const struct pvh_module *module = (const struct pvh_module *)start->modules;
        out->initfs_physical = module->address;
        out->initfs_bytes = module->length;
    }
    if (start->command) {
        const char *command = (const char *)start->command;
        size_t length = string_length(command, BOOT_COMMAND_BYTES - 1);
        memcpy(out->command, command, length);
        out->command_bytes = (uint32_t)length;
    }
    out->acpi_root = start->acpi_root;
    return OK;
}
