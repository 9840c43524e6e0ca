/* SPDX-License-Identifier: MIT
 * Finding ACPI tables in physical memory; lib/format/acpi reads them. Used while the machine comes up, by one CPU. */
#include "acpi/acpi.h"
#include "arch/machine.h"
#include "base/string.h"
#include "base/try.h"
#include "early.h"
#include "kernel/core/addresses.h"
#include "kernel/core/log.h"
#include "kernel/mm/kernel_range.h"
#include "machine_private.h"

enum : uint64_t { BIOS_AREA = 0xe0000, BIOS_AREA_END = 0x100000, EBDA_POINTER = 0x40e, TABLE_BYTES_MAX = 1u << 20 };

/* Bytes of physical memory: through the direct map where it reaches, else by a mapping that stays (firmware tables are few). */
static enum status physical_view(uint64_t address, uint64_t length, struct view *out)
{
    const uint8_t *direct = phys_to_virt(phys(address));
    bool reached = true;
    for (uint64_t at = address; at < address + length && reached; at = align_down(at, PAGE_BYTES) + PAGE_BYTES)
        reached = at < direct_map_limit && kernel_address_mapped((uint64_t)phys_to_virt(phys(at)));
    if (!reached) {
        uint64_t start = align_down(address, PAGE_BYTES);
        void *mapped;
        TRY(kernel_range_map(phys(start), align_up(address + length, PAGE_BYTES) - start, 0, &mapped));
        direct = (const uint8_t *)mapped + (address - start);
    }
    *out = (struct view){direct, length};
    return OK;
}

static enum status table_at(uint64_t address, struct view *out)
{
    struct view start;
    struct acpi_header header;
    TRY(physical_view(address, ACPI_HEADER_BYTES, &start));
    TRY(acpi_read_header(start, &header));
    if (header.length > TABLE_BYTES_MAX)
        return ERR_CORRUPT;
    return physical_view(address, header.length, out);
}

/* 5.2.5.1: on a 16-byte boundary in the BIOS area. */
static uint64_t search_root(void)
{
    for (uint64_t at = BIOS_AREA; at < BIOS_AREA_END; at += 16) {
        struct view v = {phys_to_virt(phys(at)), ACPI_RSDP_BYTES};
        struct acpi_root root;
        if (acpi_read_root(v, &root) == OK)
            return at;
    }
    return 0;
}

uint64_t arch_acpi_root(void)
{
    if (!boot_information.acpi_root)
        boot_information.acpi_root = search_root();
    return boot_information.acpi_root;
}

enum status acpi_find(const char signature[4], struct view *out_table)
{
    struct view bytes, root_table;
    struct acpi_root root;
    uint64_t address = arch_acpi_root();
    if (!address)
        return ERR_NOT_FOUND;
    TRY(physical_view(address, ACPI_RSDP_BYTES, &bytes));
    TRY(acpi_read_root(bytes, &root));
    TRY(table_at(root.table, &root_table));
    for (uint32_t i = 0;; i++) {
        TRY(acpi_root_entry(root_table, root.wide, i, &address));
        if (table_at(address, &bytes) != OK || memcmp(bytes.data, signature, 4) != 0)
            continue;
        *out_table = bytes;
        return OK;
    }
}
