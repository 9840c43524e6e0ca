/* SPDX-License-Identifier: MIT
 * What messages promise, against a server in another context of this process. */
#include "base/string.h"
#include "check.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/context.h"

#define OPERATION_ADD 0x3f00u     /* w0 + w1 */
#define OPERATION_REVERSE 0x3f01u /* data back, reversed */
#define OPERATION_SUM 0x3f02u     /* sum of all bytes sent, also beyond the receive buffer */
#define OPERATION_LATER 0x3f03u   /* answered by the next ADD */
#define OPERATION_HANDLE 0x3f04u  /* gives back the handle that came */
#define OPERATION_STOP 0x3f05u

static struct server server;
static handle_t endpoint = HANDLE_NONE, resource = HANDLE_NONE;
static uint64_t later;
static volatile uint32_t closed_count;
static uint8_t reversed[4096];

static void reverse(struct request *rq)
{
    size_t length = MIN(rq->data.length, sizeof reversed);
    for (size_t i = 0; i < length; i++)
        reversed[i] = rq->data.data[length - 1 - i];
    rq->result = (int64_t)length;
    request_give_data(rq, (struct view){reversed, length});
}

static void sum(struct request *rq)
{
    static uint8_t piece[5000];
    uint64_t total = 0;
    for (uint64_t at = 0; at < rq->data_length;) {
        int64_t got = request_read(rq, at, SPAN_OF_ARRAY(piece));
        if (got <= 0) {
            rq->result = got < 0 ? got : ERR_TRUNCATED;
            return;
        }
        for (int64_t i = 0; i < got; i++)
            total += piece[i];
        at += (uint64_t)got;
    }
    rq->m->words[0] = total;
}

static bool protocol(struct request *rq)
{
    switch (rq->operation) {
    case OPERATION_ADD:
        rq->m->words[0] += rq->m->words[1];
        if (later)
            IGNORE(server_answer(rq->server, later, 99));
        later = 0;
        return true;
    case OPERATION_REVERSE: reverse(rq); return true;
    case OPERATION_SUM: sum(rq); return true;
    case OPERATION_LATER: later = request_defer(rq); return true;
    case OPERATION_HANDLE: request_give_handle(rq, request_handle(rq)); return true;
    case OPERATION_STOP: server_stop(rq->server); return true;
    default: return false;
    }
}

static void closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)token, (void)object;
    closed_count++;
}

static const struct scheme_ops ops = {.protocol = protocol, .closed = closed};

static void serve(void *argument)
{
    (void)argument;
    if (server_init(&server, endpoint, &ops, nullptr) == OK)
        IGNORE(server_run(&server));
}

static bool ready(void)
{
    if (resource != HANDLE_NONE)
        return true;
    handle_t context;
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoint), OK);
    EXPECT_STATUS(sys_resource_create(endpoint, 5, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, PLACE_HIGH, STREAM_READ | STREAM_WRITE, &resource), OK);
    EXPECT_STATUS(context_start(serve, nullptr, 0, &context), OK);
    return true;
}

static bool call_carries_eight_words(void)
{
    EXPECT(ready());
    struct message m = {.words = {40, 2, 12, 13, 14, 15, 16, 17}};
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT(m.words[0] == 42 && m.words[1] == 2 && m.words[2] == 12 && m.words[3] == 13);
    EXPECT(m.words[4] == 14 && m.words[5] == 15 && m.words[6] == 16 && m.words[7] == 17);
    EXPECT_STATUS(sys_call(resource, 0x3fff, &m), ERR_NOT_SUPPORTED);
    return true;
}

static bool nobody_pretends_to_be_the_kernel(void)
{
    EXPECT(ready());
    struct message m = {};
    uint32_t before = closed_count;
    EXPECT_STATUS(sys_call(resource, KIND_CLOSED, &m), ERR_INVALID);
    EXPECT_STATUS(sys_call(resource, KIND_EVENT | KIND_IDEMPOTENT, &m), ERR_INVALID);
    EXPECT_STATUS(sys_submit(resource, KIND_COMPLETION, &m, endpoint, 0), ERR_INVALID);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT(closed_count == before);
    return true;
}

static bool call_carries_data_both_ways(void)
{
    EXPECT(ready());
    static char to[8];
    struct message m = {.words = {[4] = sys_address(to), [5] = sizeof to, [6] = sys_address("abcdef"), [7] = 6}};
    EXPECT_STATUS(sys_call(resource, OPERATION_REVERSE | KIND_SEND_DATA | KIND_RECEIVE_DATA, &m), 6);
    EXPECT(m.words[5] == 6 && memcmp(to, "fedcba", 6) == 0);
    return true;
}

static bool large_data_is_read_piecewise(void)
{
    EXPECT(ready());
    void *data;
    const size_t bytes = 300000;
    EXPECT_STATUS(sys_map_anonymous(align_up(bytes, 4096), 0, &data), OK);
    memset(data, 3, bytes);
    struct message m = {.words = {[6] = sys_address(data), [7] = bytes}};
    EXPECT_STATUS(sys_call(resource, OPERATION_SUM | KIND_SEND_DATA, &m), 0);
    EXPECT(m.words[0] == 3 * bytes);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, sys_address(data), align_up(bytes, 4096)), OK);
    return true;
}

