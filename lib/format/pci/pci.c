/* SPDX-License-Identifier: MIT
 * PCI configuration space. Offsets come from the device and are checked against the space before each use. */
#include "pci/pci.h"
#include "base/try.h"

#define CAPABILITIES_LIMIT 48u /* as many as fit into 256 bytes */

static enum status field(struct view v, uint32_t offset, uint32_t bytes, uint32_t *out)
{
    struct view part;
    TRY(view_part(v, offset, bytes, &part));
    uint32_t value = 0;
    for (uint32_t i = bytes; i-- > 0;)
        value = value << 8 | part.data[i];
    *out = value;
    return OK;
}

enum status pci_read_header(struct view v, struct pci_header *out)
{
    uint32_t vendor_device, class_revision, type, subsystem = 0, interrupt, secondary;
    TRY(field(v, PCI_VENDOR, 4, &vendor_device));
    TRY(field(v, PCI_REVISION, 4, &class_revision));
    TRY(field(v, PCI_HEADER_TYPE, 1, &type));
    TRY(field(v, PCI_SUBSYSTEM_VENDOR, 4, &subsystem));
    TRY(field(v, PCI_INTERRUPT_LINE, 2, &interrupt));
    TRY(field(v, PCI_SECONDARY_BUS, 1, &secondary));
    if ((vendor_device & 0xffff) == 0xffff || vendor_device == 0)
        return ERR_NO_DEVICE;
    bool is_bridge = (type & 0x7f) == 1;
    *out = (struct pci_header){
        .vendor = (uint16_t)vendor_device, .device = (uint16_t)(vendor_device >> 16),
        .subsystem_vendor = is_bridge ? 0 : (uint16_t)subsystem, .subsystem_device = is_bridge ? 0 : (uint16_t)(subsystem >> 16),
        .class_code = class_revision >> 8, .revision = (uint8_t)class_revision, .header_type = type & 0x7f, .is_bridge = is_bridge,
        .is_multifunction = type & 0x80, .secondary_bus = is_bridge ? (uint8_t)secondary : 0, .interrupt_line = (uint8_t)interrupt,
        .interrupt_pin = (uint8_t)(interrupt >> 8),
    };
    return OK;
}

enum status pci_find_capability(struct view v, uint32_t id, uint32_t skip, uint32_t *out_offset)
{
    uint32_t status, at, head;
    TRY(field(v, PCI_STATUS, 2, &status));
    if (!(status & 0x10))
        return ERR_NOT_FOUND;
    TRY(field(v, PCI_CAPABILITIES, 1, &at));
    for (uint32_t i = 0; i < CAPABILITIES_LIMIT && (at & ~3u) >= 0x40; i++) {
        TRY(field(v, at & ~3u, 2, &head));
        if ((head & 0xff) == id && skip-- == 0) {
            *out_offset = at & ~3u;
            return OK;
        }
        at = head >> 8;
    }
    return ERR_NOT_FOUND;
}

enum status pci_read_msix(struct view v, struct pci_msix *out)
{
    uint32_t at, control, table;
    TRY(pci_find_capability(v, PCI_CAPABILITY_MSIX, 0, &at));
    TRY(field(v, at + 2, 2, &control));
    TRY(field(v, at + 4, 4, &table));
    if ((table & 7) >= PCI_BARS)
        return ERR_CORRUPT;
    *out = (struct pci_msix){.capability = at, .entries = (control & 0x7ff) + 1, .table_bar = table & 7, .table_offset = table & ~7u};
    return OK;
}

enum status pci_read_msi(struct view v, struct pci_msi *out)
{
    uint32_t at, control;
    TRY(pci_find_capability(v, PCI_CAPABILITY_MSI, 0, &at));
    TRY(field(v, at + 2, 2, &control));
    bool is_wide = control & PCI_MSI_WIDE;
    *out = (struct pci_msi){.capability = at, .data = at + (is_wide ? 12 : 8), .is_wide = is_wide,
                            .mask = control & PCI_MSI_MASKABLE ? at + (is_wide ? 16 : 12) : 0};
    return MAX(out->data + 2, out->mask ? out->mask + 4 : 0) <= v.length ? OK : ERR_CORRUPT;
}

enum status pci_decode_bar(uint64_t value, uint64_t mask, bool is_last, struct pci_bar *out)
{
    *out = (struct pci_bar){.is_ports = value & 1};
    if (out->is_ports) {
        uint64_t bits = mask & 0xfffc;
        out->address = value & 0xfffc;
        out->length = bits ? (~bits & 0xffff) + 1 : 0;
        return OK;
    }
    out->is_wide = (value & 6) == 4;
    out->is_prefetchable = value & 8;
    if (out->is_wide && is_last)
        return ERR_CORRUPT; /* its upper half would lie outside of the registers */
    uint64_t limit = out->is_wide ? UINT64_MAX : UINT32_MAX, bits = mask & limit & ~0xfull;
    out->address = value & limit & ~0xfull;
    out->length = bits ? (~bits & limit) + 1 : 0;
    if (out->length && !is_power_of_two(out->length))
        return ERR_CORRUPT;
    return OK;
}
