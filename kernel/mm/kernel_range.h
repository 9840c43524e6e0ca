/* SPDX-License-Identifier: MIT
 * The kernel's mapped area: virtual ranges backed by single frames, with an unmapped page before each. For stacks, large tables,
 * per-CPU areas and device registers. Not for use under a lock: freeing sends shootdowns. */
#pragma once
#include "abi/status.h"
#include "kernel/core/addresses.h"

enum : uint32_t { KERNEL_RANGE_UNCACHED = 1 };

void kernel_range_init(void);
enum status kernel_range_allocate(size_t bytes, void **out);                        /* zeroed, writable, not executable */
enum status kernel_range_map(phys_addr_t start, size_t bytes, uint32_t flags, void **out); /* e.g. device registers */
void kernel_range_free(void *pointer, size_t bytes);
void kernel_range_unmap(void *pointer, size_t bytes);                                /* of kernel_range_map */
