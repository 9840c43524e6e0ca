/* SPDX-License-Identifier: MIT
 * What names are made of: creating, linking, unlinking and renaming nodes. Each is one operation: everything that can be refused is
 * refused before the first byte changes, and blocks are dropped after the last one has. */
#include "base/try.h"
#include "fs/redoxfs/writer.h"

enum { LINK_TARGET_MAX = 4095 };

/* Bytes of the sequence at the front, 0: not UTF-8 (too long a form, a surrogate, or beyond the last character). */
static size_t utf8_bytes(struct view v)
{
    uint8_t first = v.data[0];
    size_t bytes = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    if (bytes == 0 || bytes > v.length)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((v.data[i] & 0xc0) != 0x80)
            return 0;
    bool is_wrong = bytes > 2 && ((first == 0xe0 && v.data[1] < 0xa0) || (first == 0xed && v.data[1] >= 0xa0) ||
                                  (first == 0xf0 && v.data[1] < 0x90) || (first == 0xf4 && v.data[1] >= 0x90));
    return is_wrong ? 0 : bytes;
}

static enum status check_new_name(struct view name)
{
    if (name.length > REDOXFS_NAME_MAX)
        return ERR_NAME_TOO_LONG;
    if (!name_is_valid(name))
        return ERR_INVALID;
    for (size_t at = 0, bytes; at < name.length; at += bytes) {
        bytes = utf8_bytes((struct view){name.data + at, name.length - at});
        if (bytes == 0)
            return ERR_BAD_SEQUENCE;
    }
    return OK;
}

/* -- creating --------------------------------------------------------------------------------------------------------------------- */

static void node_fill(struct buffer *node, const struct redoxfs_attributes *a)
{
    uint16_t type = a->mode & REDOXFS_TYPE;
    put16(node->data + NODE_MODE, a->mode);
    put32(node->data + NODE_UID, a->uid);
    put32(node->data + NODE_GID, a->gid);
    put32(node->data + NODE_LINKS, 1);
    put64(node->data + NODE_BLOCKS, 1);
    put_time(node->data + NODE_CREATE, a->now);
    put_time(node->data + NODE_MODIFY, a->now);
    put_time(node->data + NODE_ACCESS, a->now);
    put32(node->data + NODE_RECORD_LEVEL, type == REDOXFS_FILE ? REDOXFS_LEVEL_MAX : 0);
    put32(node->data + NODE_FLAGS, type == REDOXFS_DIRECTORY ? 0 : NODE_FLAG_INLINE);
}

static enum status node_make(struct redoxfs *fs, const struct redoxfs_attributes *attributes, struct view target, uint32_t *out_id)
{
    struct buffer *node;
    TRY(node_new(fs, out_id, &node));
    node_fill(node, attributes);
    size_t bytes = 0;
    enum status status = target.length ? file_write_part(fs, node, 0, target, &bytes) : OK;
    if (status != OK)
        IGNORE(node_remove(fs, *out_id)); /* dirty: it cannot fail */
    return status;
}

/* OK: the directory is there and not deleted, and the name is free. */
static enum status must_be_free(struct redoxfs *fs, uint32_t directory, struct view name)
{
    struct place place;
    if (redoxfs_is_orphan(fs, directory))
        return ERR_NOT_FOUND;
    enum status status = directory_find(fs, directory, name, &place);
    if (status == OK)
        return ERR_EXISTS;
    return status == ERR_NOT_FOUND ? OK : status;
}

static enum status create(struct redoxfs *fs, uint32_t directory, struct view name, const struct redoxfs_attributes *attributes,
                          struct view target, uint32_t *out_id)
{
    struct directory_change change;
    uint32_t id;
    TRY(must_be_free(fs, directory, name));
    TRY(directory_insert_prepare(fs, directory, name, &change));
    enum status status = node_make(fs, attributes, target, &id);
    if (status != OK) {
        directory_insert_cancel(fs, &change);
        return status;
    }
    directory_insert(fs, &change, id, attributes->now);
    *out_id = id;
    return OK;
}

static enum status create_operation(struct redoxfs *fs, uint32_t directory, struct view name, const struct redoxfs_attributes *attributes,
                                    struct view target, uint32_t *out_id)
{
    if (attributes->now.ns >= 1000000000)
        return ERR_INVALID;
    TRY(check_new_name(name));
    TRY(operation_begin(fs, OPERATION_BLOCKS, true));
    return operation_end(fs, create(fs, directory, name, attributes, target, out_id));
}

