/* SPDX-License-Identifier: MIT
 * What the ACPI readers promise, on tables made here byte by byte. */
#include "acpi/acpi.h"
#include "base/string.h"
#include "unit/unit.h"

static uint8_t table[512];
static size_t length;

static void begin(const char *signature)
{
    memset(table, 0, sizeof table);
    memcpy(table, signature, 4);
    length = ACPI_HEADER_BYTES;
}
static void put(uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        table[length++] = (uint8_t)(value >> 8 * i);
}
static struct view finish(void)
{
    uint8_t sum = 0;
    table[4] = (uint8_t)length;
    table[5] = (uint8_t)(length >> 8);
    table[9] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
    return (struct view){table, length};
}
static struct view sample_madt(void)
{
    begin("APIC");
    put(0xfee00000, 4), put(1, 4);
    put(0, 1), put(8, 1), put(0, 1), put(3, 1), put(1, 4);                   /* CPU 0, APIC id 3, enabled */
    put(0, 1), put(8, 1), put(1, 1), put(4, 1), put(0, 4);                   /* CPU 1, APIC id 4, disabled */
    put(1, 1), put(12, 1), put(7, 1), put(0, 1), put(0xfec00000, 4), put(16, 4);
    put(2, 1), put(10, 1), put(0, 1), put(9, 1), put(20, 4), put(0xf, 2);    /* irq 9 is gsi 20, level, low */
    put(9, 1), put(16, 1), put(0, 2), put(300, 4), put(1, 4), put(9, 4);
    return finish();
}

TEST(a_madt_gives_cpus_ioapics_and_overrides)
{
    static struct acpi_madt m;
    CHECK_EQUAL(acpi_read_madt(sample_madt(), &m), OK);
    CHECK_EQUAL(m.lapic_address, 0xfee00000);
    CHECK(m.has_old_controllers);
    CHECK_EQUAL(m.cpu_count, 3);
    CHECK_EQUAL(m.cpus[0].apic_id, 3);
    CHECK(m.cpus[0].enabled && !m.cpus[1].enabled);
    CHECK_EQUAL(m.cpus[2].apic_id, 300);
    CHECK_EQUAL(m.ioapics[0].first_gsi, 16);
    CHECK(m.overrides[0].level && m.overrides[0].active_low);
    CHECK_EQUAL(m.overrides[0].gsi, 20);
}

TEST(a_wrong_checksum_is_corrupt)
{
    static struct acpi_madt m;
    struct view v = sample_madt();
    table[40] ^= 1;
    CHECK_EQUAL(acpi_read_madt(v, &m), ERR_CORRUPT);
}

TEST(a_length_beyond_the_bytes_is_refused)
{
    struct view body, v = sample_madt();
    v.length -= 1;
    CHECK(acpi_check(v, &body) != OK);
    v.length = 3;
    CHECK(acpi_check(v, &body) != OK);
}

TEST(an_entry_of_length_zero_does_not_loop)
{
    static struct acpi_madt m;
    begin("APIC");
    put(0, 8), put(0, 2);
    CHECK_EQUAL(acpi_read_madt(finish(), &m), ERR_CORRUPT);
}

TEST(an_entry_that_is_cut_is_refused)
{
    static struct acpi_madt m;
    begin("APIC");
    put(0, 8), put(1, 1), put(12, 1), put(0, 4);
    CHECK_EQUAL(acpi_read_madt(finish(), &m), ERR_TRUNCATED);
}

TEST(root_entries_end_with_not_found)
{
    uint64_t a;
    begin("RSDT");
    put(0x1000, 4), put(0x2000, 4);
    struct view v = finish();
    CHECK_EQUAL(acpi_root_entry(v, false, 1, &a), OK);
    CHECK_EQUAL(a, 0x2000);
    CHECK_EQUAL(acpi_root_entry(v, false, 2, &a), ERR_NOT_FOUND);
    CHECK_EQUAL(acpi_root_entry(v, true, 0, &a), OK);
    CHECK_EQUAL(a, 0x0000200000001000);
}

TEST(an_old_root_pointer_names_the_rsdt)
{
    uint8_t p[36] = "RSD PTR ";
    struct acpi_root root;
    uint8_t sum = 0;
    p[16] = 0x78, p[17] = 0x56;
    for (int i = 0; i < 20; i++)
        sum = (uint8_t)(sum + p[i]);
    p[8] = (uint8_t)-sum;
    CHECK_EQUAL(acpi_read_root((struct view){p, 36}, &root), OK);
    CHECK_EQUAL(root.table, 0x5678);
    CHECK(!root.wide);
    p[9] ^= 1;
    CHECK_EQUAL(acpi_read_root((struct view){p, 36}, &root), ERR_CORRUPT);
    CHECK(acpi_read_root((struct view){p, 12}, &root) != OK);
}

TEST(an_mcfg_with_buses_upside_down_is_corrupt)
{
    struct acpi_mcfg m;
    begin("MCFG");
    put(0, 8), put(0xb0000000, 8), put(0, 2), put(0, 1), put(255, 1), put(0, 4);
    CHECK_EQUAL(acpi_read_mcfg(finish(), &m), OK);
    CHECK_EQUAL(m.segments[0].address, 0xb0000000);
    CHECK_EQUAL(m.segments[0].last_bus, 255);
    begin("MCFG");
    put(0, 8), put(0xb0000000, 8), put(0, 2), put(9, 1), put(1, 1), put(0, 4);
    CHECK_EQUAL(acpi_read_mcfg(finish(), &m), ERR_CORRUPT);
}
