/* SPDX-License-Identifier: MIT
 * Connecting to a disk, step by step, and the ring. See client.h. */
#include "block/client.h"
#include "base/string.h"
#include "base/try.h"
#include "sys/log.h"

#define RING_MAP_BYTES align_up(sizeof(struct block_ring), PAGE_SIZE_BYTES)
enum step : uint32_t { STEP_OPEN, STEP_DESCRIBE, STEP_CONNECT, STEP_BELL, STEP_BUFFERS };

static void advance(struct block_client *c);

/* ---- The ring ------------------------------------------------------------------------------------------------------------ */

static void wake_server(struct block_client *c)
{
    if (__atomic_exchange_n(&c->ring->server.need_wake, 0, __ATOMIC_SEQ_CST))
        IGNORE(sys_doorbell_ring(c->their_bell));
}

static void put(struct block_client *c, uint32_t slot)
{
    struct block_request r = c->table[slot].request;
    r.buffer = c->buffers[r.buffer].number;
    r.tag = slot;
    c->ring->requests[c->submitted % BLOCK_RING_ENTRIES_MAX] = r;
    c->submitted++;
    /* Release: the request is whole before it is counted. */
    __atomic_store_n(&c->ring->client.count, c->submitted, __ATOMIC_SEQ_CST);
}

static void take_answers(struct block_client *c)
{
    for (;;) {
        uint32_t completed = __atomic_load_n(&c->ring->server.count, __ATOMIC_SEQ_CST);
        if (completed == c->seen)
            return;
        struct block_answer a = c->ring->answers[c->seen % BLOCK_RING_ENTRIES_MAX]; /* copied once: the server may still write */
        c->seen++;
        if (a.tag >= BLOCK_UNDER_WAY_MAX || !c->table[a.tag].used)
            continue; /* an answer to nothing */
        struct block_under_way done = c->table[a.tag];
        c->table[a.tag].used = false;
        done.done(c, done.argument, a.status <= 0 ? (enum status)a.status : ERR_PROTOCOL);
    }
}

static void on_bell(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    struct block_client *c = container_of(self, struct block_client, rung);
    (void)s, (void)count, (void)value;
    if (!c->is_connected)
        return;
    do {
        take_answers(c);
        __atomic_store_n(&c->ring->client.need_wake, 1, __ATOMIC_SEQ_CST);
    } while (__atomic_load_n(&c->ring->server.count, __ATOMIC_SEQ_CST) != c->seen);
}

enum status block_client_ask(struct block_client *c, enum block_operation operation, uint64_t offset, uint32_t buffer, uint64_t buffer_offset,
                             uint32_t length, block_done *done, void *argument)
{
    for (uint32_t i = 0; i < BLOCK_UNDER_WAY_MAX; i++) {
        if (c->table[i].used)
            continue;
        c->table[i] = (struct block_under_way){
            .request = {.operation = operation, .offset = offset, .buffer = buffer, .buffer_offset = buffer_offset, .length = length},
            .done = done, .argument = argument, .used = true};
        if (c->is_connected) {
            put(c, i);
            wake_server(c);
        }
        return OK;
    }
    return ERR_BUSY;
}

/* ---- Connecting ---------------------------------------------------------------------------------------------------------- */

static void give_up(struct block_client *c, enum status status)
{
    log_warning("disk: no connection: %s", status_sentence(status));
    if (!c->was_ready && c->ready) {
        c->was_ready = true;
        c->ready(c, status);
    }
}

static void connected(struct block_client *c)
{
    c->is_connected = true;
    c->disk = c->described;
    for (uint32_t i = 0; i < BLOCK_UNDER_WAY_MAX; i++)
        if (c->table[i].used)
            put(c, i);
    __atomic_store_n(&c->ring->client.need_wake, 1, __ATOMIC_SEQ_CST);
    wake_server(c);
    if (!c->was_ready) {
        c->was_ready = true;
        c->ready(c, OK);
    }
}

static void take_step(struct block_client *c, const struct message *reply)
{
    struct block_connect_out connect;
    struct block_buffer_out buffer;
    switch ((enum step)MIN(c->step, STEP_BUFFERS)) {
    case STEP_OPEN:
        c->connection = (handle_t)reply->words[3];
        IGNORE(server_bind(c->server, c->connection, &c->hangup));
        break;
    case STEP_CONNECT:
        block_connect_completion(reply, &connect);
        c->their_bell = connect.doorbell;
        break;
    case STEP_BUFFERS:
        block_buffer_completion(reply, &buffer);
        c->buffers[c->step - STEP_BUFFERS].number = buffer.number;
        break;
    case STEP_DESCRIBE:
    case STEP_BELL:
        break;
    }
}

