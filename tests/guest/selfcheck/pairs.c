/* SPDX-License-Identifier: MIT
 * What it costs to reach another context, in this process or in echod's. */
#include "check.h"
#include "sys/context.h"
#include "sys/message.h"

#define ECHO_INCREMENT 0x3f00u
#define ECHO_TAKE_HANDLE 0x3f01u

static uint8_t buffer[4096] __attribute__((aligned(4096)));
static struct child echo;

/* -- messages ---------------------------------------------------------------------------------------------------- */

static struct message words;
static bool have_echo(void)
{
    if (!echo.process)
        EXPECT_STATUS(start_echod(&echo), OK);
    words = (struct message){.words = {1, 2, 3, 4, 5, 6, 7, 8}};
    EXPECT_STATUS(sys_call(echo.root, ECHO_INCREMENT, &words), 0);
    return true;
}
static bool call_words(void) { return sys_call(echo.root, ECHO_INCREMENT, &words) == 0; }
static bool call_to_send(void)
{
    struct message m = {.words = {[6] = sys_address(buffer), [7] = sizeof buffer}};
    return sys_call(echo.root, OP_WRITE | KIND_SEND_DATA, &m) == sizeof buffer;
}
static bool call_to_receive(void)
{
    struct message m = {.words = {[4] = sys_address(buffer), [5] = sizeof buffer}};
    return sys_call(echo.root, OP_READ | KIND_RECEIVE_DATA, &m) == sizeof buffer;
}
static bool call_with_handle(void)
{
    struct message m = {.words = {[3] = (uint32_t)echo.root}};
    return sys_call(echo.root, ECHO_TAKE_HANDLE | KIND_SEND_HANDLE, &m) == 0;
}

/* -- wake-ups: the partner answers each with one of its own -------------------------------------------------------- */

static volatile uint32_t futex_turn, notice_turn;
static handle_t there[2], back[2], bell_there, bell_back, queue_there, queue_back;

static void wait_for_turn(volatile uint32_t *turn, uint32_t mine)
{
    while (*turn != mine)
        IGNORE(sys_futex(turn, FUTEX_WAIT | FUTEX_PRIVATE, 1 - mine, DEADLINE_NEVER, nullptr, 0));
}
static void pass_turn(volatile uint32_t *turn, uint32_t to)
{
    *turn = to;
    IGNORE(sys_futex(turn, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0));
}
static void futex_partner(void *argument)
{
    (void)argument;
    for (;;) {
        wait_for_turn(&futex_turn, 1);
        pass_turn(&futex_turn, 0);
    }
}
static bool have_futex_partner(void)
{
    handle_t context;
    EXPECT_STATUS(context_start(futex_partner, nullptr, 0, &context), OK);
    return true;
}
static bool futex_round_trip(void)
{
    pass_turn(&futex_turn, 1);
    wait_for_turn(&futex_turn, 0);
    return true;
}

static void pipe_partner(void *argument)
{
    (void)argument;
    for (uint8_t byte; sys_read(there[0], &byte, 1, OFFSET_STREAM) == 1;)
        IGNORE(sys_write(back[1], &byte, 1, OFFSET_STREAM));
}
static bool have_pipe_partner(void)
{
    handle_t context;
    EXPECT_STATUS(sys_pipe_create(there, PLACE_HIGH, 0), OK);
    EXPECT_STATUS(sys_pipe_create(back, PLACE_HIGH, 0), OK);
    EXPECT_STATUS(context_start(pipe_partner, nullptr, 0, &context), OK);
    return true;
}
static bool pipe_round_trip(void)
{
    return sys_write(there[1], buffer, 1, OFFSET_STREAM) == 1 && sys_read(back[0], buffer, 1, OFFSET_STREAM) == 1;
}

static bool await_bell(handle_t queue, handle_t bell)
{
    struct queue_event event;
    uint64_t count;
    return sys_queue_wait(queue, &event, 1, DEADLINE_NEVER) == 1 && sys_read(bell, &count, sizeof count, 0) == sizeof count;
}
static void bell_partner(void *argument)
{
    (void)argument;
    while (await_bell(queue_there, bell_there))
        IGNORE(sys_doorbell_ring(bell_back));
}
static bool have_bell_partner(void)
{
    handle_t context;
    handle_t *bells[] = {&bell_there, &bell_back}, *queues[] = {&queue_there, &queue_back};
    for (size_t i = 0; i < ARRAY_LENGTH(bells); i++) {
        EXPECT_STATUS(sys_doorbell_create(PLACE_HIGH, bells[i]), OK);
        EXPECT_STATUS(sys_queue_create(PLACE_HIGH, queues[i]), OK);
        EXPECT_STATUS(sys_queue_control(*queues[i], QUEUE_ADD, *bells[i], EVENT_READ, 1), OK);
    }
    EXPECT_STATUS(context_start(bell_partner, nullptr, 0, &context), OK);
    return true;
}
static bool bell_round_trip(void) { return sys_doorbell_ring(bell_there) == OK && await_bell(queue_back, bell_back); }

/* A doorbell that is bound to an endpoint is how an interrupt reaches a driver's loop, but for the interrupt itself. */
static handle_t notice_endpoint;
static void notice_partner(void *argument)
{
    struct message m;
    uint64_t count;
    (void)argument;
    while (sys_receive(notice_endpoint, RECEIVE_WAIT, &m) == OK && sys_read(bell_there, &count, sizeof count, 0) == sizeof count)
        pass_turn(&notice_turn, 0);
}
static bool have_notice_partner(void)
{
    handle_t context;
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &notice_endpoint), OK);
    EXPECT_STATUS(sys_doorbell_create(PLACE_HIGH, &bell_there), OK);
    EXPECT_STATUS(sys_bind(notice_endpoint, bell_there, 1), OK);
    EXPECT_STATUS(context_start(notice_partner, nullptr, 0, &context), OK);
    return true;
}
static bool notice_round_trip(void)
{
    notice_turn = 1;
    EXPECT_STATUS(sys_doorbell_ring(bell_there), OK);
    wait_for_turn(&notice_turn, 0);
    return true;
}

static void yield_partner(void *argument)
{
    (void)argument;
    for (;;)
        sys_yield();
}
static bool have_yield_partner(void)
{
    handle_t context;
    EXPECT_STATUS(context_start(yield_partner, nullptr, 0, &context), OK);
    return true;
}
static bool yield_both(void)
{
    sys_yield();
    return true;
}

const struct cost pair_costs[] = {
    {"scheme-call", have_echo, call_words}, {"scheme-call-send-4k", have_echo, call_to_send},
    {"scheme-call-receive-4k", have_echo, call_to_receive}, {"scheme-call-handle", have_echo, call_with_handle},
    {"futex-round-trip", have_futex_partner, futex_round_trip}, {"pipe-round-trip-1", have_pipe_partner, pipe_round_trip},
    {"event-round-trip", have_bell_partner, bell_round_trip}, {"notice-round-trip", have_notice_partner, notice_round_trip},
    {"yield-two", have_yield_partner, yield_both}, {}};
