/* SPDX-License-Identifier: MIT
 * Blocks for the library: requests to the driver's ring. Only the worker asks. The memory is registered with the driver: a window for what
 * is read, one for what will be, and several for what is written. A read waits for its bytes; a write is copied and goes on its way; a flush waits for all
 * writes. No two requests under way touch the same block, which lets the driver's next instance repeat them. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"
#include "sys/log.h"

#define WRITES 8u                     /* under way at once */
#define WINDOW_READ 0u                /* windows 1..WRITES are for writes */
#define WINDOW_AHEAD (WRITES + 1)

struct disk disk;

struct transfer {
    bool is_under_way;
    uint64_t block, count;
    enum status status;
};

static struct transfer transfers[WRITES + 2];
static struct { uint64_t block, count; } expected; /* count 0: nothing */
static enum status write_status;      /* of the first write that failed */
static uint8_t *windows;
static uint32_t buffer;               /* number of the windows' memory at the block client */

static void transfer_done(struct block_client *c, void *argument, enum status status)
{
    struct transfer *t = argument;
    (void)c;
    t->is_under_way = false;
    t->status = status;
    if (status != OK && t > &transfers[WINDOW_READ] && t < &transfers[WINDOW_AHEAD] && write_status == OK) {
        write_status = status;
        log_error("block %lu could not be written: %s; nothing is committed any more", (unsigned long)t->block, status_sentence(status));
    }
    worker_wake();
    jobs_schedule();
}

static enum status ask(struct transfer *t, enum block_operation operation, uint64_t block, size_t length)
{
    *t = (struct transfer){.is_under_way = true, .block = block, .count = length / REDOXFS_BLOCK_BYTES};
    enum status status = block_client_ask(&disk.client, operation, block * REDOXFS_BLOCK_BYTES, buffer,
                                          (uint64_t)(t - transfers) * TRANSFER_BYTES, (uint32_t)length, transfer_done, t);
    if (status != OK)
        t->is_under_way = false;
    return status;
}

static void wait_for(const struct transfer *t)
{
    while (t->is_under_way)
        worker_wait();
}

static bool touches(const struct transfer *t, uint64_t block, size_t length)
{
    return t->block < block + length / REDOXFS_BLOCK_BYTES && block < t->block + t->count;
}

/* What is on its way to these blocks arrives first. */
static void wait_for_blocks(uint64_t block, size_t length)
{
    for (uint32_t i = 1; i <= WRITES; i++)
        if (touches(&transfers[i], block, length))
            wait_for(&transfers[i]);
}

/* -- read ahead: one record at a time, on its way while the one before it is waited for, checked and handed out ---------------------- */

void disk_expect(void *context, uint64_t block, uint64_t count)
{
    (void)context;
    expected.block = block;
    expected.count = count;
}

static void ahead_start(void)
{
    struct transfer *t = &transfers[WINDOW_AHEAD];
    size_t length = (size_t)expected.count * REDOXFS_BLOCK_BYTES;
    if (!expected.count || length > TRANSFER_BYTES || t->is_under_way)
        return;
    for (uint32_t i = 1; i <= WRITES; i++)
        if (transfers[i].is_under_way && touches(&transfers[i], expected.block, length))
            return;
    if (ask(t, BLOCK_READ, expected.block, length) != OK)
        t->count = 0; /* then it is read when it is wanted */
    expected.count = 0;
}

/* Has it been read ahead? Then it is not read again, whatever became of it, but when that failed. */
static bool ahead_take(uint64_t block, struct span to)
{
    struct transfer *t = &transfers[WINDOW_AHEAD];
    if (t->block != block || t->count != to.length / REDOXFS_BLOCK_BYTES)
        return false;
    wait_for(t);
    t->count = 0;
    if (t->status != OK)
        return false;
    memcpy(to.data, windows + (size_t)WINDOW_AHEAD * TRANSFER_BYTES, to.length);
    return true;
}

/* Before these blocks are written. */
static void ahead_forget(uint64_t block, size_t length)
{
    struct transfer *t = &transfers[WINDOW_AHEAD];
    if (touches(t, block, length)) {
        wait_for(t);
        t->count = 0;
    }
}

static enum status read_part(uint64_t block, struct span to)
{
    struct transfer *t = &transfers[WINDOW_READ];
    if (ahead_take(block, to)) {
        ahead_start();
        return OK;
    }
    wait_for_blocks(block, to.length);
    TRY(ask(t, BLOCK_READ, block, to.length));
    ahead_start();
    wait_for(t);
    TRY(t->status);
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

static struct transfer *free_transfer(void)
{
    static uint32_t next;
    for (uint32_t i = 0; i < WRITES; i++)
        if (!transfers[1 + (next + i) % WRITES].is_under_way) {
            next = (next + i + 1) % WRITES;
            return &transfers[1 + (next + WRITES - 1) % WRITES];
        }
    return nullptr;
}

static enum status write_part(uint64_t block, struct view from)
{
    struct transfer *t;
    wait_for_blocks(block, from.length);
    ahead_forget(block, from.length);
    while (!(t = free_transfer()))
        worker_wait();
    memcpy(windows + (size_t)(t - transfers) * TRANSFER_BYTES, from.data, from.length);
    return ask(t, BLOCK_WRITE, block, from.length);
}

enum status disk_write(void *context, uint64_t block, struct view from)
{
    (void)context;
    TRY(write_status);
    for (size_t at = 0; at < from.length; at += TRANSFER_BYTES) {
        struct view part = {from.data + at, MIN(from.length - at, (size_t)TRANSFER_BYTES)};
        TRY(write_part(block + at / REDOXFS_BLOCK_BYTES, part));
    }
    return OK;
}

enum status disk_flush(void *context)
{
    (void)context;
    struct transfer *t = &transfers[WINDOW_READ];
    for (uint32_t i = 1; i <= WRITES; i++)
        wait_for(&transfers[i]);
    TRY(write_status);
    TRY(ask(t, BLOCK_FLUSH, 0, 0));
    wait_for(t);
    return t->status == ERR_NOT_SUPPORTED ? OK : t->status; /* a disk without a cache has nothing to flush */
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
    const uint64_t bytes = (WRITES + 2) * TRANSFER_BYTES;
    handle_t memory;
    uint64_t address;
    TRY(sys_memory_create(bytes, MEMORY_WIRED | MEMORY_CONTIGUOUS, PLACE_HIGH, &memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, memory, 0, &address));
    windows = (uint8_t *)(uintptr_t)address;
    TRY(block_client_init(&disk.client, server, device));
    TRY(block_client_buffer(&disk.client, memory, bytes, &buffer));
    return block_client_connect(&disk.client, client_ready);
}