static void step_done(struct server *s, struct completion *self, const struct message *reply)
{
    struct block_client *c = container_of(self, struct block_client, next_step);
    (void)s;
    if (reply->result < 0) {
        give_up(c, (enum status)reply->result);
        return;
    }
    take_step(c, reply);
    c->step++;
    advance(c);
}

static enum status submit_step(struct block_client *c)
{
    handle_t endpoint = c->server->endpoint;
    uint64_t tag = server_completion_tag(&c->next_step);
    switch ((enum step)MIN(c->step, STEP_BUFFERS)) {
    case STEP_OPEN: {
        struct message m = {.words = {[2] = PLACE_HIGH}};
        return sys_submit(c->root, OP_OPEN | KIND_RECEIVE_HANDLE, &m, endpoint, tag);
    }
    case STEP_DESCRIBE:
        return block_describe_submit(c->connection, &(struct block_describe_in){.disk_space = &c->described}, endpoint, tag);
    case STEP_CONNECT:
        return block_connect_submit(c->connection, &(struct block_connect_in){.ring = c->ring_memory, .doorbell_place = PLACE_HIGH},
                                    endpoint, tag);
    case STEP_BELL:
        return block_bell_submit(c->connection, &(struct block_bell_in){.doorbell = c->own_bell}, endpoint, tag);
    case STEP_BUFFERS:
        return block_buffer_submit(c->connection, &(struct block_buffer_in){.memory = c->buffers[c->step - STEP_BUFFERS].memory,
                                                                            .bytes = c->buffers[c->step - STEP_BUFFERS].bytes},
                                   endpoint, tag);
    }
    return ERR_INVALID;
}

static void advance(struct block_client *c)
{
    if (c->step == STEP_BUFFERS + c->buffer_count) {
        connected(c);
        return;
    }
    enum status status = submit_step(c);
    if (status != OK)
        give_up(c, status);
}

static void start_over(struct block_client *c)
{
    c->is_connected = false;
    c->step = STEP_OPEN;
    c->submitted = c->seen = 0;
    memset(c->ring, 0, sizeof *c->ring);
    advance(c);
}

/* The driver is gone: the connection is dead. Its successor gets the same questions. */
static void on_hangup(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    struct block_client *c = container_of(self, struct block_client, hangup);
    (void)count;
    if (!(value & EVENT_HANGUP) || c->connection == HANDLE_NONE)
        return;
    log_info("disk: its driver ended, connecting again");
    IGNORE(sys_unbind(s->endpoint, c->connection));
    IGNORE(sys_handle_close(c->connection));
    if (c->their_bell != HANDLE_NONE)
        IGNORE(sys_handle_close(c->their_bell));
    c->connection = c->their_bell = HANDLE_NONE;
    start_over(c);
}

enum status block_client_init(struct block_client *c, struct server *server, handle_t root)
{
    uint64_t address;
    *c = (struct block_client){.server = server, .root = root, .connection = HANDLE_NONE, .their_bell = HANDLE_NONE,
                               .next_step = {.done = step_done}, .hangup = {on_hangup}, .rung = {on_bell}};
    TRY(sys_memory_create(RING_MAP_BYTES, MEMORY_WIRED, PLACE_HIGH, &c->ring_memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, RING_MAP_BYTES, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, c->ring_memory, 0, &address));
    c->ring = (struct block_ring *)(uintptr_t)address;
    TRY(sys_doorbell_create(PLACE_HIGH, &c->own_bell));
    return server_bind(server, c->own_bell, &c->rung);
}

enum status block_client_buffer(struct block_client *c, handle_t memory, uint64_t bytes, uint32_t *out_buffer)
{
    if (c->buffer_count == BLOCK_BUFFERS_MAX)
        return ERR_LIMIT;
    c->buffers[c->buffer_count] = (struct block_buffer){.memory = memory, .bytes = bytes};
    *out_buffer = c->buffer_count++;
    return OK;
}

enum status block_client_connect(struct block_client *c, void (*ready)(struct block_client *c, enum status status))
{
    c->ready = ready;
    start_over(c);
    return OK;
}
