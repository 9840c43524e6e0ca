/* SPDX-License-Identifier: MIT
 * The local APIC (SDM 3A chapter 11): end of interrupt, timer, interrupts between CPUs. Registers through x2APIC MSRs where the CPU has
 * them, else through the mapped page. Each CPU writes only its own. */
#include "lapic.h"
#include "arch/machine.h"
#include "asm.h"
#include "kernel/core/panic.h"
#include "kernel/mm/kernel_range.h"
#include "machine_private.h"
#include "vectors.h"

enum lapic_register : uint32_t { /* byte offsets of the memory form */
    LAPIC_ID = 0x20, LAPIC_TASK_PRIORITY = 0x80, LAPIC_END = 0xb0, LAPIC_SPURIOUS = 0xf0, LAPIC_COMMAND = 0x300,
    LAPIC_COMMAND_HIGH = 0x310, LAPIC_TIMER = 0x320, LAPIC_LINE_0 = 0x350, LAPIC_LINE_1 = 0x360, LAPIC_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380, LAPIC_TIMER_CURRENT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
};
enum : uint32_t {
    APIC_BASE_X2 = 1u << 10, APIC_BASE_ON = 1u << 11, SPURIOUS_ON = 1u << 8, MASKED = 1u << 16, TIMER_DEADLINE = 2u << 17,
    DIVIDE_BY_16 = 3, DELIVERY_NMI = 4u << 8, DELIVERY_INIT = 5u << 8, DELIVERY_STARTUP = 6u << 8, LEVEL_ASSERT = 1u << 14,
    TO_ALL_OTHERS = 3u << 18, PENDING = 1u << 12,
};

static volatile uint32_t *registers; /* null: x2APIC, or not yet set up */
static bool x2apic;

static uint32_t read_register(enum lapic_register r) { return x2apic ? (uint32_t)asm_read_msr(MSR_X2APIC + r / 16) : registers[r / 4]; }

static void write_register(enum lapic_register r, uint32_t value)
{
    if (x2apic)
        asm_write_msr(MSR_X2APIC + r / 16, value);
    else
        registers[r / 4] = value;
}

static void send(uint32_t apic_id, uint32_t command)
{
    count_cpu_interrupt();
    if (x2apic) {
        asm_write_msr(MSR_X2APIC + LAPIC_COMMAND / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    while (read_register(LAPIC_COMMAND) & PENDING)
        asm_pause();
    write_register(LAPIC_COMMAND_HIGH, apic_id << 24);
    write_register(LAPIC_COMMAND, command);
}

void lapic_setup(uint64_t physical)
{
    void *mapped;
    x2apic = cpu_features.x2apic;
    if (x2apic)
        return;
    if (kernel_range_map(phys(physical), PAGE_BYTES, KERNEL_RANGE_UNCACHED, &mapped) != OK)
        panic("no room to map the local APIC at 0x%lx", physical);
    registers = mapped;
}

void lapic_enable(void)
{
    uint64_t base = asm_read_msr(MSR_APIC_BASE) | APIC_BASE_ON;
    asm_write_msr(MSR_APIC_BASE, base);
    if (x2apic)
        asm_write_msr(MSR_APIC_BASE, base | APIC_BASE_X2);
    write_register(LAPIC_TASK_PRIORITY, 0);
    write_register(LAPIC_LINE_0, MASKED);
    write_register(LAPIC_LINE_1, DELIVERY_NMI);
    write_register(LAPIC_ERROR, MASKED);
    write_register(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
    write_register(LAPIC_TIMER, MASKED | VECTOR_TIMER);
    write_register(LAPIC_SPURIOUS, SPURIOUS_ON | VECTOR_SPURIOUS);
    this_cpu()->arch.apic_id = lapic_id();
}

bool lapic_is_on(void) { return x2apic || registers; }
uint32_t lapic_id(void) { return x2apic ? read_register(LAPIC_ID) : read_register(LAPIC_ID) >> 24; }
void lapic_end_of_interrupt(void) { write_register(LAPIC_END, 0); }

void lapic_timer_use(bool deadline) { write_register(LAPIC_TIMER, VECTOR_TIMER | (deadline ? TIMER_DEADLINE : 0)); }
/* Counts down from the top without an interrupt. */
void lapic_timer_measure(void)
{
    write_register(LAPIC_TIMER, MASKED | VECTOR_TIMER);
    write_register(LAPIC_TIMER_INITIAL, UINT32_MAX);
}
void lapic_timer_start(uint32_t count) { write_register(LAPIC_TIMER_INITIAL, count); }
uint32_t lapic_timer_left(void) { return read_register(LAPIC_TIMER_CURRENT); }

void lapic_send_init(uint32_t apic_id) { send(apic_id, DELIVERY_INIT | LEVEL_ASSERT); }
void lapic_send_startup(uint32_t apic_id, uint32_t page) { send(apic_id, DELIVERY_STARTUP | LEVEL_ASSERT | page); }

void arch_send_reschedule(uint32_t cpu) { send(cpus[cpu]->arch.apic_id, VECTOR_RESCHEDULE | LEVEL_ASSERT); }
void arch_send_shootdown(uint32_t cpu) { send(cpus[cpu]->arch.apic_id, VECTOR_SHOOTDOWN | LEVEL_ASSERT); }

/* By NMI: the others may have interrupts off for ever. */
void arch_send_stop_all(void)
{
    __atomic_store_n(&arch_stopping, true, __ATOMIC_RELEASE);
    if (lapic_is_on() && cpu_count > 1)
        send(0, DELIVERY_NMI | LEVEL_ASSERT | TO_ALL_OTHERS);
}
