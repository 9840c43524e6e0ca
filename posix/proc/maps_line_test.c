/* SPDX-License-Identifier: MIT
 * Promises about lines of /proc/self/maps. */
#include "posix/proc/text.h"
#include "unit/unit.h"

TEST(a_mapping_reads_as_linux_writes_it)
{
    char line[200];
    struct mapping_info m = {.start = 0x400000, .end = 0x401000, .offset = 0x1000, .flags = PROT_READ_ | PROT_EXECUTE_, .object_id = 7};
    size_t length = maps_line(line, sizeof line, &m, "");
    CHECK_TEXT(line, "400000-401000 r-xp 00001000 00:00 7 \n");
    CHECK_EQUAL(length, 37u);
    m.flags = PROT_READ_ | PROT_WRITE_ | MAP_SHARED_;
    maps_line(line, sizeof line, &m, "[heap]");
    CHECK(line[73] == '[' && line[72] == ' ' && line[79] == '\n');
}
