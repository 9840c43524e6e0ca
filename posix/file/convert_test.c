/* SPDX-License-Identifier: MIT
 * Promises of the conversions between Linux's file structures and ours. */
#include "posix/file/convert.h"
#include "base/string.h"
#include "unit/unit.h"

TEST(open_flags_keep_access_and_creation)
{
    uint32_t flags = 0;
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_TRUNC | LINUX_O_CLOEXEC, &flags), OK);
    CHECK_EQUAL(flags, OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE);
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_RDWR | LINUX_O_SYNC | LINUX_O_LARGEFILE, &flags), OK);
    CHECK_EQUAL(flags, OPEN_READ | OPEN_WRITE | OPEN_SYNC);
}

TEST(open_flags_of_a_path_handle_ignore_the_rest)
{
    uint32_t flags = 0;
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_PATH | LINUX_O_RDWR | LINUX_O_CREAT | LINUX_O_NOFOLLOW, &flags), OK);
    CHECK_EQUAL(flags, OPEN_PATH | OPEN_NO_FOLLOW);
}

TEST(open_flags_refuse_a_temporary_file_that_cannot_be_written)
{
    uint32_t flags = 0;
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_TMPFILE | LINUX_O_RDONLY, &flags), ERR_INVALID);
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_TMPFILE | LINUX_O_RDWR, &flags), OK);
    CHECK_EQUAL(flags, OPEN_READ | OPEN_WRITE | OPEN_TEMPORARY | OPEN_CREATE);
    CHECK_EQUAL(open_flags_from_linux(LINUX_O_CREAT | LINUX_O_DIRECTORY, &flags), ERR_INVALID);
}

TEST(status_flags_survive_a_round_trip)
{
    uint32_t ours = STREAM_READ | STREAM_WRITE | STREAM_APPEND | STREAM_NONBLOCK;
    CHECK_EQUAL(status_flags_to_linux(ours), LINUX_O_RDWR | LINUX_O_APPEND | LINUX_O_NONBLOCK | LINUX_O_LARGEFILE);
    CHECK_EQUAL(stream_flags_changeable(status_flags_to_linux(ours)), STREAM_APPEND | STREAM_NONBLOCK);
    CHECK_EQUAL(status_flags_to_linux(STREAM_WRITE) & LINUX_O_ACCMODE, LINUX_O_WRONLY);
}

TEST(modes_carry_the_type)
{
    uint32_t type = 0;
    CHECK_EQUAL(mode_to_linux(FILE_DIRECTORY, 0755), 040755);
    CHECK_EQUAL(type_from_linux(0644, &type), OK);
    CHECK_EQUAL(type, FILE_REGULAR);
    CHECK_EQUAL(type_from_linux(0010600, &type), OK);
    CHECK_EQUAL(type, FILE_FIFO);
    CHECK_EQUAL(type_from_linux(0170000, &type), ERR_INVALID);
}

TEST(times_before_1970_have_a_positive_remainder)
{
    struct linux_time t = time_to_linux(-1);
    CHECK_EQUAL(t.seconds, -1);
    CHECK_EQUAL(t.nanoseconds, 999999999);
    CHECK_EQUAL(time_from_linux(t.seconds, t.nanoseconds), -1);
    CHECK_EQUAL(time_from_linux(INT64_MAX, 0), INT64_MAX);
}

TEST(set_times_understand_now_and_omit)
{
    int64_t ns = 0;
    CHECK_EQUAL(set_time_from_linux((struct linux_time){5, LINUX_UTIME_NOW}, 77, &ns), OK);
    CHECK_EQUAL(ns, 77);
    CHECK_EQUAL(set_time_from_linux((struct linux_time){5, LINUX_UTIME_OMIT}, 77, &ns), OK);
    CHECK_EQUAL(ns, INT64_MIN);
    CHECK_EQUAL(set_time_from_linux((struct linux_time){5, 1000000000}, 77, &ns), ERR_INVALID);
}

TEST(stat_says_what_the_attributes_say)
{
    struct file_attributes a = {.inode = 7, .device = 0x123, .size_bytes = 10, .type = FILE_REGULAR, .mode = 0600, .links = 2,
                                .modify_ns = 1500000000};
    struct linux_stat st;
    stat_to_linux(&a, &st);
    CHECK_EQUAL(st.st_mode, 0100600);
    CHECK_EQUAL(st.st_size, 10);
    CHECK_EQUAL(st.st_mtime.seconds, 1);
    CHECK_EQUAL(st.st_mtime.nanoseconds, 500000000);
    struct linux_statx stx;
    statx_to_linux(&a, &stx);
    CHECK_EQUAL(stx.stx_dev_major, 0);
    CHECK_EQUAL(stx.stx_dev_minor, 0x123);
}

static size_t put_record(uint8_t *to, const char *name, uint64_t cookie)
{
    size_t length = string_length(name, 255);
    struct directory_record record = {.inode = 100 + cookie, .cookie = cookie, .type = FILE_REGULAR,
                                      .record_bytes = (uint16_t)align_up(sizeof record + length, 8), .name_bytes = (uint16_t)length};
    memcpy(to, &record, sizeof record);
    memcpy(to + sizeof record, name, length);
    return record.record_bytes;
}

TEST(directory_records_become_dirents_in_place)
{
    alignas(8) uint8_t bytes[256] = {};
    size_t length = put_record(bytes, "a", 1);
    length += put_record(bytes + length, "name-of-17-letter", 2);
    size_t used = 0;
    uint64_t resume = 0;
    bool all = false;
    CHECK_EQUAL(records_to_dirents((struct span){bytes, length}, DIRENT_64, 256, &used, &resume, &all), OK);
    CHECK_EQUAL(used, 24 + 40);
    CHECK_EQUAL(resume, 2);
    CHECK(all);
    CHECK_EQUAL(bytes[16], 24);
    CHECK_EQUAL(bytes[18], LINUX_DT_REG);
    CHECK(memcmp(bytes + 19, "a", 2) == 0);
    CHECK(memcmp(bytes + 24 + 19, "name-of-17-letter", 18) == 0);
}

TEST(directory_records_that_do_not_fit_are_left_for_the_next_call)
{
    alignas(8) uint8_t bytes[256] = {};
    size_t length = put_record(bytes, "a", 1);
    length += put_record(bytes + length, "b", 2);
    size_t used = 0;
    uint64_t resume = 0;
    bool all = true;
    CHECK_EQUAL(records_to_dirents((struct span){bytes, length}, DIRENT_OLD, 40, &used, &resume, &all), OK);
    CHECK_EQUAL(used, 24);
    CHECK_EQUAL(resume, 1);
    CHECK(!all);
    CHECK_EQUAL(bytes[23], LINUX_DT_REG);
}

TEST(directory_records_that_lie_are_refused)
{
    alignas(8) uint8_t bytes[64] = {};
    size_t length = put_record(bytes, "abc", 1), used = 0;
    uint64_t resume = 0;
    bool all = false;
    bytes[20] = 8; /* record_bytes shorter than its header */
    CHECK_EQUAL(records_to_dirents((struct span){bytes, length}, DIRENT_64, 64, &used, &resume, &all), ERR_PROTOCOL);
    length = put_record(bytes, "abc", 1);
    CHECK_EQUAL(records_to_dirents((struct span){bytes, length - 1}, DIRENT_64, 64, &used, &resume, &all), ERR_PROTOCOL);
}
