/* SPDX-License-Identifier: MIT
 * I/O APICs: which interrupt line reaches which vector (82093AA datasheet). lines_lock guards the index/data register pairs and the
 * vector table. All lines go to the boot CPU. */
#include "acpi/acpi.h"
#include "arch/machine.h"
#include "base/try.h"
#include "kernel/core/lock.h"
#include "kernel/core/log.h"
#include "kernel/mm/kernel_range.h"
#include "lapic.h"
#include "machine_private.h"
#include "topology.h"
#include "vectors.h"

enum { IOAPIC_INDEX = 0, IOAPIC_DATA = 4, REGISTER_VERSION = 1, REGISTER_LINES = 0x10 }; /* DATA: in 32-bit words */
enum : uint32_t { LINE_MASKED = 1u << 16, LINE_LEVEL = 1u << 15, LINE_LOW = 1u << 13 };

static struct { volatile uint32_t *registers; uint32_t first_gsi, lines; } ioapics[ACPI_IOAPICS_MAX];
static uint32_t ioapic_count;
static struct spinlock lines_lock = SPINLOCK_INIT(RANK_INTERRUPT);

/* What each device vector is for; the words are set before the line is unmasked and only read by the interrupt. */
static struct { bool taken, level; uint32_t gsi; } vectors[VECTOR_DEVICE_LAST + 1];

static uint32_t read_register(uint32_t io, uint32_t index)
{
    ioapics[io].registers[IOAPIC_INDEX] = index;
    return ioapics[io].registers[IOAPIC_DATA];
}

static void write_register(uint32_t io, uint32_t index, uint32_t value)
{
    ioapics[io].registers[IOAPIC_INDEX] = index;
    ioapics[io].registers[IOAPIC_DATA] = value;
}

static bool find_line(uint32_t gsi, uint32_t *out_io, uint32_t *out_index)
{
    for (uint32_t i = 0; i < ioapic_count; i++) {
        if (gsi < ioapics[i].first_gsi || gsi - ioapics[i].first_gsi >= ioapics[i].lines)
            continue;
        *out_io = i;
        *out_index = REGISTER_LINES + 2 * (gsi - ioapics[i].first_gsi);
        return true;
    }
    return false;
}

static void add_ioapic(const struct acpi_ioapic *io)
{
    void *mapped;
    if (kernel_range_map(phys(io->address), PAGE_BYTES, KERNEL_RANGE_UNCACHED, &mapped) != OK) {
        log_warning("I/O APIC at 0x%x: no room to map it", io->address);
        return;
    }
    uint32_t n = ioapic_count++;
    ioapics[n].registers = mapped;
    ioapics[n].first_gsi = io->first_gsi;
    ioapics[n].lines = (read_register(n, REGISTER_VERSION) >> 16 & 0xff) + 1;
    for (uint32_t line = 0; line < ioapics[n].lines; line++)
        write_register(n, REGISTER_LINES + 2 * line, LINE_MASKED);
}

void ioapic_init(void)
{
    for (uint32_t i = 0; i < machine_topology.ioapic_count; i++)
        add_ioapic(&machine_topology.ioapics[i]);
}

enum status arch_vector_allocate(uint32_t *out_vector)
{
    GUARD(&lines_lock);
    for (uint32_t v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++) {
        if (vectors[v].taken)
            continue;
        vectors[v].taken = true;
        vectors[v].level = false;
        *out_vector = v;
        return OK;
    }
    return ERR_LIMIT;
}

void arch_vector_free(uint32_t vector)
{
    GUARD(&lines_lock);
    vectors[vector].taken = vectors[vector].level = false;
}

enum status arch_line_route(uint32_t gsi, uint32_t vector, bool level, bool active_low)
{
    uint32_t io, index;
    GUARD(&lines_lock);
    if (!find_line(gsi, &io, &index))
        return ERR_NOT_FOUND;
    vectors[vector].gsi = gsi;
    vectors[vector].level = level;
    write_register(io, index + 1, cpus[0]->arch.apic_id << 24);
    write_register(io, index, LINE_MASKED | (level ? LINE_LEVEL : 0) | (active_low ? LINE_LOW : 0) | vector);
    return OK;
}

static void mask_line_locked(uint32_t gsi, bool masked)
{
    uint32_t io, index;
    if (!find_line(gsi, &io, &index))
        return;
    uint32_t value = read_register(io, index);
    write_register(io, index, masked ? value | LINE_MASKED : value & ~LINE_MASKED);
}

void arch_line_mask(uint32_t gsi, bool masked)
{
    GUARD(&lines_lock);
    mask_line_locked(gsi, masked);
}

void vector_quiet(uint32_t vector)
{
    if (vector > VECTOR_DEVICE_LAST || !vectors[vector].level)
        return;
    GUARD(&lines_lock);
    mask_line_locked(vectors[vector].gsi, true);
}

/* SDM 3A 11.11: fixed delivery to one CPU, edge. */
void arch_message_address(uint32_t vector, uint64_t *out_address, uint32_t *out_data)
{
    *out_address = 0xfee00000ull | (uint64_t)cpus[0]->arch.apic_id << 12;
    *out_data = vector;
}
