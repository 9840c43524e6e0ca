/* SPDX-License-Identifier: MIT
 * Promises about names of the calling process. */
#include "posix/proc/self_name.h"
#include "base/string.h"
#include "unit/unit.h"

static struct self_name parse(const char *text) { return self_name_parse(view_of_string(text), 12); }

TEST(descriptors_are_found_by_each_of_their_names)
{
    CHECK_EQUAL(parse("/proc/self/fd/17").kind, SELF_DESCRIPTOR);
    CHECK_EQUAL(parse("/proc/self/fd/17").fd, 17u);
    CHECK_EQUAL(parse("/dev/fd/0").kind, SELF_DESCRIPTOR);
    CHECK_EQUAL(parse("/dev/stderr").fd, 2u);
    CHECK_EQUAL(parse("/proc/self/fd").kind, SELF_DESCRIPTORS);
    CHECK_EQUAL(parse("/proc/12/fd/3").fd, 3u);
    CHECK_EQUAL(parse("/proc/12/exe").kind, SELF_EXECUTABLE);
    CHECK_EQUAL(parse("/proc/self/fd/").kind, SELF_DESCRIPTORS);
}

TEST(other_names_are_ordinary_paths)
{
    CHECK_EQUAL(parse("/proc/self/fd/x").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/self/fd/01").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/self/fd/3/x").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/self/fd/9999999").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/self").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/123/exe").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/12").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/meminfo").kind, SELF_NONE);
    CHECK_EQUAL(parse("/proc/selfish/exe").kind, SELF_NONE);
    CHECK_EQUAL(parse("/dev/stdinx").kind, SELF_NONE);
}

TEST(the_first_eight_bytes_let_every_such_name_through)
{
    static const char *const names[] = {"/proc/self/exe", "/proc/self/fd/1", "/dev/fd/1", "/dev/stdin", "/dev/stdout"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        uint64_t first;
        memcpy(&first, names[i], 8);
        CHECK(self_name_may_begin(first));
        CHECK(parse(names[i]).kind != SELF_NONE);
    }
    uint64_t other;
    memcpy(&other, "/etc/passwd", 8);
    CHECK(!self_name_may_begin(other));
}
