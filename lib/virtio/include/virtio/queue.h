/* SPDX-License-Identifier: MIT
 * A split virtqueue (virtio 1.2, 2.7), the driver's side. Pure: memory goes in, addresses are what the caller says they are.
 *
 * The device is hostile: it may write anything into the used ring at any time, and into the descriptor table too. So our own copy of
 * indices, chains and cookies decides; what the device says is only looked up in it. A device that breaks the protocol
 * makes the queue broken for good (ERR_PROTOCOL); the driver ends and is started again after a reset. One loop owns a queue. */
#pragma once
#include "abi/status.h"
#include "base/span.h"

#define VIRTQ_SIZE_MAX 256u

struct virtq_buffer { uint64_t bus; uint32_t bytes; };
struct virtq_used { void *cookie; uint32_t written; }; /* written: at most what the chain's writable buffers hold */

struct virtq_descriptor { uint64_t address; uint32_t bytes; uint16_t flags, next; }; /* 2.7.5 */
struct virtq_used_element { uint32_t id, written; };                              /* 2.7.8 */

struct virtq {
    /* shared with the device */
    volatile struct virtq_descriptor *table;
    volatile uint16_t *available; /* flags, index, ring[size] */
    volatile uint16_t *used;      /* flags, index, then elements at +4 */
    /* ours alone */
    uint16_t size, free_count, free_head, next_available, last_used;
    bool is_broken;
    struct { void *cookie; uint32_t writable; uint16_t next, count; } chains[VIRTQ_SIZE_MAX]; /* count 0: not a head under way */
};

/* Where the three parts lie in one piece of memory, in bytes from its start; answers the size of it. */
uint64_t virtq_layout(uint16_t size, uint64_t *out_available, uint64_t *out_used);
/* `memory`: zeros, 16-aligned, virtq_layout(size) bytes. Size: a power of two, at most VIRTQ_SIZE_MAX. */
enum status virtq_init(struct virtq *q, uint16_t size, struct span memory);
/* A chain of `out` buffers that the device reads, then `in` buffers that it writes. It is the device's at once; tell it with a notification
 * if virtq_wants_notification. ERR_BUSY: no room until some come back. */
enum status virtq_add(struct virtq *q, const struct virtq_buffer *buffers, uint32_t out, uint32_t in, void *cookie);
/* The next chain that the device is done with. WOULD_BLOCK: none; PROTOCOL: the device lies. */
enum status virtq_take(struct virtq *q, struct virtq_used *out);
bool virtq_wants_notification(const struct virtq *q);
