/* SPDX-License-Identifier: MIT
 * Contents, changing. A record that is written lies in memory as a whole until the commit, only as long as its last byte needs.
 * What stands in a record at and behind the file's size is not the file's: it is left out when a record is copied, and cleared before
 * a size grows over it, because other programs leave old bytes there. */
#include "base/bits.h"
#include "base/checked.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"

static uint32_t level_for(uint64_t bytes)
{
    return log2_ceiling((bytes + REDOXFS_BLOCK_BYTES - 1) / REDOXFS_BLOCK_BYTES);
}

static void count_blocks(struct buffer *node, uint64_t more, uint64_t less)
{
    uint64_t blocks = get64(node->data + NODE_BLOCKS) + more;
    put64(node->data + NODE_BLOCKS, blocks > less ? blocks - less : 1); /* a count that was too small already stays sound */
}

/* The pointer to record `number`, writable; null when there is none and it is not to be made. */
static enum status record_slot(struct redoxfs *fs, struct buffer *node, uint64_t number, bool is_new, uint8_t **out)
{
    uint32_t height = 0, first = 0;
    while (number >= (uint64_t)area_slots(height) << (8 * height)) {
        number -= (uint64_t)area_slots(height) << (8 * height);
        first += area_slots(height);
        if (height++ == INDIRECT_HEIGHT_MAX)
            return ERR_FILE_TOO_BIG;
    }
    uint8_t *slot = node->data + NODE_AREA + (first + (uint32_t)(number >> (8 * height))) * POINTER_BYTES;
    for (; height > 0; height--) {
        struct buffer *b;
        if (!pointer_is_null(get_pointer(slot))) {
            TRY(block_modify(fs, slot, BLOCK_INDIRECT, &b));
        } else if (is_new) {
            TRY(block_new(fs, BLOCK_INDIRECT, 0, &b));
            put_pointer(slot, block_pointer(b));
            count_blocks(node, 1, 0);
        } else {
            *out = nullptr;
            return OK;
        }
        slot = b->data + (number >> (8 * (height - 1)) & 0xff) * POINTER_BYTES;
    }
    *out = slot;
    return OK;
}

/* The record's buffer if it was changed since the commit. */
static struct buffer *dirty_record(struct redoxfs *fs, struct redoxfs_pointer p)
{
    struct buffer *b = buffer_find(fs->writer, pointer_index(p));
    bool is_it = b && b->is_dirty && b->kind == BLOCK_RECORD && b->self.address == p.address;
    return is_it && (b->is_hashed ? b->self.hash == p.hash : p.hash == UNHASHED) ? b : nullptr;
}

static bool is_someone_elses(struct redoxfs *fs, struct redoxfs_pointer p)
{
    const struct buffer *b = buffer_find(fs->writer, pointer_index(p));
    return b && b->is_dirty && !dirty_record(fs, p);
}

/* A hostile volume's record may lie in blocks that are free: the new one could get the same place, and dropping the old one would drop both. */
static bool may_be_replaced(struct redoxfs *fs, struct redoxfs_pointer p)
{
    return !is_someone_elses(fs, p) && pointer_level(p) <= REDOXFS_LEVEL_MAX &&
           space_is_used(&fs->writer->space, pointer_index(p), 1ull << pointer_level(p));
}

