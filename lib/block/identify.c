/* SPDX-License-Identifier: MIT
 * Magic numbers. RedoxFS has a ring of 256 headers of which one may be enough, so all of its places are looked at. */
#include "block/identify.h"
#include "base/types.h"

#define EXT4_MAGIC_OFFSET 1080u
#define REDOXFS_BLOCK_BYTES 4096u

static bool has_at(struct view head, size_t offset, struct view magic)
{
    struct view part;
    return view_part(head, offset, magic.length, &part) == OK && view_equal(part, magic);
}

const char *block_identify(struct view head)
{
    if (has_at(head, EXT4_MAGIC_OFFSET, VIEW_OF_LITERAL("\x53\xef")))
        return "ext4";
    for (size_t at = 0; at < head.length; at += REDOXFS_BLOCK_BYTES)
        if (has_at(head, at, VIEW_OF_LITERAL("RedoxFS\0")))
            return "redoxfs";
    return nullptr;
}
