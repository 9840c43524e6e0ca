/* SPDX-License-Identifier: MIT
 * Nodes by inode (the other side's qid path). A node that was seen stays until it is forgotten: the number is its name. */
#include "p9fs.h"
#include "base/hash.h"
#include "base/string.h"
#include "heap/heap.h"

#define BUCKETS_FIRST 256u

static struct p9_node **bucket_of(struct p9_node **buckets, uint64_t count, uint64_t inode)
{
    return &buckets[hash_mix(inode) & (count - 1)];
}

static enum status table_grow(void)
{
    uint64_t count = p9.bucket_count ? p9.bucket_count * 2 : BUCKETS_FIRST;
    struct p9_node **fresh = heap_allocate_array(count, sizeof *fresh);
    if (!fresh)
        return ERR_NO_MEMORY;
    for (uint64_t i = 0; i < p9.bucket_count; i++)
        while (p9.buckets[i]) {
            struct p9_node *node = p9.buckets[i], **bucket = bucket_of(fresh, count, node->inode);
            p9.buckets[i] = node->next;
            node->next = *bucket;
            *bucket = node;
        }
    heap_free(p9.buckets);
    p9.buckets = fresh;
    p9.bucket_count = count;
    return OK;
}

static struct p9_node *table_find(uint64_t inode)
{
    struct p9_node *node = p9.bucket_count ? *bucket_of(p9.buckets, p9.bucket_count, inode) : nullptr;
    while (node && node->inode != inode)
        node = node->next;
    return node;
}

static void table_remove(struct p9_node *node)
{
    struct p9_node **link = bucket_of(p9.buckets, p9.bucket_count, node->inode);
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    p9.node_count--;
}

enum status node_find(uint64_t inode, struct p9_node **out)
{
    struct p9_node *node = table_find(inode);
    if (!node)
        return ERR_NOT_FOUND;
    node->references++;
    *out = node;
    return OK;
}

static enum status node_add(const struct file_attributes *attributes, uint32_t fid, struct p9_node **out)
{
    struct p9_node *node;
    if (p9.node_count >= p9.bucket_count)
        TRY(table_grow());
    TRY(HEAP_NEW(&node));
    *node = (struct p9_node){.inode = attributes->inode, .type = attributes->type, .references = 1, .fid = fid,
                             .read_fid = P9_NO_FID, .write_fid = P9_NO_FID, .file = HANDLE_NONE, .known = *attributes};
    struct p9_node **bucket = bucket_of(p9.buckets, p9.bucket_count, node->inode);
    node->next = *bucket;
    *bucket = node;
    p9.node_count++;
    *out = node;
    return OK;
}

enum status node_obtain(const struct file_attributes *attributes, uint32_t fid, struct p9_node **out)
{
    struct p9_node *node = table_find(attributes->inode);
    if (node && node->type != attributes->type) { /* the number was given to another file meanwhile */
        node->references++;
        node_drop(node);
        node_put(node);
        node = nullptr;
    }
    if (!node) {
        enum status status = node_add(attributes, fid, out);
        if (status != OK)
            p9_clunk(fid);
        return status;
    }
    /* The newer way to it is the better one: names change on the other side too. */
    uint32_t old = node->fid;
    node->references++;
    node->fid = fid;
    if (old != ROOT_FID)
        p9_clunk(old);
    *out = node;
    return OK;
}

/* The last fiber lets go of a forgotten node. */
void node_put(struct p9_node *node)
{
    if (--node->references > 0 || !node->is_forgotten)
        return;
    if (node->file != HANDLE_NONE)
        IGNORE(sys_handle_close(node->file));
    p9_clunk(node->read_fid);
    p9_clunk(node->write_fid);
    p9_clunk(node->fid);
    listing_free(&node->listing);
    heap_free(node);
}

void node_drop(struct p9_node *node)
{
    if (node == p9.root || node->is_forgotten)
        return;
    node->is_forgotten = true;
    table_remove(node);
}

/* Programs may have the file open still, which nobody tells us: but when a stream ends and it was the last, KIND_FILE_IDLE comes. */
void node_forget(struct p9_node *node)
{
    handle_t stream;
    if (node->file == HANDLE_NONE || sys_stream_create(node->file, STREAM_READ, RIGHT_READ, PLACE_HIGH, &stream) != OK) {
        node_drop(node);
        return;
    }
    node->is_doomed = true;
    IGNORE(sys_handle_close(stream));
}

void node_lock(struct p9_node *node)
{
    struct slot *s = slot_current();
    while (node->is_locked) {
        s->wants = node;
        s->is_ready = false;
        fiber_wait();
    }
    node->is_locked = true;
}

void node_unlock(struct p9_node *node)
{
    node->is_locked = false;
    for (uint32_t i = 0; i < SLOTS; i++)
        if (p9.slots[i].wants == node) {
            p9.slots[i].wants = nullptr;
            p9.slots[i].is_ready = true;
        }
}

enum status node_need_file(struct p9_node *node)
{
    struct file_attributes a;
    if (node->type != FILE_REGULAR)
        return ERR_WRONG_TYPE;
    if (node->file != HANDLE_NONE)
        return OK;
    TRY(p9_getattr(node->fid, &a));
    if (node->file != HANDLE_NONE) /* somebody was faster */
        return OK;
    node->known = a;
    return sys_file_create(p9.driver.server.endpoint, node->inode, &a, PLACE_HIGH, &node->file);
}

/* Only who writes opens for writing: a program of the other side, or its loader, cannot be started there while somebody has it open so. */
static enum status open_locked(struct p9_node *node, bool writes)
{
    uint32_t fid, *place = writes ? &node->write_fid : &node->read_fid;
    if (*place != P9_NO_FID)
        return OK;
    TRY(p9_walk(node->fid, (struct view){}, &fid, nullptr));
    enum status status = p9_lopen(fid, writes ? P9_OPEN_BOTH : P9_OPEN_READ);
    if (status != OK)
        p9_clunk(fid);
    else
        *place = fid;
    return status;
}

enum status node_open_use(struct p9_node *node, bool writes, uint32_t *out_fid)
{
    enum status status = OK;
    if (node->write_fid == P9_NO_FID && (writes || node->read_fid == P9_NO_FID)) {
        node_lock(node);
        status = open_locked(node, writes);
        node_unlock(node);
    }
    TRY(status);
    node->open_users++;
    *out_fid = node->write_fid != P9_NO_FID ? node->write_fid : node->read_fid;
    return OK;
}

void node_close_use(struct p9_node *node)
{
    node->open_users--;
}

void node_close(struct p9_node *node)
{
    if (node->open_users || node->is_locked)
        return;
    uint32_t read_fid = node->read_fid, write_fid = node->write_fid;
    node->read_fid = node->write_fid = P9_NO_FID;
    p9_clunk(read_fid);
    p9_clunk(write_fid);
}

struct p9_node *node_with_file(uint64_t epoch)
{
    for (uint64_t i = 0; i < p9.bucket_count; i++)
        for (struct p9_node *node = p9.buckets[i]; node; node = node->next)
            if (node->file != HANDLE_NONE && node->sync_epoch != epoch) {
                node->references++;
                node->sync_epoch = epoch;
                return node;
            }
    return nullptr;
}
