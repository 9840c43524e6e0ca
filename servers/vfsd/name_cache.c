/* SPDX-License-Identifier: MIT
 * The name cache. A hit costs the hash, one chain step and one store. */
#include "name_cache.h"
#include "base/string.h"
#include "heap/heap.h"

enum status name_cache_init(struct name_cache *c, struct node_table *nodes, struct name_key key, uint32_t entry_limit)
{
    uint32_t count = 64;
    while (count < entry_limit)
        count *= 2;
    *c = (struct name_cache){.nodes = nodes, .key = key, .bucket_count = count, .entry_limit = entry_limit};
    list_init(&c->ages);
    c->buckets = heap_allocate(count * sizeof *c->buckets);
    if (!c->buckets)
        return ERR_NO_MEMORY;
    return OK;
}

static struct name_entry *entry_find(const struct name_cache *c, const struct node *directory, struct view name, uint64_t hash)
{
    struct name_entry *e = c->buckets[hash & (c->bucket_count - 1)];
    while (e && !(e->hash == hash && e->directory == directory && e->name_bytes == name.length
                  && name_equal(e->name, name.data, name.length)))
        e = e->next;
    return e;
}

static void entry_remove(struct name_cache *c, struct name_entry *entry)
{
    struct name_entry **link = &c->buckets[entry->hash & (c->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    list_remove(&entry->age);
    c->entry_count--;
    if (entry->node) {
        node_lost_a_name(c->nodes, entry->node);
        node_put(c->nodes, entry->node);
    }
    node_put(c->nodes, entry->directory);
    heap_free(entry);
}

/* Terminates: each entry that is passed over is no longer used. */
static void evict_one(struct name_cache *c)
{
    for (;;) {
        struct name_entry *e = container_of(c->ages.next, struct name_entry, age);
        if (!e->is_used) {
            entry_remove(c, e);
            return;
        }
        e->is_used = false;
        list_remove(&e->age);
        list_push_back(&c->ages, &e->age);
    }
}

enum name_known name_find(struct name_cache *c, const struct node *directory, struct view name, struct node **out_node)
{
    struct name_entry *e = entry_find(c, directory, name, name_hash(&c->key, directory->serial, name));
    if (!e || e->is_unknown)
        return NAME_UNKNOWN;
    e->is_used = true;
    if (!e->node)
        return NAME_MISSING;
    *out_node = e->node;
    return NAME_PRESENT;
}

void name_set(struct name_cache *c, struct node *directory, struct view name, struct node *node)
{
    uint64_t hash = name_hash(&c->key, directory->serial, name);
    struct name_entry *e = entry_find(c, directory, name, hash);
    if (e) {
        struct node *old = e->node;
        if (old && old != node)
            node_lost_a_name(c->nodes, old);
        e->node = node ? node_get(node) : nullptr;
        e->is_unknown = false;
        if (old)
            node_put(c->nodes, old);
        return;
    }
    e = heap_allocate(sizeof *e + name.length);
    if (!e)
        return;
    *e = (struct name_entry){.hash = hash, .name_bytes = (uint8_t)name.length, .directory = node_get(directory),
                             .node = node ? node_get(node) : nullptr};
    memcpy(e->name, name.data, name.length);
    struct name_entry **bucket = &c->buckets[hash & (c->bucket_count - 1)];
    e->next = *bucket;
    *bucket = e;
    list_push_back(&c->ages, &e->age);
    if (++c->entry_count > c->entry_limit)
        evict_one(c);
}

void name_forget(struct name_cache *c, struct node *directory, struct view name)
{
    struct name_entry *e = entry_find(c, directory, name, name_hash(&c->key, directory->serial, name));
    if (!e)
        return;
    struct node *old = e->node;
    e->node = nullptr;
    e->is_unknown = true;
    e->is_used = false;
    if (old) {
        node_lost_a_name(c->nodes, old);
        node_put(c->nodes, old);
    }
}

void name_cache_purge(struct name_cache *c, const struct filesystem *fs)
{
    list_for_each_safe(at, &c->ages) {
        struct name_entry *e = container_of(at, struct name_entry, age);
        if (!fs || e->directory->filesystem == fs)
            entry_remove(c, e);
    }
}
