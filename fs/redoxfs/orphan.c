/* SPDX-License-Identifier: MIT
 * Nodes without a name. They are kept while somebody holds them, or until deleting them in steps is over; the disk's release list
 * names them, so that mounting after a crash deletes them. The list is written anew by each commit before which it changed. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"

static struct held **held_at(const struct writer *w, uint32_t id)
{
    struct held **at = (struct held **)&w->held[id % HELD_BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

bool is_held(const struct writer *w, uint32_t id)
{
    return *held_at(w, id) != nullptr;
}

static uint32_t orphan_find(const struct writer *w, uint32_t id)
{
    uint32_t i = 0;
    while (i < w->orphans.count && w->orphans.ids[i] != id)
        i++;
    return i;
}

bool redoxfs_is_orphan(const struct redoxfs *fs, uint32_t id)
{
    return fs->writer && orphan_find(fs->writer, id) < fs->writer->orphans.count;
}

static enum status id_list_reserve(struct writer *w, struct id_list *list)
{
    if (list->count < list->capacity)
        return OK;
    uint32_t capacity = list->capacity ? 2 * list->capacity : 64;
    uint32_t *more = memory_take(w->memory, capacity * sizeof *more);
    if (!more)
        return ERR_NO_MEMORY;
    if (list->count)
        memcpy(more, list->ids, list->count * sizeof *more);
    memory_give(w->memory, list->ids, list->capacity * sizeof *more);
    *list = (struct id_list){more, list->count, capacity};
    return OK;
}

enum status id_list_add(struct writer *w, struct id_list *list, uint32_t id)
{
    TRY(id_list_reserve(w, list));
    list->ids[list->count++] = id;
    return OK;
}

/* Other programs lose nodes when the list is longer than one block. */
enum status orphan_add_prepare(struct writer *w)
{
    return w->orphans.count < RELEASE_ENTRIES ? id_list_reserve(w, &w->orphans) : ERR_LIMIT;
}

void orphan_add(struct writer *w, uint32_t id)
{
    w->orphans.ids[w->orphans.count++] = id;
    w->orphans_changed = true;
    w->has_changed = true;
}

static void orphan_forget(struct writer *w, uint32_t at)
{
    w->orphans.ids[at] = w->orphans.ids[--w->orphans.count];
    w->orphans_changed = true;
    w->has_changed = true;
}

static enum status read_ids(struct redoxfs *fs, struct redoxfs_pointer at, struct redoxfs_pointer *out_next)
{
    struct writer *w = fs->writer;
    struct view block;
    TRY(volume_block(fs, at, &block));
    for (uint32_t i = 0; i < RELEASE_ENTRIES; i++) {
        uint32_t id = u32_at(block, 16 + 4 * i);
        if (id == 0 || id == REDOXFS_ROOT || orphan_find(w, id) < w->orphans.count)
            continue;
        TRY(id_list_add(w, &w->orphans, id));
    }
    *out_next = pointer_at(block, 0);
    return OK;
}

/* Reading goes on while the list can be read; a list that breaks off in the middle loses space, not files. */
enum status orphans_open(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    for (struct redoxfs_pointer p = fs->release, next; !pointer_is_null(p); p = next) {
        if (w->release.count > fs->block_count / RELEASE_ENTRIES + 2)
            return ERR_CORRUPT;
        TRY(read_ids(fs, p, &next));
        TRY(pointer_list_add(w, &w->release, p));
    }
    return orphans_reap(fs);
}

/* Blocks of the list as it was go; those of a failed commit too. */
static enum status drop_list(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    for (; w->release.count; w->release.count--)
        TRY(block_drop(fs, w->release.pointers[w->release.count - 1]));
    return OK;
}

