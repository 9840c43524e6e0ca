/* SPDX-License-Identifier: MIT
 * The log of allocations. Each commit adds what it took and freed: the newest block is written anew with more entries, or more blocks
 * come in front of it. When the chain is much longer than the list of free runs would be, that list replaces it; so the log is
 * read as a whole at mounting only, and written as a whole once in as many commits as made it long. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"

enum : uint32_t { LOG_ENTRY = 16, LOG_SLACK = 16 };

enum status pointer_list_add(struct writer *w, struct pointer_list *list, struct redoxfs_pointer pointer)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 32;
        struct redoxfs_pointer *more = memory_take(w->memory, capacity * sizeof *more);
        if (!more)
            return ERR_NO_MEMORY;
        if (list->count)
            memcpy(more, list->pointers, list->count * sizeof *more);
        memory_give(w->memory, list->pointers, list->capacity * sizeof *more);
        list->pointers = more;
        list->capacity = capacity;
    }
    list->pointers[list->count++] = pointer;
    return OK;
}

/* The chain, newest first; the volume's blocks bound it, and then it is a loop. */
static enum status read_chain(struct redoxfs *fs, struct pointer_list *chain)
{
    for (struct redoxfs_pointer p = fs->alloc; !pointer_is_null(p);) {
        struct view block;
        if (chain->count > fs->block_count / 4)
            return ERR_CORRUPT;
        TRY(pointer_list_add(fs->writer, chain, p));
        TRY(volume_block(fs, p, &block));
        p = pointer_at(block, 0);
    }
    return OK;
}

static enum status replay_block(struct redoxfs *fs, struct redoxfs_pointer p)
{
    struct view block;
    TRY(volume_block(fs, p, &block));
    for (uint32_t i = 1; i <= ALLOC_ENTRIES; i++)
        TRY(space_replay(&fs->writer->space, u64_at(block, LOG_ENTRY * i), (int64_t)u64_at(block, LOG_ENTRY * i + 8)));
    return OK;
}

enum status log_open(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    TRY(read_chain(fs, &w->log));
    for (uint32_t i = 0, n = w->log.count; i < n / 2; i++) {
        struct redoxfs_pointer p = w->log.pointers[i];
        w->log.pointers[i] = w->log.pointers[n - 1 - i];
        w->log.pointers[n - 1 - i] = p;
    }
    for (uint32_t i = 0; i < w->log.count; i++)
        TRY(replay_block(fs, w->log.pointers[i]));
    for (uint32_t i = 0; i < w->log.count; i++)
        if (!space_is_used(&w->space, pointer_index(w->log.pointers[i]), 1))
            return ERR_CORRUPT;
    w->log_old = w->log_kept = w->log.count;
    w->log_limit = LOG_SLACK;
    return space_is_used(&w->space, pointer_index(fs->tree), 1) ? OK : ERR_CORRUPT;
}

uint64_t log_blocks_needed(const struct writer *w, uint64_t more_steps)
{
    uint64_t entries = MAX(w->space.steps + more_steps + ALLOC_ENTRIES, w->space.free_blocks + w->space.dying_blocks);
    return entries / (ALLOC_ENTRIES - 1) + 3;
}

static void count_run(void *context, uint64_t index, int64_t count)
{
    (void)index, (void)count;
    ++*(uint64_t *)context;
}

/* Entries are put one behind the other into the blocks from log.pointers[first] on. */
struct filling { struct writer *w; uint32_t first, entries; };

static void put_entry(void *context, uint64_t index, int64_t count)
{
    struct filling *f = context;
    uint32_t block = f->first + f->entries / ALLOC_ENTRIES, at = LOG_ENTRY * (1 + f->entries % ALLOC_ENTRIES);
    if (block >= f->w->log.count)
        return; /* counted before: cannot be */
    uint8_t *data = buffer_find(f->w, pointer_index(f->w->log.pointers[block]))->data;
    put64(data + at, index);
    put64(data + at + 8, (uint64_t)count);
    f->entries++;
}

