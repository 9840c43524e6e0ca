/* SPDX-License-Identifier: MIT
 * What the native calls of one context cost, in nanoseconds of the clock; with `--icount` that is the number of instructions. The same
 * loop around nothing is subtracted, so a figure is from the call of the stub to its return. */
#include "abi/memory.h"
#include "base/fmt.h"
#include "base/string.h"
#include "check.h"
#include "sys/clock.h"

#define ROUNDS 100u
#define AREA_PAGES 120u
#define SETTLED_NS 1000000000ull

static uint8_t buffer[4096] __attribute__((aligned(4096)));
static handle_t stream, file, ends[2], queue, doorbell;
static uint64_t area, at;

static bool nothing(void) { return true; }
static bool null_call(void) { return sys_null() == OK; }

/* -- memory ------------------------------------------------------------------------------------------------------ */

static bool have_area(void)
{
    at = 0;
    if (!area) { /* between two pages without access: a mapping of its own, too small for a large page */
        EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, (AREA_PAGES + 2) * 4096, PROT_NONE_, HANDLE_NONE, 0, &area), OK);
        EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, area + 4096, AREA_PAGES * 4096, MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &area), OK);
    }
    memset((void *)area, 1, AREA_PAGES * 4096);
    return true;
}
static bool map_and_unmap(void)
{
    uint64_t address;
    return sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address) == OK &&
           sys_unmap(HANDLE_SELF_SPACE, address, 4096) == OK;
}
static bool map_touch_unmap(void)
{
    uint64_t address;
    if (sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address) != OK)
        return false;
    *(volatile uint8_t *)address = 1;
    return sys_unmap(HANDLE_SELF_SPACE, address, 4096) == OK;
}
static bool protect_and_back(void)
{
    return sys_protect(HANDLE_SELF_SPACE, area + 4096, 4096, PROT_READ_) == OK &&
           sys_protect(HANDLE_SELF_SPACE, area + 4096, 4096, PROT_READ_ | PROT_WRITE_) == OK;
}
static bool discarded_area(void)
{
    EXPECT(have_area());
    EXPECT_STATUS(sys_advise(HANDLE_SELF_SPACE, area, AREA_PAGES * 4096, ADVISE_DISCARD), OK);
    return true;
}
static bool touch_next(void)
{
    *(volatile uint8_t *)(area + at++ % AREA_PAGES * 4096) = 1;
    return true;
}

/* -- files, pipes, events ---------------------------------------------------------------------------------------- */

static bool have_file(void)
{
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0644, .links = 1};
    if (stream)
        return true;
    EXPECT_STATUS(sys_file_create(HANDLE_NONE, 0, &a, PLACE_HIGH, &file), OK);
    EXPECT_STATUS(sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE, PLACE_HIGH, &stream), OK);
    for (uint64_t page = 0; page < AREA_PAGES; page++)
        EXPECT(sys_write(stream, buffer, sizeof buffer, page * 4096) == sizeof buffer);
    return true;
}
static uint64_t file_view;
static bool map_file(uint32_t flags)
{
    EXPECT(have_file());
    at = 0;
    if (file_view)
        EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, file_view, AREA_PAGES * 4096), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, AREA_PAGES * 4096, PROT_READ_ | PROT_WRITE_ | flags, stream, 0, &file_view), OK);
    return true;
}
static bool map_file_shared(void) { return map_file(MAP_SHARED_); }
/* Present for reading in all pages, so that a store is a copy and nothing else. */
static bool map_file_private(void)
{
    EXPECT(map_file(0));
    for (uint64_t page = 0; page < AREA_PAGES; page++)
        EXPECT(*(volatile uint8_t *)(file_view + page * 4096) == 0);
    return true;
}
static bool read_next(void)
{
    return *(volatile uint8_t *)(file_view + at++ % AREA_PAGES * 4096) == 0;
}
static bool write_next(void)
{
    *(volatile uint8_t *)(file_view + at++ % AREA_PAGES * 4096) = 1;
    return true;
}
static bool read_page(void) { return sys_read(stream, buffer, sizeof buffer, 0) == sizeof buffer; }
static bool write_page(void) { return sys_write(stream, buffer, sizeof buffer, 0) == sizeof buffer; }
static bool read_byte(void) { return sys_read(stream, buffer, 1, 0) == 1; }
static bool stat_stream(void)
{
    struct file_attributes a;
    return sys_stat(stream, &a) == OK;
}
static bool have_pipe(void)
{
    EXPECT_STATUS(sys_pipe_create(ends, PLACE_HIGH, 0), OK);
    return true;
}
static bool pipe_byte(void)
{
    return sys_write(ends[1], buffer, 1, OFFSET_STREAM) == 1 && sys_read(ends[0], buffer, 1, OFFSET_STREAM) == 1;
}
static bool pipe_page(void)
{
    return sys_write(ends[1], buffer, sizeof buffer, OFFSET_STREAM) == sizeof buffer &&
           sys_read(ends[0], buffer, sizeof buffer, OFFSET_STREAM) == sizeof buffer;
}
static bool make_pipe(void)
{
    handle_t made[2];
    return sys_pipe_create(made, PLACE_HIGH, 0) == OK && sys_handle_close(made[0]) == OK && sys_handle_close(made[1]) == OK;
}
static bool duplicate(void)
{
    handle_t other;
    return sys_handle_dup(stream, PLACE_HIGH, 0, 0, 0, &other) == OK && sys_handle_close(other) == OK;
}
static bool have_queue(void)
{
    EXPECT_STATUS(sys_queue_create(PLACE_HIGH, &queue), OK);
    EXPECT_STATUS(sys_doorbell_create(PLACE_HIGH, &doorbell), OK);
    EXPECT_STATUS(sys_queue_control(queue, QUEUE_ADD, doorbell, EVENT_READ, 1), OK);
    EXPECT_STATUS(sys_doorbell_ring(doorbell), OK);
    return true;
}
static bool wait_for_event(void)
{
    struct queue_event event;
    return sys_queue_wait(queue, &event, 1, DEADLINE_NEVER) == 1;
}
static bool wake_nobody(void)
{
    static uint32_t word;
    return sys_futex(&word, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0) == 0;
}

