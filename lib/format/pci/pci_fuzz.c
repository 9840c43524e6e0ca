/* SPDX-License-Identifier: MIT
 * Any bytes as a configuration space: capability lists end, nothing outside is read. */
#include "pci/pci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view v = {data, size};
    struct pci_header header;
    struct pci_msix msix;
    uint32_t offset;
    if (pci_read_header(v, &header) != OK)
        return 0;
    for (uint32_t skip = 0; pci_find_capability(v, PCI_CAPABILITY_VENDOR, skip, &offset) == OK; skip++)
        if (offset >= size || skip > PCI_CONFIGURATION_BYTES)
            __builtin_trap();
    (void)(pci_read_msix(v, &msix) == OK);
    struct pci_msi msi;
    if (pci_read_msi(v, &msi) == OK && (msi.capability + 4 > size || msi.data + 2 > size))
        __builtin_trap();
    return 0;
}
