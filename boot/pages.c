/* SPDX-License-Identifier: MIT
 * Memory from the firmware, in pages. Nothing is ever given back: what is not the kernel's becomes free when the kernel has started. */
#include "abi/memory.h"
#include "loader.h"

enum status pages_allocate(uint64_t bytes, enum efi_memory_type type, uint64_t limit, uint64_t *out_address)
{
    uint64_t address = limit - 1;
    if (bytes > UINT64_MAX - PAGE_SIZE_BYTES)
        return ERR_OUT_OF_RANGE;
    uint64_t pages = (bytes + PAGE_SIZE_BYTES - 1) / PAGE_SIZE_BYTES;
    if (EFI_FAILED(system_table->boot->allocate_pages(EFI_ALLOCATE_BELOW, type, pages, &address)))
        return ERR_NO_MEMORY;
    *out_address = address;
    return OK;
}
