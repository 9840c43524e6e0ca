/* SPDX-License-Identifier: MIT
 * What the common calls cost, in nanoseconds of the clock; with `--icount` that is the number of instructions. Says, promises nothing
 * but that they work. */
#include "abi/memory.h"
#include "base/string.h"
#include "check.h"
#include "sys/clock.h"

#define ROUNDS 200u

static uint8_t buffer[4096];
static handle_t cost_stream, cost_ends[2];
static uint64_t area;

static bool null_call(void) { return sys_null() == OK; }
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
static bool discard_and_touch(void)
{
    if (sys_advise(HANDLE_SELF_SPACE, area, 4096, ADVISE_DISCARD) != OK)
        return false;
    *(volatile uint8_t *)area = 1;
    return true;
}
static bool discard(void) { return sys_advise(HANDLE_SELF_SPACE, area, 4096, ADVISE_DISCARD) == OK; }
static bool read_page(void) { return sys_read(cost_stream, buffer, sizeof buffer, 0) == sizeof buffer; }
static bool write_page(void) { return sys_write(cost_stream, buffer, sizeof buffer, 0) == sizeof buffer; }
static bool read_byte(void) { return sys_read(cost_stream, buffer, 1, 0) == 1; }
static bool stat_stream(void)
{
    struct file_attributes a;
    return sys_stat(cost_stream, &a) == OK;
}
static bool pipe_byte(void)
{
    return sys_write(cost_ends[1], buffer, 1, OFFSET_STREAM) == 1 && sys_read(cost_ends[0], buffer, 1, OFFSET_STREAM) == 1;
}
static bool pipe_page(void)
{
    return sys_write(cost_ends[1], buffer, sizeof buffer, OFFSET_STREAM) == sizeof buffer &&
           sys_read(cost_ends[0], buffer, sizeof buffer, OFFSET_STREAM) == sizeof buffer;
}
static bool make_pipe(void)
{
    handle_t ends[2];
    return sys_pipe_create(ends, PLACE_HIGH, 0) == OK && sys_handle_close(ends[0]) == OK && sys_handle_close(ends[1]) == OK;
}

static const struct { const char *name; bool (*act)(void); } acts[] = {
    {"null call", null_call}, {"map and unmap a page", map_and_unmap}, {"map, touch, unmap a page", map_touch_unmap},
    {"protect a page and back", protect_and_back}, {"discard a page", discard}, {"discard a page and touch it", discard_and_touch},
    {"read 4 KiB", read_page}, {"write 4 KiB", write_page}, {"read a byte", read_byte}, {"stat", stat_stream},
    {"a byte through a pipe", pipe_byte}, {"4 KiB through a pipe", pipe_page}, {"make and close a pipe", make_pipe},
};

static bool costs_are_measured(void)
{
    handle_t file;
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0644, .links = 1};
    EXPECT_STATUS(sys_file_create(HANDLE_NONE, 0, &a, PLACE_HIGH, &file), OK);
    EXPECT_STATUS(sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE, PLACE_HIGH, &cost_stream), OK);
    EXPECT_STATUS(sys_pipe_create(cost_ends, PLACE_HIGH, 0), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 16 * 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &area), OK);
    memset((void *)area, 1, 16 * 4096);
    EXPECT(write_page());
    for (size_t i = 0; i < ARRAY_LENGTH(acts); i++) {
        EXPECT(acts[i].act());
        uint64_t start = clock_monotonic_ns();
        for (uint32_t n = 0; n < ROUNDS; n++)
            EXPECT(acts[i].act());
        log_info("cost of %s: %lu", acts[i].name, (clock_monotonic_ns() - start) / ROUNDS);
    }
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, area, 16 * 4096), OK);
    EXPECT_STATUS(sys_handle_close(cost_ends[0]), OK);
    EXPECT_STATUS(sys_handle_close(cost_ends[1]), OK);
    EXPECT_STATUS(sys_handle_close(cost_stream), OK);
    EXPECT_STATUS(sys_handle_close(file), OK);
    return true;
}

const struct check cost_checks[] = {{"the common calls work many times over", costs_are_measured}, {}};
