/* SPDX-License-Identifier: MIT
 * What a driver gets of its function: windows on its own memory, its own interrupts, bus addresses of its own memory. */
#include "function.h"
#include "base/string.h"
#include "protocol/hardware.h"
#include "protocol/pci_server.h"
#include "sys/log.h"

#define MSIX_ENTRY_WORDS 4u
enum { ENTRY_ADDRESS_LOW, ENTRY_ADDRESS_HIGH, ENTRY_DATA, ENTRY_CONTROL };

static handle_t hardware; /* set with each request: one loop, one handle */

static struct function *function_of(const struct request *rq)
{
    return rq->server->context;
}

static uint32_t vector_count(const struct function *f)
{
    return f->msix.entries ? MIN(f->msix.entries, VECTORS_MAX) : f->msi.data != 0;
}

static enum status do_describe(struct request *rq, const struct pci_describe_in *in, struct pci_describe_out *out)
{
    const struct function *f = function_of(rq);
    (void)in;
    out->function = (struct pci_function){
        .address = f->address, .vendor = f->header.vendor, .device = f->header.device,
        .subsystem_vendor = f->header.subsystem_vendor, .subsystem_device = f->header.subsystem_device,
        .class = f->header.class_code, .revision = f->header.revision, .interrupts = vector_count(f),
    };
    return OK;
}

static enum status do_configuration(struct request *rq, const struct pci_configuration_in *in, struct pci_configuration_out *out)
{
    (void)in;
    return physical_window(hardware, function_of(rq)->space, PCI_CONFIGURATION_BYTES, 0, &out->memory);
}

static enum status do_bar(struct request *rq, const struct pci_bar_in *in, struct pci_bar_out *out)
{
    const struct function *f = function_of(rq);
    if (in->index >= PCI_BARS || !f->bars[in->index].length || !f->bars[in->index].address)
        return ERR_NOT_FOUND;
    const struct pci_bar *bar = &f->bars[in->index];
    if (bar->is_ports) {
        struct hardware_ports_in ports = {.base = (uint32_t)bar->address, .count = (uint32_t)bar->length, .ports_place = PLACE_HIGH};
        struct hardware_ports_out made;
        TRY(hardware_ports(hardware, &ports, &made));
        *out = (struct pci_bar_out){.memory = made.ports, .length = bar->length, .flags = PCI_BAR_PORTS};
        return OK;
    }
    uint64_t first = align_down(bar->address, PAGE_SIZE_BYTES), last = align_up(bar->address + bar->length, PAGE_SIZE_BYTES);
    handle_t window;
    TRY(physical_window(hardware, first, last - first, 0, &window));
    *out = (struct pci_bar_out){.memory = window, .length = bar->length, .flags = bar->is_prefetchable ? PCI_BAR_PREFETCHABLE : 0,
                                .page_offset = (uint32_t)(bar->address - first)};
    return OK;
}

static enum status map_msix_table(struct function *f)
{
    if (f->msix_table)
        return OK;
    const struct pci_bar *bar = &f->bars[f->msix.table_bar];
    uint64_t bytes = (uint64_t)f->msix.entries * MSIX_ENTRY_WORDS * 4, mapped;
    if (bar->is_ports || !bar->address || f->msix.table_offset > bar->length || bytes > bar->length - f->msix.table_offset)
        return ERR_CORRUPT;
    TRY(physical_map(hardware, bar->address + f->msix.table_offset, bytes, 0, &mapped));
    f->msix_table = (volatile uint32_t *)(uintptr_t)mapped;
    return OK;
}

static void msix_set(struct function *f, uint32_t index, const struct hardware_message_interrupt_out *to)
{
    volatile uint32_t *entry = f->msix_table + index * MSIX_ENTRY_WORDS;
    entry[ENTRY_ADDRESS_LOW] = (uint32_t)to->address;
    entry[ENTRY_ADDRESS_HIGH] = (uint32_t)(to->address >> 32);
    entry[ENTRY_DATA] = to->data;
    entry[ENTRY_CONTROL] = 0;
    uint32_t control = function_read(f, f->msix.capability + 2, 2);
    function_write(f, f->msix.capability + 2, 2, (control | PCI_MSIX_ENABLE) & ~PCI_MSIX_MASK_ALL);
}

