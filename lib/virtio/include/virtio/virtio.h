/* SPDX-License-Identifier: MIT
 * A virtio device on PCI, modern interface only (virtio 1.2, 4.1). The order of 3.1.1:
 *
 *     virtio_open(&v, d, wanted features)      reset, acknowledged, features agreed
 *     virtio_queue_open(&v, 0, 128, &queue)    for each queue; MSI-X vector = the queue's index, in driver_ops.interrupt
 *     virtio_start(&v)                         driver ok
 *     virtq_add(&queue.ring, ...), virtio_notify(&queue); in interrupt: virtq_take until WOULD_BLOCK
 *
 * Owned by the driver's loop. */
#pragma once
#include "driver/driver.h"
#include "virtio/layout.h"
#include "virtio/queue.h"

#define VIRTIO_FEATURE_VERSION_1 (1ull << 32)
#define VIRTIO_FEATURE_ACCESS_PLATFORM (1ull << 33)

struct virtio {
    struct driver *driver;
    struct virtio_layout layout;
    struct mmio common, notify;
    struct mmio device;       /* the device's own configuration; bytes 0: it has none */
    uint64_t features;        /* agreed */
};
struct virtio_queue {
    struct virtq ring;
    struct dma_memory memory;
    struct mmio notify;       /* two bytes */
    uint16_t index;
};

/* `wanted`: features beyond VERSION_1 that the driver understands; what the device lacks is left out. NOT_SUPPORTED: it insists on others. */
enum status virtio_open(struct virtio *v, struct driver *d, uint64_t wanted);
/* At most `size` entries (a power of two), fewer when the device has fewer. */
enum status virtio_queue_open(struct virtio *v, uint16_t index, uint16_t size, struct virtio_queue *out);
void virtio_start(struct virtio *v);
void virtio_notify(struct virtio_queue *q);
/* The device stops: it touches no memory any more. */
void virtio_reset(struct virtio *v);
/* `length` bytes of the device's own configuration, read twice until the generation is the same. */
enum status virtio_config_read(const struct virtio *v, uint32_t offset, struct span to);
