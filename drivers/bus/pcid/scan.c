/* SPDX-License-Identifier: MIT
 * Finding the functions: the ECAM area from ACPI's MCFG table, then every bus that a bridge leads to. Tables and configuration space
 * are read as hostile bytes; a device that lies can at most be left out. */
#include "acpi/acpi.h"
#include "base/string.h"
#include "function.h"
#include "protocol/hardware.h"
#include "sys/log.h"

#define ECAM_BUS_BYTES (1u << 20)
#define TABLE_BYTES_MAX (1u << 16)

enum status physical_window(handle_t hardware, uint64_t address, uint64_t length, uint32_t flags, handle_t *out_memory)
{
    struct hardware_window_in in = {.address = address, .length = length, .flags = flags, .memory_place = PLACE_HIGH};
    struct hardware_window_out out;
    TRY(hardware_window(hardware, &in, &out));
    *out_memory = out.memory;
    return OK;
}

enum status physical_map(handle_t hardware, uint64_t address, uint64_t length, uint32_t flags, uint64_t *out_address)
{
    uint64_t first = align_down(address, PAGE_SIZE_BYTES), last = align_up(address + length, PAGE_SIZE_BYTES), mapped;
    handle_t window;
    TRY(physical_window(hardware, first, last - first, flags, &window));
    uint32_t protection = flags & HARDWARE_WINDOW_CACHED ? PROT_READ_ : PROT_READ_ | PROT_WRITE_ | MAP_UNCACHED_;
    enum status status = sys_map(HANDLE_SELF_SPACE, 0, last - first, MAP_SHARED_ | protection, window, 0, &mapped);
    IGNORE(sys_handle_close(window)); /* the mapping keeps it */
    if (status == OK)
        *out_address = mapped + (address - first);
    return status;
}

/* A whole table at a physical address. Firmware tables are small and few: the mappings stay. */
static enum status table_at(handle_t hardware, uint64_t address, struct view *out)
{
    uint64_t mapped;
    struct acpi_header header;
    TRY(physical_map(hardware, address, ACPI_HEADER_BYTES, HARDWARE_WINDOW_CACHED, &mapped));
    TRY(acpi_read_header((struct view){(const uint8_t *)(uintptr_t)mapped, ACPI_HEADER_BYTES}, &header));
    if (header.length > TABLE_BYTES_MAX)
        return ERR_CORRUPT;
    TRY(physical_map(hardware, address, header.length, HARDWARE_WINDOW_CACHED, &mapped));
    *out = (struct view){(const uint8_t *)(uintptr_t)mapped, header.length};
    return OK;
}

static enum status find_table(handle_t hardware, const char *signature, struct view *out)
{
    struct hardware_acpi_root_in in = {};
    struct hardware_acpi_root_out where;
    struct acpi_root root;
    struct view list;
    uint64_t mapped, address;
    TRY(hardware_acpi_root(hardware, &in, &where));
    if (!where.address)
        return ERR_NOT_FOUND;
    TRY(physical_map(hardware, where.address, ACPI_RSDP_BYTES, HARDWARE_WINDOW_CACHED, &mapped));
    TRY(acpi_read_root((struct view){(const uint8_t *)(uintptr_t)mapped, ACPI_RSDP_BYTES}, &root));
    TRY(table_at(hardware, root.table, &list));
    for (uint32_t i = 0; acpi_root_entry(list, root.wide, i, &address) == OK; i++)
        if (table_at(hardware, address, out) == OK && memcmp(out->data, signature, 4) == 0)
            return OK;
    return ERR_NOT_FOUND;
}

uint32_t function_read(const struct function *f, uint32_t offset, uint32_t bytes)
{
    switch (bytes) {
    case 1:
        return f->configuration[offset];
    case 2:
        return *(volatile uint16_t *)(volatile void *)(f->configuration + offset);
    default:
        return *(volatile uint32_t *)(volatile void *)(f->configuration + offset);
    }
}

void function_write(const struct function *f, uint32_t offset, uint32_t bytes, uint32_t value)
{
    switch (bytes) {
    case 1:
        f->configuration[offset] = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)(volatile void *)(f->configuration + offset) = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)(volatile void *)(f->configuration + offset) = value;
    }
}

static void snapshot(const struct function *f, uint8_t *space)
{
    for (uint32_t i = 0; i < 256; i += 4) {
        uint32_t word = function_read(f, i, 4);
        memcpy(space + i, &word, 4);
    }
}