/* A copy of the first `keep` bytes and zeros behind them; but without any to keep, the caller will put `covered` bytes at the front. */
static enum status record_replace(struct redoxfs *fs, struct buffer *node, uint8_t *slot, uint64_t keep, uint64_t covered, uint32_t level,
                                  struct buffer **out)
{
    struct redoxfs_pointer old = get_pointer(slot);
    struct buffer *from = nullptr, *b;
    if (!pointer_is_null(old) && !may_be_replaced(fs, old))
        return ERR_CORRUPT;
    if (keep && !pointer_is_null(old))
        TRY(record_buffer(fs, get32(node->data + NODE_RECORD_LEVEL), old, &from));
    TRY(block_new(fs, BLOCK_RECORD, level, &b));
    uint64_t kept = from ? MIN(from->bytes, b->bytes) : 0;
    kept = MIN(keep, kept);
    if (kept)
        memcpy(b->data, from->data, kept);
    memset(b->data + MAX(kept, covered), 0, b->bytes - MAX(kept, covered));
    if (!pointer_is_null(old)) {
        enum status status = block_drop(fs, old);
        if (status != OK) {
            IGNORE(block_drop(fs, block_pointer(b))); /* dirty: it cannot fail */
            return status;
        }
        count_blocks(node, 0, 1ull << pointer_level(old));
    }
    put_pointer(slot, block_pointer(b));
    count_blocks(node, 1ull << level, 0);
    *out = b;
    return OK;
}

/* The record at `slot`, writable, of at least `bytes`, with what it had up to `keep` and zeros behind; see record_replace. */
static enum status record_modify(struct redoxfs *fs, struct buffer *node, uint8_t *slot, uint64_t keep, uint64_t covered, uint64_t bytes,
                                 struct buffer **out)
{
    struct redoxfs_pointer p = get_pointer(slot);
    uint32_t level = level_for(MAX(keep, bytes));
    struct buffer *b = pointer_is_null(p) ? nullptr : dirty_record(fs, p);
    if (!b || b->stored || b->bytes < REDOXFS_BLOCK_BYTES << level)
        return record_replace(fs, node, slot, keep, covered, level, out);
    b->is_hashed = false;
    put_pointer(slot, block_pointer(b));
    *out = b;
    return OK;
}

static bool is_zero(struct view v)
{
    size_t at = 0;
    for (; v.length - at >= 8; at += 8)
        if (get64(v.data + at))
            return false;
    while (at < v.length && v.data[at] == 0)
        at++;
    return at == v.length;
}

/* Clears what a record has behind its first `keep` bytes. */
static enum status record_trim(struct redoxfs *fs, struct buffer *node, uint64_t number, uint64_t keep)
{
    uint8_t *slot;
    struct buffer *b;
    TRY(record_slot(fs, node, number, false, &slot));
    if (!slot || pointer_is_null(get_pointer(slot)))
        return OK;
    TRY(record_buffer(fs, get32(node->data + NODE_RECORD_LEVEL), get_pointer(slot), &b));
    if (keep >= b->bytes || is_zero((struct view){b->data + keep, b->bytes - keep}))
        return OK;
    if (!b->is_dirty || b->stored)
        return record_replace(fs, node, slot, keep, 0, level_for(keep), &b);
    memset(b->data + keep, 0, b->bytes - keep);
    b->is_hashed = false;
    put_pointer(slot, block_pointer(b));
    return OK;
}

/* Before a size grows: nothing old may come into view. */
static enum status clear_behind(struct redoxfs *fs, struct buffer *node, uint64_t size)
{
    uint64_t record = record_bytes(node), first = size / record + (size % record != 0);
    if (size % record)
        TRY(record_trim(fs, node, size / record, size % record));
    return records_drop(fs, node, first, UINT64_MAX, &first);
}

static enum status inline_to_records(struct redoxfs *fs, struct buffer *node)
{
    uint64_t bytes = MIN(get64(node->data + NODE_SIZE), (uint64_t)REDOXFS_AREA_BYTES);
    struct buffer *b = nullptr;
    if (bytes) {
        TRY(block_new(fs, BLOCK_RECORD, 0, &b));
        memcpy(b->data, node->data + NODE_AREA, bytes);
        memset(b->data + bytes, 0, b->bytes - bytes);
        count_blocks(node, 1, 0);
    }
    memset(node->data + NODE_AREA, 0, REDOXFS_AREA_BYTES);
    put32(node->data + NODE_FLAGS, get32(node->data + NODE_FLAGS) & ~(uint32_t)NODE_FLAG_INLINE);
    if (b)
        put_pointer(node->data + NODE_AREA, block_pointer(b));
    return OK;
}

