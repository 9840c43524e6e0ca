/* SPDX-License-Identifier: MIT
 * The fs protocol by the library: changing. A node that loses its last name is held for as long as vfsd or a program may use it; what
 * is held when the system ends is deleted when the volume is next opened. */
#include "redoxfsd.h"
#include "base/try.h"
#include "heap/heap.h"
#include "protocol/vfs_abi.h"
#include "sys/clock.h"

enum : uint32_t { UNLINK_DIRECTORY = 1, UNLINK_FORGET = 2 }; /* fs.unlink's flags */
#define NANOSECONDS 1000000000

struct redoxfs_time time_of_ns(int64_t ns)
{
    return ns < 0 ? (struct redoxfs_time){} : (struct redoxfs_time){(uint64_t)ns / NANOSECONDS, (uint32_t)(ns % NANOSECONDS)};
}

struct redoxfs_time time_now(void)
{
    return time_of_ns((int64_t)clock_realtime_ns());
}

static enum status may_change(void)
{
    return redoxfsd.is_read_only ? ERR_READ_ONLY : OK;
}

static enum status directory_id(uint64_t number, uint32_t *out)
{
    TRY(may_change());
    if (number > UINT32_MAX)
        return ERR_NOT_FOUND;
    *out = (uint32_t)number;
    return OK;
}

/* -- making -------------------------------------------------------------------------------------------------------- */

static enum status mode_of(uint64_t type_and_mode, uint16_t *out)
{
    uint16_t permissions = type_and_mode & 07777;
    switch (type_and_mode >> 32) {
    case FILE_REGULAR: *out = REDOXFS_FILE | permissions; return OK;
    case FILE_DIRECTORY: *out = REDOXFS_DIRECTORY | permissions; return OK;
    case FILE_SOCKET: *out = REDOXFS_SOCKET | permissions; return OK;
    case FILE_CHARACTER:
    case FILE_BLOCK:
    case FILE_FIFO: return ERR_NOT_PERMITTED; /* the format has none; what Linux's filesystems without them answer */
    default: return ERR_INVALID;
    }
}

static struct redoxfs_attributes attributes_for(uint16_t mode, uint64_t owner)
{
    return (struct redoxfs_attributes){.mode = mode, .uid = (uint32_t)(owner >> 32), .gid = (uint32_t)owner, .now = time_now()};
}

static enum status file_lend(struct request *rq, uint32_t id, handle_t *out)
{
    static struct redoxfs_node facts;
    struct open_node *node;
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    TRY(node_obtain(id, &node));
    TRY(node_need_file(node, &facts));
    *out = node->file;
    rq->keep_handle = true;
    return OK;
}

enum status on_create(struct request *rq, const struct fs_create_in *in, struct fs_create_out *out)
{
    uint32_t directory, id;
    uint16_t mode;
    TRY(directory_id(in->directory, &directory));
    TRY(mode_of(in->type_and_mode, &mode));
    if (in->name.length == 0)
        return ERR_NOT_SUPPORTED;
    struct redoxfs_attributes a = attributes_for(mode, in->owner);
    TRY(redoxfs_create(&redoxfsd.fs, directory, in->name, &a, &id));
    commit_soon();
    out->node = id;
    return (mode & REDOXFS_TYPE) == REDOXFS_FILE ? file_lend(rq, id, &out->file) : OK;
}

enum status on_symlink(struct request *rq, const struct fs_symlink_in *in, struct fs_symlink_out *out)
{
    static struct redoxfs_node facts;
    uint32_t directory, id;
    struct view name, target;
    (void)rq;
    TRY(view_part(in->text, 0, in->name_bytes, &name));
    TRY(view_part(in->text, name.length, in->text.length - name.length, &target));
    TRY(directory_id(in->directory, &directory));
    struct redoxfs_attributes a = attributes_for(REDOXFS_LINK | 0777, in->owner);
    TRY(redoxfs_symlink(&redoxfsd.fs, directory, name, target, &a, &id));
    commit_soon();
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    attributes_of(&facts, &out->attributes);
    return OK;
}

/* What the kernel says of a file whose links changed. */
static enum status links_changed(uint32_t id)
{
    static struct redoxfs_node facts;
    struct file_attributes a;
    const struct open_node *node = node_find(id);
    if (!node || node->file == HANDLE_NONE)
        return OK;
    TRY(redoxfs_node_read(&redoxfsd.fs, id, &facts));
    attributes_of(&facts, &a);
    a.change_ns = (int64_t)clock_realtime_ns();
    return sys_file_set(node->file, ATTRIBUTE_LINKS | ATTRIBUTE_CHANGE, &a);
}

enum status on_link(struct request *rq, const struct fs_link_in *in, struct fs_link_out *out)
{
    uint32_t directory, id;
    (void)rq, (void)out;
    TRY(directory_id(in->directory, &directory));
    TRY(directory_id(in->node, &id));
    TRY(redoxfs_link(&redoxfsd.fs, directory, in->name, id, time_now()));
    commit_soon();
    return links_changed(id);
}

/* -- taking away --------------------------------------------------------------------------------------------------- */

struct victim { uint32_t id; struct open_node *node; bool was_held; }; /* id 0: nobody has the name */

/* What is about to lose a name; held when somebody may use it without one. */
static enum status victim_find(uint32_t directory, struct view name, bool is_remembered, struct victim *out)
{
    static struct redoxfs_node facts;
    *out = (struct victim){};
    TRY(redoxfs_node_read(&redoxfsd.fs, directory, &facts));
    TRY(redoxfs_lookup(&redoxfsd.fs, &facts, name, &out->id));
    out->node = node_find(out->id);
    if (!is_remembered && (!out->node || out->node->file == HANDLE_NONE))
        return OK;
    TRY(node_obtain(out->id, &out->node));
    out->was_held = out->node->is_held;
    if (!out->was_held)
        TRY(redoxfs_hold(&redoxfsd.fs, out->id));
    out->node->is_held = true;
    return OK;
}

