/* SPDX-License-Identifier: MIT
 * virtio-blkd: a virtio disk (virtio 1.2, 5.2), served by rings (abi/block_ring.h, abi/protocol/block.proto). Each client has a
 * connection with its own ring and buffers; requests go straight from the client's ring to the device's queue and the
 * device writes into the client's memory. Nothing in a ring is believed: each request is copied once, then checked. */
#include "abi/block_ring.h"
#include "base/fmt.h"
#include "block/identify.h"
#include "base/string.h"
#include "driver/driver.h"
#include "heap/heap.h"
#include "protocol/block_server.h"
#include "protocol/init.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "virtio/virtio.h"

#define SECTOR_BYTES 512u
#define CONNECTIONS_MAX 8u
#define BUFFERS_MAX 8u
#define QUEUE_ENTRIES 128u
#define UNDER_WAY_MAX 32u
#define REQUEST_BYTES_MAX (1u << 20)
#define PROBE_LOOKS 20000u
#define PROBE_LOOK_NS 250000ull
enum : uint64_t { FEATURE_READ_ONLY = 1ull << 5, FEATURE_FLUSH = 1ull << 9 };
enum : uint32_t { TYPE_READ = 0, TYPE_WRITE = 1, TYPE_FLUSH = 4 };
enum : uint8_t { DEVICE_OK = 0 };

struct buffer { handle_t memory; uint64_t bus, bytes; };
struct connection {
    bool used;
    uint32_t under_way;               /* the slot is not given away before the last answer */
    handle_t ring_memory, own_bell, their_bell;
    struct block_ring *ring;
    uint32_t taken, completed;
    struct buffer buffers[BUFFERS_MAX];
    uint32_t buffer_count;
    struct event_handler rung;
};
struct header { uint32_t type, reserved; uint64_t sector; };
struct slot {                         /* a request at the device */
    bool used;
    struct connection *connection;
    uint64_t tag;
    uint64_t bus;                     /* of this slot's header and status byte in `headers` */
    struct header *header;
    volatile uint8_t *status;
};
#define SLOT_BYTES 32u

static struct driver driver;
static struct virtio device;
static struct virtio_queue queue;
static struct dma_memory headers, probe_memory;
static struct slot slots[UNDER_WAY_MAX];
static struct connection connections[CONNECTIONS_MAX];
static uint64_t disk_bytes;
static handle_t init_handle;
static char disk_name[8];               /* vda is the first */

/* ---- The device ---------------------------------------------------------------------------------------------------------- */

static struct slot *slot_take(void)
{
    for (uint32_t i = 0; i < UNDER_WAY_MAX; i++)
        if (!slots[i].used)
            return &slots[i];
    return nullptr;
}

static enum status device_ask(struct slot *s, uint32_t type, uint64_t offset, uint64_t bus, uint32_t bytes)
{
    struct virtq_buffer chain[3] = {{s->bus, sizeof(struct header)}};
    uint32_t out = 1, in = 0;
    *s->header = (struct header){.type = type, .sector = offset / SECTOR_BYTES};
    *s->status = 0xff;
    if (type == TYPE_WRITE)
        chain[out++] = (struct virtq_buffer){bus, bytes};
    else if (type == TYPE_READ)
        chain[out + in++] = (struct virtq_buffer){bus, bytes};
    chain[out + in++] = (struct virtq_buffer){s->bus + sizeof(struct header), 1};
    TRY(virtq_add(&queue.ring, chain, out, in, s));
    s->used = true;
    return OK;
}

/* ---- Rings --------------------------------------------------------------------------------------------------------------- */

static void answer(struct connection *c, uint64_t tag, enum status status)
{
    if (!c->ring)
        return;
    c->ring->answers[c->completed % BLOCK_RING_ENTRIES_MAX] = (struct block_answer){.tag = tag, .status = status};
    c->completed++;
    /* Sequentially consistent: the answer is whole before it is counted, and the count before need_wake is looked at. */
    __atomic_store_n(&c->ring->server.count, c->completed, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&c->ring->client.need_wake, 0, __ATOMIC_SEQ_CST))
        IGNORE(sys_doorbell_ring(c->their_bell));
}

