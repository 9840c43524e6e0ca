/* SPDX-License-Identifier: MIT
 * What becomes of messages, bindings and cancels when the last context that served an endpoint is gone while others of its process still
 * work for it. A `server` here is a context; its end is the end of that server for the endpoint. */
#include "abi/process.h"
#include "base/string.h"
#include "check.h"
#include "sys/clock.h"
#include "sys/context.h"

#define LIMIT_NS 10000000000ull
#define ROUNDS 150u
#define BYTES 60000u

static handle_t endpoint, resource;
static volatile uint64_t request;          /* what the server took and did not answer */
static volatile uint32_t ended, answers;
static volatile int64_t answer;
static uint8_t bytes[BYTES], piece[BYTES];

static bool becomes(volatile uint32_t *word, uint32_t wanted)
{
    for (uint64_t limit = clock_monotonic_ns() + LIMIT_NS; *word != wanted; sys_yield())
        if (clock_monotonic_ns() > limit)
            return false;
    return true;
}

static bool start(void (*run)(void *argument), handle_t *out)
{
    EXPECT_STATUS(context_start(run, nullptr, 0, out), OK);
    return true;
}

static bool new_endpoint(uint32_t flags)
{
    request = 0;
    ended = answers = 0;
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoint), OK);
    EXPECT_STATUS(sys_resource_create(endpoint, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, flags, PLACE_HIGH, 0, &resource), OK);
    return true;
}

static bool drop_endpoint(void)
{
    EXPECT_STATUS(sys_handle_close(resource), OK);
    EXPECT_STATUS(sys_handle_close(endpoint), OK);
    return true;
}

/* Takes one request and ends without an answer. */
static void take_and_end(void *argument)
{
    struct message m;
    (void)argument;
    if (sys_receive(endpoint, clock_monotonic_ns() + LIMIT_NS, &m) == OK)
        request = m.request;
    ended = 1;
}

static void ask_with_bytes(void *argument)
{
    struct message m = {.words = {[6] = sys_address(bytes), [7] = sizeof bytes}};
    (void)argument;
    answer = sys_call(resource, 0x3f00 | KIND_SEND_DATA, &m);
    answers = 1;
}

/* The copy is under way when the server's end looks for what is open: whoever ends the copy looks again. With several CPUs. */
static bool copy_does_not_hide_a_request(void)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        handle_t server, client;
        EXPECT(new_endpoint(0));
        EXPECT(start(take_and_end, &server));
        EXPECT(start(ask_with_bytes, &client));
        for (uint64_t limit = clock_monotonic_ns() + LIMIT_NS; !request && clock_monotonic_ns() < limit;)
            sys_yield();
        while (sys_request_read(endpoint, request, 0, SPAN_OF_ARRAY(piece)) > 0) {
        }
        EXPECT(becomes(&answers, 1));
        EXPECT_STATUS(answer, ERR_PEER_GONE);
        EXPECT_STATUS(sys_handle_close(server), OK);
        EXPECT_STATUS(sys_handle_close(client), OK);
        EXPECT(drop_endpoint());
    }
    return true;
}

/* Tags are the server's own addresses: after its end nothing may be bound or submitted with one, until somebody serves again. */
static bool nothing_is_bound_between_two_servers(void)
{
    handle_t server, client, bell;
    struct message m = {};
    EXPECT(new_endpoint(0));
    EXPECT_STATUS(sys_doorbell_create(PLACE_HIGH, &bell), OK);
    EXPECT(start(take_and_end, &server));
    EXPECT(start(ask_with_bytes, &client));
    EXPECT(becomes(&answers, 1));
    EXPECT_STATUS(sys_bind(endpoint, bell, 77), ERR_PEER_GONE);
    EXPECT_STATUS(sys_submit(resource, 0x3f00, &m, endpoint, 77), ERR_PEER_GONE);
    EXPECT_STATUS(sys_endpoint_attach(endpoint, (struct span){}), OK);
    EXPECT_STATUS(sys_bind(endpoint, bell, 78), OK);
    EXPECT_STATUS(sys_doorbell_ring(bell), OK);
    EXPECT_STATUS(sys_receive(endpoint, clock_monotonic_ns() + LIMIT_NS, &m), OK);
    EXPECT(m.kind == KIND_EVENT && m.token == 78);
    EXPECT_STATUS(sys_handle_close(bell), OK);
    EXPECT_STATUS(sys_handle_close(server), OK);
    EXPECT_STATUS(sys_handle_close(client), OK);
    return drop_endpoint();
}

/* -- a client that is interrupted: a context with a thread block ------------------------------------------------- */

static volatile uint32_t cancelled;

static void take_be_told_and_end(void *argument)
{
    struct message m;
    (void)argument;
    if (sys_receive(endpoint, clock_monotonic_ns() + LIMIT_NS, &m) == OK)
        request = m.request;
    if (sys_receive(endpoint, clock_monotonic_ns() + LIMIT_NS, &m) == OK)
        cancelled = m.kind == KIND_CANCEL && m.request == request;
    ended = 1;
}

[[noreturn]] static void ask_interruptibly(void)
{
    struct message m = {};
    answer = sys_call(resource, 0x3f00 | KIND_INTERRUPTIBLE | KIND_IDEMPOTENT, &m);
    answers = 1;
    sys_context_exit(nullptr);
}

static bool start_interruptible(handle_t *out)
{
    uint64_t area;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 2 * THREAD_AREA_BYTES, PROT_READ_ | PROT_WRITE_ | MAP_WIRED_, HANDLE_NONE, 0, &area), OK);
    area = align_up(area, THREAD_AREA_BYTES);
    struct context_arguments a = {.entry = sys_address((const void *)ask_interruptibly), .stack = area + THREAD_BLOCK_OFFSET - 8,
                                  .thread_block = area + THREAD_BLOCK_OFFSET, .fs_base = UINT64_MAX};
    EXPECT_STATUS(sys_context_create(&a, PLACE_HIGH, out), OK);
    return true;
}

/* The one who was told is gone. The request waits for the next server, and its client need not. */
static bool cancel_outlives_the_server_that_was_told(void)
{
    handle_t server, client;
    EXPECT(new_endpoint(RESOURCE_RESTARTABLE));
    cancelled = 0;
    EXPECT(start(take_be_told_and_end, &server));
    EXPECT(start_interruptible(&client));
    for (uint64_t limit = clock_monotonic_ns() + LIMIT_NS; !request && clock_monotonic_ns() < limit;)
        sys_yield();
    EXPECT_STATUS(sys_notify(client), OK);
    EXPECT(becomes(&ended, 1));
    EXPECT(cancelled == 1);
    EXPECT(becomes(&answers, 1));
    EXPECT_STATUS(answer, ERR_INTERRUPTED);
    EXPECT_STATUS(sys_handle_close(server), OK);
    EXPECT_STATUS(sys_handle_close(client), OK);
    return drop_endpoint();
}

const struct check death_checks[] = {
    {"a copy under way does not hide a request from its server's end", copy_does_not_hide_a_request},
    {"nothing is bound or submitted between two servers", nothing_is_bound_between_two_servers},
    {"a cancel outlives the server that was told", cancel_outlives_the_server_that_was_told},
    {}};
