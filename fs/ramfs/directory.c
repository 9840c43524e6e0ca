/* SPDX-License-Identifier: MIT
 * Directories in memory. Tables double; a failed growth leaves the old ones. */
#include "directory.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"

#define FIRST_CAPACITY 8u

void ram_directory_init(struct ram_directory *d)
{
    *d = (struct ram_directory){.next_cookie = 1};
}

void ram_directory_fini(struct ram_directory *d)
{
    for (uint32_t i = 0; i < d->order_used; i++)
        heap_free(d->order[i]);
    heap_free(d->order);
    heap_free(d->buckets);
    ram_directory_init(d);
}

struct ram_entry *ram_directory_find(const struct ram_directory *d, const struct name_key *key, struct view name)
{
    if (d->live == 0)
        return nullptr;
    uint64_t hash = name_hash(key, 0, name);
    struct ram_entry *e = d->buckets[hash & (d->bucket_count - 1)];
    while (e && !(e->hash == hash && view_equal(ram_entry_name(e), name)))
        e = e->next;
    return e;
}

static enum status buckets_grow(struct ram_directory *d)
{
    uint32_t count = d->bucket_count ? d->bucket_count * 2 : FIRST_CAPACITY;
    struct ram_entry **fresh = heap_allocate(count * sizeof *fresh);
    if (!fresh)
        return ERR_NO_SPACE;
    for (uint32_t i = 0; i < d->order_used; i++) {
        struct ram_entry *e = d->order[i];
        if (!e)
            continue;
        e->next = fresh[e->hash & (count - 1)];
        fresh[e->hash & (count - 1)] = e;
    }
    heap_free(d->buckets);
    d->buckets = fresh;
    d->bucket_count = count;
    return OK;
}

static void order_squeeze(struct ram_directory *d)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < d->order_used; i++) {
        if (!d->order[i])
            continue;
        d->order[i]->position = to;
        d->order[to++] = d->order[i];
    }
    d->order_used = to;
}

static enum status order_make_room(struct ram_directory *d)
{
    if (d->order_used < d->order_capacity)
        return OK;
    if (d->live < d->order_used / 2) {
        order_squeeze(d);
        return OK;
    }
    uint32_t capacity = d->order_capacity ? d->order_capacity * 2 : FIRST_CAPACITY;
    struct ram_entry **fresh = heap_allocate(capacity * sizeof *fresh);
    if (!fresh)
        return ERR_NO_SPACE;
    if (d->order_used)
        memcpy(fresh, d->order, d->order_used * sizeof *fresh);
    heap_free(d->order);
    d->order = fresh;
    d->order_capacity = capacity;
    return OK;
}

enum status ram_directory_add(struct ram_directory *d, const struct name_key *key, struct view name, struct ram_node *node,
                              struct ram_entry **out)
{
    if (d->live >= d->bucket_count)
        TRY(buckets_grow(d));
    TRY(order_make_room(d));
    struct ram_entry *e = heap_allocate(sizeof *e + name.length);
    if (!e)
        return ERR_NO_SPACE;
    *e = (struct ram_entry){.hash = name_hash(key, 0, name), .cookie = d->next_cookie++, .node = node,
                            .position = d->order_used, .name_bytes = (uint8_t)name.length};
    memcpy(e->name, name.data, name.length);
    struct ram_entry **bucket = &d->buckets[e->hash & (d->bucket_count - 1)];
    e->next = *bucket;
    *bucket = e;
    d->order[d->order_used++] = e;
    d->live++;
    *out = e;
    return OK;
}

void ram_directory_remove(struct ram_directory *d, struct ram_entry *entry)
{
    struct ram_entry **link = &d->buckets[entry->hash & (d->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    d->order[entry->position] = nullptr;
    /* The common case, the youngest goes first (or all go in turn), leaves no holes behind. */
    while (d->order_used > 0 && !d->order[d->order_used - 1])
        d->order_used--;
    d->live--;
    if (d->order_used > 32 && d->live < d->order_used / 4)
        order_squeeze(d);
    heap_free(entry);
}

struct ram_entry *ram_directory_after(const struct ram_directory *d, uint64_t cookie)
{
    uint32_t low = 0, high = d->order_used;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, probe = middle;
        while (probe < high && !d->order[probe])
            probe++;
        if (probe < high && d->order[probe]->cookie <= cookie)
            low = probe + 1;
        else
            high = middle;
    }
    while (low < d->order_used && !d->order[low])
        low++;
    return low < d->order_used ? d->order[low] : nullptr;
}