static enum status check_request(const struct connection *c, const struct block_request *r)
{
    if (r->operation == BLOCK_FLUSH)
        return device.features & FEATURE_FLUSH ? OK : ERR_NOT_SUPPORTED;
    if (r->operation != BLOCK_READ && r->operation != BLOCK_WRITE)
        return ERR_NOT_SUPPORTED;
    if (r->operation == BLOCK_WRITE && device.features & FEATURE_READ_ONLY)
        return ERR_READ_ONLY;
    if (!r->length || r->length > REQUEST_BYTES_MAX || !is_aligned(r->length | r->offset, SECTOR_BYTES) || r->buffer >= c->buffer_count)
        return ERR_INVALID;
    const struct buffer *b = &c->buffers[r->buffer];
    if (r->offset > disk_bytes || r->length > disk_bytes - r->offset)
        return ERR_OUT_OF_RANGE;
    return r->buffer_offset <= b->bytes && r->length <= b->bytes - r->buffer_offset ? OK : ERR_OUT_OF_RANGE;
}

/* ERR_BUSY: no room at the device; the request stays in the ring. */
static enum status start_request(struct connection *c, const struct block_request *r)
{
    struct slot *s = slot_take();
    if (!s)
        return ERR_BUSY;
    s->connection = c;
    s->tag = r->tag;
    uint32_t type = r->operation == BLOCK_READ ? TYPE_READ : r->operation == BLOCK_WRITE ? TYPE_WRITE : TYPE_FLUSH;
    TRY(device_ask(s, type, r->offset, type == TYPE_FLUSH ? 0 : c->buffers[r->buffer].bus + r->buffer_offset, r->length));
    c->under_way++;
    return OK;
}

static bool take_requests(struct connection *c)
{
    bool any = false;
    for (;;) {
        uint32_t submitted = __atomic_load_n(&c->ring->client.count, __ATOMIC_SEQ_CST);
        if (submitted == c->taken || submitted - c->taken > BLOCK_RING_ENTRIES_MAX)
            return any;
        struct block_request r = c->ring->requests[c->taken % BLOCK_RING_ENTRIES_MAX];
        enum status status = check_request(c, &r);
        if (status == OK)
            status = start_request(c, &r);
        if (status == ERR_BUSY)
            return any;
        c->taken++;
        if (status != OK)
            answer(c, r.tag, status);
        else
            any = true;
    }
}

static void serve_ring(struct connection *c)
{
    bool any = false;
    do {
        any |= take_requests(c);
        __atomic_store_n(&c->ring->server.need_wake, 1, __ATOMIC_SEQ_CST);
    } while (slot_take() && __atomic_load_n(&c->ring->client.count, __ATOMIC_SEQ_CST) - c->taken - 1 < BLOCK_RING_ENTRIES_MAX);
    if (any && virtq_wants_notification(&queue.ring))
        virtio_notify(&queue);
}

static void on_bell(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    struct connection *c = container_of(self, struct connection, rung);
    (void)s, (void)count, (void)value;
    if (c->used && c->ring)
        serve_ring(c);
}

/* ---- What is on the disk ------------------------------------------------------------------------------------------------- */

static void announced(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self;
    if (reply->result < 0 && reply->result != ERR_EXISTS)
        log_warning("its filesystem is not started: %s", status_sentence((enum status)reply->result));
}
/* What is on this disk, and the disk itself as a file: a unit each. */
static struct announcement { struct completion completion; char name[48]; } announcements[2] = {{.completion.done = announced}, {.completion.done = announced}};

static void announce(struct announcement *a, const char *unit)
{
    handle_t root; /* init reads the name when it receives the message */
    size_t length = fmt(a->name, sizeof a->name, "%s:%s", unit, disk_name);
    if (server_resource(&driver.server, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, RESOURCE_RESTARTABLE, 0, &root) != OK)
        return;
    struct init_attach_in in = {.name = {(const uint8_t *)a->name, length}, .device = root};
    enum status status = init_attach_submit(init_handle, &in, driver.server.endpoint, server_completion_tag(&a->completion));
    if (status != OK)
        log_warning("init cannot be told of the disk: %s", status_sentence(status));
    IGNORE(sys_handle_close(root));
}

static uint32_t probe_bytes(void)
{
    return (uint32_t)MIN(disk_bytes, (uint64_t)BLOCK_IDENTIFY_BYTES);
}

static void probed(const struct slot *s)
{
    /* Before `ready`, so that whoever waits for all devices waits for the filesystem too. */
    const char *unit = *s->status == DEVICE_OK ? block_identify((struct view){probe_memory.address, probe_bytes()}) : nullptr;
    if (*s->status != DEVICE_OK)
        log_warning("its first blocks cannot be read");
    else if (unit)
        announce(&announcements[0], unit);
    else
        log_info("no filesystem that is known");
}

