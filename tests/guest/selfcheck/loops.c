/* SPDX-License-Identifier: MIT
 * Several loops serve one endpoint, each a context with a `struct server` of its own, while clients on all CPUs ask: whoever is free answers,
 * bytes land in the buffer of the loop that works, a request that one loop held back may be answered by another, and a loop that leaves takes
 * nothing with it. */
#include "check.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/context.h"

#define LOOPS 3u
#define CLIENTS 6u
#define TURNS 600u
#define LIMIT_NS 120000000000ull
#define ANSWER 77u

enum : uint32_t { LOOPS_ADD = 0x3f30, LOOPS_REVERSE, LOOPS_HOLD, LOOPS_STOP };

static struct loop { struct server server; uint8_t reversed[4096]; volatile uint32_t served; } loops[LOOPS];
static handle_t endpoint, resource;
static uint64_t held; /* atomic: the request that waits for any loop to answer it; 0: none */
static volatile uint32_t finished, wrong, loops_over;

/* -- the loops ------------------------------------------------------------------------------------------------------- */

static void reverse(struct request *rq, struct loop *l)
{
    size_t length = MIN(rq->data.length, sizeof l->reversed);
    for (size_t i = 0; i < length; i++)
        l->reversed[i] = rq->data.data[length - 1 - i];
    rq->result = (int64_t)length;
    request_give_data(rq, (struct view){l->reversed, length});
}

static void let_go(uint64_t request)
{
    struct message m = {.words = {ANSWER}};
    if (request)
        IGNORE(sys_reply(endpoint, request, 1, 0, &m));
}

static bool protocol(struct request *rq)
{
    struct loop *l = rq->server->context;
    l->served++;
    switch (rq->operation) {
    case LOOPS_ADD: rq->m->words[0] += rq->m->words[1]; break;
    case LOOPS_REVERSE: reverse(rq, l); break;
    case LOOPS_HOLD: let_go(__atomic_exchange_n(&held, request_defer(rq), __ATOMIC_SEQ_CST)); return true;
    case LOOPS_STOP: server_stop(rq->server); break;
    default: return false;
    }
    if (rq->m->words[1] % 2)
        let_go(__atomic_exchange_n(&held, 0, __ATOMIC_SEQ_CST));
    return true;
}

static const struct scheme_ops ops = {.protocol = protocol};

static void serve(void *argument)
{
    struct loop *l = argument;
    if (server_init(&l->server, endpoint, &ops, l) == OK)
        IGNORE(server_run(&l->server));
    __atomic_add_fetch(&loops_over, 1, __ATOMIC_SEQ_CST);
}

/* -- the clients ----------------------------------------------------------------------------------------------------- */

static bool ask_words(uint64_t number)
{
    struct message m = {.words = {number, 1, 2, 3, 4, 5, 6, number}};
    EXPECT_STATUS(sys_call(resource, LOOPS_ADD, &m), 0);
    EXPECT(m.words[0] == number + 1 && m.words[7] == number);
    return true;
}

static bool ask_reverse(uint64_t number, uint8_t *bytes)
{
    size_t length = number % 4097;
    uint8_t *back = bytes + 4096 + number % 50; /* in one page, or across two */
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(number + i * 5);
    struct message m = {.words = {[4] = sys_address(back), [5] = 4096, [6] = sys_address(bytes), [7] = length}};
    EXPECT_STATUS(sys_call(resource, LOOPS_REVERSE | KIND_SEND_DATA | KIND_RECEIVE_DATA, &m), length);
    EXPECT(m.words[5] == length);
    for (size_t i = 0; i < length; i++)
        EXPECT(back[i] == bytes[length - 1 - i]);
    return true;
}

static bool ask_held(void)
{
    struct message m = {};
    EXPECT_STATUS(sys_call(resource, LOOPS_HOLD, &m), 1);
    EXPECT(m.words[0] == ANSWER);
    return true;
}

static void client(void *argument)
{
    uint64_t number = (uint64_t)argument * 99991;
    void *bytes;
    bool good = sys_map_anonymous(65536, 0, &bytes) == OK;
    for (uint32_t turn = 0; turn < TURNS && good && !wrong; turn++) {
        number = number * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t kind = number >> 60;
        good = kind < 5 ? ask_reverse(number >> 33, bytes) : kind < 7 ? ask_held() : ask_words(number >> 33);
    }
    if (!good)
        wrong = 1;
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

/* -- all together ---------------------------------------------------------------------------------------------------- */

/* Until `count` reaches `wanted`. Who is held goes on only with the questions of others, so we ask, too. */
static bool ask_until(volatile uint32_t *count, uint32_t wanted)
{
    uint64_t limit = clock_monotonic_ns() + LIMIT_NS;
    while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < wanted) {
        EXPECT(clock_monotonic_ns() < limit);
        EXPECT(ask_words(7));
        IGNORE(sys_sleep(clock_monotonic_ns() + 1000000));
    }
    return true;
}

static bool start(void (*run)(void *), void *argument)
{
    handle_t context;
    EXPECT_STATUS(context_start(run, argument, 0, &context), OK);
    EXPECT_STATUS(sys_handle_close(context), OK);
    return true;
}

static bool stop_one_loop(void)
{
    struct message m = {};
    EXPECT_STATUS(sys_call(resource, LOOPS_STOP, &m), 0);
    return true;
}

static bool several_loops_serve_one_endpoint(void)
{
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoint), OK);
    EXPECT_STATUS(sys_resource_create(endpoint, 5, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, PLACE_HIGH, 0, &resource), OK);
    for (uint32_t i = 0; i < LOOPS; i++)
        EXPECT(start(serve, &loops[i]));
    for (uint64_t i = 1; i <= CLIENTS; i++)
        EXPECT(start(client, (void *)i));
    EXPECT(ask_until(&finished, CLIENTS / 2));
    EXPECT(stop_one_loop()); /* the others go on */
    EXPECT(ask_until(&finished, CLIENTS));
    EXPECT(!wrong);
    uint32_t served = 0;
    for (uint32_t i = 0; i < LOOPS; i++)
        served += loops[i].served;
    EXPECT(served >= CLIENTS * TURNS);
    EXPECT(ask_until(&loops_over, 1));
    EXPECT(stop_one_loop());
    EXPECT(ask_until(&loops_over, LOOPS - 1));
    EXPECT(stop_one_loop());
    EXPECT_STATUS(sys_handle_close(resource), OK);
    EXPECT_STATUS(sys_handle_close(endpoint), OK);
    return true;
}

const struct check loop_checks[] = {
    {"several loops serve one endpoint, and one leaves, while six clients ask", several_loops_serve_one_endpoint},
    {}};
