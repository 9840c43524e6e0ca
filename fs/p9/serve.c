/* SPDX-License-Identifier: MIT
 * The fs protocol by 9P messages. Each operation runs in a fiber; what it looked at before an exchange may be different after it, so
 * nodes are held by reference. */
#include "p9fs.h"
#include "base/string.h"
#include "fs/records.h"
#include "heap/heap.h"
#include "protocol/fs_server.h"
#include "protocol/vfs_abi.h"
#include "sys/log.h"

enum : uint32_t { UNLINK_DIRECTORY = 1, UNLINK_FORGET = 2 }; /* fs.unlink's flags */
enum : uint32_t { ROOT_VOLATILE_NAMES = 2 };                 /* fs.root's flags */
#define NANOSECONDS 1000000000ll
#define TYPE_SHIFT 32

static uint32_t gid_of(uint64_t owner) { return (uint32_t)owner; }
static uint32_t uid_of(uint64_t owner) { return (uint32_t)(owner >> 32); }

/* -- looking ------------------------------------------------------------------------------------------------------- */

static enum status on_root(struct request *rq, const struct fs_root_in *in, struct fs_root_out *out)
{
    (void)rq;
    struct view tag = {(const uint8_t *)p9.tag, string_length(p9.tag, sizeof p9.tag)};
    if (p9.mount_tag.length && !view_equal(p9.mount_tag, tag))
        return ERR_NO_DEVICE;
    p9.device = in->device;
    p9.root->known.device = in->device;
    *out = (struct fs_root_out){.node = p9.root->inode, .flags = ROOT_VOLATILE_NAMES, .name = VIEW_OF_LITERAL("9p")};
    return OK;
}

/* What is there under a name, asked anew. */
static enum status look_up(uint32_t directory_fid, struct view name, struct file_attributes *out_attributes, struct p9_node **out)
{
    uint32_t fid;
    TRY(p9_walk(directory_fid, name, &fid, nullptr));
    enum status status = p9_getattr(fid, out_attributes);
    if (status != OK) {
        p9_clunk(fid);
        return status;
    }
    return node_obtain(out_attributes, fid, out);
}

static enum status on_lookup(struct request *rq, const struct fs_lookup_in *in, struct fs_lookup_out *out)
{
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    TRY(node_find(in->directory, &directory));
    TRY(look_up(directory->fid, in->name, &out->attributes, &node));
    if (node->file == HANDLE_NONE)
        return OK;
    TRY(file_revalidate(node, &out->attributes));
    out->file = node->file;
    rq->keep_handle = true;
    return sys_stat(node->file, &out->attributes);
}

static enum status on_open_node(struct request *rq, const struct fs_open_node_in *in, struct fs_open_node_out *out)
{
    CLEANUP(node_put) struct p9_node *node = nullptr;
    TRY(node_find(in->node, &node));
    TRY(node_need_file(node));
    out->file = node->file;
    rq->keep_handle = true;
    return OK;
}

static enum status on_attributes(struct request *rq, const struct fs_attributes_in *in, struct fs_attributes_out *out)
{
    (void)rq;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    TRY(node_find(in->node, &node));
    return node->file != HANDLE_NONE ? sys_stat(node->file, &out->attributes) : p9_getattr(node->fid, &out->attributes);
}

static enum status on_readlink(struct request *rq, const struct fs_readlink_in *in, struct fs_readlink_out *out)
{
    (void)rq;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    struct reader body;
    TRY(node_find(in->node, &node));
    struct p9_writer w = p9_message(P9_READLINK);
    p9_u32(&w, node->fid);
    TRY(p9_exchange(&w, P9_READLINK, &body));
    return p9_read_string(&body, &out->target);
}