static enum status write_list(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    struct redoxfs_pointer previous = {0};
    for (uint32_t done = 0; done < w->orphans.count;) {
        struct buffer *b;
        TRY(block_new(fs, BLOCK_PLAIN, 0, &b));
        put_pointer(b->data, previous);
        for (uint32_t i = 0; i < RELEASE_ENTRIES && done < w->orphans.count; i++)
            put32(b->data + 16 + 4 * i, w->orphans.ids[done++]);
        b->self.hash = block_hash(b);
        b->is_hashed = true;
        previous = b->self;
        enum status status = pointer_list_add(w, &w->release, previous);
        if (status != OK) {
            IGNORE(block_drop(fs, previous)); /* dirty: it cannot fail */
            return status;
        }
    }
    fs->release = previous;
    return OK;
}

enum status orphans_build(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    if (!w->orphans_changed)
        return OK;
    TRY(drop_list(fs));
    TRY(write_list(fs));
    w->orphans_changed = false;
    return OK;
}

enum status redoxfs_hold(struct redoxfs *fs, uint32_t id)
{
    struct writer *w = fs->writer;
    if (!w)
        return OK; /* nothing is ever deleted */
    struct held **at = held_at(w, id), *held = *at;
    if (!held) {
        struct redoxfs_pointer node;
        TRY(tree_lookup(fs, id, &node));
        held = memory_take(w->memory, sizeof *held);
        if (!held)
            return ERR_NO_MEMORY;
        held->id = id;
        *at = held;
    }
    held->holds++;
    return OK;
}

enum status redoxfs_unhold(struct redoxfs *fs, uint32_t id)
{
    struct writer *w = fs->writer;
    if (!w)
        return OK;
    struct held **at = held_at(w, id), *held = *at;
    if (!held)
        return ERR_NOT_FOUND;
    if (--held->holds)
        return OK;
    *at = held->next;
    memory_give(w->memory, held, sizeof *held);
    return redoxfs_is_orphan(fs, id) ? orphans_reap(fs) : OK;
}

/* One step of deleting: some records, or the rest and the node. */
static enum status reap_step(struct redoxfs *fs, uint32_t at, bool *out_is_done)
{
    struct writer *w = fs->writer;
    struct buffer *node;
    uint64_t first;
    uint32_t id = w->orphans.ids[at];
    enum status status = node_modify(fs, id, &node);
    *out_is_done = true;
    if (status == ERR_NOT_FOUND) {
        orphan_forget(w, at);
        return OK;
    }
    TRY(status);
    if (node_type(node) == REDOXFS_DIRECTORY && get64(node->data + NODE_SIZE))
        return ERR_CORRUPT; /* somebody else's mistake: fsck's to judge */
    TRY(records_drop(fs, node, 0, DROP_BUDGET, &first));
    if (first > 0) {
        put64(node->data + NODE_SIZE, MIN(get64(node->data + NODE_SIZE), first * record_bytes(node)));
        *out_is_done = false;
        return OK;
    }
    TRY(node_remove(fs, id));
    orphan_forget(w, at);
    return OK;
}

/* A damaged one stays on the list and does not keep the others from going, and one that a volume of somebody else's has no space to delete does
 * not keep it from being opened; a disk that fails or is not ready ends it. */
enum status orphans_reap(struct redoxfs *fs)
{
    struct writer *w = fs->writer;
    for (uint32_t at = w->orphans.count; at-- > 0;) {
        if (is_held(w, w->orphans.ids[at]))
            continue;
        for (bool is_done = false; !is_done;) {
            enum status status = operation_begin(fs, OPERATION_BLOCKS, false);
            if (status == OK)
                status = operation_end(fs, reap_step(fs, at, &is_done));
            if (status == ERR_CORRUPT || status == ERR_NO_SPACE)
                break;
            TRY(status);
        }
    }
    return OK;
}

void orphans_fini(struct writer *w)
{
    memory_give(w->memory, w->orphans.ids, w->orphans.capacity * sizeof *w->orphans.ids);
    memory_give(w->memory, w->release.pointers, w->release.capacity * sizeof *w->release.pointers);
    for (uint32_t i = 0; i < HELD_BUCKETS; i++)
        while (w->held[i]) {
            struct held *held = w->held[i];
            w->held[i] = held->next;
            memory_give(w->memory, held, sizeof *held);
        }
}
