/* SPDX-License-Identifier: MIT
 * The tree of a filesystem in memory. Inodes are never reused; the table of nodes doubles when it is full. */
#include "tree.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"

#define TABLE_FIRST 256u
#define BLOCK_BYTES 4096u
#define ENTRY_BYTES 32u /* what a name adds to its directory's size */

static uint64_t table_slot(const struct ram_tree *t, uint64_t inode)
{
    return inode & (t->table_count - 1);
}

static enum status table_grow(struct ram_tree *t)
{
    uint64_t count = t->table_count ? t->table_count * 2 : TABLE_FIRST;
    struct ram_node **fresh = heap_allocate(count * sizeof *fresh);
    if (!fresh)
        return ERR_NO_SPACE;
    for (uint64_t i = 0; i < t->table_count; i++) {
        while (t->table[i]) {
            struct ram_node *node = t->table[i];
            t->table[i] = node->next;
            struct ram_node **slot = &fresh[node->attributes.inode & (count - 1)];
            node->next = *slot;
            *slot = node;
        }
    }
    heap_free(t->table);
    t->table = fresh;
    t->table_count = count;
    return OK;
}

static enum status node_create(struct ram_tree *t, uint32_t type, uint32_t mode, struct ram_owner owner, int64_t now_ns,
                               struct ram_node **out)
{
    if (t->node_count >= t->node_limit)
        return ERR_NO_SPACE;
    if (t->node_count >= t->table_count)
        TRY(table_grow(t));
    struct ram_node *node = heap_allocate(sizeof *node);
    if (!node)
        return ERR_NO_SPACE;
    *node = (struct ram_node){.file = HANDLE_NONE};
    node->attributes = (struct file_attributes){
        .inode = t->next_inode++, .device = t->device, .type = type, .mode = mode & 07777, .uid = owner.uid, .gid = owner.gid,
        .block_bytes = BLOCK_BYTES, .access_ns = now_ns, .modify_ns = now_ns, .change_ns = now_ns, .birth_ns = now_ns};
    if (type == FILE_DIRECTORY)
        ram_directory_init(&node->entries);
    struct ram_node **slot = &t->table[table_slot(t, node->attributes.inode)];
    node->next = *slot;
    *slot = node;
    t->node_count++;
    *out = node;
    return OK;
}

static void node_destroy(struct ram_tree *t, struct ram_node *node)
{
    struct ram_node **link = &t->table[table_slot(t, node->attributes.inode)];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    t->node_count--;
    t->release(node);
    if (node->attributes.type == FILE_DIRECTORY)
        ram_directory_fini(&node->entries);
    if (node->attributes.type == FILE_SYMLINK)
        heap_free((void *)(uintptr_t)node->content.data);
    heap_free(node);
}

enum status ram_tree_init(struct ram_tree *t, struct name_key key, uint64_t node_limit, int64_t now_ns,
                          void (*release)(struct ram_node *node))
{
    *t = (struct ram_tree){.key = key, .node_limit = node_limit, .next_inode = 1, .release = release};
    TRY(table_grow(t));
    struct ram_node *root;
    enum status status = node_create(t, FILE_DIRECTORY, 0755, (struct ram_owner){0, 0}, now_ns, &root);
    if (status != OK) {
        heap_free(t->table);
        return status;
    }
    root->attributes.links = 2;
    root->parent = root;
    t->root = root;
    return OK;
}

void ram_set_device(struct ram_tree *t, uint64_t device)
{
    t->device = device;
    for (uint64_t i = 0; i < t->table_count; i++)
        for (struct ram_node *node = t->table[i]; node; node = node->next)
            node->attributes.device = device;
}

void ram_tree_fini(struct ram_tree *t)
{
    for (uint64_t i = 0; i < t->table_count; i++)
        while (t->table[i])
            node_destroy(t, t->table[i]);
    heap_free(t->table);
    *t = (struct ram_tree){};
}

enum status ram_node_find(const struct ram_tree *t, uint64_t inode, struct ram_node **out)
{
    struct ram_node *node = t->table[table_slot(t, inode)];
    while (node && node->attributes.inode != inode)
        node = node->next;
    if (!node)
        return ERR_NOT_FOUND;
    *out = node;
    return OK;
}

static bool is_directory(const struct ram_node *node)
{
    return node->attributes.type == FILE_DIRECTORY;
}

static enum status name_check(struct view name)
{
    bool is_dots = name.length <= 2;
    for (size_t i = 0; i < name.length; i++) {
        if (name.data[i] == '/' || name.data[i] == 0)
            return ERR_INVALID;
        is_dots &= name.data[i] == '.';
    }
    if (is_dots) /* or empty */
        return ERR_INVALID;
    return name.length > FS_NAME_MAX ? ERR_NAME_TOO_LONG : OK;
}

