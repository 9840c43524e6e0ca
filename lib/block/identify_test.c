/* SPDX-License-Identifier: MIT
 * Disks are known by what they begin with, and by nothing behind their end. */
#include "block/identify.h"
#include "unit/unit.h"
#include <string.h>

static uint8_t head[BLOCK_IDENTIFY_BYTES];

TEST(an_empty_disk_holds_nothing_known)
{
    memset(head, 0, sizeof head);
    CHECK(!block_identify((struct view){head, sizeof head}));
    CHECK(!block_identify((struct view){head, 0}));
}

TEST(ext4_is_known_by_its_superblock)
{
    memset(head, 0, sizeof head);
    memcpy(head + 1080, "\x53\xef", 2);
    CHECK_TEXT(block_identify((struct view){head, sizeof head}), "ext4");
    CHECK(!block_identify((struct view){head, 1081}));
}

TEST(redoxfs_is_known_by_any_header_of_its_ring)
{
    memset(head, 0, sizeof head);
    memcpy(head + 200 * 4096, "RedoxFS", 8);
    CHECK_TEXT(block_identify((struct view){head, sizeof head}), "redoxfs");
    CHECK(!block_identify((struct view){head, 200 * 4096 + 7}));
}
