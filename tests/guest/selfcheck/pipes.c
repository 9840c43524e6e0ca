/* SPDX-License-Identifier: MIT
 * What pipes, event queues and memory files promise. */
#include "base/string.h"
#include "check.h"

static bool pipe_carries_bytes(void)
{
    handle_t ends[2];
    char text[8] = {};
    EXPECT_STATUS(sys_pipe_create(ends, PLACE_HIGH, STREAM_NONBLOCK), OK);
    EXPECT_STATUS(sys_read(ends[0], text, sizeof text, OFFSET_STREAM), ERR_WOULD_BLOCK);
    EXPECT_STATUS(sys_write(ends[1], "hello", 5, OFFSET_STREAM), 5);
    EXPECT_STATUS(sys_read(ends[0], text, sizeof text, OFFSET_STREAM), 5);
    EXPECT(memcmp(text, "hello", 5) == 0);
    EXPECT_STATUS(sys_handle_close(ends[1]), OK);
    EXPECT_STATUS(sys_read(ends[0], text, sizeof text, OFFSET_STREAM), 0);
    EXPECT_STATUS(sys_handle_close(ends[0]), OK);
    return true;
}

static bool queue_reports_readiness(void)
{
    handle_t ends[2], queue;
    struct queue_event event;
    EXPECT_STATUS(sys_pipe_create(ends, PLACE_HIGH, 0), OK);
    EXPECT_STATUS(sys_queue_create(PLACE_HIGH, &queue), OK);
    EXPECT_STATUS(sys_queue_control(queue, QUEUE_ADD, ends[0], EVENT_READ, 77), OK);
    EXPECT_STATUS(sys_queue_wait(queue, &event, 1, DEADLINE_NOW), 0);
    EXPECT_STATUS(sys_write(ends[1], "x", 1, OFFSET_STREAM), 1);
    EXPECT_STATUS(sys_queue_wait(queue, &event, 1, DEADLINE_NOW), 1);
    EXPECT(event.tag == 77 && (event.ready & EVENT_READ));
    EXPECT_STATUS(sys_handle_close(queue), OK);
    EXPECT_STATUS(sys_handle_close(ends[0]), OK);
    struct poll_entry entry = {.handle = ends[1], .wanted = EVENT_WRITE};
    EXPECT_STATUS(sys_poll(&entry, 1, DEADLINE_NOW), 1);
    EXPECT(entry.ready & (EVENT_ERROR | EVENT_HANGUP));
    EXPECT_STATUS(sys_handle_close(ends[1]), OK);
    return true;
}

static bool memory_file_keeps_what_is_written(void)
{
    handle_t file, stream;
    char text[16] = {};
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0644, .links = 1};
    EXPECT_STATUS(sys_file_create(HANDLE_NONE, 0, &a, PLACE_HIGH, &file), OK);
    EXPECT_STATUS(sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE, PLACE_HIGH, &stream), OK);
    EXPECT_STATUS(sys_write(stream, "contents", 8, OFFSET_STREAM), 8);
    EXPECT_STATUS(sys_write(stream, "far", 3, 100000), 3);
    EXPECT_STATUS(sys_seek(stream, 3, SEEK_SET_), 3);
    EXPECT_STATUS(sys_read(stream, text, 5, OFFSET_STREAM), 5);
    EXPECT(memcmp(text, "tents", 5) == 0);
    EXPECT_STATUS(sys_read(stream, text, 4, 50000), 4);
    EXPECT(text[0] == 0 && text[3] == 0);
    EXPECT_STATUS(sys_stat(stream, &a), OK);
    EXPECT(a.size_bytes == 100003 && a.type == FILE_REGULAR);
    EXPECT_STATUS(sys_truncate(stream, 4), OK);
    EXPECT_STATUS(sys_read(stream, text, 16, 0), 4);
    EXPECT_STATUS(sys_handle_close(stream), OK);
    EXPECT_STATUS(sys_handle_close(file), OK);
    return true;
}

const struct check pipe_checks[] = {
    {"a pipe carries bytes, says when it is empty and when it ended", pipe_carries_bytes},
    {"an event queue reports what became ready", queue_reports_readiness},
    {"a memory file keeps what is written, with zeros between", memory_file_keeps_what_is_written},
    {}};