enum status redoxfs_create(struct redoxfs *fs, uint32_t directory, struct view name, const struct redoxfs_attributes *attributes,
                           uint32_t *out_id)
{
    uint16_t type = attributes->mode & REDOXFS_TYPE;
    if (type != REDOXFS_FILE && type != REDOXFS_DIRECTORY && type != REDOXFS_SOCKET)
        return ERR_NOT_SUPPORTED;
    return create_operation(fs, directory, name, attributes, (struct view){0}, out_id);
}

enum status redoxfs_symlink(struct redoxfs *fs, uint32_t directory, struct view name, struct view target,
                            const struct redoxfs_attributes *attributes, uint32_t *out_id)
{
    if (target.length == 0 || view_find(target, 0) < target.length)
        return ERR_INVALID;
    if (target.length > LINK_TARGET_MAX)
        return ERR_NAME_TOO_LONG;
    struct redoxfs_attributes of_link = *attributes;
    of_link.mode = (uint16_t)(REDOXFS_LINK | (attributes->mode & ~REDOXFS_TYPE));
    return create_operation(fs, directory, name, &of_link, target, out_id);
}

static enum status link_node(struct redoxfs *fs, uint32_t directory, struct view name, uint32_t id, struct redoxfs_time now)
{
    struct directory_change change;
    struct buffer *node;
    TRY(must_be_free(fs, directory, name));
    if (redoxfs_is_orphan(fs, id))
        return ERR_NOT_FOUND;
    TRY(node_modify(fs, id, &node));
    uint32_t links = get32(node->data + NODE_LINKS);
    if (node_type(node) == REDOXFS_DIRECTORY)
        return ERR_NOT_PERMITTED;
    if (links == UINT32_MAX)
        return ERR_TOO_MANY_LINKS;
    TRY(directory_insert_prepare(fs, directory, name, &change));
    directory_insert(fs, &change, id, now);
    put32(node->data + NODE_LINKS, links + 1);
    return OK;
}

enum status redoxfs_link(struct redoxfs *fs, uint32_t directory, struct view name, uint32_t id, struct redoxfs_time now)
{
    TRY(check_new_name(name));
    TRY(operation_begin(fs, OPERATION_BLOCKS, true));
    return operation_end(fs, link_node(fs, directory, name, id, now));
}

/* -- unlinking -------------------------------------------------------------------------------------------------------------------- */

/* What is to happen to a node that loses a name. */
enum fate : uint8_t { FATE_NOTHING, FATE_COUNT, FATE_ORPHAN, FATE_GONE };
struct losing { uint32_t id; struct buffer *node; enum fate fate; };

static bool has_indirect_blocks(const struct buffer *node)
{
    for (uint32_t slot = area_slots(0); slot < REDOXFS_AREA_BYTES / POINTER_BYTES; slot++)
        if (!pointer_is_null(get_pointer(node->data + NODE_AREA + slot * POINTER_BYTES)))
            return true;
    return false;
}

/* The node's buffer for looking; NOT_FOUND and CORRUPT: a name may go without it. */
static enum status node_look(struct redoxfs *fs, uint32_t id, struct buffer **out)
{
    struct redoxfs_pointer at;
    TRY(tree_lookup(fs, id, &at));
    TRY(buffer_get(fs, at, 0, out));
    return node_is_sound((struct view){(*out)->data, (*out)->bytes}) ? OK : ERR_CORRUPT;
}

/* A node that goes is not made writable first: it would only be given a new place. */
static enum status lose_prepare(struct redoxfs *fs, uint32_t id, struct losing *out)
{
    *out = (struct losing){.id = id};
    struct buffer *node;
    enum status status = node_look(fs, id, &node);
    if (status == ERR_NOT_FOUND || status == ERR_CORRUPT)
        return OK;
    TRY(status);
    out->node = node;
    bool has_records = !(get32(node->data + NODE_FLAGS) & NODE_FLAG_INLINE) && node_type(node) != REDOXFS_DIRECTORY;
    if (get32(node->data + NODE_LINKS) > 1) {
        TRY(node_modify(fs, id, &out->node));
        out->fate = FATE_COUNT;
    } else if (is_held(fs->writer, id) || (has_records && has_indirect_blocks(node))) {
        TRY(orphan_add_prepare(fs->writer));
        out->fate = FATE_ORPHAN;
    } else {
        TRY(node_remove_prepare(fs, id));
        if (has_records)
            TRY(records_forget_prepare(fs, node));
        out->fate = FATE_GONE;
    }
    return OK;
}

