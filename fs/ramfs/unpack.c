/* SPDX-License-Identifier: MIT
 * Fills the root from the initfs: names and attributes at once, a file's bytes when somebody first looks it up. The archive stays
 * mapped for that. */
#include "ramfs.h"
#include "base/try.h"
#include "initfs/initfs.h"
#include "sys/log.h"

/* The directory that holds `path`, and its last name. */
static enum status parent_of(struct view path, struct ram_node **out_directory, struct view *out_name)
{
    struct ram_node *at = ramfs.tree.root;
    for (;;) {
        if (view_find(path, '/') == path.length)
            break;
        struct view head, rest;
        view_split(path, '/', &head, &rest);
        TRY(ram_lookup(&ramfs.tree, at, head, &at));
        path = rest;
    }
    *out_directory = at;
    *out_name = path;
    return OK;
}

static enum status unpack_one(const struct initfs_entry *e)
{
    struct ram_node *directory, *node;
    struct view name;
    struct ram_owner owner = {e->uid, e->gid};
    if (e->path.length == 0) {
        ramfs.tree.root->attributes.mode = e->mode & 07777;
        return OK;
    }
    TRY(parent_of(e->path, &directory, &name));
    if (e->type == FILE_SYMLINK)
        return ram_symlink(&ramfs.tree, directory, name, e->data, owner, e->modify_ns, &node);
    if (e->type != FILE_DIRECTORY && e->type != FILE_REGULAR)
        return ERR_CORRUPT;
    TRY(ram_create(&ramfs.tree, directory, name, e->type, e->mode, owner, e->modify_ns, &node));
    if (e->type == FILE_REGULAR) {
        node->content = e->data;
        node->attributes.size_bytes = e->data.length;
        node->attributes.blocks_512 = (e->data.length + 511) / 512;
    }
    return OK;
}

enum status ramfs_unpack(struct view archive)
{
    struct initfs fs;
    TRY(initfs_open(archive, &fs));
    for (uint32_t i = 0; i < fs.count; i++) {
        struct initfs_entry e;
        enum status status = initfs_entry_at(&fs, i, &e);
        if (status == OK)
            status = unpack_one(&e);
        if (status == ERR_NO_SPACE)
            return status;
        if (status != OK)
            log_warning("initfs entry %u (%.*s): %s", i, (int)e.path.length, (const char *)e.path.data, status_sentence(status));
    }
    return OK;
}
