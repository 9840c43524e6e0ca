/* SPDX-License-Identifier: MIT
 * The kernel half of every address space. Where in its region a part begins is random at each boot. */
#pragma once
#include <stdint.h>

#define DIRECT_REGION_START 0xffff800000000000ull /* all RAM, writable, never executable; base random by 1 GiB */
#define DIRECT_REGION_END   0xffffc00000000000ull
#define RANGE_REGION_START  0xffffc00000000000ull /* kernel/mm: stacks, large blocks, device registers */
#define RANGE_REGION_END    0xffffff0000000000ull
#define IMAGE_REGION_START  0xffffffff80000000ull /* the kernel image; base random by 16 KiB within IMAGE_REGION_BYTES */
#define IMAGE_REGION_BYTES  0x40000000ull
#define IMAGE_ALIGNMENT     0x4000ull /* nothing in the image asks for more */
