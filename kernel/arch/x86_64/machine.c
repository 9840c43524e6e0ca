/* SPDX-License-Identifier: MIT
 * Bringing up what is around the CPU, in its order: tables, interrupt controllers, clocks. */
#include "arch/machine.h"
#include "asm.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "lapic.h"
#include "machine_private.h"
#include "topology.h"

struct acpi_madt machine_topology;
struct acpi_fadt machine_power;

/* The two 8259s: moved away from the exceptions, then silenced. Their spurious interrupts may still come, at 0x27 and 0x2f. */
static void silence_old_controllers(void)
{
    static const struct { uint16_t port; uint8_t value; } steps[] = {
        {0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 4}, {0xa1, 2}, {0x21, 1}, {0xa1, 1}, {0x21, 0xff}, {0xa1, 0xff},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        asm_out8(steps[i].port, steps[i].value);
}

static void read_tables(void)
{
    struct view table;
    if (acpi_find("APIC", &table) != OK || acpi_read_madt(table, &machine_topology) != OK)
        panic("the firmware gives no usable list of CPUs (ACPI table APIC; RSDP at 0x%lx)", arch_acpi_root());
    if (acpi_find("FACP", &table) != OK || acpi_read_fadt(table, &machine_power) != OK)
        log_warning("acpi: no usable FADT");
}

void arch_init_machine(void)
{
    context_init();
    read_tables();
    silence_old_controllers();
    lapic_setup(machine_topology.lapic_address);
    lapic_enable();
    ioapic_init();
    clock_init();
    clock_init_cpu();
    cmos_read_clock();
}
