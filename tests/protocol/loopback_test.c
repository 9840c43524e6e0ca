/* SPDX-License-Identifier: MIT
 * Every generated header compiles, and what a client asks is what the server sees and the other way round. sys_call and
 * sys_reply are played here as abi/message.h says that the kernel does it. */
#include "protocol/fs_server.h"
#include "protocol/hardware_server.h"
#include "protocol/names.h"
#include "protocol/proc_server.h"
#include "protocol/tty_server.h"
#include "protocol/vfs_server.h"
#include "unit/unit.h"

static uint8_t receive_buffer[65536] __attribute__((aligned(4096)));
static struct server server = {.receive_buffer = {receive_buffer, sizeof receive_buffer}};
static bool (*dispatch)(struct request *rq);
static uint32_t last_kind;
static bool deferred;
static uint64_t client_space, client_capacity; /* of a request that was not answered at once */
static struct message late; /* what sys_reply delivered */

/* The kernel's part of an answer: min(length, capacity) bytes across, the handle gets the client's number. */
static int64_t deliver(struct message *to, const struct message *words, int64_t result, uint64_t flags, uint64_t space, uint64_t capacity)
{
    for (int i = 0; i < MESSAGE_WORDS; i++)
        to->words[i] = words->words[i];
    to->words[4] = 0;
    if (flags & REPLY_DATA) {
        to->words[5] = MIN(words->words[5], capacity);
        memcpy((void *)(uintptr_t)space, (const void *)(uintptr_t)words->words[4], to->words[5]);
    }
    if (flags & REPLY_HANDLE)
        to->words[3] = words->words[3] + 1000;
    return result;
}

int64_t sys_call(handle_t handle, uint32_t kind, struct message *m)
{
    struct message received = *m;
    struct request rq = {.server = &server, .m = &received, .operation = kind & KIND_OPERATION, .id = 7, .endpoint = handle};
    received.kind = last_kind = kind;
    if (kind & KIND_SEND_DATA) {
        rq.data_length = m->words[7];
        rq.data = (struct view){receive_buffer, MIN(rq.data_length, sizeof receive_buffer)};
        (void)span_copy((struct span){receive_buffer, rq.data.length}, (struct view){(const uint8_t *)(uintptr_t)m->words[6], rq.data.length});
    }
    client_space = m->words[4];
    client_capacity = kind & KIND_RECEIVE_DATA ? m->words[5] : 0;
    if (!dispatch(&rq))
        return ERR_NOT_SUPPORTED;
    deferred = rq.deferred;
    if (rq.deferred) {
        *m = late;
        return OK;
    }
    return deliver(m, &received, rq.result, rq.flags, client_space, client_capacity);
}

enum status sys_submit(handle_t, uint32_t kind, const struct message *m, handle_t, uint64_t)
{
    struct message copy = *m;
    return (enum status)sys_call(1, kind, &copy);
}

enum status sys_reply(handle_t, uint64_t, int64_t, uint64_t flags, const struct message *m)
{
    (void)deliver(&late, m, OK, flags, client_space, client_capacity);
    return OK;
}

static enum status on_open(struct request *rq, const struct vfs_open_in *in, struct vfs_open_out *out)
{
    CHECK(view_equal(in->path, VIEW_OF_LITERAL("/etc/passwd")));
    CHECK_EQUAL(in->flags, OPEN_READ);
    CHECK_EQUAL(in->mode, 0600);
    CHECK_EQUAL(rq->m->words[2], PLACE_HIGH);
    out->file = 5;
    out->kind = FILE_REGULAR;
    return OK;
}

static enum status on_stat(struct request *, const struct vfs_stat_in *in, struct vfs_stat_out *out)
{
    if (in->path.length == 0)
        return ERR_NOT_FOUND;
    out->attributes = (struct file_attributes){.inode = 99, .size_bytes = in->path.length};
    return OK;
}

static enum status on_current(struct request *, const struct vfs_current_in *, struct vfs_current_out *out)
{
    out->path = VIEW_OF_LITERAL("/home/user");
    return OK;
}

static enum status on_set_times(struct request *, const struct vfs_set_times_in *in, struct vfs_set_times_out *)
{
    CHECK_EQUAL(in->access_ns, INT64_MIN);
    CHECK_EQUAL(in->modify_ns, -5);
    return OK;
}

static enum status on_handle_set(struct request *, const struct vfs_handle_set_in *in, struct vfs_handle_set_out *)
{
    CHECK_EQUAL(in->file, 12);
    CHECK_EQUAL(in->attributes->mode, 0755);
    return OK;
}

static const struct vfs_ops vfs = {.open = on_open, .stat = on_stat, .current = on_current, .set_times = on_set_times,
                                   .handle_set = on_handle_set};
static bool vfs_only(struct request *rq) { return vfs_dispatch(&vfs, rq); }