static void on_interrupt(struct driver *d, uint32_t vector)
{
    struct virtq_used used;
    enum status status;
    (void)d, (void)vector;
    while ((status = virtq_take(&queue.ring, &used)) == OK) {
        struct slot *s = used.cookie;
        s->used = false;
        struct connection *c = s->connection;
        c->under_way--;
        if (c->used)
            answer(c, s->tag, *s->status == DEVICE_OK ? OK : ERR_IO);
    }
    if (status == ERR_PROTOCOL) {
        log_error("the device breaks the protocol");
        sys_process_exit(1);
    }
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++)
        if (connections[i].used && connections[i].ring)
            serve_ring(&connections[i]);
}

/* ---- Connections --------------------------------------------------------------------------------------------------------- */

static enum status on_open(struct request *rq, struct view path, uint32_t flags, uint32_t mode, handle_t *out_handle, uint32_t *out_kind)
{
    (void)flags, (void)mode;
    if (path.length)
        return ERR_NOT_FOUND;
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &connections[i];
        if (c->used || c->under_way)
            continue;
        *c = (struct connection){.used = true, .ring_memory = HANDLE_NONE, .own_bell = HANDLE_NONE, .their_bell = HANDLE_NONE,
                                 .rung = {on_bell}};
        *out_kind = FILE_BLOCK;
        enum status status = server_open(rq->server, c, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, 0, out_handle);
        c->used = status == OK;
        return status;
    }
    return ERR_LIMIT;
}

static void close_if(handle_t *h)
{
    if (*h != HANDLE_NONE)
        IGNORE(sys_handle_close(*h));
    *h = HANDLE_NONE;
}

static void ring_drop(struct connection *c)
{
    if (c->ring)
        IGNORE(sys_unmap(HANDLE_SELF_SPACE, sys_address(c->ring), align_up(sizeof *c->ring, PAGE_SIZE_BYTES)));
    c->ring = nullptr;
    if (c->own_bell != HANDLE_NONE)
        IGNORE(sys_unbind(driver.server.endpoint, c->own_bell));
    close_if(&c->own_bell);
    close_if(&c->ring_memory);
}

static void on_closed(struct server *s, uint64_t token, void *object)
{
    struct connection *c = object;
    (void)s, (void)token;
    if (!c)
        return;
    ring_drop(c);
    close_if(&c->their_bell);
    for (uint32_t i = 0; i < c->buffer_count; i++)
        close_if(&c->buffers[i].memory);
    c->used = false;
}

static enum status do_describe(struct request *rq, const struct block_describe_in *in, struct block_describe_out *out)
{
    (void)rq, (void)in;
    out->disk = (struct block_disk){.bytes = disk_bytes, .block_bytes = SECTOR_BYTES, .most_bytes = REQUEST_BYTES_MAX,
                                    .flags = device.features & FEATURE_READ_ONLY ? BLOCK_READ_ONLY : 0, .ring_entries = UNDER_WAY_MAX};
    return OK;
}

static enum status do_connect(struct request *rq, const struct block_connect_in *in, struct block_connect_out *out)
{
    struct connection *c = rq->object;
    uint64_t address;
    if (!c || in->ring == HANDLE_NONE)
        return ERR_INVALID;
    ring_drop(c);
    c->ring_memory = in->ring;
    uint64_t bytes = align_up(sizeof *c->ring, PAGE_SIZE_BYTES);
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, in->ring, 0, &address));
    c->ring = (struct block_ring *)(uintptr_t)address;
    c->taken = c->completed = 0;
    TRY(sys_doorbell_create(PLACE_HIGH, &c->own_bell));
    TRY(server_bind(rq->server, c->own_bell, &c->rung));
    __atomic_store_n(&c->ring->server.need_wake, 1, __ATOMIC_SEQ_CST);
    out->doorbell = c->own_bell;
    rq->keep_handle = true;
    return OK;
}

static enum status do_bell(struct request *rq, const struct block_bell_in *in, struct block_bell_out *out)
{
    struct connection *c = rq->object;
    (void)out;
    if (!c || in->doorbell == HANDLE_NONE)
        return ERR_INVALID;
    close_if(&c->their_bell);
    c->their_bell = in->doorbell;
    return OK;
}