/* May a name be added here? */
static enum status place_check(const struct ram_tree *t, const struct ram_node *directory, struct view name)
{
    if (!is_directory(directory))
        return ERR_NOT_DIRECTORY;
    TRY(name_check(name));
    if (directory->attributes.links == 0)
        return ERR_NOT_FOUND;
    return ram_directory_find(&directory->entries, &t->key, name) ? ERR_EXISTS : OK;
}

/* A name was added to or removed from it. */
static void directory_changed(struct ram_node *directory, int64_t now_ns)
{
    directory->attributes.size_bytes = (uint64_t)directory->entries.live * ENTRY_BYTES;
    directory->attributes.modify_ns = directory->attributes.change_ns = now_ns;
}

/* Names the node in the directory, which was checked; nothing changes when memory is out. */
static enum status entry_add(struct ram_tree *t, struct ram_node *directory, struct view name, struct ram_node *node, int64_t now_ns)
{
    struct ram_entry *entry;
    TRY(ram_directory_add(&directory->entries, &t->key, name, node, &entry));
    directory_changed(directory, now_ns);
    return OK;
}

enum status ram_lookup(const struct ram_tree *t, const struct ram_node *directory, struct view name, struct ram_node **out)
{
    if (!is_directory(directory))
        return ERR_NOT_DIRECTORY;
    struct ram_entry *entry = ram_directory_find(&directory->entries, &t->key, name);
    if (!entry)
        return ERR_NOT_FOUND;
    *out = entry->node;
    return OK;
}

enum status ram_create(struct ram_tree *t, struct ram_node *directory, struct view name, uint32_t type, uint32_t mode,
                       struct ram_owner owner, int64_t now_ns, struct ram_node **out)
{
    bool is_named = name.length > 0;
    if (is_named)
        TRY(place_check(t, directory, name));
    else if (type != FILE_REGULAR)
        return ERR_INVALID;
    struct ram_node *node;
    TRY(node_create(t, type, mode, owner, now_ns, &node));
    enum status status = is_named ? entry_add(t, directory, name, node, now_ns) : OK;
    if (status != OK) {
        node_destroy(t, node);
        return status;
    }
    node->attributes.links = is_named ? 1 : 0;
    if (type == FILE_DIRECTORY) {
        node->attributes.links = 2;
        node->parent = directory;
        directory->attributes.links++;
    }
    *out = node;
    return OK;
}

enum status ram_symlink(struct ram_tree *t, struct ram_node *directory, struct view name, struct view target,
                        struct ram_owner owner, int64_t now_ns, struct ram_node **out)
{
    if (target.length == 0)
        return ERR_INVALID;
    uint8_t *copy = heap_allocate(target.length);
    if (!copy)
        return ERR_NO_SPACE;
    memcpy(copy, target.data, target.length);
    struct ram_node *node;
    enum status status = name.length ? ram_create(t, directory, name, FILE_SYMLINK, 0777, owner, now_ns, &node) : ERR_INVALID;
    if (status != OK) {
        heap_free(copy);
        return status;
    }
    node->content = (struct view){copy, target.length};
    node->attributes.size_bytes = target.length;
    *out = node;
    return OK;
}

enum status ram_link(struct ram_tree *t, struct ram_node *node, struct ram_node *directory, struct view name, int64_t now_ns)
{
    if (is_directory(node))
        return ERR_NOT_PERMITTED;
    if (node->attributes.links == UINT32_MAX)
        return ERR_TOO_MANY_LINKS;
    TRY(place_check(t, directory, name));
    TRY(entry_add(t, directory, name, node, now_ns));
    node->attributes.links++;
    node->attributes.change_ns = now_ns;
    return OK;
}

/* Takes from a node the link that a name was. A directory loses its own dot too; its parent the dot-dot. */
static void name_lost(struct ram_node *node, int64_t now_ns)
{
    if (is_directory(node)) {
        node->attributes.links = 0;
        node->parent->attributes.links--;
    } else {
        node->attributes.links--;
    }
    node->attributes.change_ns = now_ns;
}

