/* SPDX-License-Identifier: MIT
 * Vendor capabilities of a virtio device. The first of each kind that we can use is taken (4.1.4.1). */
#include "virtio/layout.h"
#include "base/checked.h"
#include "base/try.h"
#include "pci/pci.h"

enum { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY = 2, CAPABILITY_INTERRUPT = 3, CAPABILITY_DEVICE = 4 };
#define CAPABILITIES_MAX 16u

static enum status capability_read(struct view configuration, uint32_t at, struct virtio_layout *layout)
{
    uint8_t length, kind, bar;
    struct view bytes;
    TRY(view_part(configuration, at, configuration.length - at, &bytes));
    struct reader r = reader_of(bytes);
    struct virtio_region region;
    TRY(read_skip(&r, 2)); /* id, next */
    TRY(read_u8(&r, &length));
    TRY(read_u8(&r, &kind));
    TRY(read_u8(&r, &bar));
    TRY(read_skip(&r, 3));
    TRY(read_u32le(&r, &region.offset));
    TRY(read_u32le(&r, &region.bytes));
    region.bar = bar;
    struct virtio_region *const places[] = {[CAPABILITY_COMMON] = &layout->common, [CAPABILITY_NOTIFY] = &layout->notify,
                                            [CAPABILITY_INTERRUPT] = &layout->interrupt, [CAPABILITY_DEVICE] = &layout->device};
    if (kind == 0 || kind >= ARRAY_LENGTH(places) || bar >= PCI_BARS || places[kind]->bytes)
        return OK;
    if (kind == CAPABILITY_NOTIFY)
        TRY(read_u32le(&r, &layout->notify_multiplier));
    *places[kind] = region;
    return OK;
}

enum status virtio_layout_read(struct view configuration, struct virtio_layout *out)
{
    struct virtio_layout layout = {};
    uint32_t at;
    for (uint32_t i = 0; i < CAPABILITIES_MAX && pci_find_capability(configuration, PCI_CAPABILITY_VENDOR, i, &at) == OK; i++)
        TRY(capability_read(configuration, at, &layout));
    if (!layout.common.bytes || !layout.notify.bytes)
        return ERR_NO_DEVICE;
    if (layout.common.bytes < VIRTIO_COMMON_BYTES || layout.notify.bytes < 2)
        return ERR_CORRUPT;
    *out = layout;
    return OK;
}
