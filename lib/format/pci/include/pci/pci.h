/* SPDX-License-Identifier: MIT
 * PCI configuration space (PCI Local Bus 3.0 chapter 6, PCI Express Base 7.5): read as bytes, believed in nothing. Pure. */
#pragma once
#include "base/span.h"

#define PCI_CONFIGURATION_BYTES 4096u
#define PCI_BARS 6u

enum : uint32_t { /* offsets */
    PCI_VENDOR = 0x00, PCI_DEVICE = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_REVISION = 0x08, PCI_CLASS = 0x09,
    PCI_HEADER_TYPE = 0x0e, PCI_BAR_0 = 0x10, PCI_SECONDARY_BUS = 0x19, PCI_SUBSYSTEM_VENDOR = 0x2c, PCI_SUBSYSTEM = 0x2e,
    PCI_CAPABILITIES = 0x34, PCI_INTERRUPT_LINE = 0x3c, PCI_INTERRUPT_PIN = 0x3d,
};
enum : uint32_t { PCI_COMMAND_PORTS = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4, PCI_COMMAND_NO_LINE = 1u << 10 };
enum : uint32_t { PCI_CAPABILITY_MSI = 0x05, PCI_CAPABILITY_VENDOR = 0x09, PCI_CAPABILITY_MSIX = 0x11 };
enum : uint32_t { PCI_MSI_ENABLE = 1, PCI_MSI_SEVERAL = 7u << 4, PCI_MSI_WIDE = 1u << 7, PCI_MSI_MASKABLE = 1u << 8 }; /* PCI 3.0, 6.8.1.3 */
enum : uint32_t { PCI_MSIX_ENABLE = 1u << 15, PCI_MSIX_MASK_ALL = 1u << 14 };

struct pci_header {
    uint16_t vendor, device, subsystem_vendor, subsystem_device;
    uint32_t class_code;       /* class << 16 | subclass << 8 | interface */
    uint8_t revision, header_type;
    bool is_bridge, is_multifunction;
    uint8_t secondary_bus;     /* of a bridge */
    uint8_t interrupt_line, interrupt_pin;
};
/* ERR_NO_DEVICE: nobody answers there. */
enum status pci_read_header(struct view configuration, struct pci_header *out);

/* The capability with this id at or after the `skip`th; *out_offset is where it begins. Terminates on loops. ERR_NOT_FOUND. */
enum status pci_find_capability(struct view configuration, uint32_t id, uint32_t skip, uint32_t *out_offset);

/* Offsets in the configuration space. `data` 0: no such capability; `mask` 0: its vectors cannot be masked. */
struct pci_msi { uint32_t capability, data, mask; bool is_wide; };
enum status pci_read_msi(struct view configuration, struct pci_msi *out);
struct pci_msix { uint32_t capability, entries, table_bar, table_offset; };
enum status pci_read_msix(struct view configuration, struct pci_msix *out);

struct pci_bar { uint64_t address, length; bool is_ports, is_wide, is_prefetchable; };
/* From what was in the register(s) and what they read after all ones were written. length 0: not there. */
enum status pci_decode_bar(uint64_t value, uint64_t mask, bool is_last, struct pci_bar *out);