static bool is_inline(const struct buffer *node)
{
    return get32(node->data + NODE_FLAGS) & NODE_FLAG_INLINE;
}

static uint64_t size_limit(const struct buffer *node)
{
    uint64_t records = 0;
    for (uint32_t height = 0; height <= INDIRECT_HEIGHT_MAX; height++)
        records += (uint64_t)area_slots(height) << (8 * height);
    return records * record_bytes(node);
}

static void write_inline(struct buffer *node, uint64_t offset, struct view data)
{
    uint64_t size = get64(node->data + NODE_SIZE);
    uint8_t *area = node->data + NODE_AREA;
    if (offset > size)
        memset(area + size, 0, offset - size);
    memcpy(area + offset, data.data, data.length);
    put64(node->data + NODE_SIZE, MAX(size, offset + data.length));
}

static enum status write_record(struct redoxfs *fs, struct buffer *node, uint64_t offset, struct view data)
{
    uint64_t size = get64(node->data + NODE_SIZE), record = record_bytes(node), inside = offset % record, start = offset - inside;
    uint64_t valid = size > start ? MIN(size - start, record) : 0;
    uint8_t *slot;
    struct buffer *b;
    if (offset > size)
        TRY(clear_behind(fs, node, size));
    TRY(record_slot(fs, node, offset / record, true, &slot));
    if (!pointer_is_null(get_pointer(slot)) || !is_zero(data)) {
        bool is_all_new = inside == 0 && data.length >= valid;
        TRY(record_modify(fs, node, slot, is_all_new ? 0 : valid, is_all_new ? data.length : 0, inside + data.length, &b));
        memcpy(b->data + inside, data.data, data.length);
    }
    put64(node->data + NODE_SIZE, MAX(size, offset + data.length));
    return OK;
}

enum status file_write_part(struct redoxfs *fs, struct buffer *node, uint64_t offset, struct view data, size_t *out_bytes)
{
    uint64_t limit = size_limit(node), record = record_bytes(node);
    if (offset >= limit)
        return ERR_FILE_TOO_BIG;
    data.length = (size_t)MIN((uint64_t)data.length, limit - offset);
    if (is_inline(node) && offset + data.length < INLINE_LIMIT && get64(node->data + NODE_SIZE) < INLINE_LIMIT) {
        write_inline(node, offset, data);
    } else {
        if (is_inline(node))
            TRY(inline_to_records(fs, node));
        data.length = (size_t)MIN((uint64_t)data.length, record - offset % record);
        TRY(write_record(fs, node, offset, data));
    }
    *out_bytes = data.length;
    return OK;
}

/* -- making shorter --------------------------------------------------------------------------------------------------------------- */

struct drop { struct redoxfs *fs; struct buffer *node; uint64_t first, budget, reached; };

/* What cannot be freed because something else says that it is its own stays taken: fsck finds it. */
static enum status record_free(struct drop *d, uint8_t *slot)
{
    struct redoxfs_pointer p = get_pointer(slot);
    if (!is_someone_elses(d->fs, p) && pointer_level(p) <= REDOXFS_LEVEL_MAX) {
        enum status status = block_drop(d->fs, p);
        if (status != OK && status != ERR_CORRUPT)
            return status;
        count_blocks(d->node, 0, 1ull << pointer_level(p));
    }
    put_pointer(slot, (struct redoxfs_pointer){0});
    return OK;
}

/* A block of pointers that cannot be read: it goes, and what it named stays taken. */
static enum status unreadable_free(struct drop *d, uint8_t *slot)
{
    struct redoxfs_pointer p = get_pointer(slot);
    if (!buffer_find(d->fs->writer, pointer_index(p)) && pointer_level(p) == 0) {
        enum status status = block_drop(d->fs, p);
        if (status != OK && status != ERR_CORRUPT)
            return status;
        count_blocks(d->node, 0, 1);
    }
    put_pointer(slot, (struct redoxfs_pointer){0});
    return OK;
}

