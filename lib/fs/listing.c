/* SPDX-License-Identifier: MIT
 * Listings. Entries are packed: inode, type, length of the name, name. */
#include "fs/listing.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"

#define LISTING_FIRST_BYTES 4096u
#define LISTING_MAX_BYTES (64u << 20)
#define ENTRY_HEAD_BYTES 10u

static enum status listing_room(struct listing *l, size_t more)
{
    size_t capacity = l->capacity ? l->capacity : LISTING_FIRST_BYTES;
    while (capacity - l->used < more)
        capacity *= 2;
    if (capacity == l->capacity)
        return OK;
    uint8_t *larger = capacity <= LISTING_MAX_BYTES ? heap_resize(l->data, capacity) : nullptr;
    if (!larger)
        return ERR_NO_MEMORY;
    l->data = larger;
    l->capacity = capacity;
    return OK;
}

enum status listing_add(struct listing *l, uint64_t inode, uint32_t type, struct view name)
{
    TRY(listing_room(l, ENTRY_HEAD_BYTES + name.length));
    uint8_t *at = l->data + l->used;
    memcpy(at, &inode, sizeof inode);
    at[8] = (uint8_t)type;
    at[9] = (uint8_t)name.length;
    memcpy(at + ENTRY_HEAD_BYTES, name.data, name.length);
    l->used += ENTRY_HEAD_BYTES + name.length;
    return OK;
}

enum status listing_records(const struct listing *l, uint64_t cookie, struct record_writer *w)
{
    uint64_t index = 0;
    for (size_t at = 0; at < l->used;) {
        const uint8_t *entry = l->data + at;
        struct view name = {entry + ENTRY_HEAD_BYTES, entry[9]};
        uint64_t inode;
        memcpy(&inode, entry, sizeof inode);
        at += ENTRY_HEAD_BYTES + name.length;
        if (++index <= cookie)
            continue;
        if (!record_append(w, inode, index, entry[8], name))
            return w->used ? OK : ERR_TOO_BIG;
    }
    return OK;
}

void listing_free(struct listing *l)
{
    heap_free(l->data);
    *l = (struct listing){};
}