/* Only memory that is one physical run: then a request is one descriptor. */
static enum status do_buffer(struct request *rq, const struct block_buffer_in *in, struct block_buffer_out *out)
{
    struct connection *c = rq->object;
    uint64_t bus, run;
    if (!c || in->memory == HANDLE_NONE)
        return ERR_INVALID;
    enum status status = c->buffer_count == BUFFERS_MAX ? ERR_LIMIT : OK;
    if (status == OK)
        status = device_dma_address(&driver.device, in->memory, 0, &bus, &run);
    if (status == OK && run < in->bytes)
        status = ERR_INVALID;
    if (status != OK) {
        IGNORE(sys_handle_close(in->memory));
        return status;
    }
    out->number = c->buffer_count;
    c->buffers[c->buffer_count++] = (struct buffer){.memory = in->memory, .bus = bus, .bytes = in->bytes};
    return OK;
}

static const struct block_ops block_operations = {.describe = do_describe, .connect = do_connect, .bell = do_bell, .buffer = do_buffer};

static bool on_protocol(struct request *rq)
{
    return block_dispatch(&block_operations, rq);
}

static const struct scheme_ops scheme = {.open = on_open, .protocol = on_protocol, .closed = on_closed};

/* ---- Start --------------------------------------------------------------------------------------------------------------- */

static enum status prepare_slots(void)
{
    TRY(device_dma_allocate(&driver.device, UNDER_WAY_MAX * SLOT_BYTES, &headers));
    for (uint32_t i = 0; i < UNDER_WAY_MAX; i++) {
        slots[i].bus = headers.bus + (uint64_t)i * SLOT_BYTES;
        slots[i].header = (struct header *)(void *)(headers.address + i * SLOT_BYTES);
        slots[i].status = headers.address + i * SLOT_BYTES + sizeof(struct header);
    }
    return OK;
}

/* The loop does not run yet, so this one request is waited for here. */
static enum status probe(void)
{
    struct virtq_used used;
    enum status status = ERR_WOULD_BLOCK;
    if (disk_bytes == 0)
        return OK;
    TRY(device_dma_allocate(&driver.device, probe_bytes(), &probe_memory));
    TRY(device_ask(&slots[0], TYPE_READ, 0, probe_memory.bus, probe_bytes()));
    virtio_notify(&queue);
    for (uint32_t i = 0; i < PROBE_LOOKS && status == ERR_WOULD_BLOCK; i++) {
        status = virtq_take(&queue.ring, &used);
        if (status == ERR_WOULD_BLOCK)
            IGNORE(sys_sleep(clock_monotonic_ns() + PROBE_LOOK_NS));
    }
    if (status != OK)
        return status == ERR_WOULD_BLOCK ? ERR_TIMED_OUT : status;
    slots[0].used = false;
    probed(&slots[0]);
    device_dma_free(&probe_memory);
    return OK;
}

static enum status on_init(struct driver *d)
{
    uint64_t sectors;
    TRY(virtio_open(&device, d, FEATURE_READ_ONLY | FEATURE_FLUSH));
    TRY(virtio_config_read(&device, 0, SPAN_OF_STRUCT(&sectors)));
    if (sectors > UINT64_MAX / SECTOR_BYTES)
        return ERR_CORRUPT;
    disk_bytes = sectors * SECTOR_BYTES;
    TRY(virtio_queue_open(&device, 0, QUEUE_ENTRIES, &queue));
    TRY(prepare_slots());
    virtio_start(&device);
    announce(&announcements[1], "disk");
    log_info("%s: %lu MiB%s", disk_name, disk_bytes >> 20, device.features & FEATURE_READ_ONLY ? ", read-only" : "");
    return probe();
}

static void on_shutdown(struct driver *d)
{
    (void)d;
    virtio_reset(&device);
}

int main(const struct start_block *block)
{
    static const struct driver_ops ops = {.init = on_init, .handle = &scheme, .interrupt = on_interrupt, .shutdown = on_shutdown};
    uint64_t number = 0;
    IGNORE(view_to_u64(start_option(block, "number="), &number));
    if (number < 26)
        fmt(disk_name, sizeof disk_name, "vd%c", (char)('a' + number));
    else
        fmt(disk_name, sizeof disk_name, "vd%c%c", (char)('a' + (number / 26 - 1) % 26), (char)('a' + number % 26));
    init_handle = start_handle(block, "init");
    return driver_main(&driver, block, &ops, nullptr);
}
