/* SPDX-License-Identifier: MIT
 * Blocks and records in memory, found by where they are on the disk. Clean buffers hold what the disk holds, under the checksum of the
 * pointer that led there; when there are too many, those go that were not used since they were last looked at, but never inside an
 * operation. Dirty ones stay. */
#include "base/bits.h"
#include "base/hash.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/seahash.h"

#define CACHE_BYTES_USUAL (8ull << 20)
#define DIRTY_BYTES_USUAL (16ull << 20)

void *memory_take(struct redoxfs_memory m, size_t bytes)
{
    void *block = m.allocate(m.context, bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void memory_give(struct redoxfs_memory m, void *block, size_t bytes)
{
    if (block)
        m.release(m.context, block, bytes);
}

enum status cache_init(struct writer *w)
{
    if (!w->cache_limit)
        w->cache_limit = CACHE_BYTES_USUAL;
    if (!w->dirty_limit)
        w->dirty_limit = DIRTY_BYTES_USUAL;
    list_init(&w->clean);
    list_init(&w->dirty);
    uint64_t blocks = MIN((w->cache_limit + w->dirty_limit) / REDOXFS_BLOCK_BYTES, 1ull << 20);
    w->bucket_mask = (uint32_t)(BIT(log2_ceiling(blocks + 16)) - 1);
    w->buckets = memory_take(w->memory, (w->bucket_mask + 1ull) * sizeof(struct buffer *));
    return w->buckets ? OK : ERR_NO_MEMORY;
}

static struct buffer **bucket_of(const struct writer *w, uint64_t index)
{
    return &w->buckets[(index ^ index >> 16) & w->bucket_mask];
}

static void buffer_insert(struct writer *w, struct buffer *b)
{
    struct buffer **bucket = bucket_of(w, pointer_index(b->self));
    b->next = *bucket;
    *bucket = b;
}

static void buffer_take_out(struct writer *w, struct buffer *b)
{
    struct buffer **at = bucket_of(w, pointer_index(b->self));
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
}

void buffer_rename(struct writer *w, struct buffer *b, uint64_t address)
{
    buffer_take_out(w, b);
    b->self.address = address;
    buffer_insert(w, b);
}

static void buffer_free(struct writer *w, struct buffer *b)
{
    record_forget_stored(w, b);
    buffer_take_out(w, b);
    list_remove(&b->place);
    *(b->is_dirty ? &w->dirty_bytes : &w->clean_bytes) -= b->bytes;
    w->memory.release(w->memory.context, b, sizeof *b + b->bytes);
}

void cache_fini(struct writer *w)
{
    for (uint64_t i = 0; w->buckets && i <= w->bucket_mask; i++)
        while (w->buckets[i])
            buffer_free(w, w->buckets[i]);
    memory_give(w->memory, w->buckets, (w->bucket_mask + 1ull) * sizeof(struct buffer *));
    w->buckets = nullptr;
}

struct buffer *buffer_find(const struct writer *w, uint64_t index)
{
    struct buffer *b = *bucket_of(w, index);
    while (b && pointer_index(b->self) != index)
        b = b->next;
    return b;
}

void cache_trim(struct writer *w)
{
    while (w->clean_bytes > w->cache_limit && !list_is_empty(&w->clean)) {
        struct buffer *b = list_entry(w->clean.next, struct buffer, place);
        if (!b->is_used) {
            buffer_free(w, b);
            continue;
        }
        b->is_used = false; /* a second chance, at the end of the list */
        list_remove(&b->place);
        list_push_back(&w->clean, &b->place);
    }
}

/* Of unknown contents, in no list. */
static struct buffer *buffer_take(struct writer *w, struct redoxfs_pointer self, uint32_t bytes)
{
    struct buffer *b = w->memory.allocate(w->memory.context, sizeof *b + bytes);
    if (!b)
        return nullptr;
    *b = (struct buffer){.self = self, .bytes = bytes, .is_used = true};
    return b;
}

static bool is_named_by(const struct buffer *b, struct redoxfs_pointer p)
{
    bool has_hash = !b->is_dirty || b->is_hashed;
    return b->self.address == p.address && (has_hash ? b->self.hash == p.hash : p.hash == UNHASHED);
}

static enum status read_into(struct redoxfs *fs, struct buffer *b)
{
    return pointer_expanded_level(b->self) ? record_expand(fs, b->self, (struct span){b->data, b->bytes})
                                           : volume_read(fs, b->self, (struct span){b->data, b->bytes});
}

enum status buffer_get(struct redoxfs *fs, struct redoxfs_pointer pointer, uint32_t level_max, struct buffer **out)
{
    struct writer *w = fs->writer;
    uint32_t level = MAX(pointer_level(pointer), pointer_expanded_level(pointer));
    struct buffer *b = buffer_find(w, pointer_index(pointer));
    if (level > level_max || pointer_index(pointer) <= RING_SLOTS)
        return ERR_CORRUPT;
    if (b) {
        if (!is_named_by(b, pointer))
            return ERR_CORRUPT; /* two pointers to one block */
        b->is_used = true;
        *out = b;
        return OK;
    }
    if (!w->is_operating)
        cache_trim(w);
    b = buffer_take(w, pointer, REDOXFS_BLOCK_BYTES << level);
    if (!b)
        return ERR_NO_MEMORY;
    enum status status = read_into(fs, b);
    if (status != OK) {
        w->memory.release(w->memory.context, b, sizeof *b + b->bytes);
        return status;
    }
    buffer_insert(w, b);
    list_push_back(&w->clean, &b->place);
    w->clean_bytes += b->bytes;
    *out = b;
    return OK;
}

static void make_dirty(struct writer *w, struct buffer *b)
{
    b->is_dirty = true;
    b->is_hashed = false;
    list_push_back(&w->dirty, &b->place);
    w->dirty_bytes += b->bytes;
    w->has_changed = true;
}

enum status block_new(struct redoxfs *fs, enum block_kind kind, uint32_t level, struct buffer **out)
{
    struct writer *w = fs->writer;
    uint64_t index;
    struct buffer *b = buffer_take(w, (struct redoxfs_pointer){0}, REDOXFS_BLOCK_BYTES << level);
    if (!b)
        return ERR_NO_MEMORY;
    enum status status = space_take(&w->space, level, &index);
    if (status != OK) {
        w->memory.release(w->memory.context, b, sizeof *b + b->bytes);
        return status;
    }
    if (kind != BLOCK_RECORD)
        memset(b->data, 0, b->bytes);
    b->self.address = index << 8 | level;
    b->kind = kind;
    buffer_insert(w, b);
    make_dirty(w, b);
    *out = b;
    return OK;
}

/* From the place that the last commit knows to a new one. */
static enum status buffer_move(struct redoxfs *fs, struct buffer *b)
{
    struct writer *w = fs->writer;
    uint64_t index, old = pointer_index(b->self), blocks = 1ull << pointer_level(b->self);
    if (!space_is_used(&w->space, old, blocks))
        return ERR_CORRUPT; /* and the new place could be the same */
    TRY(space_take(&w->space, pointer_level(b->self), &index));
    enum status status = space_release(&w->space, old, blocks);
    if (status != OK) {
        IGNORE(space_release(&w->space, index, blocks)); /* fresh: it cannot fail */
        return status;
    }
    buffer_take_out(w, b);
    list_remove(&b->place);
    w->clean_bytes -= b->bytes;
    b->self = (struct redoxfs_pointer){index << 8 | (b->self.address & 0xff), 0};
    buffer_insert(w, b);
    make_dirty(w, b);
    return OK;
}

enum status block_modify(struct redoxfs *fs, uint8_t *slot, enum block_kind kind, struct buffer **out)
{
    struct buffer *b;
    TRY(buffer_get(fs, get_pointer(slot), 0, &b));
    if (!b->is_dirty)
        TRY(buffer_move(fs, b));
    else if (b->kind != kind)
        return ERR_CORRUPT; /* used as two things */
    b->is_hashed = b->is_leaf = false;
    b->kind = kind;
    put_pointer(slot, block_pointer(b));
    *out = b;
    return OK;
}

/* The bytes as they are on the disk stay those of a compressed record, so it is not longer in its new place. */
static enum status keep_stored(struct redoxfs *fs, struct buffer *b)
{
    struct writer *w = fs->writer;
    uint32_t bytes = REDOXFS_BLOCK_BYTES << pointer_level(b->self), half = b->bytes / 2;
    uint8_t *stored = w->memory.allocate(w->memory.context, half);
    if (!stored)
        return ERR_NO_MEMORY;
    enum status status = volume_read(fs, b->self, (struct span){stored, bytes});
    if (status != OK) {
        w->memory.release(w->memory.context, stored, half);
        return status;
    }
    b->stored = stored;
    b->stored_bytes = bytes;
    return OK;
}

enum status record_move(struct redoxfs *fs, uint8_t *slot)
{
    struct buffer *b;
    TRY(record_buffer(fs, REDOXFS_LEVEL_MAX, get_pointer(slot), &b));
    if (b->is_dirty)
        return ERR_CORRUPT; /* all is clean before, so another pointer has moved it */
    if (pointer_expanded_level(b->self))
        TRY(keep_stored(fs, b));
    enum status status = buffer_move(fs, b);
    if (status != OK) {
        record_forget_stored(fs->writer, b);
        return status;
    }
    b->kind = BLOCK_RECORD;
    put_pointer(slot, block_pointer(b));
    return OK;
}

enum status block_drop(struct redoxfs *fs, struct redoxfs_pointer pointer)
{
    struct writer *w = fs->writer;
    TRY(space_release(&w->space, pointer_index(pointer), 1ull << pointer_level(pointer)));
    struct buffer *b = buffer_find(w, pointer_index(pointer));
    if (b)
        buffer_free(w, b);
    w->has_changed = true;
    return OK;
}

uint64_t block_hash(const struct buffer *b)
{
    return seahash(stored_bytes(b));
}

void cache_settle(struct writer *w)
{
    list_for_each(node, &w->dirty) {
        struct buffer *b = list_entry(node, struct buffer, place);
        b->is_dirty = false;
        record_forget_stored(w, b);
    }
    w->clean_bytes += w->dirty_bytes;
    w->dirty_bytes = 0;
    list_append_all(&w->clean, &w->dirty);
}
