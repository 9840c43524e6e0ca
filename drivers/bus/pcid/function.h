/* SPDX-License-Identifier: MIT
 * The functions that were found, and what their drivers may get of them. pcid alone holds the hardware handle. */
#pragma once
#include "pci/pci.h"
#include "server/server.h"

#define FUNCTIONS_MAX 64u
#define VECTORS_MAX 8u

struct function {
    uint32_t address;                   /* segment << 16 | bus << 8 | device << 3 | function */
    uint64_t space;                     /* physical address of its configuration space */
    volatile uint8_t *configuration;    /* mapped uncached */
    struct pci_header header;
    struct pci_bar bars[PCI_BARS];
    struct pci_msi msi;                 /* data 0: none */
    struct pci_msix msix;               /* entries 0: none */
    volatile uint32_t *msix_table;      /* mapped when the first vector is asked for */
    handle_t interrupts[VECTORS_MAX];   /* HANDLE_NONE: not made yet */
    handle_t resource;                  /* what its driver holds a copy of */
};

uint32_t function_read(const struct function *f, uint32_t offset, uint32_t bytes);
void function_write(const struct function *f, uint32_t offset, uint32_t bytes, uint32_t value);
/* A window on physical memory; HARDWARE_WINDOW_* flags. */
enum status physical_window(handle_t hardware, uint64_t address, uint64_t length, uint32_t flags, handle_t *out_memory);
enum status physical_map(handle_t hardware, uint64_t address, uint64_t length, uint32_t flags, uint64_t *out_address);

/* Every function behind the ECAM area, bridges followed; *out_count of them. */
enum status functions_scan(handle_t hardware, struct function *functions, uint32_t capacity, uint32_t *out_count);
/* The protocol that drivers speak with their function (abi/protocol/pci.proto). */
bool function_protocol(handle_t hardware, struct function *f, struct request *rq);
/* After its driver's end: no more bus mastering, interrupts forgotten. */
void function_quiet(struct function *f);
