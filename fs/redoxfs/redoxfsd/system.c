/* SPDX-License-Identifier: MIT
 * Does this volume hold the system's root? Without a wish the mark says it, a file; init's argument root=WHICH can wish otherwise. */
#include "redoxfsd.h"
#include "base/fmt.h"
#include "base/try.h"
#include "sys/start.h"

#define MARK_FOLDER "etc"
#define MARK_NAME "macrohard.root"

static enum status find_below(uint32_t directory, struct view name, uint32_t *out)
{
    static struct redoxfs_node facts;
    TRY(redoxfs_node_read(&redoxfsd.fs, directory, &facts));
    return redoxfs_lookup(&redoxfsd.fs, &facts, name, out);
}

static bool has_mark(void)
{
    uint32_t folder, mark;
    return find_below(REDOXFS_ROOT, VIEW_OF_LITERAL(MARK_FOLDER), &folder) == OK &&
           find_below(folder, VIEW_OF_LITERAL(MARK_NAME), &mark) == OK;
}

/* Thirty-two digits, with hyphens anywhere. */
static bool is_uuid(struct view text)
{
    char own[2 * sizeof redoxfsd.fs.uuid + 1];
    size_t digits = 0;
    for (size_t i = 0; i < sizeof redoxfsd.fs.uuid; i++)
        fmt(own + 2 * i, 3, "%02x", redoxfsd.fs.uuid[i]);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '-')
            continue;
        if (digits == sizeof own - 1 || text.data[i] != (uint8_t)own[digits])
            return false;
        digits++;
    }
    return digits == sizeof own - 1;
}

bool volume_holds_system(void)
{
    struct view wish = start_option(start_current(), "root=");
    return wish.length == 0 ? has_mark() : view_equal(wish, VIEW_OF_LITERAL("first")) || is_uuid(wish);
}
