/* SPDX-License-Identifier: MIT
 * A disk that fails once, at each of its requests in turn, from mounting on. What fails says so and has changed nothing, doing it again
 * works, and what a commit has answered OK for is there. After a header that failed nothing can be changed, and mounting
 * finds the state before or behind it. */
#include "proof/power.h"
#include "workload.h"
#include <inttypes.h>
#include <string.h>

static struct proof_disk start, disk;
static struct redoxfs fs;

/* What a sequence does on a disk that works. */
struct expectation { enum status first, second; uint64_t before, after; };

static void begin(void)
{
    memcpy(disk.blocks, start.blocks, (size_t)WORK_BLOCKS * REDOXFS_BLOCK_BYTES);
    memset(disk.requests, 0, sizeof disk.requests);
    disk.fail_kind = REQUEST_NONE;
}

static enum status open_disk(void)
{
    struct redoxfs_write_options options = proof_options();
    return redoxfs_open_writable(proof_disk_of(&disk), &options, &fs);
}

static struct expectation expect(uint32_t first, uint32_t second)
{
    struct expectation e;
    begin();
    MUST(open_disk());
    MUST(workload_digest(&fs, &e.before));
    e.first = workload_do(&fs, first, 0);
    e.second = workload_do(&fs, second, 1);
    MUST(workload_digest(&fs, &e.after));
    redoxfs_close(&fs);
    return e;
}

/* Once more after the disk's own error, and then as without one. */
static void do_twice(uint32_t operation, uint64_t variation, enum status wanted)
{
    enum status status = workload_do(&fs, operation, variation);
    if (status == ERR_IO)
        status = workload_do(&fs, operation, variation);
    if (status == ERR_READ_ONLY && operation >= WORK_RESIZE)
        return; /* it has commits of its own, and the header of one failed */
    if (status != wanted)
        proof_failed("operation %u answered %d and should have answered %d", operation, (int)status, (int)wanted);
}

static uint64_t digest_of_disk(void)
{
    uint64_t digest;
    MUST(redoxfs_open(proof_disk_of(&disk), &fs));
    if (proof_check(&fs, "after an error"))
        proof_failed("the check found problems after an error");
    MUST(workload_digest(&fs, &digest));
    return digest;
}

static void commit_and_look(const struct expectation *e)
{
    uint64_t digest;
    enum status status = redoxfs_commit(&fs);
    if (status == ERR_IO)
        status = redoxfs_commit(&fs);
    disk.fail_kind = REQUEST_NONE;
    MUST(workload_digest(&fs, &digest));
    if (digest != e->after)
        proof_failed("what is seen after an error is not what was done");
    redoxfs_close(&fs);
    digest = digest_of_disk();
    if (status != OK && status != ERR_READ_ONLY)
        proof_failed("a commit answered %d", (int)status);
    if (digest != e->after && (status == OK || digest != e->before))
        proof_failed("a commit answered %d, and the disk has another state", (int)status);
}

/* Answers whether there was such a request. */
static bool fail_at(uint32_t first, uint32_t second, const struct expectation *e, enum proof_request kind, uint64_t number)
{
    begin();
    disk.fail_kind = kind;
    disk.fail_after = number;
    disk.fail_count = 1;
    enum status status = open_disk();
    if (status == ERR_IO)
        status = open_disk();
    MUST(status);
    do_twice(first, 0, e->first);
    do_twice(second, 1, e->second);
    commit_and_look(e);
    return disk.requests[kind] > number;
}

uint64_t errors_run(uint32_t stride)
{
    uint64_t tried = 0;
    workload_start(&start);
    proof_disk_init(&disk, WORK_BLOCKS);
    for (uint32_t i = 0; i < WORK_OPERATIONS * WORK_OPERATIONS; i += stride) {
        proof_compresses = i % 2;
        uint32_t first = i / WORK_OPERATIONS, second = i % WORK_OPERATIONS;
        if (first >= WORK_RESIZE)
            continue; /* nothing can be expected of what comes after it */
        struct expectation e = expect(first, second);
        for (enum proof_request kind = REQUEST_READ; kind <= REQUEST_FLUSH; kind++) {
            uint64_t number = 0;
            for (; fail_at(first, second, &e, kind, number); tried++)
                number += kind == REQUEST_READ && number < 500 ? 37 : 1; /* the ring's headers are all read in the same way */
        }
    }
    proof_disk_fini(&disk);
    proof_disk_fini(&start);
    return tried;
}
