/* SPDX-License-Identifier: MIT
 * Channel calls: what abi/channel.h says of messages, around kernel/object/channel.c. */
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/channel.h"
#include "kernel/syscall/syscall.h"

#define VECTORS_MAX 1024u

static struct channel_end *end_of(struct object *o) { return container_of(o, struct channel_end, object); }

struct message_memory {            /* kernel copies of what a message points to */
    struct channel_message m;
    struct io_vector *vectors;
    struct io_vector single;
    struct user_io io;
};

static void message_release(struct message_memory *memory)
{
    if (memory->vectors != &memory->single)
        heap_free(memory->vectors, memory->m.vector_count * sizeof *memory->vectors);
}

static enum status message_take(user_addr_t from, struct message_memory *out)
{
    out->vectors = &out->single;
    TRY(copy_from_user(&out->m, from, sizeof out->m));
    struct channel_message *m = &out->m;
    if (m->vector_count > VECTORS_MAX || m->handle_count > CHANNEL_HANDLES_MAX || m->reserved)
        return ERR_INVALID;
    if (m->vector_count > 1) {
        out->vectors = heap_allocate(m->vector_count * sizeof *out->vectors);
        if (!out->vectors)
            return ERR_NO_MEMORY;
    }
    if (m->vector_count)
        TRY(copy_from_user(out->vectors, user(m->vectors), m->vector_count * sizeof *out->vectors));
    return user_io_init(&out->io, out->vectors, m->vector_count);
}

int64_t sys_channel_create(struct trap_frame *f)
{
    struct channel_end *first, *second;
    uint32_t flags = (uint32_t)ARG1(f);
    if (ARG1(f) & ~(uint64_t)(STREAM_NONBLOCK | CHANNEL_MESSAGES | CHANNEL_DATAGRAM | CHANNEL_ALONE) ||
        (flags & (CHANNEL_MESSAGES | CHANNEL_DATAGRAM)) == CHANNEL_DATAGRAM)
        return ERR_INVALID;
    TRY_CALL(channel_create(flags, caller()->object.id, caller()->credential, &first, &second));
    if (flags & CHANNEL_ALONE) {
        int64_t one = install_new(&first->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG2(f));
        handle_t pair[2] = {(handle_t)one, HANDLE_NONE};
        return one < 0 ? one : copy_to_user(user(ARG0(f)), pair, sizeof pair);
    }
    return install_pair(&first->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, &second->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT,
                        ARG2(f), user(ARG0(f)));
}

/* The handles of a message that is sent, each with `grant`. */
static enum status parcel_take(const struct channel_message *m, struct channel_parcel *out)
{
    handle_t numbers[CHANNEL_HANDLES_MAX];
    TRY(copy_from_user(numbers, user(m->handles), m->handle_count * sizeof *numbers));
    out->views = heap_allocate(m->handle_count * sizeof *out->views);
    if (!out->views)
        return ERR_NO_MEMORY;
    enum status status = OK;
    uint32_t done = 0;
    for (; done < m->handle_count && status == OK; done++) {
        status = handle_get_view(caller_handles(), numbers[done], &out->views[done]);
        if (status == OK && !(out->views[done].rights & RIGHT_GRANT)) {
            handle_view_put(&out->views[done]);
            status = ERR_DENIED;
        }
        if (status != OK)
            break;
    }
    out->count = m->handle_count;
    if (status == OK)
        return OK;
    while (done)
        handle_view_put(&out->views[--done]);
    heap_free(out->views, m->handle_count * sizeof *out->views);
    *out = (struct channel_parcel){};
    return status;
}

int64_t sys_channel_send(struct trap_frame *f, struct object *o)
{
    struct message_memory memory;
    struct channel_parcel parcel = {};
    uint64_t done = 0;
    enum status status = message_take(user(ARG1(f)), &memory);
    if (status == OK && memory.m.flags & ~CHANNEL_NO_WAIT)
        status = ERR_INVALID;
    if (status == OK && memory.m.handle_count)
        status = parcel_take(&memory.m, &parcel);
    parcel.sender = caller()->object.id;
    parcel.credential = caller()->credential;
    if (status == OK)
        status = channel_send(end_of(o), &memory.io, memory.m.flags, &parcel, &done);
    for (uint32_t i = 0; i < parcel.count; i++) /* not sent: they were only looked up */
        handle_view_put(&parcel.views[i]);
    heap_free(parcel.views, parcel.count * sizeof *parcel.views);
    message_release(&memory);
    return status == OK ? (int64_t)done : status;
}

