/* SPDX-License-Identifier: MIT
 * The kernel's random generator: seeded by the loader, or alone by seed=N when that is on the command line. */
#pragma once
#include "abi/boot.h"
#include "base/span.h"

void entropy_init(const struct boot_info *boot);
void entropy_fill(struct span to);
uint64_t entropy_u64(void);