/* With a name left, or when nothing was done, the hold is for nothing. */
static void victim_settle(struct victim *v)
{
    if (!v->node || v->was_held || redoxfs_is_orphan(&redoxfsd.fs, v->id))
        return;
    IGNORE(redoxfs_unhold(&redoxfsd.fs, v->id));
    v->node->is_held = false;
    if (v->node->file == HANDLE_NONE && !v->node->listing.data)
        node_drop(v->node);
    v->node = nullptr;
}

enum status on_unlink(struct request *rq, const struct fs_unlink_in *in, struct fs_unlink_out *out)
{
    uint32_t directory;
    struct victim victim;
    (void)rq, (void)out;
    TRY(directory_id(in->directory, &directory));
    TRY(victim_find(directory, in->name, !(in->flags & UNLINK_FORGET), &victim));
    enum status status = in->flags & UNLINK_DIRECTORY ? redoxfs_rmdir(&redoxfsd.fs, directory, in->name, time_now())
                                                      : redoxfs_unlink(&redoxfsd.fs, directory, in->name, time_now());
    if (status == OK) {
        commit_soon();
        IGNORE(links_changed(victim.id));
    }
    victim_settle(&victim);
    if (status == OK && victim.node && in->flags & UNLINK_FORGET)
        node_forget(victim.node);
    return status;
}

enum status on_rename(struct request *rq, const struct fs_rename_in *in, struct fs_rename_out *out)
{
    uint32_t from, to, old_bytes = (uint32_t)(in->lengths >> 32);
    struct view old_name, new_name;
    struct victim victim;
    (void)rq, (void)out;
    TRY(view_part(in->names, 0, old_bytes, &old_name));
    TRY(view_part(in->names, old_bytes, in->names.length - old_bytes, &new_name));
    TRY(directory_id(in->old_directory, &from));
    TRY(directory_id(in->new_directory, &to));
    enum redoxfs_rename how = in->lengths & VFS_EXCHANGE      ? REDOXFS_EXCHANGE
                              : in->lengths & VFS_NO_REPLACE ? REDOXFS_NO_REPLACE
                                                             : REDOXFS_REPLACE;
    enum status status = victim_find(to, new_name, true, &victim);
    if (status != OK && status != ERR_NOT_FOUND)
        return status;
    status = redoxfs_rename(&redoxfsd.fs, from, old_name, to, new_name, how, time_now());
    if (status == OK) {
        commit_soon();
        IGNORE(links_changed(victim.id));
    }
    victim_settle(&victim);
    return status;
}

enum status on_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out)
{
    (void)rq, (void)out;
    struct open_node *node = in->node > UINT32_MAX ? nullptr : node_find((uint32_t)in->node);
    if (node)
        node_forget(node);
    return OK;
}

/* -- attributes ---------------------------------------------------------------------------------------------------- */

struct size_change { struct file_work work; uint64_t request; };

static void size_changed(struct file_work *work)
{
    struct size_change *c = container_of(work, struct size_change, work);
    IGNORE(server_answer(&redoxfsd.server, c->request, work->status));
    heap_free(c);
    commit_soon();
}

/* The kernel has the file: it takes the pages away and tells us like anybody's truncation. The helper waits for that. */
static enum status size_set_in_use(struct request *rq, handle_t file, uint64_t size)
{
    struct size_change *c;
    TRY(HEAP_NEW(&c));
    *c = (struct size_change){.work = {.kind = FILE_WORK_TRUNCATE, .file = file, .attributes.size_bytes = size, .done = size_changed},
                              .request = request_defer(rq)};
    file_helper_run(&c->work);
    return OK;
}

static enum status facts_set(uint32_t id, uint32_t mask, const struct file_attributes *a)
{
    static struct redoxfs_node wanted;
    wanted = (struct redoxfs_node){.mode = (uint16_t)(a->mode & 07777), .uid = a->uid, .gid = a->gid, .modify = time_of_ns(a->modify_ns),
                                   .access = time_of_ns(a->access_ns)};
    unsigned what = (mask & ATTRIBUTE_MODE ? REDOXFS_SET_MODE : 0u) | (mask & ATTRIBUTE_OWNER ? REDOXFS_SET_OWNER | REDOXFS_SET_GROUP : 0u) |
                    (mask & ATTRIBUTE_MODIFY ? REDOXFS_SET_MODIFY : 0u) | (mask & ATTRIBUTE_ACCESS ? REDOXFS_SET_ACCESS : 0u);
    return what ? redoxfs_set(&redoxfsd.fs, id, what, &wanted) : OK;
}

enum status on_set_attributes(struct request *rq, const struct fs_set_attributes_in *in, struct fs_set_attributes_out *out)
{
    const uint32_t told = ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY | ATTRIBUTE_CHANGE;
    uint32_t id;
    (void)out;
    TRY(directory_id(in->node, &id));
    TRY(facts_set(id, in->mask, in->attributes));
    commit_soon();
    const struct open_node *node = node_find(id);
    bool is_in_use = node && node->file != HANDLE_NONE;
    if (is_in_use && in->mask & told)
        TRY(sys_file_set(node->file, in->mask & told, in->attributes));
    if (!(in->mask & ATTRIBUTE_SIZE))
        return OK;
    return is_in_use ? size_set_in_use(rq, node->file, in->attributes->size_bytes)
                     : redoxfs_truncate(&redoxfsd.fs, id, in->attributes->size_bytes, time_now());
}
