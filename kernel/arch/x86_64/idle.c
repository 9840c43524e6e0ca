/* SPDX-License-Identifier: MIT
 * The only two places where the kernel lets interrupts in, and the end of all. */
#include "arch/machine.h"
#include "asm.h"

/* sti holds interrupts back for one more instruction, so a wake-up between the caller's test and hlt is not lost. */
void arch_idle(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }
void arch_interrupt_window(void) { __asm__ volatile("sti; nop; cli" : : : "memory"); }
void arch_pause(void) { asm_pause(); }

void arch_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}
