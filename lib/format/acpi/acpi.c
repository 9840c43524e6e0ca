/* SPDX-License-Identifier: MIT
 * Reading ACPI tables. Section numbers are those of specification 6.5. */
#include "acpi/acpi.h"
#include "base/string.h"
#include "base/try.h"

enum { RSDP_OLD_BYTES = 20 };

static bool sums_to_zero(struct view v)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < v.length; i++)
        sum = (uint8_t)(sum + v.data[i]);
    return sum == 0;
}

/* 5.2.5.3 */
enum status acpi_read_root(struct view rsdp, struct acpi_root *out)
{
    struct view old, signature, whole;
    struct reader r;
    uint8_t revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    TRY(view_part(rsdp, 0, RSDP_OLD_BYTES, &old));
    TRY(view_part(rsdp, 0, 8, &signature));
    if (!view_equal(signature, VIEW_OF_LITERAL("RSD PTR ")) || !sums_to_zero(old))
        return ERR_CORRUPT;
    r = reader_of(old);
    TRY(read_skip(&r, 15));
    TRY(read_u8(&r, &revision));
    TRY(read_u32le(&r, &rsdt));
    if (revision < 2) {
        *out = (struct acpi_root){rsdt, false};
        return OK;
    }
    r = reader_of(rsdp);
    TRY(read_skip(&r, RSDP_OLD_BYTES));
    TRY(read_u32le(&r, &length));
    TRY(read_u64le(&r, &xsdt));
    TRY(view_part(rsdp, 0, length, &whole));
    if (!sums_to_zero(whole))
        return ERR_CORRUPT;
    *out = xsdt ? (struct acpi_root){xsdt, true} : (struct acpi_root){rsdt, false};
    return OK;
}

/* 5.2.6 */
enum status acpi_read_header(struct view start, struct acpi_header *out)
{
    struct reader r = reader_of(start);
    struct view signature;
    struct acpi_header h;
    TRY(read_view(&r, sizeof h.signature, &signature));
    TRY(read_u32le(&r, &h.length));
    TRY(read_u8(&r, &h.revision));
    if (h.length < ACPI_HEADER_BYTES)
        return ERR_CORRUPT;
    memcpy(h.signature, signature.data, sizeof h.signature);
    *out = h;
    return OK;
}

enum status acpi_check(struct view table, struct view *out_body)
{
    struct acpi_header h;
    struct view whole;
    TRY(acpi_read_header(table, &h));
    TRY(view_part(table, 0, h.length, &whole));
    if (!sums_to_zero(whole))
        return ERR_CORRUPT;
    return view_part(whole, ACPI_HEADER_BYTES, h.length - ACPI_HEADER_BYTES, out_body);
}

enum status acpi_root_entry(struct view root_table, bool wide, uint32_t index, uint64_t *out_address)
{
    struct view body, entry;
    uint64_t bytes = wide ? 8 : 4;
    uint32_t narrow;
    TRY(acpi_check(root_table, &body));
    if (view_part(body, index * bytes, bytes, &entry) != OK)
        return ERR_NOT_FOUND;
    struct reader r = reader_of(entry);
    if (wide)
        return read_u64le(&r, out_address);
    TRY(read_u32le(&r, &narrow));
    *out_address = narrow;
    return OK;
}

/* 5.2.12: the multiple APIC description table */
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_ADDRESS = 5, MADT_X2APIC = 9 };
enum { CPU_ENABLED = 1, CPU_ONLINE_CAPABLE = 2, POLARITY_LOW = 3, TRIGGER_LEVEL = 3 };

static void add_cpu(struct acpi_madt *out, uint32_t processor, uint32_t apic_id, uint32_t flags)
{
    if (out->cpu_count < ACPI_CPUS_MAX) /* more than we can use is not an error */
        out->cpus[out->cpu_count++] = (struct acpi_cpu){apic_id, processor, flags & CPU_ENABLED, flags & CPU_ONLINE_CAPABLE};
}

static enum status read_lapic(struct reader r, struct acpi_madt *out)
{
    uint8_t processor, apic_id;
    uint32_t flags;
    TRY(read_u8(&r, &processor));
    TRY(read_u8(&r, &apic_id));
    TRY(read_u32le(&r, &flags));
    add_cpu(out, processor, apic_id, flags);
    return OK;
}

static enum status read_x2apic(struct reader r, struct acpi_madt *out)
{
    uint32_t apic_id, flags, processor;
    TRY(read_skip(&r, 2));
    TRY(read_u32le(&r, &apic_id));
    TRY(read_u32le(&r, &flags));
    TRY(read_u32le(&r, &processor));
    add_cpu(out, processor, apic_id, flags);
    return OK;
}

static enum status read_ioapic(struct reader r, struct acpi_madt *out)
{
    uint8_t id, reserved;
    struct acpi_ioapic io;
    TRY(read_u8(&r, &id));
    TRY(read_u8(&r, &reserved));
    TRY(read_u32le(&r, &io.address));
    TRY(read_u32le(&r, &io.first_gsi));
    io.id = id;
    if (out->ioapic_count < ACPI_IOAPICS_MAX)
        out->ioapics[out->ioapic_count++] = io;
    return OK;
}