enum status ram_unlink(struct ram_tree *t, struct ram_node *directory, struct view name, bool wants_directory, int64_t now_ns,
                       struct ram_node **out_victim)
{
    if (!is_directory(directory))
        return ERR_NOT_DIRECTORY;
    struct ram_entry *entry = ram_directory_find(&directory->entries, &t->key, name);
    if (!entry)
        return ERR_NOT_FOUND;
    struct ram_node *victim = entry->node;
    if (wants_directory && !is_directory(victim))
        return ERR_NOT_DIRECTORY;
    if (!wants_directory && is_directory(victim))
        return ERR_IS_DIRECTORY;
    if (wants_directory && victim->entries.live > 0)
        return ERR_NOT_EMPTY;
    ram_directory_remove(&directory->entries, entry);
    name_lost(victim, now_ns);
    directory_changed(directory, now_ns);
    *out_victim = victim;
    return OK;
}

static bool is_inside(const struct ram_node *directory, const struct ram_node *ancestor)
{
    for (;; directory = directory->parent) {
        if (directory == ancestor)
            return true;
        if (directory->parent == directory)
            return false;
    }
}

/* A directory that moves takes its dot-dot along. */
static void directory_reparent(struct ram_node *node, struct ram_node *from, struct ram_node *to)
{
    if (!is_directory(node) || from == to)
        return;
    node->parent = to;
    from->attributes.links--;
    to->attributes.links++;
}

/* What `moved` may not replace. */
static enum status replace_check(const struct ram_node *moved, const struct ram_node *victim)
{
    if (is_directory(moved) && !is_directory(victim))
        return ERR_NOT_DIRECTORY;
    if (!is_directory(moved) && is_directory(victim))
        return ERR_IS_DIRECTORY;
    if (is_directory(victim) && victim->entries.live > 0)
        return ERR_NOT_EMPTY;
    return OK;
}

static void rename_exchange(struct ram_node *old_directory, struct ram_entry *old, struct ram_node *new_directory,
                            struct ram_entry *other)
{
    struct ram_node *moved = old->node;
    directory_reparent(old->node, old_directory, new_directory);
    directory_reparent(other->node, new_directory, old_directory);
    old->node = other->node;
    other->node = moved;
}

enum status ram_rename(struct ram_tree *t, struct ram_node *old_directory, struct view old_name, struct ram_node *new_directory,
                       struct view new_name, uint32_t flags, int64_t now_ns, struct ram_node **out_moved,
                       struct ram_node **out_victim)
{
    if (!is_directory(old_directory) || !is_directory(new_directory))
        return ERR_NOT_DIRECTORY;
    TRY(name_check(new_name));
    struct ram_entry *old = ram_directory_find(&old_directory->entries, &t->key, old_name);
    struct ram_entry *other = ram_directory_find(&new_directory->entries, &t->key, new_name);
    if (!old || new_directory->attributes.links == 0)
        return ERR_NOT_FOUND;
    struct ram_node *moved = old->node, *victim = other ? other->node : nullptr;
    if (victim && (flags & RAM_NO_REPLACE))
        return ERR_EXISTS;
    if (is_directory(moved) && is_inside(new_directory, moved))
        return ERR_INVALID;
    if (flags & RAM_EXCHANGE) {
        if (!victim)
            return ERR_NOT_FOUND;
        if (is_directory(victim) && is_inside(old_directory, victim))
            return ERR_INVALID;
        rename_exchange(old_directory, old, new_directory, other);
        victim->attributes.change_ns = now_ns;
    } else if (victim == moved) {
        *out_moved = moved;
        *out_victim = nullptr;
        return OK;
    } else {
        if (victim) {
            TRY(replace_check(moved, victim));
            name_lost(victim, now_ns);
            other->node = moved;
        } else {
            TRY(entry_add(t, new_directory, new_name, moved, now_ns));
        }
        ram_directory_remove(&old_directory->entries, old);
        directory_reparent(moved, old_directory, new_directory);
    }
    directory_changed(old_directory, now_ns);
    directory_changed(new_directory, now_ns);
    moved->attributes.change_ns = now_ns;
    *out_moved = moved;
    *out_victim = victim;
    return OK;
}

enum status ram_readdir(const struct ram_node *directory, uint64_t cookie, struct record_writer *w)
{
    if (!is_directory(directory))
        return ERR_NOT_DIRECTORY;
    const struct ram_directory *d = &directory->entries;
    const struct ram_entry *e = ram_directory_after(d, cookie);
    for (uint32_t i = e ? e->position : d->order_used; i < d->order_used; i++) {
        e = d->order[i];
        if (e && !record_append(w, e->node->attributes.inode, e->cookie, e->node->attributes.type, ram_entry_name(e)))
            return w->used ? OK : ERR_TOO_BIG;
    }
    return OK;
}

void ram_forget(struct ram_tree *t, struct ram_node *node)
{
    if (node->attributes.links == 0)
        node_destroy(t, node);
}
