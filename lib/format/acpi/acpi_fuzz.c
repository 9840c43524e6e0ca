/* SPDX-License-Identifier: MIT
 * Any bytes as each table: no read outside, and counts within their arrays. The checksum is made right first, or nearly nothing
 * would get past it. */
#include "acpi/acpi.h"
#include "base/string.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t table[4096];
    static struct acpi_madt madt;
    struct acpi_root root;
    struct acpi_fadt fadt;
    struct acpi_mcfg mcfg;
    uint64_t address;
    if (size < ACPI_HEADER_BYTES || size > sizeof table)
        return 0;
    memcpy(table, data, size);
    memcpy(table + 4, &(uint32_t){(uint32_t)size}, 4);
    table[9] = 0;
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)(0 - sum);
    struct view v = {table, size};
    (void)(acpi_read_root((struct view){data, size}, &root) == OK);
    for (uint32_t i = 0; acpi_root_entry(v, data[0] & 1, i, &address) == OK; i++)
        ;
    if (acpi_read_madt(v, &madt) == OK &&
        (madt.cpu_count > ACPI_CPUS_MAX || madt.ioapic_count > ACPI_IOAPICS_MAX || madt.override_count > ACPI_OVERRIDES_MAX))
        __builtin_trap();
    if (acpi_read_mcfg(v, &mcfg) == OK && mcfg.count > ACPI_SEGMENTS_MAX)
        __builtin_trap();
    (void)(acpi_read_fadt(v, &fadt) == OK);
    (void)(acpi_read_hpet(v, &address) == OK);
    return 0;
}
