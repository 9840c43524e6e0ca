/* SPDX-License-Identifier: MIT
 * What the loader's files share. Firmware memory is identity mapped, so physical addresses are pointers here. */
#pragma once
#include "abi/boot.h"
#include "base/span.h"
#include "efi.h"

extern struct efi_system_table *system_table;

/* console.c: one line for people, "macrohard: " in front */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* pages.c */
enum status pages_allocate(uint64_t bytes, enum efi_memory_type type, uint64_t limit, uint64_t *out_address);

/* files.c: whole files of the volume that the loader came from; a text file's content is zero-terminated in memory */
enum status volume_open(efi_handle image);
enum status file_load(const efi_char *name, struct view *out);

/* kernel_image.c */
struct kernel_image { uint64_t physical, bytes, entry; }; /* entry: physical */
enum status kernel_image_load(struct view file, struct kernel_image *out);

/* machine_facts.c: what the firmware knows and the kernel wants */
void facts_framebuffer(struct boot_info *info);
void facts_acpi(struct boot_info *info);
void facts_seed(struct boot_info *info);

/* memory_map.c: the last words with the firmware; afterwards only the kernel is left to call */
enum status leave_firmware(efi_handle image, struct boot_info *info);
