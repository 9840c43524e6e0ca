/* SPDX-License-Identifier: MIT
 * The split virtqueue. Free descriptors are a list through our own `next`, never through the table that the device can write. */
#include "virtio/queue.h"
#include "base/atomic.h"
#include "base/types.h"

enum : uint16_t { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };
enum : uint16_t { USED_NO_NOTIFY = 1 };
enum { RING_FLAGS, RING_INDEX, RING_FIRST };

uint64_t virtq_layout(uint16_t size, uint64_t *out_available, uint64_t *out_used)
{
    *out_available = (uint64_t)size * sizeof(struct virtq_descriptor);
    *out_used = align_up(*out_available + 6 + 2ull * size, 4);
    return *out_used + 6 + (uint64_t)size * sizeof(struct virtq_used_element);
}

enum status virtq_init(struct virtq *q, uint16_t size, struct span memory)
{
    uint64_t available, used;
    if (!is_power_of_two(size) || size > VIRTQ_SIZE_MAX || memory.length < virtq_layout(size, &available, &used))
        return ERR_INVALID;
    *q = (struct virtq){.table = (volatile struct virtq_descriptor *)(void *)memory.data,
                        .available = (volatile uint16_t *)(void *)(memory.data + available),
                        .used = (volatile uint16_t *)(void *)(memory.data + used), .size = size, .free_count = size};
    for (uint16_t i = 0; i < size; i++)
        q->chains[i].next = i + 1;
    return OK;
}

enum status virtq_add(struct virtq *q, const struct virtq_buffer *buffers, uint32_t out, uint32_t in, void *cookie)
{
    uint32_t count = out + in, writable = 0;
    if (q->is_broken)
        return ERR_PROTOCOL;
    if (count == 0 || count > q->size)
        return ERR_INVALID;
    if (count > q->free_count)
        return ERR_BUSY;
    uint16_t head = q->free_head, at = head;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t next = q->chains[at].next, flags = i + 1 < count ? DESCRIPTOR_NEXT : 0;
        if (i >= out) {
            flags |= DESCRIPTOR_WRITE;
            writable += buffers[i].bytes;
        }
        q->table[at].address = buffers[i].bus;
        q->table[at].bytes = buffers[i].bytes;
        q->table[at].flags = flags;
        q->table[at].next = next;
        if (i + 1 == count)
            q->free_head = next;
        at = next;
    }
    q->free_count -= (uint16_t)count;
    q->chains[head].cookie = cookie;
    q->chains[head].writable = writable;
    q->chains[head].count = (uint16_t)count;
    q->available[RING_FIRST + q->next_available % q->size] = head;
    q->next_available++;
    /* The device must see the descriptors before the index that shows them. */
    atomic_store_release(&q->available[RING_INDEX], q->next_available);
    return OK;
}

static void chain_free(struct virtq *q, uint16_t head)
{
    uint16_t last = head;
    for (uint16_t i = 1; i < q->chains[head].count; i++)
        last = q->chains[last].next;
    q->free_count += q->chains[head].count;
    q->chains[head].count = 0;
    q->chains[last].next = q->free_head;
    q->free_head = head;
}

enum status virtq_take(struct virtq *q, struct virtq_used *out)
{
    if (q->is_broken)
        return ERR_PROTOCOL;
    /* The elements that this index shows are read after it. */
    uint16_t waiting = atomic_load_acquire(&q->used[RING_INDEX]) - q->last_used;
    if (waiting == 0)
        return ERR_WOULD_BLOCK;
    const volatile struct virtq_used_element *elements =
        (const volatile struct virtq_used_element *)(const volatile void *)(q->used + RING_FIRST);
    uint32_t id = elements[q->last_used % q->size].id, written = elements[q->last_used % q->size].written;
    if (waiting > q->size || id >= q->size || q->chains[id].count == 0 || written > q->chains[id].writable) {
        q->is_broken = true;
        return ERR_PROTOCOL;
    }
    q->last_used++;
    *out = (struct virtq_used){q->chains[id].cookie, written};
    chain_free(q, (uint16_t)id);
    return OK;
}

bool virtq_wants_notification(const struct virtq *q)
{
    /* Our index must be out before we look whether the device still watches it. */
    atomic_fence_full();
    return !(q->used[RING_FLAGS] & USED_NO_NOTIFY);
}