static enum status lose(struct redoxfs *fs, const struct losing *l)
{
    switch (l->fate) {
    case FATE_NOTHING: return OK;
    case FATE_COUNT: put32(l->node->data + NODE_LINKS, get32(l->node->data + NODE_LINKS) - 1); return OK;
    case FATE_ORPHAN: orphan_add(fs->writer, l->id); return OK;
    case FATE_GONE:
        if (node_type(l->node) != REDOXFS_DIRECTORY)
            records_forget(fs, l->node);
        return node_remove(fs, l->id);
    }
    return ERR_INVALID;
}

static bool is_directory(const struct losing *l)
{
    return l->node && node_type(l->node) == REDOXFS_DIRECTORY;
}

static bool is_full_directory(const struct losing *l)
{
    return is_directory(l) && (get64(l->node->data + NODE_SIZE) || !pointer_is_null(get_pointer(l->node->data + NODE_AREA + POINTER_BYTES)));
}

static enum status unlink_name(struct redoxfs *fs, uint32_t directory, struct view name, bool of_directory, struct redoxfs_time now)
{
    struct directory_change change;
    struct losing losing;
    TRY(directory_remove_prepare(fs, directory, name, &change));
    TRY(lose_prepare(fs, change.id, &losing));
    if (losing.node && is_directory(&losing) != of_directory)
        return of_directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY;
    if (is_full_directory(&losing))
        return ERR_NOT_EMPTY;
    directory_remove(fs, &change, now);
    return lose(fs, &losing);
}

/* Deleting what needs more than one step comes after the name is gone; if it cannot go on now, it does at the next mount. */
static enum status unlink_operation(struct redoxfs *fs, uint32_t directory, struct view name, bool of_directory, struct redoxfs_time now)
{
    TRY(operation_begin(fs, OPERATION_BLOCKS, false));
    TRY(operation_end(fs, unlink_name(fs, directory, name, of_directory, now)));
    IGNORE(orphans_reap(fs));
    return OK;
}

enum status redoxfs_unlink(struct redoxfs *fs, uint32_t directory, struct view name, struct redoxfs_time now)
{
    return unlink_operation(fs, directory, name, false, now);
}

enum status redoxfs_rmdir(struct redoxfs *fs, uint32_t directory, struct view name, struct redoxfs_time now)
{
    return unlink_operation(fs, directory, name, true, now);
}

/* -- renaming --------------------------------------------------------------------------------------------------------------------- */

struct renaming { uint32_t from, to, id, replaced; struct view from_name, to_name; struct redoxfs_time now; };

static enum status rename_to_free(struct redoxfs *fs, const struct renaming *r)
{
    struct directory_change out, in;
    TRY(directory_remove_prepare(fs, r->from, r->from_name, &out));
    TRY(directory_insert_prepare(fs, r->to, r->to_name, &in));
    directory_insert(fs, &in, r->id, r->now);
    /* Again, because the new name may have cut the leaf of the old one. All of it is in memory and writable. */
    enum status status = directory_remove_prepare(fs, r->from, r->from_name, &out);
    if (status != OK) {
        fs->writer->is_damaged = true; /* two names, which is never committed */
        return ERR_CORRUPT;
    }
    directory_remove(fs, &out, r->now);
    return OK;
}

static enum status rename_over(struct redoxfs *fs, const struct renaming *r)
{
    struct directory_change out, in;
    struct losing losing;
    struct buffer *node;
    TRY(node_modify(fs, r->id, &node));
    TRY(directory_remove_prepare(fs, r->to, r->to_name, &in));
    TRY(directory_remove_prepare(fs, r->from, r->from_name, &out));
    TRY(lose_prepare(fs, r->replaced, &losing)); /* last: what is writable by now is not the node that goes */
    if (is_directory(&losing) != (node_type(node) == REDOXFS_DIRECTORY) && losing.node)
        return is_directory(&losing) ? ERR_IS_DIRECTORY : ERR_NOT_DIRECTORY;
    if (is_full_directory(&losing))
        return ERR_NOT_EMPTY;
    if (in.leaf == out.leaf && in.offset == out.offset)
        return ERR_CORRUPT;
    directory_replace(&in, r->id, r->now);
    directory_remove(fs, &out, r->now);
    return lose(fs, &losing);
}

static enum status rename_exchange(struct redoxfs *fs, const struct renaming *r)
{
    struct directory_change out, in;
    TRY(directory_remove_prepare(fs, r->from, r->from_name, &out));
    TRY(directory_remove_prepare(fs, r->to, r->to_name, &in));
    directory_replace(&out, r->replaced, r->now);
    directory_replace(&in, r->id, r->now);
    return OK;
}

