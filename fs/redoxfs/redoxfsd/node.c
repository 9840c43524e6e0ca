/* SPDX-License-Identifier: MIT
 * Nodes in use, by number. A node of which nobody has a file object and whose names nobody reads is not here. */
#include "redoxfsd.h"
#include "base/try.h"
#include "heap/heap.h"
#include "sys/log.h"

static struct tree nodes = TREE_INIT(nullptr);

struct open_node *node_find(uint32_t id)
{
    struct tree_node *n = tree_find(&nodes, id);
    return n ? tree_entry(n, struct open_node, link) : nullptr;
}

enum status node_obtain(uint32_t id, struct open_node **out)
{
    struct open_node *node = node_find(id);
    if (!node) {
        TRY(HEAP_NEW(&node));
        node->file = HANDLE_NONE;
        tree_insert(&nodes, &node->link, id);
    }
    *out = node;
    return OK;
}

void node_drop(struct open_node *node)
{
    tree_remove(&nodes, &node->link);
    if (node->file != HANDLE_NONE)
        IGNORE(sys_handle_close(node->file));
    listing_free(&node->listing);
    heap_free(node);
}

struct open_node *node_from(uint32_t id)
{
    struct tree_node *n = tree_at_or_after(&nodes, id);
    return n ? tree_entry(n, struct open_node, link) : nullptr;
}

struct open_node *node_after(const struct open_node *node)
{
    struct tree_node *n = node ? tree_next(&node->link) : tree_first(&nodes);
    return n ? tree_entry(n, struct open_node, link) : nullptr;
}

static void node_end(struct open_node *node)
{
    enum status status = node->is_held ? redoxfs_unhold(&redoxfsd.fs, node_number(node)) : OK;
    if (status != OK)
        log_warning("node %u: cannot be deleted now, and will be at the next start: %s", node_number(node), status_sentence(status));
    node_drop(node);
}

/* Programs may have the file open still, which nobody tells us: but when a stream ends and it was the last, KIND_FILE_IDLE comes. */
void node_forget(struct open_node *node)
{
    handle_t stream;
    if (node->file == HANDLE_NONE || sys_stream_create(node->file, STREAM_READ, RIGHT_READ, PLACE_HIGH, &stream) != OK) {
        node_end(node);
        return;
    }
    node->is_doomed = true;
    IGNORE(sys_handle_close(stream));
}

static int64_t nanoseconds(struct redoxfs_time t)
{
    return (int64_t)(MIN(t.seconds, (uint64_t)INT64_MAX / 2000000000) * 1000000000 + t.ns);
}

static uint32_t type_of(uint16_t mode)
{
    switch (mode & REDOXFS_TYPE) {
    case REDOXFS_DIRECTORY: return FILE_DIRECTORY;
    case REDOXFS_LINK: return FILE_SYMLINK;
    case REDOXFS_SOCKET: return FILE_SOCKET;
    default: return FILE_REGULAR;
    }
}

/* The format's third time is the node's birth; that of the last change is the later of the two others that change. */
void attributes_of(const struct redoxfs_node *node, struct file_attributes *out)
{
    *out = (struct file_attributes){
        .inode = node->id, .device = redoxfsd.device, .size_bytes = MIN(node->size_bytes, (uint64_t)INT64_MAX),
        .blocks_512 = node->blocks * (REDOXFS_BLOCK_BYTES / 512), .access_ns = nanoseconds(node->access),
        .modify_ns = nanoseconds(node->modify), .change_ns = nanoseconds(node->modify), .birth_ns = nanoseconds(node->create),
        .type = type_of(node->mode), .mode = node->mode & 07777u,
        .uid = node->uid, .gid = node->gid, .links = redoxfs_is_orphan(&redoxfsd.fs, node->id) ? 0 : node->links,
        .block_bytes = REDOXFS_BLOCK_BYTES,
    };
}

enum status node_need_file(struct open_node *node, const struct redoxfs_node *facts)
{
    struct file_attributes a;
    if ((facts->mode & REDOXFS_TYPE) != REDOXFS_FILE)
        return ERR_WRONG_TYPE;
    if (node->file != HANDLE_NONE)
        return OK;
    attributes_of(facts, &a);
    return sys_file_create(redoxfsd.server.endpoint, facts->id, &a, PLACE_HIGH, &node->file);
}
