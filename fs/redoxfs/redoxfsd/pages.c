/* SPDX-License-Identifier: MIT
 * Pages of files between the library and the kernel's page cache, through a window of memory. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"

static handle_t window_memory;
static uint8_t *window;

enum status pages_start(void)
{
    uint64_t address;
    TRY(sys_memory_create(TRANSFER_BYTES, MEMORY_WIRED, PLACE_HIGH, &window_memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, TRANSFER_BYTES, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, window_memory, 0, &address));
    window = (uint8_t *)(uintptr_t)address;
    return OK;
}

/* Behind what is stored are zeros: the kernel's file may be longer than the volume knows yet. */
static enum status read_part(uint32_t id, uint64_t offset, size_t length)
{
    static struct redoxfs_node facts;
    size_t got;
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    TRY(redoxfs_read(&redoxfsd.fs, &facts, offset, (struct span){window, length}, &got));
    memset(window + got, 0, length - got);
    return OK;
}

void pages_in(uint32_t id, uint64_t offset, uint64_t length)
{
    struct open_node *node = node_find(id);
    if (!node || node->file == HANDLE_NONE)
        return; /* it was dropped: the file object is ours no more */
    while (length > 0) {
        size_t part = (size_t)MIN(length, (uint64_t)TRANSFER_BYTES);
        enum status status = read_part(id, offset, part);
        if (status == OK)
            status = sys_file_supply(node->file, offset, (int64_t)part, window_memory, 0);
        if (status != OK) {
            IGNORE(sys_file_supply(node->file, offset, status, HANDLE_NONE, 0));
            return;
        }
        offset += part;
        length -= part;
    }
}