/* With decoding off, so that the probe values are never live addresses. */
static void size_bars(struct function *f)
{
    uint32_t command = function_read(f, PCI_COMMAND, 2);
    function_write(f, PCI_COMMAND, 2, command & ~(PCI_COMMAND_PORTS | PCI_COMMAND_MEMORY));
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        uint32_t at = PCI_BAR_0 + i * 4;
        uint64_t value = function_read(f, at, 4), mask;
        bool wide = !(value & 1) && (value & 6) == 4 && i + 1 < PCI_BARS;
        if (wide)
            value |= (uint64_t)function_read(f, at + 4, 4) << 32;
        function_write(f, at, 4, UINT32_MAX);
        mask = function_read(f, at, 4);
        if (wide) {
            function_write(f, at + 4, 4, UINT32_MAX);
            mask |= (uint64_t)function_read(f, at + 4, 4) << 32;
            function_write(f, at + 4, 4, (uint32_t)(value >> 32));
        }
        function_write(f, at, 4, (uint32_t)value);
        if (pci_decode_bar(value, mask, i + 1 == PCI_BARS, &f->bars[i]) != OK)
            f->bars[i] = (struct pci_bar){};
        i += f->bars[i].is_wide;
    }
    function_write(f, PCI_COMMAND, 2, command);
}

struct scan { handle_t hardware; struct function *functions; uint32_t capacity, count; uint64_t bus_seen[4]; };

static void scan_bus(struct scan *s, const struct acpi_segment *segment, uint32_t bus);

/* Answers whether the function is there and says that it has siblings. */
static bool scan_function(struct scan *s, const struct acpi_segment *segment, uint32_t bus, uint32_t slot, uint64_t bus_mapped)
{
    uint8_t space[256];
    uint64_t offset = (uint64_t)slot << 12;
    struct function f = {
        .address = (uint32_t)segment->segment << 16 | bus << 8 | slot,
        .space = segment->address + (((uint64_t)bus - segment->first_bus) << 20) + offset,
        .configuration = (volatile uint8_t *)(uintptr_t)(bus_mapped + offset),
        .resource = HANDLE_NONE,
    };
    snapshot(&f, space);
    if (pci_read_header((struct view){space, sizeof space}, &f.header) != OK)
        return false;
    if (pci_read_msix((struct view){space, sizeof space}, &f.msix) != OK)
        f.msix = (struct pci_msix){};
    if (pci_read_msi((struct view){space, sizeof space}, &f.msi) != OK)
        f.msi = (struct pci_msi){};
    for (uint32_t i = 0; i < VECTORS_MAX; i++)
        f.interrupts[i] = HANDLE_NONE;
    if (f.header.is_bridge)
        scan_bus(s, segment, f.header.secondary_bus);
    else if (f.header.header_type == 0)
        size_bars(&f);
    if (s->count < s->capacity)
        s->functions[s->count++] = f;
    else
        log_warning("more than %u functions: %x is left out", s->capacity, f.address);
    return f.header.is_multifunction;
}

static void scan_bus(struct scan *s, const struct acpi_segment *segment, uint32_t bus)
{
    uint64_t mapped;
    if (bus < segment->first_bus || bus > segment->last_bus || s->bus_seen[bus / 64] >> (bus % 64) & 1)
        return;
    s->bus_seen[bus / 64] |= 1ull << (bus % 64);
    uint64_t start = segment->address + (((uint64_t)bus - segment->first_bus) << 20);
    enum status status = physical_map(s->hardware, start, ECAM_BUS_BYTES, 0, &mapped);
    if (status != OK) {
        log_warning("bus %u: its configuration space at 0x%lx cannot be mapped: %s", bus, start, status_sentence(status));
        return;
    }
    for (uint32_t device = 0; device < 32; device++)
        if (scan_function(s, segment, bus, device << 3, mapped))
            for (uint32_t function = 1; function < 8; function++)
                scan_function(s, segment, bus, device << 3 | function, mapped);
}

enum status functions_scan(handle_t hardware, struct function *functions, uint32_t capacity, uint32_t *out_count)
{
    struct view table;
    struct acpi_mcfg mcfg;
    struct scan s = {.hardware = hardware, .functions = functions, .capacity = capacity};
    TRY(find_table(hardware, "MCFG", &table));
    TRY(acpi_read_mcfg(table, &mcfg));
    for (uint32_t i = 0; i < mcfg.count; i++) {
        memset(s.bus_seen, 0, sizeof s.bus_seen);
        scan_bus(&s, &mcfg.segments[i], mcfg.segments[i].first_bus);
    }
    *out_count = s.count;
    return OK;
}
