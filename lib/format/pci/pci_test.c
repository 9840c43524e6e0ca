/* SPDX-License-Identifier: MIT
 * Promises of the configuration-space reader. */
#include "pci/pci.h"
#include "unit/unit.h"

TEST(pci_an_empty_slot_is_no_device)
{
    uint8_t space[256];
    struct pci_header h;
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0xff;
    CHECK_EQUAL(pci_read_header((struct view){space, sizeof space}, &h), ERR_NO_DEVICE);
}

TEST(pci_a_capability_list_that_loops_ends)
{
    uint8_t space[256] = {[0] = 0x86, [1] = 0x80, [6] = 0x10, [0x34] = 0x40, [0x40] = 9, [0x41] = 0x40};
    uint32_t at;
    CHECK_EQUAL(pci_find_capability((struct view){space, sizeof space}, PCI_CAPABILITY_MSIX, 0, &at), ERR_NOT_FOUND);
}

TEST(pci_a_capability_outside_of_the_space_is_refused)
{
    uint8_t space[128] = {[0] = 0x86, [1] = 0x80, [6] = 0x10, [0x34] = 0xfc};
    uint32_t at;
    CHECK_EQUAL(pci_find_capability((struct view){space, sizeof space}, PCI_CAPABILITY_MSIX, 0, &at), ERR_OUT_OF_RANGE);
}

TEST(pci_msix_is_read)
{
    uint8_t space[256] = {[0] = 0x86, [1] = 0x80, [6] = 0x10, [0x34] = 0x40, [0x40] = 0x11, [0x42] = 3, [0x44] = 0x04, [0x45] = 0x20};
    struct pci_msix m;
    CHECK_EQUAL(pci_read_msix((struct view){space, sizeof space}, &m), OK);
    CHECK_EQUAL(m.entries, 4);
    CHECK_EQUAL(m.table_bar, 4);
    CHECK_EQUAL(m.table_offset, 0x2000);
}

TEST(pci_msi_is_read)
{
    uint8_t space[256] = {[0] = 0x86, [1] = 0x80, [6] = 0x10, [0x34] = 0x40, [0x40] = 0x05, [0x42] = 0x80};
    struct view v = {space, sizeof space};
    struct pci_msi m;
    CHECK_EQUAL(pci_read_msi(v, &m), OK);
    CHECK(m.is_wide);
    CHECK_EQUAL(m.data, 0x4c);
    CHECK_EQUAL(m.mask, 0);
    space[0x42] = 0, space[0x43] = 1;
    CHECK_EQUAL(pci_read_msi(v, &m), OK);
    CHECK_EQUAL(m.data, 0x48);
    CHECK_EQUAL(m.mask, 0x4c);
    space[0x34] = 0xf8, space[0xf8] = 0x05; /* its registers would lie outside */
    CHECK_EQUAL(pci_read_msi(v, &m), ERR_CORRUPT);
}

TEST(pci_bars_have_the_size_that_their_mask_says)
{
    struct pci_bar b;
    CHECK_EQUAL(pci_decode_bar(0xfebf0000, 0xffffc000, false, &b), OK);
    CHECK_EQUAL(b.length, 0x4000);
    CHECK_EQUAL(pci_decode_bar(0xc041, 0xffc1, false, &b), OK);
    CHECK(b.is_ports);
    CHECK_EQUAL(b.length, 0x40);
    CHECK_EQUAL(pci_decode_bar(0x800000000cull, 0xffffffffffffc00cull, false, &b), OK);
    CHECK(b.is_wide);
    CHECK_EQUAL(b.length, 0x4000);
    CHECK_EQUAL(pci_decode_bar(4, 0xffffc004, true, &b), ERR_CORRUPT);
    CHECK_EQUAL(pci_decode_bar(0, 0, false, &b), OK);
    CHECK_EQUAL(b.length, 0);
}
