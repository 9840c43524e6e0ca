/* SPDX-License-Identifier: MIT
 * Messages under load: several clients, on as many CPUs as there are, ask one server everything at once. Each looks at its own answers. The
 * server holds some requests back and answers them in another order; another one is killed again and again while it is asked. */
#include "base/string.h"
#include "check.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/context.h"

#define CLIENTS 6u
#define TURNS 700u
#define DEATHS 40u
#define LIMIT_NS 120000000000ull
#define HELD_MAX 5u

enum : uint32_t { LOAD_ADD = 0x3f10, LOAD_REVERSE, LOAD_SUM, LOAD_HOLD, LOAD_HANDLE, LOAD_FILL, LOAD_STOP };

static struct server server;
static handle_t endpoint, resource;
static struct { uint64_t request, number; } held[HELD_MAX];
static uint32_t held_count;
static volatile uint32_t finished, wrong;
static volatile bool over;

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return *state >> 33;
}

/* -- the server -------------------------------------------------------------------------------------------------- */

/* Answers one of those that are held: which one, the numbers decide. */
static void let_go(void)
{
    uint32_t which = (uint32_t)(held[0].number + held_count) % held_count;
    struct message m = {.words = {held[which].number * 3}};
    IGNORE(sys_reply(endpoint, held[which].request, 1, 0, &m));
    held[which] = held[--held_count];
}

static void hold(struct request *rq)
{
    held[held_count].number = rq->m->words[0];
    held[held_count++].request = request_defer(rq);
    if (held_count == HELD_MAX)
        let_go();
}

static void reverse(struct request *rq)
{
    static uint8_t reversed[4096];
    size_t length = MIN(rq->data.length, sizeof reversed);
    for (size_t i = 0; i < length; i++)
        reversed[i] = rq->data.data[length - 1 - i];
    rq->result = (int64_t)length;
    request_give_data(rq, (struct view){reversed, length});
}

/* In pieces, also those that the receive buffer holds. */
static void sum(struct request *rq)
{
    static uint8_t piece[3000];
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

/* Writes the client's buffer in pieces from its end to its start. */
static void fill(struct request *rq)
{
    static uint8_t piece[1024];
    uint64_t left = request_capacity(rq);
    memset(piece, (int)rq->m->words[0], sizeof piece);
    while (left) {
        size_t part = MIN(left, sizeof piece);
        left -= part;
        if (request_write(rq, left, (struct view){piece, part}) != (int64_t)part)
            rq->result = ERR_TRUNCATED;
    }
}

static bool protocol(struct request *rq)
{
    switch (rq->operation) {
    case LOAD_ADD: rq->m->words[0] += rq->m->words[1]; break;
    case LOAD_REVERSE: reverse(rq); break;
    case LOAD_SUM: sum(rq); break;
    case LOAD_HOLD: hold(rq); return true;
    case LOAD_HANDLE: request_give_handle(rq, request_handle(rq)); break;
    case LOAD_FILL: fill(rq); break;
    case LOAD_STOP: server_stop(rq->server); break;
    default: return false;
    }
    if (held_count && rq->m->words[1] % 2)
        let_go();
    return true;
}

static const struct scheme_ops ops = {.protocol = protocol};

static void serve(void *argument)
{
    (void)argument;
    if (server_init(&server, endpoint, &ops, nullptr) == OK)
        IGNORE(server_run(&server));
}

/* -- a client ---------------------------------------------------------------------------------------------------- */

static bool ask_words(uint64_t number)
{
    struct message m = {.words = {number, 1, 2, 3, 4, 5, 6, number}};
    EXPECT_STATUS(sys_call(resource, LOAD_ADD, &m), 0);
    EXPECT(m.words[0] == number + 1 && m.words[7] == number);
    return true;
}

static bool ask_reverse(uint64_t number, uint8_t *bytes)
{
    size_t length = number % 4096;
    uint8_t *back = bytes + 4096;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(number + i * 5);
    struct message m = {.words = {[4] = sys_address(back), [5] = 4096, [6] = sys_address(bytes), [7] = length}};
    EXPECT_STATUS(sys_call(resource, LOAD_REVERSE | KIND_SEND_DATA | KIND_RECEIVE_DATA, &m), length);
    for (size_t i = 0; i < length; i++)
        EXPECT(back[i] == bytes[length - 1 - i]);
    return true;
}

static bool ask_pieces(uint64_t number, uint8_t *bytes)
{
    size_t length = 1 + number % 20000;
    struct message m = {.words = {[0] = number & 0xff, [1] = 1, [4] = sys_address(bytes), [5] = length}};
    EXPECT_STATUS(sys_call(resource, LOAD_FILL | KIND_RECEIVE_DATA, &m), 0);
    EXPECT(bytes[0] == (number & 0xff) && bytes[length - 1] == (number & 0xff));
    m = (struct message){.words = {[6] = sys_address(bytes), [7] = length}};
    EXPECT_STATUS(sys_call(resource, LOAD_SUM | KIND_SEND_DATA, &m), 0);
    EXPECT(m.words[0] == length * (number & 0xff));
    return true;
}

static bool ask_handle(void)
{
    handle_t memory, back;
    struct handle_info a, b;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &memory), OK);
    struct message m = {.words = {[1] = 1, [2] = PLACE_HIGH, [3] = (uint32_t)memory}};
    EXPECT_STATUS(sys_call(resource, LOAD_HANDLE | KIND_SEND_HANDLE | KIND_RECEIVE_HANDLE, &m), 0);
    back = (handle_t)(uint32_t)m.words[3];
    EXPECT_STATUS(sys_handle_info(memory, &a), OK);
    EXPECT_STATUS(sys_handle_info(back, &b), OK);
    EXPECT(back != memory && a.object_id == b.object_id);
    EXPECT_STATUS(sys_handle_close(back), OK);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    return true;
}