TEST(numbers_bytes_and_handles_arrive_at_both_ends)
{
    dispatch = vfs_only;
    struct vfs_open_in in = {.path = VIEW_OF_LITERAL("/etc/passwd"), .flags = OPEN_READ, .mode = 0600, .file_place = PLACE_HIGH};
    struct vfs_open_out out = {};
    CHECK_OK(vfs_open(1, &in, &out));
    CHECK_EQUAL(out.file, 1005);
    CHECK_EQUAL(out.kind, FILE_REGULAR);
    CHECK_EQUAL(last_kind, VFS_OPEN_KIND);
    CHECK((last_kind & (KIND_SEND_DATA | KIND_RECEIVE_HANDLE | KIND_SEND_HANDLE)) == (KIND_SEND_DATA | KIND_RECEIVE_HANDLE));
}

TEST(a_structure_comes_back_into_out_or_where_the_client_wants_it)
{
    dispatch = vfs_only;
    struct file_attributes own = {};
    struct vfs_stat_in in = {.path = VIEW_OF_LITERAL("abc")};
    struct vfs_stat_out out = {};
    CHECK_OK(vfs_stat(1, &in, &out));
    CHECK_EQUAL(out.attributes.inode, 99);
    CHECK_EQUAL(vfs_stat_submit(1, &in, 2, 3), ERR_INVALID); /* nowhere to put it */
    in.attributes_space = &own;
    CHECK_OK(vfs_stat_submit(1, &in, 2, 3));
    CHECK_EQUAL(own.size_bytes, 3);
}

TEST(a_status_comes_back_as_it_is)
{
    dispatch = vfs_only;
    struct vfs_stat_out out = {};
    CHECK_EQUAL(vfs_stat(1, &(struct vfs_stat_in){}, &out), ERR_NOT_FOUND);
    CHECK_EQUAL(vfs_sync(1, &(struct vfs_sync_in){}, &(struct vfs_sync_out){}), ERR_NOT_SUPPORTED);
    CHECK_EQUAL(tty_get(1, &(struct tty_get_in){}, &(struct tty_get_out){}), ERR_NOT_SUPPORTED);
}

TEST(bytes_come_back_whole_or_not_at_all)
{
    dispatch = vfs_only;
    uint8_t space[64];
    struct vfs_current_out out = {};
    CHECK_OK(vfs_current(1, &(struct vfs_current_in){.path_space = SPAN_OF_ARRAY(space)}, &out));
    CHECK(view_equal(out.path, VIEW_OF_LITERAL("/home/user")));
    CHECK(out.path.data == space);
    CHECK_EQUAL(vfs_current(1, &(struct vfs_current_in){.path_space = {space, 9}}, &out), ERR_TOO_BIG);
}

TEST(a_path_over_its_bound_never_leaves_the_client)
{
    static uint8_t long_path[5000];
    struct vfs_stat_out out = {};
    last_kind = 0;
    CHECK_EQUAL(vfs_stat(1, &(struct vfs_stat_in){.path = {long_path, sizeof long_path}}, &out), ERR_TOO_BIG);
    CHECK_EQUAL(last_kind, 0);
}

TEST(signed_numbers_keep_their_sign)
{
    dispatch = vfs_only;
    struct vfs_set_times_in in = {.path = VIEW_OF_LITERAL("x"), .access_ns = INT64_MIN, .modify_ns = -5};
    CHECK_OK(vfs_set_times(1, &in, &(struct vfs_set_times_out){}));
}

TEST(a_structure_goes_in_by_pointer_beside_a_handle)
{
    dispatch = vfs_only;
    struct file_attributes wanted = {.mode = 0755};
    struct vfs_handle_set_in in = {.file = 12, .mask = ATTRIBUTE_MODE, .attributes = &wanted};
    CHECK_OK(vfs_handle_set(1, &in, &(struct vfs_handle_set_out){}));
}

TEST(no_handle_to_send_means_no_flag)
{
    dispatch = vfs_only;
    struct vfs_link_in in = {.paths = VIEW_OF_LITERAL("ab"), .directory = HANDLE_NONE, .first_bytes = 1};
    CHECK_EQUAL(vfs_link(1, &in, &(struct vfs_link_out){}), ERR_NOT_SUPPORTED);
    CHECK_EQUAL(last_kind, VFS_LINK_KIND & ~KIND_SEND_HANDLE);
}

static enum status on_wait(struct request *rq, const struct proc_wait_in *in, struct proc_wait_out *)
{
    struct proc_wait_out answer = {.pid = -3, .status = 256, .usage = {.user_ns = 11}};
    CHECK_EQUAL(in->which, -1);
    CHECK_EQUAL(request_defer(rq), 7);
    return proc_wait_reply(rq->endpoint, 7, OK, &answer);
}
static const struct proc_ops proc = {.wait = on_wait};
static bool proc_only(struct request *rq) { return proc_dispatch(&proc, rq); }

TEST(a_late_answer_carries_the_same_as_an_early_one)
{
    dispatch = proc_only;
    struct proc_wait_out out = {};
    CHECK_OK(proc_wait(1, &(struct proc_wait_in){.which = -1}, &out));
    CHECK(deferred);
    CHECK_EQUAL(out.pid, -3);
    CHECK_EQUAL(out.status, 256);
    CHECK_EQUAL(out.usage.user_ns, 11);
    CHECK(last_kind & KIND_INTERRUPTIBLE);
}

TEST(operations_have_names)
{
    CHECK_TEXT(protocol_operation_name(VFS_OPEN_KIND), "vfs.open");
    CHECK_TEXT(protocol_operation_name(0x3ff), "");
}
