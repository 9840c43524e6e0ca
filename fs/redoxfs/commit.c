/* SPDX-License-Identifier: MIT
 * Commits, and the frame of every operation. The order on the disk: changed blocks, to places that the last commit does not use;
 * flush; the header into the slot of its generation; flush; and only then are the places that this commit freed taken again.
 * A header is torn or whole: torn, its checksum is wrong and the one before is newest, all of whose blocks are untouched. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"
#include "redoxfs/seahash.h"

enum status volume_write(struct redoxfs *fs, uint64_t index, struct view from)
{
    return fs->disk.write(fs->disk.context, fs->base + index, from);
}

static enum status hash_below(struct redoxfs *fs, uint8_t *slot, struct buffer *node, uint32_t depth);

struct pointers { uint8_t *first; uint32_t count, stride; };

static struct pointers pointers_of(struct buffer *b)
{
    switch (b->kind) {
    case BLOCK_LIST: return (struct pointers){b->data, TREE_FANOUT, POINTER_BYTES};
    case BLOCK_INDIRECT: return (struct pointers){b->data, INDIRECT_FANOUT, POINTER_BYTES};
    case BLOCK_HTREE: return (struct pointers){b->data + 4, HTREE_FANOUT, HTREE_ENTRY_BYTES};
    case BLOCK_NODE:
        return (struct pointers){b->data + NODE_AREA, get32(b->data + NODE_FLAGS) & NODE_FLAG_INLINE ? 0 : REDOXFS_AREA_BYTES / POINTER_BYTES,
                                 POINTER_BYTES};
    case BLOCK_PLAIN:
    case BLOCK_RECORD: break;
    }
    return (struct pointers){0};
}

static enum status hash_children(struct redoxfs *fs, struct buffer *b, struct buffer *node, uint32_t depth)
{
    struct pointers p = pointers_of(b);
    for (uint32_t i = 0; i < p.count; i++)
        if (get64(p.first + i * p.stride + 8) == UNHASHED)
            TRY(hash_below(fs, p.first + i * p.stride, b->kind == BLOCK_NODE ? b : node, depth));
    return OK;
}

/* Gives the pointer at `slot`, which says UNHASHED, its checksum. What a hostile volume uses twice could be below itself. `node`: the one
 * that this is part of, null above nodes. */
static enum status hash_below(struct redoxfs *fs, uint8_t *slot, struct buffer *node, uint32_t depth)
{
    struct buffer *b = buffer_find(fs->writer, get64(slot) >> 8);
    if (!b || !b->is_dirty || b->self.address != get64(slot))
        return OK; /* the checksum of something on the disk */
    if (!b->is_hashed) {
        if (b->is_walked || depth == HASH_DEPTH_MAX)
            return ERR_CORRUPT;
        b->is_walked = true;
        enum status status = hash_children(fs, b, node, depth + 1);
        b->is_walked = false;
        TRY(status);
        if (b->kind == BLOCK_RECORD && node)
            record_compress(fs, node, b);
        b->self.hash = block_hash(b);
        b->is_hashed = true;
    }
    put_pointer(slot, b->self);
    return OK;
}

/* Blocks that follow each other on the disk and in the list go in one write. */
struct gathering { uint64_t index; size_t bytes; };

static enum status write_gathered(struct redoxfs *fs, struct gathering *g)
{
    struct gathering done = *g;
    *g = (struct gathering){0};
    if (!done.bytes)
        return OK;
    TRY(volume_turn(fs, true, done.index, (struct span){fs->stored, done.bytes}));
    return volume_write(fs, done.index, (struct view){fs->stored, done.bytes});
}

static enum status gather(struct redoxfs *fs, struct gathering *g, const struct buffer *b)
{
    uint64_t index = pointer_index(b->self);
    struct view bytes = stored_bytes(b);
    if (g->bytes && (index != g->index + g->bytes / REDOXFS_BLOCK_BYTES || bytes.length > sizeof fs->stored - g->bytes))
        TRY(write_gathered(fs, g));
    if (bytes.length == sizeof fs->stored && !fs->cipher)
        return volume_write(fs, index, bytes);
    if (!g->bytes)
        g->index = index;
    memcpy(fs->stored + g->bytes, bytes.data, bytes.length);
    g->bytes += bytes.length;
    return OK;
}

static enum status write_dirty(struct redoxfs *fs)
{
    struct gathering g = {0};
    list_for_each(node, &fs->writer->dirty)
        TRY(gather(fs, &g, list_entry(node, struct buffer, place)));
    return write_gathered(fs, &g);
}

enum status header_seal(struct redoxfs *fs, uint64_t generation)
{
    uint8_t *header = fs->header;
    put64(header + HEADER_GENERATION, generation);
    put_pointer(header + HEADER_TREE, fs->tree);
    put_pointer(header + HEADER_ALLOC, fs->alloc);
    put_pointer(header + HEADER_RELEASE, fs->release);
    uint64_t hash = seahash((struct view){header, HEADER_HASHED});
    put64(header + HEADER_HASH, hash);
    return header_check_value(fs->cipher, &fs->keys, hash, generation, header + HEADER_CHECK);
}

/* Newer headers that lead nowhere, and those of an older volume: whoever looks for the newest must not find them again. */
static enum status clear_stale_headers(struct redoxfs *fs)
{
    struct view block = {fs->stored, REDOXFS_BLOCK_BYTES};
    for (uint64_t slot = 0; slot < RING_SLOTS; slot++) {
        TRY(fs->disk.read(fs->disk.context, fs->base + slot, (struct span){fs->stored, REDOXFS_BLOCK_BYTES}));
        bool is_ours = memcmp(fs->stored + HEADER_UUID, fs->uuid, sizeof fs->uuid) == 0 && u64_at(block, HEADER_GENERATION) <= fs->generation;
        if (memcmp(fs->stored, "RedoxFS", 8) != 0 || is_ours)
            continue;
        memset(fs->stored, 0, REDOXFS_BLOCK_BYTES);
        TRY(volume_write(fs, slot, block));
    }
    fs->is_older = false;
    return OK;
}