/* One vector: more would have to be neighbours, and nothing here needs them. */
static void msi_set(struct function *f, const struct hardware_message_interrupt_out *to)
{
    function_write(f, f->msi.capability + 4, 4, (uint32_t)to->address);
    if (f->msi.is_wide)
        function_write(f, f->msi.capability + 8, 4, (uint32_t)(to->address >> 32));
    function_write(f, f->msi.data, 2, to->data);
    if (f->msi.mask)
        function_write(f, f->msi.mask, 4, ~1u);
    uint32_t control = function_read(f, f->msi.capability + 2, 2);
    function_write(f, f->msi.capability + 2, 2, (control | PCI_MSI_ENABLE) & ~PCI_MSI_SEVERAL);
}

static enum status do_interrupt(struct request *rq, const struct pci_interrupt_in *in, struct pci_interrupt_out *out)
{
    struct function *f = function_of(rq);
    if (in->index >= vector_count(f))
        return ERR_NOT_FOUND;
    if (f->msix.entries)
        TRY(map_msix_table(f));
    if (f->interrupts[in->index] == HANDLE_NONE) {
        struct hardware_message_interrupt_in ask = {.interrupt_place = PLACE_HIGH};
        struct hardware_message_interrupt_out made;
        TRY(hardware_message_interrupt(hardware, &ask, &made));
        if (f->msix.entries)
            msix_set(f, in->index, &made);
        else
            msi_set(f, &made);
        f->interrupts[in->index] = made.interrupt;
    }
    out->interrupt = f->interrupts[in->index];
    rq->keep_handle = true;
    return OK;
}

static enum status do_dma(struct request *rq, const struct pci_dma_in *in, struct pci_dma_out *out)
{
    (void)rq;
    struct hardware_physical_in ask = {.memory = in->memory, .offset = in->offset};
    struct hardware_physical_out answer;
    enum status status = hardware_physical(hardware, &ask, &answer);
    IGNORE(sys_handle_close(in->memory));
    if (status == OK)
        *out = (struct pci_dma_out){.address = answer.address, .run_bytes = answer.run_bytes};
    return status;
}

void function_quiet(struct function *f)
{
    function_write(f, PCI_COMMAND, 2, function_read(f, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER);
    if (f->msix.entries)
        function_write(f, f->msix.capability + 2, 2, function_read(f, f->msix.capability + 2, 2) & ~PCI_MSIX_ENABLE);
    if (f->msi.data)
        function_write(f, f->msi.capability + 2, 2, function_read(f, f->msi.capability + 2, 2) & ~PCI_MSI_ENABLE);
    for (uint32_t i = 0; i < VECTORS_MAX; i++)
        if (f->interrupts[i] != HANDLE_NONE) {
            IGNORE(sys_handle_close(f->interrupts[i]));
            f->interrupts[i] = HANDLE_NONE;
        }
}

static enum status do_enable(struct request *rq, const struct pci_enable_in *in, struct pci_enable_out *out)
{
    struct function *f = function_of(rq);
    (void)out;
    if (!in->on) {
        function_quiet(f);
        return OK;
    }
    function_write(f, PCI_COMMAND, 2,
                   function_read(f, PCI_COMMAND, 2) | PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_PORTS | PCI_COMMAND_NO_LINE);
    return OK;
}

static const struct pci_ops ops = {.describe = do_describe, .configuration = do_configuration, .bar = do_bar, .interrupt = do_interrupt,
                                   .dma = do_dma, .enable = do_enable};

bool function_protocol(handle_t hardware_handle, struct function *f, struct request *rq)
{
    hardware = hardware_handle;
    rq->server->context = f;
    return pci_dispatch(&ops, rq);
}
