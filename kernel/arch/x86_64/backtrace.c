/* SPDX-License-Identifier: MIT
 * Walking kernel frames when nothing can be trusted: every address is looked up in the page tables before it is read. */
#include "arch/machine.h"
#include "asm.h"
#include "kernel/core/addresses.h"
#include "kernel/core/panic.h"
#include "machine_private.h"

enum : uint64_t { PAGE_PRESENT = 1, PAGE_LARGE = 1u << 7, PAGE_ADDRESS = 0x000ffffffffff000, KERNEL_HALF = 0xffff800000000000 };
enum { FRAMES_MAX = 200 };

bool kernel_address_mapped(uint64_t address)
{
    if (address < KERNEL_HALF)
        return false;
    uint64_t entry = asm_read_cr3();
    for (int shift = 39; shift >= 12; shift -= 9) {
        const uint64_t *table = phys_to_virt(phys(entry & PAGE_ADDRESS));
        entry = table[address >> shift & 511];
        if (!(entry & PAGE_PRESENT))
            return false;
        if (shift < 39 && entry & PAGE_LARGE)
            return true;
    }
    return true;
}

void arch_backtrace(uint64_t frame_pointer, void (*line)(uint64_t address))
{
    for (int i = 0; i < FRAMES_MAX; i++) {
        if (!is_aligned(frame_pointer, 8) || !kernel_address_mapped(frame_pointer) || !kernel_address_mapped(frame_pointer + 8))
            return;
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        if (!frame[1])
            return;
        line(frame[1]);
        if (frame[0] <= frame_pointer) /* frames only go up: else it is a loop or the end */
            return;
        frame_pointer = frame[0];
    }
}