/* Is `place` the directory `top` or below it? No block says what is above, so everything below `top` is looked at. */
static enum status must_not_be_below(struct redoxfs *fs, uint32_t place, uint32_t top)
{
    struct writer *w = fs->writer;
    struct id_list left = {0};
    enum status status = id_list_add(w, &left, top);
    for (uint32_t at = 0; status == OK && at < left.count; at++) {
        struct redoxfs_node node;
        struct redoxfs_cursor cursor = {0};
        struct redoxfs_entry entry;
        status = left.ids[at] == place ? ERR_INVALID : left.count > fs->block_count ? ERR_CORRUPT : redoxfs_node_read(fs, left.ids[at], &node);
        if (status == OK && (node.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
            continue;
        while (status == OK && (status = redoxfs_directory_next(fs, &node, &cursor, &entry)) == OK)
            status = id_list_add(w, &left, entry.id);
        if (status == ERR_NOT_FOUND)
            status = OK;
    }
    memory_give(w->memory, left.ids, left.capacity * sizeof *left.ids);
    return status;
}

static enum status check_cycles(struct redoxfs *fs, const struct renaming *r, enum redoxfs_rename how)
{
    struct redoxfs_node node;
    if (r->from == r->to)
        return OK;
    TRY(redoxfs_node_read(fs, r->id, &node));
    if ((node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY)
        TRY(must_not_be_below(fs, r->to, r->id));
    if (how != REDOXFS_EXCHANGE || !r->replaced)
        return OK;
    TRY(redoxfs_node_read(fs, r->replaced, &node));
    return (node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY ? must_not_be_below(fs, r->from, r->replaced) : OK;
}

/* Finds both names; replaced is 0 when the second is free. */
static enum status rename_find(struct redoxfs *fs, struct renaming *r)
{
    struct place place;
    TRY(directory_find(fs, r->from, r->from_name, &place));
    r->id = place.id;
    if (redoxfs_is_orphan(fs, r->to))
        return ERR_NOT_FOUND;
    enum status status = directory_find(fs, r->to, r->to_name, &place);
    r->replaced = status == OK ? place.id : 0;
    return status == ERR_NOT_FOUND ? OK : status;
}

enum status redoxfs_rename(struct redoxfs *fs, uint32_t from, struct view from_name, uint32_t to, struct view to_name,
                           enum redoxfs_rename how, struct redoxfs_time now)
{
    struct renaming r = {from, to, 0, 0, from_name, to_name, now};
    TRY(check_new_name(to_name));
    TRY(rename_find(fs, &r));
    if (how == REDOXFS_EXCHANGE && !r.replaced)
        return ERR_NOT_FOUND;
    if (how == REDOXFS_NO_REPLACE && r.replaced)
        return ERR_EXISTS;
    if (r.id == r.replaced)
        return OK;
    if (!fs->writer)
        return ERR_READ_ONLY;
    TRY(check_cycles(fs, &r, how));
    TRY(operation_begin(fs, 2 * OPERATION_BLOCKS, false));
    enum status status = how == REDOXFS_EXCHANGE ? rename_exchange(fs, &r) : r.replaced ? rename_over(fs, &r) : rename_to_free(fs, &r);
    TRY(operation_end(fs, status));
    IGNORE(orphans_reap(fs));
    return OK;
}

/* -- attributes ------------------------------------------------------------------------------------------------------------------- */

static enum status set(struct redoxfs *fs, uint32_t id, unsigned what, const struct redoxfs_node *from)
{
    struct buffer *node;
    TRY(node_modify(fs, id, &node));
    if (what & REDOXFS_SET_MODE)
        put16(node->data + NODE_MODE, (uint16_t)(node_type(node) | (from->mode & ~REDOXFS_TYPE)));
    if (what & REDOXFS_SET_OWNER)
        put32(node->data + NODE_UID, from->uid);
    if (what & REDOXFS_SET_GROUP)
        put32(node->data + NODE_GID, from->gid);
    if (what & REDOXFS_SET_MODIFY)
        put_time(node->data + NODE_MODIFY, from->modify);
    if (what & REDOXFS_SET_ACCESS)
        put_time(node->data + NODE_ACCESS, from->access);
    if (what & REDOXFS_SET_CREATE)
        put_time(node->data + NODE_CREATE, from->create);
    return OK;
}

enum status redoxfs_set(struct redoxfs *fs, uint32_t id, unsigned what, const struct redoxfs_node *from)
{
    if ((what & REDOXFS_SET_MODIFY && from->modify.ns >= 1000000000) || (what & REDOXFS_SET_ACCESS && from->access.ns >= 1000000000) ||
        (what & REDOXFS_SET_CREATE && from->create.ns >= 1000000000))
        return ERR_INVALID;
    TRY(operation_begin(fs, OPERATION_BLOCKS, false));
    return operation_end(fs, set(fs, id, what, from));
}
