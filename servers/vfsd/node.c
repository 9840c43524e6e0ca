/* SPDX-License-Identifier: MIT
 * Nodes and where they hang. The table doubles when there are as many nodes as buckets. */
#include "node.h"
#include "base/hash.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"

#define BUCKETS_FIRST 256u

static uint64_t bucket_of(const struct node_table *t, uint64_t device, uint64_t inode)
{
    return hash_mix(inode ^ device << 48) & (t->bucket_count - 1);
}

static enum status table_grow(struct node_table *t)
{
    uint64_t old_count = t->bucket_count;
    uint64_t count = old_count ? old_count * 2 : BUCKETS_FIRST;
    struct node **old = t->buckets, **fresh = heap_allocate(count * sizeof *fresh);
    if (!fresh)
        return ERR_NO_MEMORY;
    t->buckets = fresh;
    t->bucket_count = count;
    for (uint64_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct node *node = old[i];
            old[i] = node->next;
            struct node **bucket = &fresh[bucket_of(t, node->filesystem->device, node->attributes.inode)];
            node->next = *bucket;
            *bucket = node;
        }
    }
    heap_free(old);
    return OK;
}

enum status node_table_init(struct node_table *t, void (*released)(struct node_table *, struct node *))
{
    *t = (struct node_table){.released = released, .next_serial = 1};
    return table_grow(t);
}

struct node *node_find(struct node_table *t, uint64_t device, uint64_t inode)
{
    struct node *node = t->buckets[bucket_of(t, device, inode)];
    while (node && !(node->attributes.inode == inode && node->filesystem->device == device))
        node = node->next;
    return node ? node_get(node) : nullptr;
}

enum status node_obtain(struct node_table *t, struct filesystem *fs, const struct file_attributes *attributes, struct node **out)
{
    struct node *node = node_find(t, fs->device, attributes->inode);
    if (node) {
        node_set_attributes(t, node, attributes);
        node->is_fresh = true;
        *out = node;
        return OK;
    }
    if (t->node_count >= t->bucket_count)
        TRY(table_grow(t));
    node = heap_allocate(sizeof *node);
    if (!node)
        return ERR_NO_MEMORY;
    *node = (struct node){.filesystem = fs, .serial = t->next_serial++, .attributes = *attributes, .is_fresh = true,
                          .references = 1, .file = HANDLE_NONE, .end = HANDLE_NONE};
    node->attributes.device = fs->device;
    struct node **bucket = &t->buckets[bucket_of(t, fs->device, attributes->inode)];
    node->next = *bucket;
    *bucket = node;
    t->node_count++;
    fs->node_count++;
    *out = node;
    return OK;
}

void node_set_attributes(struct node_table *t, struct node *node, const struct file_attributes *attributes)
{
    const struct file_attributes *old = &node->attributes;
    bool is_same = old->type == attributes->type && old->mode == attributes->mode && old->uid == attributes->uid
                   && old->gid == attributes->gid;
    if (!is_same && (node_is_directory(node) || attributes->type == FILE_DIRECTORY)) {
        t->changes++;
        t->directory_changes++;
    }
    node->attributes = *attributes;
    node->attributes.device = node->filesystem->device;
}

static void view_free(struct view *v)
{
    heap_free((void *)(uintptr_t)v->data);
    *v = (struct view){};
}

static enum status view_copy(struct view from, struct view *out)
{
    uint8_t *copy = heap_allocate(from.length ? from.length : 1);
    if (!copy)
        return ERR_NO_MEMORY;
    memcpy(copy, from.data, from.length);
    *out = (struct view){copy, from.length};
    return OK;
}

static void name_free(struct node *node)
{
    if (node->name.data != node->short_name)
        view_free(&node->name);
}

/* A node that goes lets go of its parent, which may go next: a loop, so that deep trees need no stack. */
void node_release(struct node_table *t, struct node *node)
{
    do {
        struct node *parent = node->parent;
        t->released(t, node);
        struct node **link = &t->buckets[bucket_of(t, node->filesystem->device, node->attributes.inode)];
        while (*link != node)
            link = &(*link)->next;
        *link = node->next;
        t->node_count--;
        node->filesystem->node_count--;
        name_free(node);
        view_free(&node->target);
        heap_free(node);
        node = parent;
    } while (node && --node->references == 0);
}

enum status node_set_name(struct node_table *t, struct node *node, struct node *parent, struct view name)
{
    if (node->parent == parent && view_equal(node->name, name))
        return OK;
    struct view copy = {node->short_name, name.length};
    if (name.length > NODE_SHORT_NAME)
        TRY(view_copy(name, &copy));
    else
        memmove(node->short_name, name.data, name.length);
    name_free(node);
    node->name = copy;
    struct node *old = node->parent;
    node->parent = node_get(parent);
    if (old)
        node_put(t, old);
    return OK;
}

enum status node_set_target(struct node *node, struct view target)
{
    struct view copy;
    TRY(view_copy(target, &copy));
    view_free(&node->target);
    node->target = copy;
    return OK;
}

struct node *node_above(struct node *node, const struct node *root)
{
    for (;;) {
        if (node == root)
            return node;
        if (node != node->filesystem->root)
            return node->parent ? node_cover(node->parent) : node;
        if (!node->filesystem->covered)
            return node;
        node = node->filesystem->covered;
    }
}

static enum status prepend(struct span space, size_t *start, struct view text)
{
    if (text.length + 1 > *start)
        return ERR_OUT_OF_RANGE;
    *start -= text.length;
    memcpy(space.data + *start, text.data, text.length);
    space.data[--*start] = '/';
    return OK;
}

enum status node_path(struct node *node, const struct node *root, struct span space, struct view *out)
{
    size_t start = space.length;
    while (node != root) {
        if (node->is_removed)
            return ERR_NOT_FOUND;
        if (node == node->filesystem->root) {
            if (!node->filesystem->covered)
                break;
            node = node->filesystem->covered;
            continue;
        }
        if (!node->parent)
            return ERR_NOT_FOUND;
        TRY(prepend(space, &start, node->name));
        node = node_cover(node->parent);
    }
    if (start == space.length)
        TRY(prepend(space, &start, (struct view){(const uint8_t *)"", 0}));
    *out = (struct view){space.data + start, space.length - start};
    return OK;
}