static enum status read_override(struct reader r, struct acpi_madt *out)
{
    uint8_t bus;
    uint16_t flags;
    struct acpi_override o;
    TRY(read_u8(&r, &bus));
    TRY(read_u8(&r, &o.irq));
    TRY(read_u32le(&r, &o.gsi));
    TRY(read_u16le(&r, &flags));
    o.active_low = (flags & 3) == POLARITY_LOW;
    o.level = (flags >> 2 & 3) == TRIGGER_LEVEL;
    if (bus == 0 && out->override_count < ACPI_OVERRIDES_MAX)
        out->overrides[out->override_count++] = o;
    return OK;
}

static enum status read_madt_entry(uint8_t type, struct reader r, struct acpi_madt *out)
{
    switch (type) {
    case MADT_LAPIC: return read_lapic(r, out);
    case MADT_IOAPIC: return read_ioapic(r, out);
    case MADT_OVERRIDE: return read_override(r, out);
    case MADT_X2APIC: return read_x2apic(r, out);
    case MADT_LAPIC_ADDRESS:
        TRY(read_skip(&r, 2));
        return read_u64le(&r, &out->lapic_address);
    default: return OK;
    }
}

enum status acpi_read_madt(struct view table, struct acpi_madt *out)
{
    struct view body;
    uint32_t lapic, flags;
    TRY(acpi_check(table, &body));
    struct reader r = reader_of(body);
    TRY(read_u32le(&r, &lapic));
    TRY(read_u32le(&r, &flags));
    *out = (struct acpi_madt){.lapic_address = lapic, .has_old_controllers = flags & 1};
    while (r.rest.length) {
        uint8_t type, length;
        struct view entry;
        TRY(read_u8(&r, &type));
        TRY(read_u8(&r, &length));
        if (length < 2)
            return ERR_CORRUPT;
        TRY(read_view(&r, length - 2u, &entry));
        TRY(read_madt_entry(type, reader_of(entry), out));
    }
    return OK;
}

/* A field of a fixed table that older revisions do not have: 0 then. */
static uint64_t field(struct view table, uint64_t offset, uint64_t bytes)
{
    struct view v;
    uint64_t value = 0;
    if (view_part(table, offset, bytes, &v) != OK)
        return 0;
    for (uint64_t i = 0; i < bytes; i++)
        value |= (uint64_t)v.data[i] << 8 * i;
    return value;
}

/* 5.2.9 */
enum : uint32_t { FADT_TIMER_32_BIT = 1u << 8, FADT_RESET = 1u << 10 };

enum status acpi_read_fadt(struct view table, struct acpi_fadt *out)
{
    struct view body, whole;
    TRY(acpi_check(table, &body));
    TRY(view_part(table, 0, body.length + ACPI_HEADER_BYTES, &whole));
    if (whole.length < 116)
        return ERR_TRUNCATED;
    uint64_t wide_dsdt = field(whole, 140, 8);
    uint32_t flags = (uint32_t)field(whole, 112, 4);
    *out = (struct acpi_fadt){
        .dsdt = wide_dsdt ? wide_dsdt : field(whole, 40, 4),
        .sci_interrupt = (uint16_t)field(whole, 46, 2),
        .control_port_a = (uint32_t)field(whole, 64, 4),
        .control_port_b = (uint32_t)field(whole, 68, 4),
        .timer_port = (uint32_t)field(whole, 76, 4),
        .century_register = (uint8_t)field(whole, 108, 1),
        .timer_is_32_bit = flags & FADT_TIMER_32_BIT,
        .has_reset = flags & FADT_RESET && whole.length >= 129,
        .reset_space = (uint8_t)field(whole, 116, 1),
        .reset_address = field(whole, 120, 8),
        .reset_value = (uint8_t)field(whole, 128, 1),
    };
    return OK;
}

/* PCI firmware specification 3.3, 4.1.2 */
enum status acpi_read_mcfg(struct view table, struct acpi_mcfg *out)
{
    struct view body;
    TRY(acpi_check(table, &body));
    struct reader r = reader_of(body);
    *out = (struct acpi_mcfg){0};
    TRY(read_skip(&r, 8));
    while (r.rest.length && out->count < ACPI_SEGMENTS_MAX) {
        struct acpi_segment s;
        TRY(read_u64le(&r, &s.address));
        TRY(read_u16le(&r, &s.segment));
        TRY(read_u8(&r, &s.first_bus));
        TRY(read_u8(&r, &s.last_bus));
        TRY(read_skip(&r, 4));
        if (s.last_bus < s.first_bus)
            return ERR_CORRUPT;
        out->segments[out->count++] = s;
    }
    return OK;
}

/* IA-PC HPET specification 1.0a, 3.2.4 */
enum status acpi_read_hpet(struct view table, uint64_t *out_address)
{
    struct view body;
    uint32_t id;
    uint8_t space;
    TRY(acpi_check(table, &body));
    struct reader r = reader_of(body);
    TRY(read_u32le(&r, &id));
    TRY(read_u8(&r, &space));
    TRY(read_skip(&r, 3));
    if (space != 0)
        return ERR_NOT_SUPPORTED;
    return read_u64le(&r, out_address);
}
