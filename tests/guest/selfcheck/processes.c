/* SPDX-License-Identifier: MIT
 * What processes promise, with echod as the process. */
#include "check.h"
#include "initfs/initfs.h"
#include "loader/loader.h"
#include "sys/clock.h"

#define LIMIT_NS 10000000000ull
#define MANY 44u
#define SLACK_BYTES (512u * 1024) /* what CPUs keep for themselves, and processes that are still going */

static enum status map_archive(struct initfs *out, handle_t *out_object)
{
    handle_t object = start_handle(check_block, "initfs");
    uint64_t address, bytes;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | MAP_SHARED_, object, 0, &address));
    TRY(initfs_length((struct view){(const uint8_t *)(uintptr_t)address, 4096}, &bytes));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(bytes, 4096), PROT_READ_ | MAP_SHARED_, object, 0, &address));
    *out_object = object;
    return initfs_open((struct view){(const uint8_t *)(uintptr_t)address, bytes}, out);
}

enum status start_echod(struct child *c)
{
    TRY(sys_endpoint_create(0, PLACE_HIGH, &c->endpoint));
    TRY(sys_resource_create(c->endpoint, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, PLACE_HIGH, 0, &c->root));
    return start_echod_at(c);
}

enum status start_echod_at(struct child *c)
{
    static struct initfs archive;
    static handle_t object;
    struct initfs_entry file;
    if (!archive.count)
        TRY(map_archive(&archive, &object));
    TRY(initfs_find(&archive, VIEW_OF_LITERAL("sbin/echod"), &file));
    struct loader_handle handles[] = {{"endpoint", c->endpoint, 0}, {"log", start_handle(check_block, "log"), 0}};
    struct loader_program p = {.image = file.data, .object = object, .object_offset = file.offset,
                               .arguments = {(const uint8_t *)"echod", 6}, .handles = handles, .handle_count = 2,
                               .clock = start_handle(check_block, "clock"), .name_space = HANDLE_NONE, .group = HANDLE_NONE,
                               .identity = HANDLE_NONE};
    TRY(loader_spawn(&p, &c->process));
    return sys_process_start(c->process, 0, 0);
}

static bool process_serves_and_ends(void)
{
    struct child c;
    struct process_info info;
    EXPECT_STATUS(start_echod(&c), OK);
    struct message m = {.words = {41}};
    EXPECT_STATUS(sys_call(c.root, 0x3f00, &m), 0);
    EXPECT(m.words[0] == 42);
    for (uint32_t i = 0; i < 10000; i++)
        EXPECT(sys_call(c.root, 0x3f00, &m) == 0);
    EXPECT_STATUS(sys_process_kill(c.process, 77), OK);
    struct poll_entry entry = {.handle = c.process, .wanted = EVENT_READ};
    EXPECT_STATUS(sys_poll(&entry, 1, clock_monotonic_ns() + LIMIT_NS), 1);
    EXPECT_STATUS(sys_process_info(c.process, &info), OK);
    EXPECT(info.state == PROCESS_ENDED && info.exit_status == 77);
    EXPECT_STATUS(sys_handle_close(c.process), OK);
    EXPECT_STATUS(sys_handle_close(c.root), OK);
    EXPECT_STATUS(sys_handle_close(c.endpoint), OK);
    return true;
}

static bool open_goes_through_the_namespace(void)
{
    struct child c;
    handle_t names, opened;
    char text[4];
    EXPECT_STATUS(start_echod(&c), OK);
    EXPECT_STATUS(sys_namespace_create(HANDLE_NONE, PLACE_HIGH, &names), OK);
    EXPECT_STATUS(sys_open(VIEW_OF_LITERAL("echo:x"), OPEN_READ | OPEN_WRITE, PLACE_HIGH, names, &opened), ERR_NOT_FOUND);
    EXPECT_STATUS(sys_namespace_bind(names, VIEW_OF_LITERAL("echo"), c.root), OK);
    EXPECT_STATUS(sys_open(VIEW_OF_LITERAL("echo:x"), OPEN_READ | OPEN_WRITE, PLACE_HIGH, names, &opened), OK);
    EXPECT_STATUS(sys_write(opened, "word", 4, OFFSET_STREAM), 4);
    EXPECT_STATUS(sys_read(opened, text, 4, OFFSET_STREAM), 4);
    EXPECT(text[0] == 0);
    EXPECT_STATUS(sys_handle_close(opened), OK);
    EXPECT_STATUS(sys_process_kill(c.process, 0), OK);
    EXPECT_STATUS(sys_handle_close(names), OK);
    EXPECT_STATUS(sys_handle_close(c.process), OK);
    EXPECT_STATUS(sys_handle_close(c.root), OK);
    EXPECT_STATUS(sys_handle_close(c.endpoint), OK);
    return true;
}

static bool starting_many_leaves_nothing_behind(void)
{
    struct system_info before, after;
    for (uint32_t round = 0; round < MANY; round++) {
        struct child c;
        struct message m = {};
        if (round == 4)
            EXPECT_STATUS(sys_system_info(&before), OK);
        EXPECT_STATUS(start_echod(&c), OK);
        EXPECT_STATUS(sys_call(c.root, 0x3f00, &m), 0);
        EXPECT_STATUS(sys_process_kill(c.process, 0), OK);
        struct poll_entry entry = {.handle = c.process, .wanted = EVENT_READ};
        EXPECT_STATUS(sys_poll(&entry, 1, clock_monotonic_ns() + LIMIT_NS), 1);
        EXPECT_STATUS(sys_handle_close(c.process), OK);
        EXPECT_STATUS(sys_handle_close(c.root), OK);
        EXPECT_STATUS(sys_handle_close(c.endpoint), OK);
    }
    /* The last context of a process leaves its CPU a moment after its end was told: wait for the count, with a limit. */
    uint64_t limit = clock_monotonic_ns() + LIMIT_NS;
    do {
        EXPECT_STATUS(sys_system_info(&after), OK);
        if (after.processes > before.processes)
            IGNORE(sys_sleep(clock_monotonic_ns() + 1000000));
    } while (after.processes > before.processes && clock_monotonic_ns() < limit);
    log_info("free memory: %lu KiB, then %lu KiB", before.free_bytes / 1024, after.free_bytes / 1024);
    EXPECT(after.processes <= before.processes);
    EXPECT(after.free_bytes + SLACK_BYTES >= before.free_bytes);
    return true;
}

const struct check process_checks[] = {
    {"a process is started, serves and ends with its status", process_serves_and_ends},
    {"open finds a scheme in the namespace and nowhere else", open_goes_through_the_namespace},
    {"many processes leave no memory behind", starting_many_leaves_nothing_behind},
    {}};
