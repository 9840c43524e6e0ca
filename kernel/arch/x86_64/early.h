/* SPDX-License-Identifier: MIT
 * What runs before the kernel is at its own address: identity mapped, not relocated. Such code uses no pointer that lies in
 * memory (tables of strings, function pointers), and is compiled without the stack protector (no GS yet). */
#pragma once
#include "abi/boot.h"
#include "abi/status.h"
#include "base/types.h"

#define EARLY __attribute__((no_stack_protector))

/* pvh.c and multiboot2.c: what the emulator or GRUB left at `address`, as a struct boot_info without kernel and seed. */
enum status early_from_pvh(uint64_t address, struct boot_info *out);
enum status early_from_multiboot2(uint64_t address, struct boot_info *out);

struct boot_info *direct_start(uint32_t path, uint64_t address);
/* Copies *from, chooses the random bases, relocates the image, builds the page tables, and returns their physical address. */
uint64_t early_start(const struct boot_info *from, uint64_t image_physical);
[[noreturn]] void arch_high_start(void);
[[noreturn]] void early_die(const char *message);
void early_print(const char *message);

extern struct boot_info boot_information; /* the kernel's copy */
extern uint64_t direct_map_limit;         /* physical addresses below it may be mapped directly */
extern uint64_t early_low_page;           /* below 640 KiB, ours for starting CPUs; 0: none was free */
