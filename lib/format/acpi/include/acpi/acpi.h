/* SPDX-License-Identifier: MIT
 * ACPI tables (specification 6.5, chapter 5): checked, then read. Whoever has physical memory finds them; this only reads bytes.
 * Every function answers ERR_TRUNCATED or ERR_CORRUPT for tables that lie about themselves, and touches outputs only on OK. */
#pragma once
#include "base/span.h"

#define ACPI_HEADER_BYTES 36u
#define ACPI_RSDP_BYTES 36u     /* read as many; old ones are shorter and their rest is not looked at */
#define ACPI_CPUS_MAX 256u
#define ACPI_IOAPICS_MAX 16u
#define ACPI_OVERRIDES_MAX 24u
#define ACPI_SEGMENTS_MAX 16u

struct acpi_root { uint64_t table; bool wide; }; /* wide: XSDT, 64-bit entries */
enum status acpi_read_root(struct view rsdp, struct acpi_root *out);

struct acpi_header { uint8_t signature[4]; uint32_t length; uint8_t revision; };
/* Of the first ACPI_HEADER_BYTES; then take `length` bytes and give them to acpi_check. */
enum status acpi_read_header(struct view start, struct acpi_header *out);
/* Checksum and length of the whole table; *out_body is what follows the header. */
enum status acpi_check(struct view table, struct view *out_body);

/* Entry `index` of the root's table; ERR_NOT_FOUND after the last. */
enum status acpi_root_entry(struct view root_table, bool wide, uint32_t index, uint64_t *out_address);

struct acpi_cpu { uint32_t apic_id, processor; bool enabled, online_capable; };
struct acpi_ioapic { uint32_t id, address, first_gsi; };
struct acpi_override { uint8_t irq; uint32_t gsi; bool level, active_low; };
struct acpi_madt {
    uint64_t lapic_address;
    bool has_old_controllers;
    uint32_t cpu_count, ioapic_count, override_count;
    struct acpi_cpu cpus[ACPI_CPUS_MAX];
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    struct acpi_override overrides[ACPI_OVERRIDES_MAX];
};
enum status acpi_read_madt(struct view table, struct acpi_madt *out);

struct acpi_fadt {
    uint64_t dsdt;
    uint32_t timer_port, control_port_a, control_port_b; /* 0: none */
    bool timer_is_32_bit, has_reset;
    uint8_t reset_space, reset_value, century_register;
    uint16_t sci_interrupt;
    uint64_t reset_address;
};
enum status acpi_read_fadt(struct view table, struct acpi_fadt *out);

struct acpi_segment { uint64_t address; uint16_t segment; uint8_t first_bus, last_bus; };
struct acpi_mcfg { uint32_t count; struct acpi_segment segments[ACPI_SEGMENTS_MAX]; };
enum status acpi_read_mcfg(struct view table, struct acpi_mcfg *out);

enum status acpi_read_hpet(struct view table, uint64_t *out_address);
