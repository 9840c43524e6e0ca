/* SPDX-License-Identifier: MIT
 * Pages of files between the library and the kernel's page cache, through a window of memory. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"

static handle_t window_memory;
static uint8_t *window;

enum status pages_start(void)
{
    uint64_t address;
    TRY(sys_memory_create(TRANSFER_BYTES, MEMORY_WIRED, PLACE_HIGH, &window_memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, TRANSFER_BYTES, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, window_memory, 0, &address));
    window = (uint8_t *)(uintptr_t)address;
    return OK;
}

/* Behind what is stored are zeros: the kernel's file may be longer than the volume knows yet. */
static enum status read_part(uint32_t id, uint64_t offset, size_t length)
{
    static struct redoxfs_node facts;
    size_t got;
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    TRY(redoxfs_read(&redoxfsd.fs, &facts, offset, (struct span){window, length}, &got));
    memset(window + got, 0, length - got);
    return OK;
}

void pages_in(uint32_t id, uint64_t offset, uint64_t length)
{
    struct open_node *node = node_find(id);
    if (!node || node->file == HANDLE_NONE)
        return; /* it was dropped: the file object is ours no more */
    while (length > 0) {
        size_t part = (size_t)MIN(length, (uint64_t)TRANSFER_BYTES);
        enum status status = read_part(id, offset, part);
        if (status == OK)
            status = sys_file_supply(node->file, offset, (int64_t)part, window_memory, 0);
        if (status != OK) {
            IGNORE(sys_file_supply(node->file, offset, status, HANDLE_NONE, 0));
            return;
        }
        offset += part;
        length -= part;
    }
}

/* -- out ------------------------------------------------------------------------------------------------------------ */

/* Up to the file's end: the rest of the last page is nobody's. */
static enum status write_part(const struct open_node *node, uint64_t offset, size_t length)
{
    int64_t got = sys_file_read(node->file, offset, (struct span){window, length});
    if (got < 0)
        return (enum status)got;
    for (size_t done = 0, part; done < (size_t)got; done += part)
        TRY(redoxfs_write(&redoxfsd.fs, node_number(node), offset + done, (struct view){window + done, (size_t)got - done}, time_now(), &part));
    return OK;
}

void pages_out(uint32_t id, uint64_t offset, uint64_t length)
{
    struct open_node *node = node_find(id);
    if (!node || node->file == HANDLE_NONE)
        return;
    while (length > 0) {
        size_t part = (size_t)MIN(length, (uint64_t)TRANSFER_BYTES);
        enum status status = redoxfsd.is_read_only ? ERR_READ_ONLY : write_part(node, offset, part);
        IGNORE(sys_file_written(node->file, offset, part, status));
        offset += part;
        length -= part;
    }
    commit_soon();
}

/* -- size and times --------------------------------------------------------------------------------------------------- */

#define ACCESS_STALE_S 3600

static bool time_differs(struct redoxfs_time a, struct redoxfs_time b)
{
    return a.seconds != b.seconds || a.ns != b.ns;
}

enum status node_push(struct open_node *node)
{
    static struct redoxfs_node facts, wanted;
    struct file_attributes a;
    if (node->file == HANDLE_NONE || redoxfsd.is_read_only)
        return OK;
    TRY(sys_stat(node->file, &a));
    TRY(redoxfs_node_read(&redoxfsd.fs, node_number(node), &facts));
    if (a.size_bytes != facts.size_bytes) {
        TRY(redoxfs_truncate(&redoxfsd.fs, facts.id, a.size_bytes, time_now()));
        TRY(redoxfs_node_read(&redoxfsd.fs, facts.id, &facts));
    }
    wanted.modify = time_of_ns(a.modify_ns);
    wanted.access = time_of_ns(a.access_ns);
    unsigned what = (time_differs(wanted.modify, facts.modify) ? REDOXFS_SET_MODIFY : 0u) |
                    (wanted.access.seconds > facts.access.seconds + ACCESS_STALE_S ? REDOXFS_SET_ACCESS : 0u);
    if (what)
        TRY(redoxfs_set(&redoxfsd.fs, facts.id, what, &wanted));
    attributes_of(&facts, &a);
    return sys_file_set(node->file, ATTRIBUTE_BLOCKS, &a);
}