/* Installs what came, as far as there is room and the table takes it; the rest is closed. */
static void parcel_give(struct channel_parcel *parcel, struct channel_message *m)
{
    uint32_t given = 0, wanted = MIN(parcel->count, m->handle_count);
    for (; given < wanted; given++) {
        struct handle_view *v = &parcel->views[given];
        handle_t number;
        struct object *sent = v->object;
        if (handle_install(caller_handles(), sent, v->rights, v->grant, m->place, &number) != OK)
            break;
        object_handle_removed(sent); /* that it was on its way: now it is a handle */
        v->object = nullptr;
        if (copy_to_user(user(m->handles + given * sizeof number), &number, sizeof number) != OK) {
            IGNORE(handle_close(caller_handles(), number));
            break;
        }
    }
    m->flags &= CHANNEL_NO_WAIT | CHANNEL_PEEK;
    if (given < parcel->count)
        m->flags |= CHANNEL_HANDLES_CUT;
    m->handle_count = given;
    channel_parcel_drop(parcel);
}

int64_t sys_channel_receive(struct trap_frame *f, struct object *o)
{
    struct message_memory memory;
    struct channel_parcel parcel = {};
    uint64_t done = 0;
    enum status status = message_take(user(ARG1(f)), &memory);
    struct channel_message *m = &memory.m;
    if (status == OK && m->flags & ~(CHANNEL_NO_WAIT | CHANNEL_PEEK))
        status = ERR_INVALID;
    if (status == OK)
        status = channel_receive(end_of(o), &memory.io, m->flags, &parcel, &done);
    if (status == OK) {
        parcel_give(&parcel, m);
        m->flags |= parcel.is_cut ? CHANNEL_CUT : 0;
        m->length = parcel.length;
        m->sender = parcel.sender;
        m->credential = parcel.credential;
        status = copy_to_user(user(ARG1(f)), m, sizeof *m);
    } else {
        channel_parcel_drop(&parcel);
    }
    message_release(&memory);
    return status == OK ? (int64_t)done : status;
}

int64_t sys_channel_shut(struct trap_frame *f, struct object *o) { return channel_shut(end_of(o), (uint32_t)ARG1(f)); }

int64_t sys_channel_info(struct trap_frame *f, struct object *o)
{
    struct channel_info info;
    channel_fill_info(end_of(o), &info);
    return copy_to_user(user(ARG1(f)), &info, sizeof info);
}

int64_t sys_channel_connector(struct trap_frame *f, struct object *o)
{
    struct channel_end *other;
    uint8_t name[CHANNEL_NAME_BYTES];
    if (ARG3(f) > sizeof name)
        return ERR_NAME_TOO_LONG;
    TRY_CALL(copy_from_user(name, user(ARG2(f)), ARG3(f)));
    TRY_CALL(channel_connector(end_of(o), name, (uint32_t)ARG3(f), &other));
    return install_new(&other->object, RIGHT_WRITE | RIGHT_GRANT, ARG1(f));
}

int64_t sys_channel_listen(struct trap_frame *f, struct object *o)
{
    return channel_listen(end_of(o), (uint32_t)MIN(ARG1(f), (uint64_t)CHANNEL_BACKLOG_MAX));
}

int64_t sys_channel_connect(struct trap_frame *f, struct object *o)
{
    CLEANUP(object_put) struct object *connector = nullptr;
    if (ARG2(f) & ~(uint64_t)CHANNEL_NO_WAIT)
        return ERR_INVALID;
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG1(f), OBJECT_CHANNEL, RIGHT_WRITE, &connector));
    return channel_connect(end_of(o), end_of(connector), (uint32_t)ARG2(f));
}

int64_t sys_channel_accept(struct trap_frame *f, struct object *o)
{
    struct channel_parcel parcel = {};
    if (ARG2(f) & ~(uint64_t)STREAM_NONBLOCK || ARG3(f) & ~(uint64_t)CHANNEL_NO_WAIT)
        return ERR_INVALID;
    TRY_CALL(channel_accept(end_of(o), (uint32_t)ARG3(f), &parcel));
    struct handle_view *v = &parcel.views[0];
    __atomic_or_fetch(&end_of(v->object)->flags, (uint32_t)ARG2(f), __ATOMIC_RELAXED);
    handle_t number;
    enum status status = handle_install(caller_handles(), v->object, v->rights, v->grant, ARG1(f), &number);
    if (status == OK) {
        object_handle_removed(v->object); /* that it was on its way: now it is a handle */
        v->object = nullptr;
    }
    channel_parcel_drop(&parcel);
    return status == OK ? number : (int64_t)status;
}
