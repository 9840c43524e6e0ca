/* SPDX-License-Identifier: MIT
 * Where a virtio device keeps its structures (virtio 1.2, 4.1.4): read from the vendor capabilities of its configuration space,
 * believed in nothing. Pure. */
#pragma once
#include "base/span.h"

struct virtio_region { uint32_t bar, offset, bytes; }; /* bytes 0: not there */
struct virtio_layout {
    struct virtio_region common, notify, interrupt, device;
    uint32_t notify_multiplier;
};
enum : uint32_t { VIRTIO_COMMON_BYTES = 56 };

/* `configuration`: the first 256 bytes. NO_DEVICE: not a modern virtio device; CORRUPT: too small a structure. */
enum status virtio_layout_read(struct view configuration, struct virtio_layout *out);
