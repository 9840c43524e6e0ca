/* SPDX-License-Identifier: MIT
 * Bringing memory up. */
#include "kernel/mm/mm.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/kernel_range.h"
#include "kernel/mm/user_copy.h"

void mm_init(const struct boot_info *boot)
{
    frame_init(boot);
    mmu_init(boot->seed[2] ^ boot->seed[3]);
    heap_init();
    kernel_range_init();
    user_copy_init();
    uint64_t seed[4] = {boot->seed[0] ^ 0x6d6d, boot->seed[1], boot->seed[2], boot->seed[3]};
    space_seed(seed);
}

void mm_init_cpu(void) { mmu_init_cpu(); }
