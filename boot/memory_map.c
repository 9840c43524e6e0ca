/* SPDX-License-Identifier: MIT
 * The firmware's last memory map as the kernel's list. What boot services used stays untouched until the kernel has page tables of its
 * own (the current ones are in it): kind LOADER. */
#include "abi/memory.h"
#include "base/try.h"
#include "boot/ranges.h"
#include "loader.h"

#define MAP_BYTES (128u << 10)
static uint8_t map[MAP_BYTES] __attribute__((aligned(16)));

static enum boot_memory kind_of(uint32_t type)
{
    switch (type) {
    case EFI_CONVENTIONAL: return BOOT_MEMORY_USABLE;
    case EFI_LOADER_CODE:
    case EFI_LOADER_DATA:
    case EFI_BOOT_CODE:
    case EFI_BOOT_DATA: return BOOT_MEMORY_LOADER;
    case EFI_ACPI_RECLAIM:
    case EFI_ACPI_KEEP: return BOOT_MEMORY_ACPI;
    default: return BOOT_MEMORY_RESERVED;
    }
}

static enum status take_map(uint64_t bytes, uint64_t descriptor_bytes, struct boot_info *info)
{
    for (uint64_t at = 0; at + descriptor_bytes <= bytes; at += descriptor_bytes) {
        const struct efi_memory_descriptor *d = (const void *)(map + at);
        TRY(boot_ranges_mark(info, d->physical, d->pages * PAGE_SIZE_BYTES, kind_of(d->type)));
    }
    return boot_ranges_mark(info, 0, PAGE_SIZE_BYTES, BOOT_MEMORY_RESERVED); /* real-mode vectors */
}

enum status leave_firmware(efi_handle image, struct boot_info *info)
{
    struct efi_boot_services *boot = system_table->boot;
    uint64_t bytes = 0, key = 0, descriptor_bytes = 0;
    uint32_t version;
    efi_status s = EFI_OK;
    /* Asking for the map may change it (7.4.6); then the key is refused and a second try succeeds. */
    for (int tries = 0; tries < 4; tries++) {
        bytes = sizeof map;
        s = boot->memory_map(&bytes, map, &key, &descriptor_bytes, &version);
        if (EFI_FAILED(s) || descriptor_bytes < sizeof(struct efi_memory_descriptor))
            return ERR_TOO_BIG;
        s = boot->exit_boot_services(image, key);
        if (!EFI_FAILED(s))
            return take_map(bytes, descriptor_bytes, info);
    }
    return ERR_BUSY;
}
