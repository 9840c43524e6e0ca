/* SPDX-License-Identifier: MIT
 * The direct entry: which of the two 32-bit doors was used, and what is common to both. Early code: see early.h. */
#include "asm.h"
#include "boot/ranges.h"
#include "early.h"
#include "machine_private.h"

static struct boot_info direct_information;

EARLY struct boot_info *direct_start(uint32_t path, uint64_t address)
{
    struct boot_info *info = &direct_information;
    info->magic = BOOT_MAGIC;
    info->version = BOOT_VERSION;
    info->path = path;
    info->tsc_at_entry = asm_tsc();
    serial_init();
    enum status s = path == BOOT_PVH ? early_from_pvh(address, info) : early_from_multiboot2(address, info);
    if (s != OK)
        early_die(path == BOOT_PVH ? "PVH start information is damaged" : "multiboot2 information is damaged");
    /* The real-mode vectors and the BIOS data area stay as they are; the area from 640 KiB is no RAM whatever the map says. */
    if (boot_ranges_mark(info, 0, 0x1000, BOOT_MEMORY_RESERVED) != OK ||
        boot_ranges_mark(info, 0xa0000, 0x60000, BOOT_MEMORY_RESERVED) != OK)
        early_die("the memory map has too many ranges");
    return info;
}
