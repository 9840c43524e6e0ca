/* SPDX-License-Identifier: MIT
 * Pages of files, and when both sides agree about a file. The kernel's file object is the truth about size and times while somebody here
 * changes it; what it says goes out when the file is idle, or at sync. Somebody there may change the file too: that is seen by time and
 * size at each lookup, and then the pages go. If both did, what was written here wins. */
#include "p9fs.h"
#include "base/string.h"
#include "sys/log.h"

#define NANOSECONDS 1000000000ll

static enum status read_all(struct p9_node *node, uint64_t offset, uint32_t length)
{
    uint32_t fid, done = 0, part = 1;
    TRY(node_open_use(node, false, &fid));
    enum status status = OK;
    while (done < length && part > 0 && status == OK) {
        status = p9_read(fid, offset + done, done, length - done, &part);
        if (status == OK)
            done += part;
    }
    node_close_use(node);
    if (status == OK) /* the file ends earlier there than here: zeros */
        memset(slot_data().data + done, 0, length - done);
    return status;
}

void pages_in(struct p9_node *node, uint64_t offset, uint64_t length)
{
    while (length > 0) {
        uint32_t part = (uint32_t)MIN(length, (uint64_t)DATA_BYTES);
        enum status status = read_all(node, offset, part);
        if (status == OK)
            status = sys_file_supply(node->file, offset, part, slot_current()->memory.memory, DATA_OFFSET);
        if (status != OK) {
            IGNORE(sys_file_supply(node->file, offset, status, HANDLE_NONE, 0));
            return;
        }
        offset += part;
        length -= part;
    }
}

/* The bytes go into the slot only now, with the file open: the answers to walk and open lie where the data does. */
static enum status write_open(struct p9_node *node, uint32_t fid, uint64_t offset, uint32_t length)
{
    int64_t got = sys_file_read(node->file, offset, (struct span){slot_data().data, length});
    if (got < 0)
        return (enum status)got;
    for (uint32_t done = 0, part; done < (uint32_t)got; done += part)
        TRY(p9_write(fid, offset + done, done, (uint32_t)got - done, &part));
    return OK;
}

/* Up to the file's end: the rest of the last page is nobody's. */
static enum status write_part(struct p9_node *node, uint64_t offset, uint32_t length)
{
    struct file_attributes a;
    TRY(sys_stat(node->file, &a));
    if (offset >= a.size_bytes)
        return OK;
    length = (uint32_t)MIN((uint64_t)length, a.size_bytes - offset);
    uint32_t fid;
    TRY(node_open_use(node, true, &fid));
    enum status status = write_open(node, fid, offset, length);
    node_close_use(node);
    return status;
}

void pages_out(struct p9_node *node, uint64_t offset, uint64_t length)
{
    node->has_written = true;
    while (length > 0) {
        uint32_t part = (uint32_t)MIN(length, (uint64_t)DATA_BYTES);
        enum status status = write_part(node, offset, part);
        IGNORE(sys_file_written(node->file, offset, part, status));
        offset += part;
        length -= part;
    }
}

/* -- agreeing ----------------------------------------------------------------------------------------------------- */

static enum status set_size_and_time(struct p9_node *node, const struct file_attributes *ours, bool size)
{
    struct reader body;
    struct p9_writer w = p9_message(P9_SETATTR);
    p9_u32(&w, node->fid);
    p9_u32(&w, P9_SET_MTIME | P9_SET_MTIME_VALUE | (size ? P9_SET_SIZE : 0));
    for (int i = 0; i < 3; i++) /* mode, uid, gid */
        p9_u32(&w, 0);
    p9_u64(&w, ours->size_bytes);
    p9_u64(&w, 0);
    p9_u64(&w, 0);
    p9_u64(&w, (uint64_t)(ours->modify_ns / NANOSECONDS));
    p9_u64(&w, (uint64_t)(ours->modify_ns % NANOSECONDS));
    return p9_exchange(&w, P9_SETATTR, &body);
}

static bool has_local_changes(const struct p9_node *node, const struct file_attributes *ours)
{
    return node->has_written || ours->size_bytes != node->known.size_bytes || ours->modify_ns != node->known.modify_ns;
}

enum status file_push(struct p9_node *node)
{
    struct file_attributes ours, theirs;
    enum status synced = helper_run(FILE_WORK_SYNC, node->file, nullptr);
    TRY(sys_stat(node->file, &ours));
    if (node->is_removed || !has_local_changes(node, &ours))
        return synced;
    node->has_written = false;
    TRY(p9_getattr(node->fid, &theirs));
    TRY(set_size_and_time(node, &ours, theirs.size_bytes != ours.size_bytes));
    TRY(p9_getattr(node->fid, &theirs));
    node->known = theirs;
    TRY(sys_file_set(node->file, ATTRIBUTE_BLOCKS | ATTRIBUTE_CHANGE | ATTRIBUTE_MODIFY, &theirs));
    return synced;
}

void file_idle(struct p9_node *node)
{
    if (node->file == HANDLE_NONE)
        return;
    if (node->is_doomed) {
        node_drop(node);
        return;
    }
    enum status status = file_push(node);
    if (status != OK)
        log_warning("file %lu: what was written is not all on the other side: %s", (unsigned long)node->inode, status_sentence(status));
    if (!node->is_removed) /* without a name it could not be opened again */
        node_close(node);
}

enum status file_commit(struct p9_node *node)
{
    struct reader body;
    uint32_t fid;
    TRY(file_push(node));
    if (node->write_fid == P9_NO_FID)
        return OK; /* nothing was written since it was closed there */
    TRY(node_open_use(node, true, &fid));
    struct p9_writer w = p9_message(P9_FSYNC);
    p9_u32(&w, fid);
    p9_u32(&w, 0);
    enum status status = p9_exchange(&w, P9_FSYNC, &body);
    node_close_use(node);
    return status;
}

enum status file_revalidate(struct p9_node *node, const struct file_attributes *theirs)
{
    struct file_attributes ours;
    TRY(sys_stat(node->file, &ours));
    const struct file_attributes *known = &node->known;
    if (has_local_changes(node, &ours))
        return OK;
    if (theirs->size_bytes == known->size_bytes && theirs->modify_ns == known->modify_ns) {
        if (theirs->change_ns == known->change_ns)
            return OK;
        node->known = *theirs;
        return sys_file_set(node->file, ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_LINKS | ATTRIBUTE_CHANGE, theirs);
    }
    node->known = *theirs;
    return helper_run(FILE_WORK_RENEW, node->file, theirs);
}
