/* SPDX-License-Identifier: MIT
 * The one shape of a driver: a server (lib/server) that also has a device. One loop, so no locks.
 *
 *     static const struct driver_ops ops = { .init = my_init, .handle = &my_scheme, .interrupt = my_interrupt };
 *     int main(const struct start_block *block) { static struct driver d; return driver_main(&d, block, &ops, &my_state); }
 *
 * In scheme operations the driver is rq->server->context (driver_of). The device is the handle `device` that pcid gave through init:
 * everything that the driver touches it gets from there. */
#pragma once
#include "driver/mmio.h"
#include "protocol/pci.h"
#include "server/server.h"
#include "sys/start.h"

#define DRIVER_VECTORS_MAX 8u

struct driver;
struct driver_ops {
    enum status (*init)(struct driver *d);                      /* the device was opened; on failure the driver ends */
    const struct scheme_ops *handle;                            /* what it serves */
    void (*interrupt)(struct driver *d, uint32_t vector);       /* acknowledged already: what comes now interrupts again */
    void (*shutdown)(struct driver *d);                         /* may be null; afterwards the device loses the bus */
};

struct device_vector {
    struct event_handler happened;
    struct driver *driver;
    handle_t interrupt;
    uint32_t index;
};
struct device {
    handle_t handle;                  /* target of the pci protocol */
    struct pci_function function;     /* what it said it is */
    struct mmio configuration;        /* its configuration space */
    struct mmio bars[6];              /* bytes 0: not mapped yet */
};
struct driver {
    struct server server;
    const struct driver_ops *ops;
    void *context;                    /* the driver's own */
    struct device device;
    struct device_vector vectors[DRIVER_VECTORS_MAX];
};

/* Opens the device, calls init, serves; answers the exit status. */
int driver_main(struct driver *d, const struct start_block *block, const struct driver_ops *ops, void *context);
static inline struct driver *driver_of(const struct request *rq) { return rq->server->context; }
static inline struct driver *driver_of_server(const struct server *s) { return s->context; }

/* The function's description and its configuration space, and bus mastering on. driver_main has done it. */
enum status device_open(struct device *device, handle_t handle);
/* A memory BAR, mapped once. ERR_WRONG_TYPE: it is ports. */
enum status device_bar_map(struct device *device, uint32_t index, struct mmio *out);
/* MSI-X vector `index` arrives in ops->interrupt from now on. */
enum status device_interrupt(struct driver *d, uint32_t index);

/* Memory that the device and we share: one physical run. `bus` is what the device is told. */
struct dma_memory { handle_t memory; uint8_t *address; uint64_t bytes, bus; };
enum status device_dma_allocate(struct device *device, uint64_t bytes, struct dma_memory *out);
/* The bus address of a page of any wired memory object. */
enum status device_dma_address(struct device *device, handle_t memory, uint64_t offset, uint64_t *out_bus, uint64_t *out_run_bytes);
void device_dma_free(struct dma_memory *m);