static bool handle_travels_and_returns(void)
{
    EXPECT(ready());
    handle_t memory;
    struct handle_info a, b;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &memory), OK);
    struct message m = {.words = {[2] = PLACE_HIGH, [3] = (uint32_t)memory}};
    EXPECT_STATUS(sys_call(resource, OPERATION_HANDLE | KIND_SEND_HANDLE | KIND_RECEIVE_HANDLE, &m), 0);
    handle_t back = (handle_t)(uint32_t)m.words[3];
    EXPECT(back != memory);
    EXPECT_STATUS(sys_handle_info(memory, &a), OK);
    EXPECT_STATUS(sys_handle_info(back, &b), OK);
    EXPECT(a.object_id == b.object_id);
    EXPECT_STATUS(sys_handle_close(back), OK);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    return true;
}

static bool submit_completes(void)
{
    EXPECT(ready());
    handle_t own;
    static uint8_t buffer[4096] __attribute__((aligned(4096)));
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &own), OK);
    IGNORE(sys_endpoint_attach(own, SPAN_OF_ARRAY(buffer)));
    struct message m = {}, answer = {};
    EXPECT_STATUS(sys_submit(resource, OPERATION_LATER, &m, own, 1234), OK);
    EXPECT_STATUS(sys_receive(own, RECEIVE_NO_WAIT, &answer), ERR_WOULD_BLOCK);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT_STATUS(sys_receive(own, clock_monotonic_ns() + 5000000000ull, &answer), OK);
    EXPECT(answer.kind == KIND_COMPLETION && answer.token == 1234 && answer.request == 99);
    EXPECT_STATUS(sys_handle_close(own), OK);
    return true;
}

static bool last_close_is_told(void)
{
    EXPECT(ready());
    handle_t one, two;
    struct message m = {};
    EXPECT_STATUS(sys_resource_create(endpoint, 6, RIGHT_READ | RIGHT_GRANT, 0, PLACE_HIGH, STREAM_READ, &one), OK);
    EXPECT_STATUS(sys_handle_dup(one, PLACE_HIGH, 0, 0, 0, &two), OK);
    uint32_t before = closed_count;
    EXPECT_STATUS(sys_handle_close(one), OK);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT(closed_count == before);
    EXPECT_STATUS(sys_handle_close(two), OK);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
    EXPECT(closed_count == before + 1);
    return true;
}

static bool timer_event_arrives_in_receive(void)
{
    handle_t own, timer;
    struct message m = {};
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &own), OK);
    EXPECT_STATUS(sys_timer_create(PLACE_HIGH, &timer), OK);
    EXPECT_STATUS(sys_bind(own, timer, 55), OK);
    EXPECT(sys_timer_set(timer, clock_monotonic_ns() + 1000000, 0) >= 0);
    EXPECT_STATUS(sys_receive(own, clock_monotonic_ns() + 5000000000ull, &m), OK);
    EXPECT(m.kind == KIND_EVENT && m.token == 55 && m.words[0] == 1);
    EXPECT_STATUS(sys_receive(own, clock_monotonic_ns() + 1000000, &m), ERR_TIMED_OUT);
    EXPECT_STATUS(sys_handle_close(timer), OK);
    EXPECT_STATUS(sys_handle_close(own), OK);
    return true;
}

static bool many_round_trips_work(void)
{
    EXPECT(ready());
    for (uint64_t i = 0; i < 10000; i++) {
        struct message m = {.words = {i, 1}};
        EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), 0);
        EXPECT(m.words[0] == i + 1);
    }
    return true;
}

static bool stopped_server_is_noticed(void)
{
    EXPECT(ready());
    struct message m = {};
    EXPECT_STATUS(sys_call(resource, OPERATION_STOP, &m), 0);
    EXPECT_STATUS(sys_handle_close(endpoint), OK);
    EXPECT_STATUS(sys_call(resource, OPERATION_ADD, &m), ERR_PEER_GONE);
    EXPECT_STATUS(sys_handle_close(resource), OK);
    resource = HANDLE_NONE;
    return true;
}

const struct check message_checks[] = {
    {"a call carries eight words there and back", call_carries_eight_words},
    {"a client's message cannot pass for the kernel's", nobody_pretends_to_be_the_kernel},
    {"a call carries data both ways", call_carries_data_both_ways},
    {"data beyond the receive buffer is read piecewise", large_data_is_read_piecewise},
    {"a handle travels and returns", handle_travels_and_returns},
    {"what was submitted completes when it is answered later", submit_completes},
    {"the last close is told once", last_close_is_told},
    {"a timer's event arrives in receive", timer_event_arrives_in_receive},
    {"ten thousand round trips work", many_round_trips_work},
    {"a resource whose endpoint is gone says so", stopped_server_is_noticed},
    {}};