static enum status drop_below(struct drop *d, uint8_t *slot, uint32_t height, uint64_t number);

static enum status drop_children(struct drop *d, struct buffer *b, uint32_t height, uint64_t number)
{
    if (b->is_walked)
        return ERR_CORRUPT; /* below itself */
    b->is_walked = true;
    enum status status = OK;
    for (uint32_t i = INDIRECT_FANOUT; i-- > 0 && status == OK;)
        status = drop_below(d, b->data + i * POINTER_BYTES, height - 1, number + ((uint64_t)i << (8 * (height - 1))));
    b->is_walked = false;
    return status;
}

/* INTERRUPTED: the budget is used up. `number` is that of the first record below the slot. */
static enum status drop_below(struct drop *d, uint8_t *slot, uint32_t height, uint64_t number)
{
    struct buffer *b;
    if (pointer_is_null(get_pointer(slot)) || number + (1ull << (8 * height)) <= d->first)
        return OK;
    if (d->budget == 0)
        return ERR_INTERRUPTED;
    d->budget--;
    if (height == 0) {
        TRY(record_free(d, slot));
        d->reached = number;
        return OK;
    }
    enum status status = block_modify(d->fs, slot, BLOCK_INDIRECT, &b);
    if (status == ERR_CORRUPT)
        return unreadable_free(d, slot);
    TRY(status);
    TRY(drop_children(d, b, height, number));
    if (number < d->first)
        return OK;
    TRY(block_drop(d->fs, block_pointer(b)));
    count_blocks(d->node, 0, 1);
    put_pointer(slot, (struct redoxfs_pointer){0});
    return OK;
}

enum status records_drop(struct redoxfs *fs, struct buffer *node, uint64_t first, uint64_t budget, uint64_t *out_first)
{
    struct drop d = {fs, node, first, budget, UINT64_MAX};
    uint64_t number = size_limit(node) / record_bytes(node);
    enum status status = OK;
    for (uint32_t height = INDIRECT_HEIGHT_MAX + 1, slot = REDOXFS_AREA_BYTES / POINTER_BYTES; height-- > 0 && !is_inline(node);)
        for (uint32_t i = 0; i < area_slots(height) && status == OK; i++) {
            number -= 1ull << (8 * height);
            status = drop_below(&d, node->data + NODE_AREA + --slot * POINTER_BYTES, height, number);
        }
    if (status != OK && status != ERR_INTERRUPTED)
        return status;
    *out_first = status == OK ? first : MAX(d.reached, first + 1);
    if (status == OK && first == 0 && !is_inline(node) && node_type(node) != REDOXFS_DIRECTORY)
        put64(node->data + NODE_BLOCKS, 1); /* whatever was counted */
    return OK;
}

enum status records_forget_prepare(struct redoxfs *fs, const struct buffer *node)
{
    for (uint32_t slot = 0; slot < area_slots(0); slot++)
        TRY(space_ready(&fs->writer->space, pointer_index(get_pointer(node->data + NODE_AREA + slot * POINTER_BYTES))));
    return OK;
}

void records_forget(struct redoxfs *fs, const struct buffer *node)
{
    for (uint32_t slot = 0; slot < area_slots(0) && !is_inline(node); slot++) {
        struct redoxfs_pointer p = get_pointer(node->data + NODE_AREA + slot * POINTER_BYTES);
        bool is_itself = pointer_index(p) == pointer_index(node->self);
        if (!pointer_is_null(p) && !is_itself && !is_someone_elses(fs, p) && pointer_level(p) <= REDOXFS_LEVEL_MAX)
            IGNORE(block_drop(fs, p)); /* CORRUPT: two say that it is theirs, and it stays taken */
    }
}