static bool ask_held(uint64_t number)
{
    struct message m = {.words = {number}};
    EXPECT_STATUS(sys_call(resource, LOAD_HOLD, &m), 1);
    EXPECT(m.words[0] == number * 3);
    return true;
}

static bool ask_once(uint64_t *state, uint8_t *bytes)
{
    uint64_t number = next(state);
    switch (next(state) % 6) {
    case 0: return ask_reverse(number, bytes);
    case 1: return ask_pieces(number, bytes);
    case 2: return ask_handle();
    case 3: return ask_held(number);
    default: return ask_words(number);
    }
}

static void client(void *argument)
{
    uint64_t state = (uint64_t)argument * 99991;
    void *bytes;
    bool good = sys_map_anonymous(65536, 0, &bytes) == OK;
    for (uint32_t turn = 0; turn < TURNS && good && !wrong; turn++)
        good = ask_once(&state, bytes);
    if (!good)
        wrong = 1;
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

/* Until all clients are through. Those that are held go on only with the questions of others, so somebody asks till the end. */
static bool wait_for_clients(bool asks)
{
    uint64_t limit = clock_monotonic_ns() + LIMIT_NS;
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < CLIENTS) {
        EXPECT(clock_monotonic_ns() < limit);
        if (asks)
            EXPECT(ask_words(7));
        IGNORE(sys_sleep(clock_monotonic_ns() + 1000000));
    }
    return true;
}

static bool start_clients(void (*run)(void *))
{
    finished = wrong = 0;
    for (uint64_t i = 1; i <= CLIENTS; i++) {
        handle_t context;
        EXPECT_STATUS(context_start(run, (void *)i, 0, &context), OK);
        EXPECT_STATUS(sys_handle_close(context), OK);
    }
    return true;
}

