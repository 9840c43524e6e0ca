/* SPDX-License-Identifier: MIT
 * The path cache. A hit costs one hash and one comparison of the path, whatever its depth. */
#include "path_cache.h"
#include "base/string.h"
#include "heap/heap.h"

#define ENTRIES 1024u
#define IDENTITY_NONE UINT64_MAX

enum status path_cache_init(struct path_cache *c, const struct node_table *nodes, struct name_key key)
{
    *c = (struct path_cache){.nodes = nodes, .key = key, .entries = heap_allocate(ENTRIES * sizeof *c->entries)};
    return c->entries ? OK : ERR_NO_MEMORY;
}

/* Those who have the same may pass the same directories: for uid 0 that is everybody, for others it is told by uid and gid alone only
 * when there are no groups beside. */
static uint64_t identity_of(const struct credentials *who)
{
    if (who->uid == 0)
        return 0;
    return who->group_count ? IDENTITY_NONE : (uint64_t)who->uid << 32 | who->gid;
}

bool path_question(const struct path_cache *c, const struct node *start, const struct credentials *who, struct view path,
                   struct path_question *out)
{
    uint64_t identity = identity_of(who);
    if (!c->entries || identity == IDENTITY_NONE || path.length == 0 || path.length > PATH_ENTRY_BYTES)
        return false;
    *out = (struct path_question){.path = path, .start = start->serial, .identity = identity,
                                  .hash = name_hash(&c->key, start->serial ^ identity << 20, path)};
    return true;
}

static uint64_t changes_of(const struct path_cache *c, bool is_directory)
{
    return is_directory ? c->nodes->directory_changes : c->nodes->changes;
}

struct node *path_find(const struct path_cache *c, const struct path_question *q)
{
    const struct path_entry *e = &c->entries[q->hash & (ENTRIES - 1)];
    bool is_it = e->hash == q->hash && e->changes == changes_of(c, e->is_directory) && e->start == q->start && e->identity == q->identity
                 && e->length == q->path.length && name_equal(e->path, q->path.data, q->path.length);
    return is_it ? e->node : nullptr;
}

void path_remember(struct path_cache *c, const struct path_question *q, struct node *node)
{
    struct path_entry *e = &c->entries[q->hash & (ENTRIES - 1)];
    e->hash = q->hash;
    e->is_directory = node_is_directory(node);
    e->changes = changes_of(c, e->is_directory);
    e->start = q->start;
    e->identity = q->identity;
    e->node = node;
    e->length = (uint32_t)q->path.length & INT32_MAX;
    memcpy(e->path, q->path.data, q->path.length);
}