const struct cost single_costs[] = {
    {"null", nullptr, null_call}, {"handle-dup-close", have_file, duplicate}, {"map-unmap", nullptr, map_and_unmap},
    {"map-touch-unmap", nullptr, map_touch_unmap}, {"protect-pair", have_area, protect_and_back},
    {"fault-zero", discarded_area, touch_next}, {"fault-copy", map_file_private, write_next},
    {"fault-file", map_file_shared, read_next}, {"read-4k", have_file, read_page}, {"write-4k", have_file, write_page},
    {"read-1", have_file, read_byte}, {"stat", have_file, stat_stream}, {"pipe-self-1", have_pipe, pipe_byte},
    {"pipe-self-4k", have_pipe, pipe_page}, {"pipe-create", nullptr, make_pipe}, {"event-wait-ready", have_queue, wait_for_event},
    {"futex-wake-none", nullptr, wake_nobody}, {}};

/* -- measuring --------------------------------------------------------------------------------------------------- */

struct measured { uint64_t instructions, switches, table_loads; };

static bool repeat(bool (*act)(void), uint32_t rounds, struct measured *out)
{
    struct system_info before, after;
    EXPECT_STATUS(sys_system_info(&before), OK);
    uint64_t start = clock_monotonic_ns();
    for (uint32_t n = 0; n < rounds; n++)
        EXPECT(act());
    out->instructions = clock_monotonic_ns() - start;
    EXPECT_STATUS(sys_system_info(&after), OK);
    out->switches = after.switches - before.switches;
    out->table_loads = after.table_loads - before.table_loads;
    return true;
}

static bool measure(const struct cost *c, uint64_t empty, void (*say)(const char *line))
{
    char line[96];
    struct measured m;
    EXPECT(!c->prepare || c->prepare());
    EXPECT(c->act());
    EXPECT(repeat(c->act, ROUNDS, &m));
    uint64_t loads = m.table_loads * 10 / ROUNDS;
    fmt(line, sizeof line, "cost %s %lu instructions %lu switches %lu.%lu table-loads\n", c->name, (m.instructions - empty) / ROUNDS,
        m.switches / ROUNDS, loads / 10, loads % 10);
    say(line);
    return true;
}

/* For a profile: it ends with the machine. */
static bool loop(const struct cost *c)
{
    EXPECT(!c->prepare || c->prepare());
    log_info("looping %s", c->name);
    while (c->act()) {
    }
    return false;
}

uint32_t costs_report(const struct start_block *block, void (*say)(const char *line))
{
    static const struct cost *const all[] = {single_costs, pair_costs};
    struct view wanted = start_option(block, "loop=");
    struct measured empty = {};
    IGNORE(sys_sleep(clock_monotonic_ns() + SETTLED_NS)); /* services start meanwhile, and their work is not ours */
    uint32_t failed = !repeat(nothing, ROUNDS, &empty);
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
        for (const struct cost *c = all[i]; c->name; c++) {
            if (!wanted.length)
                failed += !measure(c, empty.instructions, say);
            else if (view_equal(wanted, view_of_string(c->name)))
                failed += !loop(c);
        }
    return failed;
}
