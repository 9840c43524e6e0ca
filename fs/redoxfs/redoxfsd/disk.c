/* SPDX-License-Identifier: MIT
 * Blocks for the library: a request to the driver's ring, and the worker waits until it is answered. Only the worker asks. The memory is
 * registered with the driver: one window for what is read. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"
#include "sys/log.h"

struct disk disk;

static uint8_t *windows;
static uint32_t buffer;               /* number of the windows' memory at the block client */

struct transfer { bool is_done; enum status status; };

static void transfer_done(struct block_client *c, void *argument, enum status status)
{
    struct transfer *t = argument;
    (void)c;
    t->is_done = true;
    t->status = status;
    worker_wake();
    jobs_schedule();
}

static enum status read_part(uint64_t block, struct span to)
{
    struct transfer t = {};
    TRY(block_client_ask(&disk.client, BLOCK_READ, block * REDOXFS_BLOCK_BYTES, buffer, 0, (uint32_t)to.length, transfer_done, &t));
    while (!t.is_done)
        worker_wait();
    TRY(t.status);
    memcpy(to.data, windows, to.length);
    return OK;
}

enum status disk_read(void *context, uint64_t block, struct span to)
{
    (void)context;
    for (size_t at = 0; at < to.length; at += TRANSFER_BYTES) {
        struct span part = {to.data + at, MIN(to.length - at, (size_t)TRANSFER_BYTES)};
        TRY(read_part(block + at / REDOXFS_BLOCK_BYTES, part));
    }
    return OK;
}

static void client_ready(struct block_client *c, enum status status)
{
    disk.blocks = c->disk.bytes / REDOXFS_BLOCK_BYTES;
    disk.is_read_only = c->disk.flags & BLOCK_READ_ONLY;
    disk.status = status;
    disk.is_known = true;
    jobs_schedule();
}

enum status disk_start(struct server *server, handle_t device)
{
    handle_t memory;
    uint64_t address;
    TRY(sys_memory_create(TRANSFER_BYTES, MEMORY_WIRED | MEMORY_CONTIGUOUS, PLACE_HIGH, &memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, TRANSFER_BYTES, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, memory, 0, &address));
    windows = (uint8_t *)(uintptr_t)address;
    TRY(block_client_init(&disk.client, server, device));
    TRY(block_client_buffer(&disk.client, memory, TRANSFER_BYTES, &buffer));
    return block_client_connect(&disk.client, client_ready);
}
