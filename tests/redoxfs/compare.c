/* SPDX-License-Identifier: MIT
 * Is a volume what its model says? Every name, every attribute, every byte. */
#include "proof/disk.h"
#include "proof/tree.h"
#include <inttypes.h>
#include <string.h>

static uint8_t got[1 << 17], wanted[1 << 17];

static void compare_bytes(const struct model_node *n, struct redoxfs *fs, const struct redoxfs_node *node, uint64_t at, size_t bytes)
{
    size_t done;
    MUST(redoxfs_read(fs, node, at, (struct span){got, bytes}, &done));
    if (done != MIN(bytes, n->size - at))
        proof_failed("node %u: %zu bytes at %" PRIu64 " of %" PRIu64, n->id, done, at, n->size);
    tree_read(n, at, wanted, done);
    for (size_t i = 0; i < done; i++)
        if (got[i] != wanted[i])
            proof_failed("node %u: byte %" PRIu64 " is %u and should be %u", n->id, at + i, got[i], wanted[i]);
}

/* What is stored on the volume, and what is stored in the model: everything else is zero in both. */
static void compare_contents(const struct model_node *n, struct redoxfs *fs, const struct redoxfs_node *node)
{
    for (uint64_t at = 0; at < n->size; at += sizeof got) {
        MUST(redoxfs_find_data(fs, node, at, &at));
        if (at < n->size)
            compare_bytes(n, fs, node, at, sizeof got);
    }
    for (uint32_t i = 0; i < n->page_count; i++)
        compare_bytes(n, fs, node, n->pages[i].number * MODEL_PAGE, MODEL_PAGE);
}

static void compare_entries(const struct model_tree *t, const struct model_node *n, struct redoxfs *fs, const struct redoxfs_node *node)
{
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    uint32_t count = 0;
    enum status status;
    while ((status = redoxfs_directory_next(fs, node, &cursor, &entry)) == OK)
        count++;
    if (status != ERR_NOT_FOUND)
        proof_failed("directory %u: reading it answered %d", n->id, (int)status);
    if (count != n->entry_count)
        proof_failed("directory %u: %u entries and should have %u", n->id, count, n->entry_count);
    for (uint32_t i = 0; i < n->entry_count; i++) {
        uint32_t id = 0;
        const char *name = n->entries[i].name;
        status = redoxfs_lookup(fs, node, (struct view){(const uint8_t *)name, strlen(name)}, &id);
        if (status != OK || id != t->nodes[n->entries[i].node].id)
            proof_failed("directory %u: '%s' is node %u (%d) and should be %u", n->id, name, id, (int)status, t->nodes[n->entries[i].node].id);
    }
}

static void compare_node(const struct model_tree *t, const struct model_node *n, struct redoxfs *fs)
{
    struct redoxfs_node node;
    enum status status = redoxfs_node_read(fs, n->id, &node);
    if (status != OK)
        proof_failed("node %u cannot be read: %d", n->id, (int)status);
    if (node.mode != n->mode || node.uid != n->uid || node.gid != n->gid || node.modify.seconds != n->modify.seconds ||
        node.links != MAX(n->links, 1u))
        proof_failed("node %u: mode %o, owner %u:%u, links %u, time %" PRIu64 " and should be %o, %u:%u, %u, %" PRIu64, n->id, node.mode,
                     node.uid, node.gid, node.links, node.modify.seconds, n->mode, n->uid, n->gid, n->links, n->modify.seconds);
    if ((n->mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY) {
        compare_entries(t, n, fs, &node);
        return;
    }
    if (node.size_bytes != n->size)
        proof_failed("node %u: size %" PRIu64 " and should be %" PRIu64, n->id, node.size_bytes, n->size);
    compare_contents(n, fs, &node);
}

void tree_compare(const struct model_tree *t, struct redoxfs *fs)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->nodes[i].is_used)
            compare_node(t, &t->nodes[i], fs);
}
