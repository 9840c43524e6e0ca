/* SPDX-License-Identifier: MIT
 * The disk in memory, and what all proofs need. */
#include "proof/disk.h"
#include "base/checked.h"
#include "lz4/lz4.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void proof_failed(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fflush(stdout);
    fputs("not ok proof: ", stdout);
    vprintf(format, list);
    putchar('\n');
    fflush(stdout);
    va_end(list);
    exit(1);
}

uint64_t proof_next(struct proof_random *r)
{
    uint64_t x = r->state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

void proof_disk_init(struct proof_disk *d, uint64_t blocks)
{
    *d = (struct proof_disk){.count = blocks, .blocks = calloc(blocks, REDOXFS_BLOCK_BYTES)};
    if (!d->blocks)
        proof_failed("out of memory");
}

void proof_disk_forget(struct proof_disk *d)
{
    for (size_t i = 0; i < d->event_count; i++)
        free(d->events[i].data);
    d->event_count = 0;
}

void proof_disk_fini(struct proof_disk *d)
{
    proof_disk_forget(d);
    free(d->events);
    free(d->blocks);
}

static void record(struct proof_disk *d, uint64_t block, const uint8_t *data)
{
    if (!d->records)
        return;
    if (d->event_count == d->event_capacity) {
        d->event_capacity = 2 * d->event_capacity + 64;
        d->events = realloc(d->events, d->event_capacity * sizeof *d->events);
        if (!d->events)
            proof_failed("out of memory");
    }
    struct disk_event *event = &d->events[d->event_count++];
    *event = (struct disk_event){block, data ? malloc(REDOXFS_BLOCK_BYTES) : nullptr};
    if (data)
        memcpy(event->data, data, REDOXFS_BLOCK_BYTES);
}

static bool fails(struct proof_disk *d, enum proof_request kind)
{
    uint64_t number = d->requests[kind]++;
    return d->fail_kind == kind && number >= d->fail_after && number - d->fail_after < d->fail_count;
}

static void must_fit(const struct proof_disk *d, uint64_t block, size_t bytes)
{
    if (bytes % REDOXFS_BLOCK_BYTES || !bytes || !range_fits(block, bytes / REDOXFS_BLOCK_BYTES, d->count))
        proof_failed("%zu bytes at block %" PRIu64 " of a disk of %" PRIu64, bytes, block, d->count);
}

static enum status disk_read(void *context, uint64_t block, struct span to)
{
    struct proof_disk *d = context;
    must_fit(d, block, to.length);
    if (fails(d, REQUEST_READ))
        return ERR_IO;
    memcpy(to.data, d->blocks[block], to.length);
    return OK;
}

/* A write that fails may have reached the disk in part. */
static enum status disk_write(void *context, uint64_t block, struct view from)
{
    struct proof_disk *d = context;
    must_fit(d, block, from.length);
    bool is_failing = fails(d, REQUEST_WRITE);
    for (size_t at = 0; at < from.length; at += REDOXFS_BLOCK_BYTES) {
        memcpy(d->blocks[block + at / REDOXFS_BLOCK_BYTES], from.data + at, REDOXFS_BLOCK_BYTES / (is_failing ? 2 : 1));
        record(d, block + at / REDOXFS_BLOCK_BYTES, from.data + at);
        if (is_failing)
            return ERR_IO;
    }
    return OK;
}

static enum status disk_flush(void *context)
{
    struct proof_disk *d = context;
    if (fails(d, REQUEST_FLUSH))
        return ERR_IO;
    record(d, 0, nullptr);
    return OK;
}

struct redoxfs_disk proof_disk_of(struct proof_disk *d)
{
    return (struct redoxfs_disk){.read = disk_read, .write = disk_write, .flush = disk_flush, .context = d, .block_count = d->count};
}

uint64_t proof_memory_in_use;

static void *allocate(void *context, size_t bytes)
{
    (void)context;
    proof_memory_in_use += bytes;
    return malloc(bytes);
}

static void release(void *context, void *block, size_t bytes)
{
    (void)context;
    proof_memory_in_use -= bytes;
    free(block);
}

bool proof_compresses;

struct redoxfs_write_options proof_options(void)
{
    return (struct redoxfs_write_options){.memory = {allocate, release, nullptr}, .compressor = proof_compresses ? lz4_encode : nullptr};
}

void proof_format(struct proof_disk *d, uint64_t base)
{
    static struct redoxfs fs;
    struct redoxfs_format_options options = {.uuid = {1, 2, 3, 4, 5, 6, 0x47, 8, 0x89}, .base = base, .now = {1700000000, 1}};
    MUST(redoxfs_format(proof_disk_of(d), &options, &fs));
}

static void print_problem(void *context, const struct redoxfs_problem *p)
{
    if (context)
        printf("%s: node %u: %s %" PRIu64 " (%d)\n", (const char *)context, p->node, p->what, p->number, (int)p->status);
}

uint64_t proof_check(struct redoxfs *fs, const char *why)
{
    struct redoxfs_check check = {.fs = fs, .state = calloc(fs->block_count, 1), .names = calloc(fs->block_count, sizeof(uint32_t)),
                                  .report = print_problem, .context = (void *)(uintptr_t)why};
    enum status status = redoxfs_check(&check);
    if (why && check.leaked_blocks)
        printf("%s: %" PRIu64 " blocks leaked\n", why, check.leaked_blocks);
    if (status != OK)
        proof_failed("the check ended with %d", (int)status);
    free(check.state);
    free(check.names);
    return check.problems + check.leaked_blocks;
}
