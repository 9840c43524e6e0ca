/* SPDX-License-Identifier: MIT
 * The PCI transport: register names as in virtio 1.2, 4.1.4.3. */
#include "virtio/virtio.h"
#include "base/checked.h"
#include "base/string.h"
#include "pci/pci.h"
#include "sys/clock.h"
#include "sys/log.h"

enum : uint32_t { /* common configuration */
    DEVICE_FEATURE_SELECT = 0, DEVICE_FEATURE = 4, DRIVER_FEATURE_SELECT = 8, DRIVER_FEATURE = 12, CONFIG_MSIX_VECTOR = 16,
    NUM_QUEUES = 18, DEVICE_STATUS = 20, CONFIG_GENERATION = 21, QUEUE_SELECT = 22, QUEUE_SIZE = 24, QUEUE_MSIX_VECTOR = 26,
    QUEUE_ENABLE = 28, QUEUE_NOTIFY_OFF = 30, QUEUE_DESC = 32, QUEUE_DRIVER = 40, QUEUE_DEVICE = 48,
};
enum : uint8_t { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8, STATUS_FAILED = 128 };
#define NO_VECTOR 0xffffu
#define RESET_LIMIT_NS 1000000000ull
#define GENERATION_TRIES 16

static enum status region_map(struct driver *d, const struct virtio_region *r, struct mmio *out)
{
    struct mmio bar;
    TRY(device_bar_map(&d->device, r->bar, &bar));
    if (!range_fits(r->offset, r->bytes, bar.bytes))
        return ERR_CORRUPT;
    *out = (struct mmio){bar.base + r->offset, r->bytes};
    return OK;
}

static void status_add(struct virtio *v, uint8_t bits)
{
    mmio_write8(v->common, DEVICE_STATUS, mmio_read8(v->common, DEVICE_STATUS) | bits);
}

static enum status reset_wait(struct virtio *v)
{
    uint64_t limit = clock_monotonic_ns() + RESET_LIMIT_NS;
    mmio_write8(v->common, DEVICE_STATUS, 0);
    while (mmio_read8(v->common, DEVICE_STATUS) != 0) {
        if (clock_monotonic_ns() > limit)
            return ERR_TIMED_OUT;
        sys_yield();
    }
    return OK;
}

void virtio_reset(struct virtio *v)
{
    if (v->common.bytes && reset_wait(v) != OK)
        log_warning("the device does not answer a reset");
}

static enum status features_agree(struct virtio *v, uint64_t wanted)
{
    uint64_t offered = 0;
    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(v->common, DEVICE_FEATURE_SELECT, half);
        offered |= (uint64_t)mmio_read32(v->common, DEVICE_FEATURE) << (half * 32);
    }
    if (!(offered & VIRTIO_FEATURE_VERSION_1))
        return ERR_NOT_SUPPORTED;
    v->features = offered & (wanted | VIRTIO_FEATURE_VERSION_1 | VIRTIO_FEATURE_ACCESS_PLATFORM);
    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(v->common, DRIVER_FEATURE_SELECT, half);
        mmio_write32(v->common, DRIVER_FEATURE, (uint32_t)(v->features >> (half * 32)));
    }
    status_add(v, STATUS_FEATURES_OK);
    if (mmio_read8(v->common, DEVICE_STATUS) & STATUS_FEATURES_OK)
        return OK;
    status_add(v, STATUS_FAILED);
    return ERR_NOT_SUPPORTED;
}

enum status virtio_open(struct virtio *v, struct driver *d, uint64_t wanted)
{
    uint8_t space[256];
    *v = (struct virtio){.driver = d};
    for (uint32_t i = 0; i < sizeof space; i += 4) {
        uint32_t word = mmio_read32(d->device.configuration, i);
        memcpy(space + i, &word, 4);
    }
    TRY(virtio_layout_read((struct view){space, sizeof space}, &v->layout));
    TRY(region_map(d, &v->layout.notify, &v->notify));
    if (v->layout.device.bytes)
        TRY(region_map(d, &v->layout.device, &v->device));
    TRY(region_map(d, &v->layout.common, &v->common));
    TRY(reset_wait(v));
    status_add(v, STATUS_ACKNOWLEDGE);
    status_add(v, STATUS_DRIVER);
    TRY(features_agree(v, wanted));
    mmio_write16(v->common, CONFIG_MSIX_VECTOR, NO_VECTOR);
    return OK;
}

static enum status queue_notify_place(struct virtio *v, struct virtio_queue *q)
{
    uint64_t offset = (uint64_t)mmio_read16(v->common, QUEUE_NOTIFY_OFF) * v->layout.notify_multiplier;
    if (!range_fits(offset, 2, v->notify.bytes))
        return ERR_CORRUPT;
    q->notify = (struct mmio){v->notify.base + offset, 2};
    return OK;
}

static enum status queue_vector(struct virtio *v, uint16_t index)
{
    TRY(device_interrupt(v->driver, index));
    mmio_write16(v->common, QUEUE_MSIX_VECTOR, index);
    return mmio_read16(v->common, QUEUE_MSIX_VECTOR) == index ? OK : ERR_LIMIT;
}

enum status virtio_queue_open(struct virtio *v, uint16_t index, uint16_t size, struct virtio_queue *out)
{
    uint64_t available, used;
    if (index >= mmio_read16(v->common, NUM_QUEUES))
        return ERR_NOT_FOUND;
    mmio_write16(v->common, QUEUE_SELECT, index);
    uint16_t largest = mmio_read16(v->common, QUEUE_SIZE);
    size = largest < size ? largest : size;
    *out = (struct virtio_queue){.index = index, .memory.memory = HANDLE_NONE};
    TRY(queue_notify_place(v, out));
    TRY(device_dma_allocate(&v->driver->device, virtq_layout(size, &available, &used), &out->memory));
    TRY(virtq_init(&out->ring, size, (struct span){out->memory.address, out->memory.bytes}));
    mmio_write16(v->common, QUEUE_SIZE, size);
    mmio_write64(v->common, QUEUE_DESC, out->memory.bus);
    mmio_write64(v->common, QUEUE_DRIVER, out->memory.bus + available);
    mmio_write64(v->common, QUEUE_DEVICE, out->memory.bus + used);
    TRY(queue_vector(v, index));
    mmio_write16(v->common, QUEUE_ENABLE, 1);
    return OK;
}

void virtio_start(struct virtio *v)
{
    status_add(v, STATUS_DRIVER_OK);
}

void virtio_notify(struct virtio_queue *q)
{
    if (virtq_wants_notification(&q->ring))
        mmio_write16(q->notify, 0, q->index);
}

enum status virtio_config_read(const struct virtio *v, uint32_t offset, struct span to)
{
    if (!range_fits(offset, to.length, v->device.bytes))
        return ERR_OUT_OF_RANGE;
    for (int i = 0; i < GENERATION_TRIES; i++) {
        uint8_t before = mmio_read8(v->common, CONFIG_GENERATION);
        for (size_t at = 0; at < to.length; at++)
            to.data[at] = mmio_read8(v->device, offset + at);
        if (mmio_read8(v->common, CONFIG_GENERATION) == before)
            return OK;
    }
    return ERR_IO;
}
