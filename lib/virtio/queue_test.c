/* SPDX-License-Identifier: MIT
 * What queues and layouts promise, against a device that is played here, well or badly. */
#include "virtio/queue.h"
#include "base/types.h"
#include "unit/unit.h"
#include "virtio/layout.h"
#include <string.h>

static _Alignas(16) uint8_t memory[16384];
static struct virtq q;
static int cookies[16];

static void start(uint16_t size)
{
    memset(memory, 0, sizeof memory);
    CHECK_EQUAL(virtq_init(&q, size, SPAN_OF_ARRAY(memory)), OK);
}

static void device_uses(uint32_t id, uint32_t written)
{
    uint64_t available, used;
    (void)virtq_layout(q.size, &available, &used);
    volatile uint16_t *ring = (volatile uint16_t *)(void *)(memory + used);
    volatile uint32_t *element = (volatile uint32_t *)(volatile void *)(ring + 2 + (ring[1] % q.size) * 4);
    element[0] = id;
    element[1] = written;
    ring[1]++;
}

static uint16_t shown(uint16_t position)
{
    return q.available[2 + position % q.size];
}

static const struct virtq_buffer buffers[3] = {{0x1000, 10}, {0x2000, 20}, {0x3000, 30}};

TEST(virtq_shows_a_chain_and_gives_its_cookie_back)
{
    struct virtq_used u;
    start(8);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 2, &cookies[1]), OK);
    CHECK_EQUAL(q.available[1], 1);
    uint16_t head = shown(0);
    CHECK_EQUAL(q.table[head].address, 0x1000);
    CHECK_EQUAL(q.table[head].flags, 1);
    uint16_t next = q.table[head].next;
    CHECK_EQUAL(q.table[next].flags, 3);
    CHECK_EQUAL(q.table[q.table[next].next].flags, 2);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_WOULD_BLOCK);
    device_uses(head, 25);
    CHECK_EQUAL(virtq_take(&q, &u), OK);
    CHECK(u.cookie == &cookies[1] && u.written == 25);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_WOULD_BLOCK);
}

TEST(virtq_is_full_when_its_descriptors_are_under_way)
{
    struct virtq_used u;
    start(4);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    CHECK_EQUAL(virtq_add(&q, buffers, 2, 1, &cookies[1]), ERR_BUSY);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[1]), OK);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 0, &cookies[2]), ERR_BUSY);
    device_uses(shown(1), 0);
    CHECK_EQUAL(virtq_take(&q, &u), OK);
    CHECK(u.cookie == &cookies[1]);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[2]), OK);
    CHECK_EQUAL(virtq_add(&q, buffers, 0, 0, nullptr), ERR_INVALID);
    CHECK_EQUAL(virtq_add(&q, buffers, 3, 2, nullptr), ERR_INVALID);
}

TEST(virtq_survives_many_rounds_out_of_order)
{
    struct virtq_used u;
    uint32_t seed = 1;
    int under_way[8], count = 0;
    uint16_t heads[16] = {};
    start(16);
    for (int round = 0; round < 200000; round++) {
        seed = seed * 1664525 + 1013904223;
        int cookie = 0;
        if (count < 5 && (seed >> 16) % 2) {
            for (cookie = 0;; cookie++) {
                bool taken = false;
                for (int i = 0; i < count; i++)
                    taken |= under_way[i] == cookie;
                if (!taken)
                    break;
            }
            CHECK_EQUAL(virtq_add(&q, buffers, 1 + (seed >> 20) % 2, 1, &cookies[cookie]), OK);
            heads[cookie] = shown((uint16_t)(q.next_available - 1));
            under_way[count++] = cookie;
        } else if (count) {
            int i = (int)((seed >> 18) % (uint32_t)count);
            cookie = under_way[i];
            under_way[i] = under_way[--count];
            device_uses(heads[cookie], 20);
            CHECK_EQUAL(virtq_take(&q, &u), OK);
            CHECK(u.cookie == &cookies[cookie]);
        }
    }
}

TEST(virtq_does_not_believe_the_device)
{
    struct virtq_used u;
    start(8); /* an id out of range */
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    device_uses(8, 0);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_PROTOCOL);
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), ERR_PROTOCOL);
    start(8); /* one that is not under way */
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    device_uses(5, 0);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_PROTOCOL);
    start(8); /* the same twice */
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    device_uses(0, 0);
    device_uses(0, 0);
    CHECK_EQUAL(virtq_take(&q, &u), OK);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_PROTOCOL);
    start(8); /* more written than there is room */
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    device_uses(0, 21);
    CHECK_EQUAL(virtq_take(&q, &u), ERR_PROTOCOL);
    start(8); /* an index that jumps; and a descriptor table that was scribbled over is never read */
    CHECK_EQUAL(virtq_add(&q, buffers, 1, 1, &cookies[0]), OK);
    memset(memory, 0xff, 128);
    q.used[1] = 9;
    CHECK_EQUAL(virtq_take(&q, &u), ERR_PROTOCOL);
}

TEST(virtq_sizes_are_powers_of_two_that_fit)
{
    CHECK_EQUAL(virtq_init(&q, 6, SPAN_OF_ARRAY(memory)), ERR_INVALID);
    CHECK_EQUAL(virtq_init(&q, 512, SPAN_OF_ARRAY(memory)), ERR_INVALID);
    CHECK_EQUAL(virtq_init(&q, 8, (struct span){memory, 100}), ERR_INVALID);
    CHECK_EQUAL(virtq_init(&q, 0, SPAN_OF_ARRAY(memory)), ERR_INVALID);
}

static uint8_t space[256];

static void add_capability(uint8_t at, uint8_t next, uint8_t kind, uint8_t bar, uint32_t offset, uint32_t bytes)
{
    const uint8_t head[] = {9, next, 16, kind, bar, 0, 0, 0};
    memcpy(space + at, head, sizeof head);
    memcpy(space + at + 8, &offset, 4);
    memcpy(space + at + 12, &bytes, 4);
}

TEST(virtio_layout_is_found_and_checked)
{
    struct virtio_layout l;
    memset(space, 0, sizeof space);
    CHECK_EQUAL(virtio_layout_read((struct view){space, 256}, &l), ERR_NO_DEVICE);
    space[6] = 0x10;
    space[0x34] = 0x40;
    add_capability(0x40, 0x50, 1, 4, 0, 0x1000);
    add_capability(0x50, 0x60, 1, 2, 0, 0x1000); /* a second one is not looked at */
    add_capability(0x60, 0x80, 2, 4, 0x3000, 0x1000);
    space[0x70] = 4;
    add_capability(0x80, 0, 4, 9, 0, 0x1000); /* a BAR that cannot be */
    CHECK_EQUAL(virtio_layout_read((struct view){space, 256}, &l), OK);
    CHECK_EQUAL(l.common.bar, 4);
    CHECK_EQUAL(l.notify.offset, 0x3000);
    CHECK_EQUAL(l.notify_multiplier, 4);
    CHECK_EQUAL(l.device.bytes, 0);
    add_capability(0x40, 0x50, 1, 4, 0, 20);
    CHECK_EQUAL(virtio_layout_read((struct view){space, 256}, &l), ERR_CORRUPT);
    add_capability(0x40, 0xfc, 1, 4, 0, 0x1000);
    space[0xfc] = 9;
    CHECK(virtio_layout_read((struct view){space, 256}, &l) != OK); /* one that runs out of the space */
}