/* -- sizes ------------------------------------------------------------------------------------------------------------------------ */

static enum status make_shorter(struct redoxfs *fs, struct buffer *node, uint64_t size, bool *out_is_done)
{
    uint64_t record = record_bytes(node), first = size / record + (size % record != 0), reached;
    uint8_t *slot = nullptr;
    struct buffer *last;
    if (size % record)
        TRY(record_slot(fs, node, size / record, false, &slot));
    if (slot && !pointer_is_null(get_pointer(slot)))
        TRY(record_buffer(fs, get32(node->data + NODE_RECORD_LEVEL), get_pointer(slot), &last)); /* before anything is gone */
    TRY(records_drop(fs, node, first, DROP_BUDGET, &reached));
    *out_is_done = reached == first;
    put64(node->data + NODE_SIZE, *out_is_done ? size : MIN(get64(node->data + NODE_SIZE), reached * record));
    /* Without room for a shorter copy the old bytes stay, behind the size, where nobody is shown them. */
    if (*out_is_done && slot)
        IGNORE(record_trim(fs, node, size / record, size % record));
    return OK;
}

static enum status set_size(struct redoxfs *fs, uint32_t id, uint64_t size, struct redoxfs_time now, bool *out_is_done)
{
    struct buffer *node;
    TRY(node_modify(fs, id, &node));
    uint64_t old = get64(node->data + NODE_SIZE);
    *out_is_done = true;
    if (node_type(node) != REDOXFS_FILE)
        return node_type(node) == REDOXFS_DIRECTORY ? ERR_IS_DIRECTORY : ERR_INVALID;
    if (size > size_limit(node))
        return ERR_FILE_TOO_BIG;
    if (is_inline(node) && size < INLINE_LIMIT && old < INLINE_LIMIT) {
        uint64_t from = MIN(old, size);
        memset(node->data + NODE_AREA + from, 0, REDOXFS_AREA_BYTES - from);
    } else {
        if (is_inline(node))
            TRY(inline_to_records(fs, node));
        TRY(size < old ? make_shorter(fs, node, size, out_is_done) : clear_behind(fs, node, old));
    }
    if (*out_is_done)
        put64(node->data + NODE_SIZE, size);
    put_time(node->data + NODE_MODIFY, now);
    return OK;
}

enum status redoxfs_truncate(struct redoxfs *fs, uint32_t id, uint64_t size_bytes, struct redoxfs_time now)
{
    for (bool is_done = false; !is_done;) {
        TRY(operation_begin(fs, OPERATION_BLOCKS, false));
        TRY(operation_end(fs, set_size(fs, id, size_bytes, now, &is_done)));
    }
    return OK;
}

static enum status write_step(struct redoxfs *fs, uint32_t id, uint64_t offset, struct view data, struct redoxfs_time now, size_t *out_bytes)
{
    struct buffer *node;
    TRY(node_modify(fs, id, &node));
    if (node_type(node) != REDOXFS_FILE)
        return node_type(node) == REDOXFS_DIRECTORY ? ERR_IS_DIRECTORY : ERR_INVALID;
    TRY(file_write_part(fs, node, offset, data, out_bytes));
    put_time(node->data + NODE_MODIFY, now);
    return OK;
}

enum status redoxfs_write(struct redoxfs *fs, uint32_t id, uint64_t offset, struct view data, struct redoxfs_time now, size_t *out_bytes)
{
    size_t done = 0, bytes;
    enum status status = OK;
    for (; done < data.length && status == OK; done += status == OK ? bytes : 0) {
        status = operation_begin(fs, OPERATION_BLOCKS + (1u << REDOXFS_LEVEL_MAX), true);
        if (status == OK)
            status = operation_end(fs, write_step(fs, id, offset + done, (struct view){data.data + done, data.length - done}, now, &bytes));
    }
    if (status != OK && done == 0)
        return status;
    *out_bytes = done;
    return OK;
}
