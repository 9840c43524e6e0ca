/* SPDX-License-Identifier: MIT
 * p9: starts as a driver of a virtio-9p device. Argument `tag=NAME`: it is mounted only when the device's mount tag is NAME. */
#include "p9fs.h"
#include "sys/log.h"

#define FEATURE_MOUNT_TAG 1ull
#define QUEUE_ENTRIES 64u
#define STACK_BYTES 32768u

struct p9 p9;

static enum status read_tag(void)
{
    uint8_t length[2];
    TRY(virtio_config_read(&p9.virtio, 0, SPAN_OF_ARRAY(length)));
    size_t bytes = MIN((size_t)length[0] | (size_t)length[1] << 8, sizeof p9.tag - 1);
    return virtio_config_read(&p9.virtio, 2, (struct span){(uint8_t *)p9.tag, bytes});
}

static enum status slots_make(struct device *device)
{
    for (uint16_t i = 0; i < SLOTS; i++) {
        struct slot *s = &p9.slots[i];
        s->tag = i;
        TRY(fiber_make(&s->fiber, STACK_BYTES));
        TRY(device_dma_allocate(device, DATA_OFFSET + DATA_BYTES, &s->memory));
    }
    return OK;
}

static enum status p9_init(struct driver *d)
{
    list_init(&p9.requests);
    list_init(&p9.pages);
    TRY(virtio_open(&p9.virtio, d, FEATURE_MOUNT_TAG));
    if (p9.virtio.features & FEATURE_MOUNT_TAG)
        TRY(read_tag());
    TRY(virtio_queue_open(&p9.virtio, 0, QUEUE_ENTRIES, &p9.queue));
    virtio_start(&p9.virtio);
    jobs_init(&p9_jobs);
    TRY(slots_make(&d->device));
    TRY(p9_start());
    TRY(helper_start());
    log_info("share `%s`", p9.tag);
    return OK;
}

static void p9_interrupt(struct driver *d, uint32_t vector)
{
    (void)d, (void)vector;
    p9_take_answers();
    jobs_schedule();
}

static void p9_shutdown(struct driver *d)
{
    (void)d;
    virtio_reset(&p9.virtio);
}

static const struct driver_ops ops = {.init = p9_init, .handle = &p9_scheme, .interrupt = p9_interrupt, .shutdown = p9_shutdown};

int main(const struct start_block *block)
{
    p9.mount_tag = start_option(block, "tag=");
    return driver_main(&p9.driver, block, &ops, &p9);
}