static bool everything_at_once(void)
{
    handle_t context;
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoint), OK);
    EXPECT_STATUS(sys_resource_create(endpoint, 5, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, PLACE_HIGH, 0, &resource), OK);
    EXPECT_STATUS(context_start(serve, nullptr, 0, &context), OK);
    EXPECT(start_clients(client));
    EXPECT(wait_for_clients(true));
    EXPECT(!wrong);
    struct message m = {};
    EXPECT_STATUS(sys_call(resource, LOAD_STOP, &m), 0);
    EXPECT_STATUS(sys_handle_close(resource), OK);
    EXPECT_STATUS(sys_handle_close(endpoint), OK);
    return true;
}

/* -- a server that dies ------------------------------------------------------------------------------------------ */

static handle_t patient, impatient; /* of the dying server: the first waits for the next one, the second ends with this one */
static volatile uint64_t patient_answers, gone_answers;

static void mortal_client(void *argument)
{
    uint64_t number = (uint64_t)argument << 32;
    bool good = true;
    while (!over && good) {
        struct message m = {.words = {++number}};
        int64_t answer = sys_call(patient, 0x3f00 | KIND_IDEMPOTENT, &m);
        good = answer == 0 && m.words[0] == number + 1;
        if (!good)
            log_error("a question that may be repeated: %d, %lu for %lu", (int)answer, (unsigned long)m.words[0], (unsigned long)number);
        __atomic_add_fetch(&patient_answers, 1, __ATOMIC_RELAXED);
        m = (struct message){.words = {number}};
        answer = sys_call(impatient, 0x3f00, &m);
        if (answer == ERR_PEER_GONE)
            __atomic_add_fetch(&gone_answers, 1, __ATOMIC_RELAXED);
        else if (answer != 0 || m.words[0] != number + 1) {
            log_error("a question that may not: %d", (int)answer);
            good = false;
        }
    }
    if (!good)
        wrong = 1;
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

static bool one_death(struct child *c, uint64_t pause_ns)
{
    uint64_t answers = patient_answers, limit = clock_monotonic_ns() + LIMIT_NS;
    while (patient_answers < answers + 50 && !wrong) { /* it is at work */
        EXPECT(clock_monotonic_ns() < limit);
        IGNORE(sys_sleep(clock_monotonic_ns() + pause_ns));
    }
    EXPECT_STATUS(sys_process_kill(c->process, 9), OK);
    struct poll_entry entry = {.handle = c->process, .wanted = EVENT_READ};
    EXPECT_STATUS(sys_poll(&entry, 1, limit), 1);
    EXPECT_STATUS(sys_handle_close(c->process), OK);
    EXPECT_STATUS(start_echod_at(c), OK);
    return true;
}

static bool a_server_dies_while_it_is_asked(void)
{
    struct child c;
    uint64_t state = 5;
    over = false;
    patient_answers = gone_answers = 0;
    EXPECT_STATUS(start_echod(&c), OK);
    EXPECT_STATUS(sys_resource_create(c.endpoint, 1, RIGHT_ALL & ~RIGHT_MANAGE, RESOURCE_RESTARTABLE, PLACE_HIGH, 0, &patient), OK);
    impatient = c.root;
    EXPECT(start_clients(mortal_client));
    for (uint32_t i = 0; i < DEATHS && !wrong; i++)
        EXPECT(one_death(&c, 100000 + next(&state) % 1000000));
    over = true;
    EXPECT(wait_for_clients(false));
    EXPECT(!wrong && gone_answers > 0);
    EXPECT_STATUS(sys_process_kill(c.process, 0), OK);
    EXPECT_STATUS(sys_handle_close(c.process), OK);
    EXPECT_STATUS(sys_handle_close(patient), OK);
    EXPECT_STATUS(sys_handle_close(c.root), OK);
    EXPECT_STATUS(sys_handle_close(c.endpoint), OK);
    return true;
}

const struct check load_checks[] = {
    {"six clients get their own answers: words, bytes, pieces, handles, late and out of order", everything_at_once},
    {"a server that is killed again and again: what may be repeated is answered, what may not says so", a_server_dies_while_it_is_asked},
    {}};