static enum status write_header(struct redoxfs *fs)
{
    uint64_t generation = fs->generation + 1;
    if (fs->is_older)
        TRY(clear_stale_headers(fs));
    TRY(header_seal(fs, generation));
    fs->writer->is_broken = true; /* from here on the disk may or may not have the new state */
    TRY(volume_write(fs, generation % RING_SLOTS, (struct view){fs->header, sizeof fs->header}));
    TRY(fs->disk.flush(fs->disk.context));
    fs->writer->is_broken = false;
    fs->generation = generation;
    return OK;
}

static void discard_run(void *context, uint64_t index, int64_t count)
{
    struct redoxfs *fs = context;
    if (count > 0) /* a hint, so its failure is nobody's */
        IGNORE(fs->disk.discard(fs->disk.context, fs->base + index, (uint64_t)count));
}

static enum status commit(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    TRY(orphans_build(fs));
    TRY(hash_below(fs, (uint8_t *)&fs->tree, nullptr, 0));
    TRY(log_build(fs)); /* after the last block was taken */
    TRY(write_dirty(fs));
    TRY(fs->disk.flush(fs->disk.context));
    TRY(write_header(fs));
    if (fs->disk.discard)
        space_each_change(&w->space, discard_run, fs);
    cache_settle(w);
    space_commit(&w->space);
    log_settle(fs);
    w->has_changed = false;
    return OK;
}

static enum status may_change(const struct redoxfs *fs)
{
    return fs->writer && !fs->writer->is_broken && !fs->writer->is_damaged ? OK : ERR_READ_ONLY;
}

enum status redoxfs_commit(struct redoxfs *fs)
{
    TRY(may_change(fs));
    struct writer *w = fs->writer;
    if (!w->has_changed)
        return OK;
    w->is_operating = true;
    enum status status = commit(fs);
    w->is_operating = false;
    if (status == ERR_CORRUPT)
        w->is_damaged = true;
    cache_trim(w);
    return status;
}

/* Enough for the longest operation that deletes, in a commit of its own. */
uint64_t space_kept_back(const struct writer *w)
{
    return MAX((uint64_t)OPERATION_BLOCKS, MIN(w->space.blocks / 64, 1024ull));
}

static bool has_room(const struct writer *w, uint64_t blocks, bool grows)
{
    return w->space.free_blocks >= blocks + log_blocks_needed(w, 2 * blocks) + (grows ? space_kept_back(w) : 0);
}

enum status operation_begin(struct redoxfs *fs, uint64_t blocks, bool grows)
{
    TRY(may_change(fs));
    struct writer *w = fs->writer;
    if (w->dirty_bytes > w->dirty_limit || (!has_room(w, blocks, grows) && w->space.dying_blocks))
        TRY(redoxfs_commit(fs));
    if (!has_room(w, blocks, grows) && (grows || w->space.free_blocks < OPERATION_BLOCKS * 3 / 4))
        return ERR_NO_SPACE;
    cache_trim(w);
    w->is_operating = true;
    return OK;
}

enum status operation_end(struct redoxfs *fs, enum status status)
{
    fs->writer->is_operating = false;
    return status;
}

void redoxfs_statistics(const struct redoxfs *fs, struct redoxfs_statistics *out)
{
    const struct writer *w = fs->writer;
    *out = (struct redoxfs_statistics){.blocks = fs->block_count};
    if (!w)
        return;
    uint64_t kept = space_kept_back(w) + log_blocks_needed(w, 0);
    out->free_blocks = w->space.free_blocks + w->space.dying_blocks;
    out->available_blocks = out->free_blocks > kept ? out->free_blocks - kept : 0;
    out->waiting_bytes = w->dirty_bytes;
}

enum status writer_start(struct redoxfs *fs, const struct redoxfs_write_options *options)
{
    struct writer *w = fs->writer = options->memory.allocate(options->memory.context, sizeof *fs->writer);
    if (!w)
        return ERR_NO_MEMORY;
    *w = (struct writer){.memory = options->memory, .cache_limit = options->cache_bytes, .dirty_limit = options->dirty_bytes,
                         .compressor = options->compressor};
    TRY(cache_init(w));
    return space_init(&w->space, w->memory, fs->block_count);
}

static enum status writer_open(struct redoxfs *fs, const struct redoxfs_write_options *options)
{
    TRY(writer_start(fs, options));
    TRY(log_open(fs));
    return orphans_open(fs);
}

enum status redoxfs_open_writable(struct redoxfs_disk disk, const struct redoxfs_write_options *options, struct redoxfs *out)
{
    TRY(redoxfs_open_secret(disk, options->secret, out));
    if (out->is_cut)
        return ERR_CORRUPT;
    enum status status = writer_open(out, options);
    if (status != OK)
        redoxfs_close(out);
    return status;
}

void redoxfs_close(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    if (!w)
        return;
    struct redoxfs_memory memory = w->memory;
    orphans_fini(w);
    memory_give(memory, w->log.pointers, w->log.capacity * sizeof *w->log.pointers);
    cache_fini(w);
    space_fini(&w->space);
    memory_give(memory, w, sizeof *w);
    fs->writer = nullptr;
}
