/* SPDX-License-Identifier: MIT
 * The interrupt descriptor table, one for all CPUs, constant after idt_init. All gates clear the interrupt flag. Breakpoint and
 * overflow may be raised by user mode; every other gate refuses INT n from there. */
#include "asm.h"
#include "machine_private.h"

struct gate { uint16_t offset_0; uint16_t selector; uint8_t ist, type; uint16_t offset_16; uint32_t offset_32, reserved; };
static_assert(sizeof(struct gate) == 16);
struct table_pointer { uint16_t limit; uint64_t base; } __attribute__((packed));

enum { GATE_KERNEL = 0x8e, GATE_USER = 0xee, STUB_BYTES = 16, VECTORS = 256 };
enum { VECTOR_NMI = 2, VECTOR_BREAKPOINT = 3, VECTOR_OVERFLOW = 4, VECTOR_DOUBLE_FAULT = 8, VECTOR_MACHINE_CHECK = 18 };

extern const char trap_stubs[], trap_nmi[], trap_double_fault[], trap_machine_check[];
static struct gate gates[VECTORS];

static void set_gate(uint32_t vector, const char *handler, uint8_t ist, uint8_t type)
{
    uint64_t address = (uint64_t)handler;
    gates[vector] = (struct gate){(uint16_t)address, SELECTOR_KERNEL_CODE, ist, type, (uint16_t)(address >> 16),
                                  (uint32_t)(address >> 32), 0};
}

void idt_init(void)
{
    for (uint32_t v = 0; v < VECTORS; v++)
        set_gate(v, trap_stubs + v * STUB_BYTES, 0, v == VECTOR_BREAKPOINT || v == VECTOR_OVERFLOW ? GATE_USER : GATE_KERNEL);
    set_gate(VECTOR_NMI, trap_nmi, IST_NMI, GATE_KERNEL);
    set_gate(VECTOR_DOUBLE_FAULT, trap_double_fault, IST_DOUBLE_FAULT, GATE_KERNEL);
    set_gate(VECTOR_MACHINE_CHECK, trap_machine_check, IST_MACHINE_CHECK, GATE_KERNEL);
}

void idt_load(void)
{
    struct table_pointer pointer = {sizeof gates - 1, (uint64_t)gates};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}
