/* SPDX-License-Identifier: MIT
 * What the loader tells the kernel. Made by boot/ under UEFI and by the kernel's direct entry (PVH, multiboot2);
 * the kernel copies it before it reuses any memory. All addresses physical, all lengths in bytes. */
#pragma once
#include <stdint.h>

#define BOOT_MAGIC 0x544f4f424f53484dull /* "MHSOBOOT" */
#define BOOT_VERSION 1u
#define BOOT_RANGES_MAX 256u
#define BOOT_COMMAND_BYTES 4096u

enum boot_memory : uint32_t {
    BOOT_MEMORY_USABLE = 1, BOOT_MEMORY_RESERVED, BOOT_MEMORY_ACPI, BOOT_MEMORY_KERNEL, BOOT_MEMORY_INITFS,
    BOOT_MEMORY_LOADER, /* boot_info, page tables: free after start */
};
struct boot_range { uint64_t start, length; uint32_t kind, reserved; };

struct boot_framebuffer { uint64_t address; uint32_t width, height, stride_bytes, format; }; /* format 1: XRGB8888; address 0: none */

enum boot_path : uint32_t { BOOT_UEFI = 1, BOOT_PVH, BOOT_MULTIBOOT2 };

struct boot_info {
    uint64_t magic;
    uint32_t version, path;          /* enum boot_path */
    uint64_t kernel_physical, kernel_virtual, kernel_bytes;
    uint64_t initfs_physical, initfs_bytes;
    uint64_t acpi_root;              /* RSDP; 0: search the BIOS areas */
    uint64_t seed[4];                /* entropy; with a fixed `seed=` on the command line this is all there is */
    uint64_t tsc_at_entry;
    struct boot_framebuffer framebuffer;
    uint32_t range_count, command_bytes;
    struct boot_range ranges[BOOT_RANGES_MAX]; /* ascending, not overlapping */
    char command[BOOT_COMMAND_BYTES];          /* zero-terminated */
};
/* Command-line words, separated by spaces: seed=N, log=LEVEL, exec=PERCENT-ENCODED (the command of ./mh exec; words joined by
 * %00), stdin=console, unit=NAME (start this unit as well), crash=KIND (end in a panic: kernel/main/crash.c). Unknown ones are for
 * init. */