static enum status take_blocks(struct redoxfs *fs, uint64_t entries)
{
    struct writer *w = fs->writer;
    uint64_t blocks = entries / (ALLOC_ENTRIES - 1) + 1; /* taking them makes at most one more run each */
    for (uint64_t i = 0; i < blocks; i++) {
        struct buffer *b;
        TRY(block_new(fs, BLOCK_PLAIN, 0, &b));
        enum status status = pointer_list_add(w, &w->log, block_pointer(b));
        if (status != OK) {
            IGNORE(block_drop(fs, block_pointer(b)));
            return status;
        }
    }
    return OK;
}

/* Blocks of a commit that failed are not used again: its numbers may have changed. */
static enum status forget_attempt(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    for (; w->log.count > w->log_old; w->log.count--)
        TRY(block_drop(fs, w->log.pointers[w->log.count - 1]));
    return OK;
}

/* The blocks from the kept ones on up to those of the last commit die with it. */
static enum status keep_only(struct redoxfs *fs, uint32_t keep)
{
    struct writer *w = fs->writer;
    for (; w->log_kept > keep; w->log_kept--)
        TRY(space_release(&w->space, pointer_index(w->log.pointers[w->log_kept - 1]), 1));
    return OK;
}

/* Checksums from the oldest new block on, because each names the one before. */
static void chain_blocks(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    struct redoxfs_pointer previous = w->log_kept ? w->log.pointers[w->log_kept - 1] : (struct redoxfs_pointer){0};
    for (uint32_t i = w->log_old; i < w->log.count; i++) {
        struct buffer *b = buffer_find(w, pointer_index(w->log.pointers[i]));
        put_pointer(b->data, previous);
        b->self.hash = block_hash(b);
        b->is_hashed = true;
        previous = w->log.pointers[i] = b->self;
    }
    fs->alloc = previous;
}

static enum status build_whole(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    uint64_t runs = 0;
    TRY(keep_only(fs, 0));
    space_each_free(&w->space, count_run, &runs);
    TRY(take_blocks(fs, runs));
    w->log_limit = LOG_SLACK + (uint32_t)(2 * (runs / ALLOC_ENTRIES));
    space_each_free(&w->space, put_entry, &(struct filling){w, w->log_old, 0});
    return OK;
}

static void each_entry(const struct buffer *block, space_visit *visit, void *context)
{
    for (uint32_t i = 1; i <= ALLOC_ENTRIES; i++)
        if (get64(block->data + LOG_ENTRY * i + 8))
            visit(context, get64(block->data + LOG_ENTRY * i), (int64_t)get64(block->data + LOG_ENTRY * i + 8));
}

static enum status build_more(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    struct buffer *newest = nullptr;
    uint64_t runs = 0;
    if (w->log_old) {
        TRY(buffer_get(fs, w->log.pointers[w->log_old - 1], 0, &newest));
        TRY(keep_only(fs, w->log_old - 1));
    }
    space_each_change(&w->space, count_run, &runs);
    if (newest)
        each_entry(newest, count_run, &runs);
    TRY(take_blocks(fs, runs));
    struct filling f = {w, w->log_old, 0};
    if (newest)
        each_entry(newest, put_entry, &f);
    space_each_change(&w->space, put_entry, &f);
    return OK;
}

static bool is_too_long(const struct writer *w)
{
    return w->log_is_lost || w->log_kept + 1 < w->log_old /* a commit that failed has begun so */ || w->log_old > w->log_limit;
}

enum status log_build(struct redoxfs *fs)
{
    TRY(forget_attempt(fs));
    TRY(is_too_long(fs->writer) ? build_whole(fs) : build_more(fs));
    chain_blocks(fs);
    return OK;
}

void log_settle(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    uint32_t added = w->log.count - w->log_old;
    memmove(w->log.pointers + w->log_kept, w->log.pointers + w->log_old, added * sizeof *w->log.pointers);
    w->log.count = w->log_old = w->log_kept = w->log_kept + added;
    w->log_is_lost = false;
}
