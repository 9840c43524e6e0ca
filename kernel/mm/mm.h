/* SPDX-License-Identifier: MIT
 * Bringing memory up, in the order that kernel_main calls. */
#pragma once
#include "abi/boot.h"

/* Frames, kernel page tables, heap, ranges, the zero frame. Needs arch_init_boot_cpu (this_cpu()). */
void mm_init(const struct boot_info *boot);
/* On each further CPU, before it runs contexts: loads the kernel's own page tables. */
void mm_init_cpu(void);
