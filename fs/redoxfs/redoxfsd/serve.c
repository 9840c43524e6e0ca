/* SPDX-License-Identifier: MIT
 * The fs protocol by the library: looking. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"
#include "protocol/vfs_abi.h"

#define STATISTICS_MAGIC 0x5265646fu /* "Redo" */
#define FILES_MAX 4162314255u        /* 254^4 - 1 */
enum : uint32_t { ROOT_READ_ONLY = 1, ROOT_HOLDS_SYSTEM = 4 }; /* fs.root's flags */

enum status facts_read(uint64_t number, struct redoxfs_node *out)
{
    return number > UINT32_MAX ? ERR_NOT_FOUND : redoxfs_node_read(&redoxfsd.fs, (uint32_t)number, out);
}

static enum status on_root(struct request *rq, const struct fs_root_in *in, struct fs_root_out *out)
{
    (void)rq;
    redoxfsd.device = in->device;
    *out = (struct fs_root_out){.node = REDOXFS_ROOT, .name = VIEW_OF_LITERAL("redoxfs"),
                                .flags = (redoxfsd.is_read_only ? ROOT_READ_ONLY : 0u) | (volume_holds_system() ? ROOT_HOLDS_SYSTEM : 0u)};
    return OK;
}

/* What the kernel says of a file in use is newer than what the volume says. */
static enum status attributes_now(const struct redoxfs_node *facts, struct file_attributes *out)
{
    const struct open_node *node = node_find(facts->id);
    if (node && node->file != HANDLE_NONE)
        return sys_stat(node->file, out);
    attributes_of(facts, out);
    return OK;
}

static enum status on_lookup(struct request *rq, const struct fs_lookup_in *in, struct fs_lookup_out *out)
{
    static struct redoxfs_node directory, facts;
    uint32_t id;
    if (in->name.length > REDOXFS_NAME_MAX)
        return ERR_NAME_TOO_LONG;
    TRY(facts_read(in->directory, &directory));
    TRY(redoxfs_lookup(&redoxfsd.fs, &directory, in->name, &id));
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    TRY(attributes_now(&facts, &out->attributes));
    const struct open_node *node = node_find(id);
    out->file = node ? node->file : HANDLE_NONE;
    rq->keep_handle = out->file != HANDLE_NONE;
    return OK;
}

static enum status on_open_node(struct request *rq, const struct fs_open_node_in *in, struct fs_open_node_out *out)
{
    static struct redoxfs_node facts;
    struct open_node *node;
    TRY(facts_read(in->node, &facts));
    if ((facts.mode & REDOXFS_TYPE) != REDOXFS_FILE)
        return ERR_WRONG_TYPE;
    TRY(node_obtain(facts.id, &node));
    TRY(node_need_file(node, &facts));
    out->file = node->file;
    rq->keep_handle = true;
    return OK;
}

static enum status on_attributes(struct request *rq, const struct fs_attributes_in *in, struct fs_attributes_out *out)
{
    static struct redoxfs_node facts;
    (void)rq;
    TRY(facts_read(in->node, &facts));
    return attributes_now(&facts, &out->attributes);
}

static enum status listing_fill(const struct redoxfs_node *directory, struct listing *out)
{
    struct redoxfs_cursor cursor = {};
    struct redoxfs_entry entry;
    enum status status;
    while ((status = redoxfs_directory_next(&redoxfsd.fs, directory, &cursor, &entry)) == OK)
        TRY(listing_add(out, entry.id, 0, (struct view){entry.name, entry.name_length}));
    return status == ERR_NOT_FOUND ? OK : status;
}

static enum status listing_renew(struct open_node *node, const struct redoxfs_node *directory)
{
    struct listing fresh = {};
    enum status status = listing_fill(directory, &fresh);
    if (status != OK) {
        listing_free(&fresh);
        return status;
    }
    listing_free(&node->listing);
    node->listing = fresh;
    return OK;
}

static enum status on_readdir(struct request *rq, const struct fs_readdir_in *in, struct fs_readdir_out *out)
{
    static uint8_t records[65536]; /* until the answer has left, which is before the next job */
    static struct redoxfs_node directory;
    struct open_node *node;
    TRY(facts_read(in->directory, &directory));
    if ((directory.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    TRY(node_obtain(directory.id, &node));
    if (in->cookie == 0 || !node->listing.data)
        TRY(listing_renew(node, &directory));
    struct record_writer w = {.space = {records, MIN(sizeof records, request_capacity(rq))}};
    TRY(listing_records(&node->listing, in->cookie, &w));
    if (w.used == 0)
        node_drop(node);
    out->records = (struct view){records, w.used};
    return OK;
}

static enum status on_readlink(struct request *rq, const struct fs_readlink_in *in, struct fs_readlink_out *out)
{
    static uint8_t target[4096];
    static struct redoxfs_node facts;
    size_t length;
    (void)rq;
    TRY(facts_read(in->node, &facts));
    if ((facts.mode & REDOXFS_TYPE) != REDOXFS_LINK)
        return ERR_INVALID;
    if (facts.size_bytes > sizeof target)
        return ERR_NAME_TOO_LONG;
    TRY(redoxfs_read(&redoxfsd.fs, &facts, 0, SPAN_OF_ARRAY(target), &length));
    out->target = (struct view){target, length};
    return OK;
}

static enum status on_statistics(struct request *rq, const struct fs_statistics_in *in, struct fs_statistics_out *out)
{
    static struct vfs_statistics s;
    (void)rq, (void)in;
    struct redoxfs_statistics space = {.blocks = redoxfsd.fs.block_count};
    if (!redoxfsd.is_read_only)
        redoxfs_statistics(&redoxfsd.fs, &space);
    s = (struct vfs_statistics){.type = STATISTICS_MAGIC, .block_bytes = REDOXFS_BLOCK_BYTES, .blocks = space.blocks,
                                .blocks_free = space.free_blocks, .blocks_available = space.available_blocks, .files = FILES_MAX,
                                .name_max = REDOXFS_NAME_MAX, .flags = redoxfsd.is_read_only ? ROOT_READ_ONLY : 0, .device = redoxfsd.device};
    out->statistics = VIEW_OF_STRUCT(&s);
    return OK;
}

enum : uint32_t { SYNC_NAMES = 1 }; /* fs.sync's flags */

static enum status on_sync(struct request *rq, const struct fs_sync_in *in, struct fs_sync_out *out)
{
    (void)out;
    return in->flags & SYNC_NAMES || redoxfsd.is_read_only ? volume_commit() : sync_begin(rq);
}

static const struct fs_ops operations = {
    .root = on_root, .lookup = on_lookup, .open_node = on_open_node, .attributes = on_attributes,
    .set_attributes = on_set_attributes, .create = on_create, .link = on_link, .unlink = on_unlink, .rename = on_rename,
    .readdir = on_readdir, .symlink = on_symlink, .readlink = on_readlink, .statistics = on_statistics, .forget = on_forget,
    .sync = on_sync,
};

bool serve_protocol(struct request *rq)
{
    return fs_dispatch(&operations, rq);
}
