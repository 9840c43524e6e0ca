/* SPDX-License-Identifier: MIT
 * The loop of a driver, and what it asks pcid for. All of it belongs to the context that runs the loop. */
#include "driver/driver.h"
#include "pci/pci.h"
#include "protocol/hardware.h"
#include "sys/log.h"

#define RUN_SEEN_BYTES (1u << 20) /* pci.dma does not look further than this */

static enum status map_window(handle_t memory, uint64_t bytes, struct mmio *out)
{
    uint64_t address;
    enum status status =
        sys_map(HANDLE_SELF_SPACE, 0, bytes, MAP_SHARED_ | MAP_UNCACHED_ | PROT_READ_ | PROT_WRITE_, memory, 0, &address);
    IGNORE(sys_handle_close(memory)); /* the mapping keeps it */
    TRY(status);
    *out = (struct mmio){(volatile uint8_t *)(uintptr_t)address, bytes};
    return OK;
}

enum status device_open(struct device *device, handle_t handle)
{
    struct pci_describe_in ask = {};
    struct pci_describe_out is;
    struct pci_configuration_in space = {.memory_place = PLACE_HIGH};
    struct pci_configuration_out given;
    struct pci_enable_in on = {.on = 1};
    struct pci_enable_out nothing;
    if (handle == HANDLE_NONE)
        return ERR_NO_DEVICE;
    *device = (struct device){.handle = handle};
    TRY(pci_describe(handle, &ask, &is));
    TRY(pci_configuration(handle, &space, &given));
    TRY(map_window(given.memory, PCI_CONFIGURATION_BYTES, &device->configuration));
    device->function = is.function;
    return pci_enable(handle, &on, &nothing);
}

enum status device_bar_map(struct device *device, uint32_t index, struct mmio *out)
{
    if (index >= ARRAY_LENGTH(device->bars))
        return ERR_NOT_FOUND;
    struct mmio *bar = &device->bars[index];
    if (!bar->bytes) {
        struct pci_bar_in ask = {.index = index, .memory_place = PLACE_HIGH};
        struct pci_bar_out given;
        TRY(pci_bar(device->handle, &ask, &given));
        if (given.flags & PCI_BAR_PORTS) {
            IGNORE(sys_handle_close(given.memory));
            return ERR_WRONG_TYPE;
        }
        TRY(map_window(given.memory, align_up(given.page_offset + given.length, PAGE_SIZE_BYTES), bar));
        *bar = (struct mmio){bar->base + given.page_offset, given.length};
    }
    *out = *bar;
    return OK;
}

/* Acknowledged before it is looked at: a message that comes meanwhile is news again. */
static void vector_happened(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)count, (void)value;
    struct device_vector *v = container_of(self, struct device_vector, happened);
    struct hardware_acknowledge_in in = {};
    struct hardware_acknowledge_out out;
    IGNORE(hardware_acknowledge(v->interrupt, &in, &out));
    v->driver->ops->interrupt(v->driver, v->index);
}

enum status device_interrupt(struct driver *d, uint32_t index)
{
    if (index >= DRIVER_VECTORS_MAX)
        return ERR_NOT_FOUND;
    struct pci_interrupt_in ask = {.index = index, .interrupt_place = PLACE_HIGH};
    struct pci_interrupt_out given;
    TRY(pci_interrupt(d->device.handle, &ask, &given));
    d->vectors[index] = (struct device_vector){.happened.happened = vector_happened, .driver = d, .interrupt = given.interrupt,
                                               .index = index};
    return server_bind(&d->server, given.interrupt, &d->vectors[index].happened);
}

enum status device_dma_address(struct device *device, handle_t memory, uint64_t offset, uint64_t *out_bus, uint64_t *out_run_bytes)
{
    struct pci_dma_in ask = {.memory = memory, .offset = offset};
    struct pci_dma_out answer;
    TRY(pci_dma(device->handle, &ask, &answer));
    *out_bus = answer.address;
    *out_run_bytes = answer.run_bytes;
    return OK;
}

void device_dma_free(struct dma_memory *m)
{
    if (m->address)
        IGNORE(sys_unmap(HANDLE_SELF_SPACE, sys_address(m->address), m->bytes));
    if (m->memory != HANDLE_NONE)
        IGNORE(sys_handle_close(m->memory));
    *m = (struct dma_memory){.memory = HANDLE_NONE};
}

static enum status dma_fill(struct device *device, struct dma_memory *m)
{
    uint64_t address, run;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, m->bytes, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, m->memory, 0, &address));
    m->address = (uint8_t *)(uintptr_t)address;
    TRY(device_dma_address(device, m->memory, 0, &m->bus, &run));
    return run >= MIN(m->bytes, (uint64_t)RUN_SEEN_BYTES) ? OK : ERR_NO_MEMORY;
}

enum status device_dma_allocate(struct device *device, uint64_t bytes, struct dma_memory *out)
{
    struct dma_memory m = {.memory = HANDLE_NONE, .bytes = align_up(bytes, PAGE_SIZE_BYTES)};
    TRY(sys_memory_create(m.bytes, MEMORY_WIRED | MEMORY_CONTIGUOUS, PLACE_HIGH, &m.memory));
    enum status status = dma_fill(device, &m);
    if (status != OK)
        device_dma_free(&m);
    else
        *out = m;
    return status;
}

static enum status driver_start(struct driver *d, const struct start_block *block)
{
    TRY(server_init(&d->server, start_handle(block, "endpoint"), d->ops->handle, d));
    TRY(device_open(&d->device, start_handle(block, "device")));
    return d->ops->init(d);
}

int driver_main(struct driver *d, const struct start_block *block, const struct driver_ops *ops, void *context)
{
    *d = (struct driver){.ops = ops, .context = context};
    enum status status = driver_start(d, block);
    if (status == OK)
        status = server_run(&d->server);
    if (ops->shutdown)
        ops->shutdown(d);
    struct pci_enable_in off = {.on = 0};
    struct pci_enable_out nothing;
    IGNORE(pci_enable(d->device.handle, &off, &nothing));
    log_error("ended: %s", status_sentence(status));
    return status == OK ? 0 : 1;
}
