/* SPDX-License-Identifier: MIT
 * The descriptor ring between a disk and its client: shared memory that both write and neither trusts. Each side keeps its own index and
 * its own table of what is under way; what it reads from the ring it copies once and checks.
 *
 * One producer and one consumer for each direction. `submitted` counts requests put in, `completed` answers put in, both for ever (the
 * slot is the count modulo entries). A side that is about to sleep sets its need_wake, then looks at the other's counter once more; the
 * other rings the doorbell only when it sees need_wake, and clears it.
 * Buffers are parts of memory objects that the client has registered (block protocol, `buffer`). Offsets and lengths are bytes and
 * multiples of the disk's block. */
#pragma once
#include <stdint.h>

#define BLOCK_RING_ENTRIES_MAX 256u

enum block_operation : uint32_t { BLOCK_READ = 1, BLOCK_WRITE = 2, BLOCK_FLUSH = 3, BLOCK_DISCARD = 4 };

struct block_request {
    uint64_t tag;             /* the client's; comes back in the answer */
    uint64_t offset;          /* on the disk */
    uint64_t buffer_offset;   /* in the buffer */
    uint32_t operation;       /* enum block_operation */
    uint32_t buffer;          /* number from the protocol */
    uint32_t length;
    uint32_t reserved;
};
struct block_answer {
    uint64_t tag;
    int32_t  status;          /* enum status */
    uint32_t reserved;
};
struct block_ring_side {      /* written by one side alone, but for need_wake, which the other clears */
    uint32_t count;           /* release: what it counts is complete */
    uint32_t need_wake;
    uint8_t  padding[56];     /* a cache line each */
};
struct block_ring {
    struct block_ring_side client; /* submitted */
    struct block_ring_side server; /* completed */
    struct block_request requests[BLOCK_RING_ENTRIES_MAX];
    struct block_answer answers[BLOCK_RING_ENTRIES_MAX];
};
static_assert(sizeof(struct block_request) == 40 && sizeof(struct block_answer) == 16 && sizeof(struct block_ring_side) == 64);
