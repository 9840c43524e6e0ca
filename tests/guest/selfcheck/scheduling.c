/* SPDX-License-Identifier: MIT
 * Priority and time go with a call. Two servers stand one behind the other; a client of low priority keeps both busy, one of high
 * priority has to wait, and one between the two would keep the CPU from them. All are tied to the first CPU. */
#include "check.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/context.h"

#define OPERATION_BURN 0x3f10u
#define BURN_NS 30000000ull
#define PATIENCE_NS 3000000000ull
#define LOW (PRIORITY_REALTIME + 10)
#define MIDDLE (PRIORITY_REALTIME + 30)
#define HIGH (PRIORITY_REALTIME + 50)
#define DIRECTOR (PRIORITY_REALTIME + 90)

static struct server servers[2];
static handle_t endpoints[2], resources[2], realtime;
static volatile uint32_t burning, high_asks, high_done, middle_saw, ended;
static uint64_t low_ns, back_ns;

static uint64_t own_cpu_ns(void)
{
    struct context_info info;
    return sys_context_info(HANDLE_SELF_CONTEXT, &info) == OK ? info.cpu_ns : 0;
}

static bool stand_at(uint32_t priority)
{
    return sys_schedule_set(HANDLE_SELF_CONTEXT, 0, 1) == OK &&
           (priority < PRIORITY_REALTIME || sys_realtime_set(realtime, HANDLE_SELF_CONTEXT, priority, SCHEDULE_FIFO) == OK);
}

static bool front_protocol(struct request *rq)
{
    struct message m = {};
    rq->result = sys_call(resources[1], OPERATION_BURN, &m);
    return true;
}

static bool back_protocol(struct request *rq)
{
    (void)rq;
    burning = 1;
    for (uint64_t start = clock_monotonic_ns(); clock_monotonic_ns() - start < BURN_NS;)
        ;
    back_ns = own_cpu_ns();
    return true;
}

static const struct scheme_ops front_ops = {.protocol = front_protocol}, back_ops = {.protocol = back_protocol};

static void serve(void *argument)
{
    uint64_t which = (uint64_t)argument;
    if (stand_at(0) && server_init(&servers[which], endpoints[which], which ? &back_ops : &front_ops, nullptr) == OK)
        IGNORE(server_run(&servers[which]));
}

static void end_one(void) { __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST); }

static void ask_low(void *argument)
{
    struct message m = {};
    (void)argument;
    if (stand_at(LOW))
        IGNORE(sys_status(sys_call(resources[0], OPERATION_BURN, &m)));
    low_ns = own_cpu_ns();
    end_one();
}

static void ask_high(void *argument)
{
    struct message m = {};
    (void)argument;
    if (stand_at(HIGH)) {
        high_asks = 1;
        high_done = sys_call(resources[0], OPERATION_BURN, &m) == OK;
    }
    end_one();
}

static void be_in_the_way(void *argument)
{
    (void)argument;
    if (stand_at(MIDDLE))
        for (uint64_t start = clock_monotonic_ns(); !high_done && clock_monotonic_ns() - start < PATIENCE_NS;)
            ;
    middle_saw = high_done;
    end_one();
}

static bool await(volatile uint32_t *word, uint32_t value)
{
    for (int i = 0; i < 10000 && __atomic_load_n(word, __ATOMIC_SEQ_CST) < value; i++)
        EXPECT_STATUS(sys_sleep(clock_monotonic_ns() + 1000000), OK);
    EXPECT(*word >= value);
    return true;
}

static bool priority_goes_two_servers_deep(void)
{
    handle_t context;
    realtime = start_handle(check_block, "realtime");
    for (uint64_t i = 0; i < 2; i++) {
        EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoints[i]), OK);
        EXPECT_STATUS(sys_resource_create(endpoints[i], 7, RIGHT_READ | RIGHT_WRITE, 0, PLACE_HIGH, 0, &resources[i]), OK);
        EXPECT_STATUS(context_start(serve, (void *)i, 0, &context), OK);
    }
    EXPECT(stand_at(DIRECTOR));
    EXPECT_STATUS(context_start(ask_low, nullptr, 0, &context), OK);
    EXPECT(await(&burning, 1));
    EXPECT_STATUS(context_start(ask_high, nullptr, 0, &context), OK);
    EXPECT(await(&high_asks, 1));
    EXPECT_STATUS(sys_sleep(clock_monotonic_ns() + 1000000), OK); /* it runs before all but us, until it waits */
    EXPECT_STATUS(context_start(be_in_the_way, nullptr, 0, &context), OK);
    EXPECT(await(&ended, 3));
    EXPECT_STATUS(sys_schedule_set(HANDLE_SELF_CONTEXT, PRIORITY_DEFAULT, ~0ull), OK);
    EXPECT(high_done);
    EXPECT(middle_saw);
    return true;
}

static bool time_is_the_clients(void)
{
    EXPECT(low_ns >= BURN_NS / 2);
    EXPECT(back_ns < BURN_NS / 2);
    return true;
}

static bool realtime_is_by_right(void)
{
    EXPECT_STATUS(sys_schedule_set(HANDLE_SELF_CONTEXT, PRIORITY_REALTIME + 1, 0), ERR_NOT_PERMITTED);
    EXPECT_STATUS(sys_schedule_set(HANDLE_SELF_CONTEXT, PRIORITY_LIMIT, 0), ERR_INVALID);
    EXPECT_STATUS(sys_realtime_set(HANDLE_NONE, HANDLE_SELF_CONTEXT, PRIORITY_REALTIME + 1, SCHEDULE_FIFO), ERR_BAD_HANDLE);
    EXPECT_STATUS(sys_realtime_set(resources[0], HANDLE_SELF_CONTEXT, PRIORITY_REALTIME + 1, SCHEDULE_FIFO), ERR_WRONG_TYPE);
    EXPECT_STATUS(sys_realtime_set(realtime, HANDLE_SELF_CONTEXT, PRIORITY_REALTIME, SCHEDULE_FIFO), ERR_INVALID);
    EXPECT_STATUS(sys_realtime_set(realtime, HANDLE_SELF_CONTEXT, PRIORITY_REALTIME + 1, SCHEDULE_SHARED), ERR_INVALID);
    return true;
}

const struct check scheduling_checks[] = {
    {"who waits for a busy server lends it its priority, two servers deep", priority_goes_two_servers_deep},
    {"what servers do for a client costs the client's time", time_is_the_clients},
    {"the real-time band is by right", realtime_is_by_right},
    {}};