static enum status on_statistics(struct request *rq, const struct fs_statistics_in *in, struct fs_statistics_out *out)
{
    (void)rq, (void)in;
    struct reader body;
    uint32_t type, block_bytes, name_max;
    uint64_t n[6]; /* blocks, free, available, files, free files, id */
    struct p9_writer w = p9_message(P9_STATFS);
    p9_u32(&w, ROOT_FID);
    TRY(p9_exchange(&w, P9_STATFS, &body));
    TRY(read_u32le(&body, &type));
    TRY(read_u32le(&body, &block_bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(n); i++)
        TRY(read_u64le(&body, &n[i]));
    TRY(read_u32le(&body, &name_max));
    struct vfs_statistics s = {.type = type, .block_bytes = block_bytes, .blocks = n[0], .blocks_free = n[1], .blocks_available = n[2],
                               .files = n[3], .files_free = n[4], .name_max = name_max};
    memcpy(slot_data().data, &s, sizeof s);
    out->statistics = (struct view){slot_data().data, sizeof s};
    return OK;
}

/* -- directories: all names at once, kept while somebody reads on ---------------------------------------------------- */

static enum status entry_add(struct listing *listing, const struct p9_entry *e)
{
    if (view_equal(e->name, VIEW_OF_LITERAL(".")) || view_equal(e->name, VIEW_OF_LITERAL("..")))
        return OK;
    return listing_add(listing, e->qid.path, p9_type_of_entry(e->type), e->name);
}

/* One READDIR; *offset moves on, *out_is_end when there was nothing more. */
static enum status listing_part(uint32_t fid, uint64_t *offset, struct listing *listing, bool *out_is_end)
{
    struct reader body;
    uint32_t count;
    struct p9_entry e;
    struct p9_writer w = p9_message(P9_READDIR);
    p9_u32(&w, fid);
    p9_u64(&w, *offset);
    p9_u32(&w, DATA_BYTES);
    TRY(p9_exchange(&w, P9_READDIR, &body));
    TRY(read_u32le(&body, &count));
    if (count > body.rest.length)
        return ERR_PROTOCOL;
    body.rest.length = count;
    *out_is_end = count == 0;
    enum status status;
    while ((status = p9_read_entry(&body, &e)) == OK) {
        TRY(entry_add(listing, &e));
        *offset = e.offset;
    }
    return status == ERR_TRUNCATED ? OK : status;
}

static enum status listing_read(uint32_t fid, struct listing *out)
{
    struct listing listing = {};
    uint64_t offset = 0;
    bool is_end = false;
    enum status status = p9_lopen(fid, P9_OPEN_READ | P9_OPEN_DIRECTORY);
    while (status == OK && !is_end)
        status = listing_part(fid, &offset, &listing, &is_end);
    if (status != OK) {
        listing_free(&listing);
        return status;
    }
    *out = listing;
    return OK;
}

static enum status listing_renew(struct p9_node *directory)
{
    uint32_t fid;
    struct listing fresh;
    TRY(p9_walk(directory->fid, (struct view){}, &fid, nullptr));
    enum status status = listing_read(fid, &fresh);
    p9_clunk(fid);
    TRY(status);
    listing_free(&directory->listing);
    directory->listing = fresh;
    return OK;
}

static enum status on_readdir(struct request *rq, const struct fs_readdir_in *in, struct fs_readdir_out *out)
{
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    TRY(node_find(in->directory, &directory));
    if (directory->type != FILE_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    if (in->cookie == 0 || !directory->listing.data)
        TRY(listing_renew(directory));
    struct span space = slot_data();
    struct record_writer w = {.space = {space.data, MIN(space.length, request_capacity(rq))}};
    TRY(listing_records(&directory->listing, in->cookie, &w));
    if (w.used == 0)
        listing_free(&directory->listing);
    out->records = (struct view){space.data, w.used};
    return OK;
}

/* -- changing ------------------------------------------------------------------------------------------------------ */

static enum status send_attributes(uint32_t fid, uint32_t mask, const struct file_attributes *a)
{
    struct reader body;
    uint32_t valid = (mask & ATTRIBUTE_MODE ? P9_SET_MODE : 0) | (mask & ATTRIBUTE_OWNER ? P9_SET_UID | P9_SET_GID : 0) |
                     (mask & ATTRIBUTE_SIZE ? P9_SET_SIZE : 0) | (mask & ATTRIBUTE_ACCESS ? P9_SET_ATIME | P9_SET_ATIME_VALUE : 0) |
                     (mask & ATTRIBUTE_MODIFY ? P9_SET_MTIME | P9_SET_MTIME_VALUE : 0);
    struct p9_writer w = p9_message(P9_SETATTR);
    p9_u32(&w, fid);
    p9_u32(&w, valid);
    p9_u32(&w, a->mode);
    p9_u32(&w, a->uid);
    p9_u32(&w, a->gid);
    p9_u64(&w, a->size_bytes);
    p9_u64(&w, (uint64_t)(a->access_ns / NANOSECONDS));
    p9_u64(&w, (uint64_t)(a->access_ns % NANOSECONDS));
    p9_u64(&w, (uint64_t)(a->modify_ns / NANOSECONDS));
    p9_u64(&w, (uint64_t)(a->modify_ns % NANOSECONDS));
    return valid ? p9_exchange(&w, P9_SETATTR, &body) : OK;
}

static enum status on_set_attributes(struct request *rq, const struct fs_set_attributes_in *in, struct fs_set_attributes_out *out)
{
    (void)rq, (void)out;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    struct file_attributes wanted = *in->attributes, theirs, ours;
    TRY(node_find(in->node, &node));
    if (node->file == HANDLE_NONE)
        return send_attributes(node->fid, in->mask, &wanted);
    if (in->mask & ATTRIBUTE_SIZE)
        TRY(helper_run(FILE_WORK_TRUNCATE, node->file, &wanted));
    TRY(send_attributes(node->fid, in->mask, &wanted));
    TRY(p9_getattr(node->fid, &theirs));
    TRY(sys_stat(node->file, &ours));
    bool agreed = !node->has_written && ours.size_bytes == node->known.size_bytes && ours.modify_ns == node->known.modify_ns;
    if (agreed || (in->mask & ATTRIBUTE_SIZE))
        node->known = theirs;
    return sys_file_set(node->file, in->mask & (ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY | ATTRIBUTE_CHANGE),
                        in->mask & ATTRIBUTE_MODIFY ? &theirs : &wanted);
}

/* A regular file is open as soon as it is made: *out_open_fid. */
static enum status make_regular(struct p9_node *directory, const struct fs_create_in *in, uint32_t *out_open_fid)
{
    struct reader body;
    uint32_t fid;
    TRY(p9_walk(directory->fid, (struct view){}, &fid, nullptr));
    struct p9_writer w = p9_message(P9_LCREATE);
    p9_u32(&w, fid);
    p9_string(&w, in->name);
    p9_u32(&w, P9_OPEN_BOTH | P9_OPEN_CREATE | P9_OPEN_EXCLUSIVE);
    p9_u32(&w, (uint32_t)in->type_and_mode & 07777);
    p9_u32(&w, gid_of(in->owner));
    enum status status = p9_exchange(&w, P9_LCREATE, &body);
    if (status != OK)
        p9_clunk(fid);
    else
        *out_open_fid = fid;
    return status;
}

static enum status make_directory(struct p9_node *directory, const struct fs_create_in *in)
{
    struct reader body;
    struct p9_writer w = p9_message(P9_MKDIR);
    p9_u32(&w, directory->fid);
    p9_string(&w, in->name);
    p9_u32(&w, (uint32_t)in->type_and_mode & 07777);
    p9_u32(&w, gid_of(in->owner));
    return p9_exchange(&w, P9_MKDIR, &body);
}

static enum status make_special(struct p9_node *directory, const struct fs_create_in *in, uint32_t type)
{
    struct reader body;
    uint64_t d = in->special; /* as Linux packs a device number */
    struct p9_writer w = p9_message(P9_MKNOD);
    p9_u32(&w, directory->fid);
    p9_string(&w, in->name);
    p9_u32(&w, p9_mode_of_type(type) | ((uint32_t)in->type_and_mode & 07777));
    p9_u32(&w, (uint32_t)((d >> 8 & 0xfff) | (d >> 32 & ~0xfffull)));
    p9_u32(&w, (uint32_t)((d & 0xff) | (d >> 12 & ~0xffull)));
    p9_u32(&w, gid_of(in->owner));
    return p9_exchange(&w, P9_MKNOD, &body);
}

static enum status make(struct p9_node *directory, const struct fs_create_in *in, uint32_t type, uint32_t *out_open_fid)
{
    switch (type) {
    case FILE_REGULAR: return make_regular(directory, in, out_open_fid);
    case FILE_DIRECTORY: return make_directory(directory, in);
    case FILE_CHARACTER:
    case FILE_BLOCK:
    case FILE_FIFO:
    case FILE_SOCKET: return make_special(directory, in, type);
    default: return ERR_INVALID;
    }
}

/* The owner that was asked for, as far as the other side lets us. */
static void give_owner(uint32_t fid, uint64_t owner, struct file_attributes *a)
{
    struct file_attributes wanted = {.uid = uid_of(owner), .gid = gid_of(owner)};
    if (a->uid == wanted.uid && a->gid == wanted.gid)
        return;
    if (send_attributes(fid, ATTRIBUTE_OWNER, &wanted) == OK)
        IGNORE(p9_getattr(fid, a));
}

static enum status on_create(struct request *rq, const struct fs_create_in *in, struct fs_create_out *out)
{
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    uint32_t open_fid = P9_NO_FID;
    struct file_attributes a;
    if (in->name.length == 0)
        return ERR_NOT_SUPPORTED;
    TRY(node_find(in->directory, &directory));
    TRY(make(directory, in, (uint32_t)(in->type_and_mode >> TYPE_SHIFT), &open_fid));
    enum status status = look_up(directory->fid, in->name, &a, &node);
    if (status != OK) {
        p9_clunk(open_fid);
        return status;
    }
    give_owner(node->fid, in->owner, &a);
    out->node = node->inode;
    if (open_fid == P9_NO_FID)
        return OK;
    if (node->write_fid == P9_NO_FID)
        node->write_fid = open_fid;
    else
        p9_clunk(open_fid);
    TRY(node_need_file(node));
    out->file = node->file;
    rq->keep_handle = true;
    return OK;
}

static enum status on_symlink(struct request *rq, const struct fs_symlink_in *in, struct fs_symlink_out *out)
{
    (void)rq;
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    struct reader body;
    struct view name, target;
    TRY(view_part(in->text, 0, in->name_bytes, &name));
    TRY(view_part(in->text, name.length, in->text.length - name.length, &target));
    TRY(node_find(in->directory, &directory));
    struct p9_writer w = p9_message(P9_SYMLINK);
    p9_u32(&w, directory->fid);
    p9_string(&w, name);
    p9_string(&w, target);
    p9_u32(&w, gid_of(in->owner));
    TRY(p9_exchange(&w, P9_SYMLINK, &body));
    return look_up(directory->fid, name, &out->attributes, &node);
}

/* Links and change time of a file whose object exists. */
static enum status links_changed(struct p9_node *node, int by)
{
    struct file_attributes a;
    if (node->file == HANDLE_NONE)
        return OK;
    TRY(sys_stat(node->file, &a));
    a.links = by < 0 && a.links == 0 ? 0 : (uint32_t)((int)a.links + by);
    return sys_file_set(node->file, ATTRIBUTE_LINKS, &a);
}

static enum status on_link(struct request *rq, const struct fs_link_in *in, struct fs_link_out *out)
{
    (void)rq, (void)out;
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    struct reader body;
    TRY(node_find(in->node, &node));
    TRY(node_find(in->directory, &directory));
    struct p9_writer w = p9_message(P9_LINK);
    p9_u32(&w, directory->fid);
    p9_u32(&w, node->fid);
    p9_string(&w, in->name);
    TRY(p9_exchange(&w, P9_LINK, &body));
    return links_changed(node, 1);
}

/* The node that is about to lose a name: if programs may have it open, it is open on the other side too, where it can then live on. */
static enum status victim_find(struct p9_node *directory, struct view name, struct p9_node **out)
{
    struct p9_qid qid;
    uint32_t fid;
    TRY(p9_walk(directory->fid, name, &fid, &qid));
    p9_clunk(fid);
    if (node_find(qid.path, out) != OK)
        return OK; /* nobody here ever saw it */
    if ((*out)->file != HANDLE_NONE && (node_open_use(*out, true, &fid) == OK || node_open_use(*out, false, &fid) == OK))
        node_close_use(*out);
    return OK;
}

static void victim_gone(struct p9_node *victim, bool forget)
{
    struct file_attributes a = {};
    IGNORE(links_changed(victim, -1));
    victim->is_removed = victim->file == HANDLE_NONE || (sys_stat(victim->file, &a) == OK && a.links == 0);
    if (forget)
        node_forget(victim);
}

static enum status on_unlink(struct request *rq, const struct fs_unlink_in *in, struct fs_unlink_out *out)
{
    (void)rq, (void)out;
    CLEANUP(node_put) struct p9_node *directory = nullptr;
    CLEANUP(node_put) struct p9_node *victim = nullptr;
    struct reader body;
    TRY(node_find(in->directory, &directory));
    TRY(victim_find(directory, in->name, &victim));
    struct p9_writer w = p9_message(P9_UNLINKAT);
    p9_u32(&w, directory->fid);
    p9_string(&w, in->name);
    p9_u32(&w, in->flags & UNLINK_DIRECTORY ? P9_UNLINK_DIRECTORY : 0);
    TRY(p9_exchange(&w, P9_UNLINKAT, &body));
    if (victim)
        victim_gone(victim, in->flags & UNLINK_FORGET);
    return OK;
}

static enum status on_rename(struct request *rq, const struct fs_rename_in *in, struct fs_rename_out *out)
{
    (void)rq, (void)out;
    CLEANUP(node_put) struct p9_node *from = nullptr;
    CLEANUP(node_put) struct p9_node *to = nullptr;
    CLEANUP(node_put) struct p9_node *victim = nullptr;
    struct reader body;
    struct view old_name, new_name;
    uint32_t old_bytes = (uint32_t)(in->lengths >> 32);
    if (in->lengths & VFS_EXCHANGE)
        return ERR_INVALID; /* the protocol has no such thing */
    TRY(view_part(in->names, 0, old_bytes, &old_name));
    TRY(view_part(in->names, old_bytes, in->names.length - old_bytes, &new_name));
    TRY(node_find(in->old_directory, &from));
    TRY(node_find(in->new_directory, &to));
    enum status status = victim_find(to, new_name, &victim);
    if (status == OK && (in->lengths & VFS_NO_REPLACE))
        return ERR_EXISTS;
    if (status != OK && status != ERR_NOT_FOUND)
        return status;
    struct p9_writer w = p9_message(P9_RENAMEAT);
    p9_u32(&w, from->fid);
    p9_string(&w, old_name);
    p9_u32(&w, to->fid);
    p9_string(&w, new_name);
    TRY(p9_exchange(&w, P9_RENAMEAT, &body));
    if (victim)
        victim_gone(victim, false);
    return OK;
}

static enum status on_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out)
{
    (void)rq, (void)out;
    CLEANUP(node_put) struct p9_node *node = nullptr;
    TRY(node_find(in->node, &node));
    node_forget(node);
    return OK;
}

static enum status on_sync(struct request *rq, const struct fs_sync_in *in, struct fs_sync_out *out)
{
    (void)rq, (void)in, (void)out;
    uint64_t epoch = ++p9.epoch;
    enum status worst = OK;
    for (struct p9_node *node; (node = node_with_file(epoch));) {
        enum status status = file_commit(node);
        if (status != OK)
            worst = status;
        node_put(node);
    }
    return worst;
}

static const struct fs_ops operations = {
    .root = on_root, .lookup = on_lookup, .open_node = on_open_node, .attributes = on_attributes,
    .set_attributes = on_set_attributes, .create = on_create, .link = on_link, .unlink = on_unlink, .rename = on_rename,
    .readdir = on_readdir, .symlink = on_symlink, .readlink = on_readlink, .statistics = on_statistics, .forget = on_forget,
    .sync = on_sync,
};

bool p9_protocol(struct request *rq)
{
    return fs_dispatch(&operations, rq);
}
