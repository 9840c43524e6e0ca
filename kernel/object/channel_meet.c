/* SPDX-License-Identifier: MIT
 * Ends that were made alone: connectors, listening, connecting, accepting (abi/channel.h). What a listener accepts waits at it as a
 * packet without bytes that carries one handle: the other end of who connected. */
#include "base/string.h"
#include "base/try.h"
#include "kernel/mm/heap.h"
#include "kernel/object/channel_internal.h"

enum status channel_connector(struct channel_end *e, const void *name, uint32_t name_bytes, struct channel_end **out)
{
    if (name_bytes > CHANNEL_NAME_BYTES)
        return ERR_NAME_TOO_LONG;
    GUARD(&e->channel->lock);
    if (e->role != CHANNEL_LONELY)
        return ERR_BUSY;
    e->role = CHANNEL_NAMED;
    memcpy(e->name, name, name_bytes);
    e->name_bytes = (uint16_t)name_bytes;
    *out = peer_of(e); /* with the reference that was in store */
    (*out)->has_handles = true;
    return OK;
}

enum status channel_listen(struct channel_end *e, uint32_t backlog)
{
    GUARD(&e->channel->lock);
    if (e->channel->flags & CHANNEL_DATAGRAM)
        return ERR_NOT_SUPPORTED;
    if (e->role != CHANNEL_NAMED && e->role != CHANNEL_LISTENING)
        return ERR_INVALID;
    e->role = CHANNEL_LISTENING;
    e->backlog = MIN(MAX(backlog, 1u), CHANNEL_BACKLOG_MAX);
    readiness_update(&e->readiness, 0, EVENT_HANGUP | EVENT_WRITE);
    return OK;
}

static bool can_connect(void *argument)
{
    const struct channel_end *listener = argument;
    return __atomic_load_n(&listener->waiting, __ATOMIC_ACQUIRE) < listener->backlog || __atomic_load_n(&listener->is_closed, __ATOMIC_ACQUIRE);
}

/* The packet that carries e's other end, which was in store. */
static enum status visit_make(struct channel_end *e, struct packet **out)
{
    struct packet *p = heap_allocate(sizeof *p);
    struct handle_view *view = heap_allocate(sizeof *view);
    if (!p || !view) {
        heap_free(p, sizeof *p);
        heap_free(view, sizeof *view);
        return ERR_NO_MEMORY;
    }
    *view = (struct handle_view){&peer_of(e)->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, nullptr};
    *p = (struct packet){.ends_message = true, .count = 1, .views = view, .sender = e->owner, .credential = e->credential};
    list_init(&p->link);
    *out = p;
    return OK;
}

static void visit_free(struct packet *p)
{
    heap_free(p->views, sizeof *p->views);
    heap_free(p, sizeof *p);
}

/* With to's lock: p hangs there, unless as many wait as may (ERR_WOULD_BLOCK), or nobody listens. */
static enum status visit_locked(struct channel_end *to, struct packet *p)
{
    struct list_node list;
    list_init(&list);
    if (to->role != CHANNEL_LISTENING || to->is_closed)
        return ERR_REFUSED;
    if (to->waiting >= to->backlog)
        return ERR_WOULD_BLOCK;
    list_push_back(&list, &p->link);
    (void)channel_hang_locked(to, &list, sizeof *p, 0);
    __atomic_store_n(&to->waiting, to->waiting + 1, __ATOMIC_RELEASE);
    return OK;
}

/* e was LONELY and is ours: it is CHANNEL_NAMED while it knocks, so that nobody else connects it. */
static enum status knock(struct channel_end *e, struct channel_end *to, bool waits)
{
    struct packet *p;
    TRY(visit_make(e, &p));
    struct channel_parcel parcel = {.views = p->views, .count = 1};
    enum status status = channel_pass_begin(&parcel, to);
    if (status != OK) {
        visit_free(p);
        return status;
    }
    peer_of(e)->has_handles = true;
    for (;;) {
        spin_lock(&to->channel->lock);
        status = visit_locked(to, p);
        spin_unlock(&to->channel->lock);
        if (status != ERR_WOULD_BLOCK || !waits)
            break;
        status = wait_until(&to->writers, can_connect, to, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "channel, to connect");
        if (status != OK)
            break;
    }
    if (status == OK) {
        wait_wake(&to->readers, UINT32_MAX);
        return OK;
    }
    channel_pass_end(p->views, 1, to);
    peer_of(e)->has_handles = false;
    object_handle_forget(p->views->object);
    visit_free(p);
    return status;
}

static enum status connect_datagram(struct channel_end *e, struct channel_end *connector)
{
    object_get(&connector->object);
    spin_lock(&e->channel->lock);
    struct channel_end *old = e->target;
    e->target = connector;
    spin_unlock(&e->channel->lock);
    if (old)
        object_put(&old->object);
    return OK;
}

enum status channel_connect(struct channel_end *e, struct channel_end *connector, uint32_t flags)
{
    struct channel_end *to = peer_of(connector);
    bool waits = !(flags & CHANNEL_NO_WAIT) && !(__atomic_load_n(&e->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK);
    if (to->role != CHANNEL_NAMED && to->role != CHANNEL_LISTENING)
        return ERR_REFUSED;
    if (e->channel->flags != connector->channel->flags)
        return ERR_WRONG_TYPE;
    if (e->channel->flags & CHANNEL_DATAGRAM)
        return connect_datagram(e, connector);
    spin_lock(&e->channel->lock);
    bool is_ours = e->role == CHANNEL_LONELY;
    if (is_ours)
        e->role = CHANNEL_NAMED;
    spin_unlock(&e->channel->lock);
    if (!is_ours)
        return ERR_BUSY;
    enum status status = knock(e, to, waits);
    spin_lock(&e->channel->lock);
    e->role = status == OK ? CHANNEL_PEER : CHANNEL_LONELY;
    if (status == OK) {
        struct channel_end *peer = peer_of(e);
        memcpy(peer->name, to->name, to->name_bytes);
        peer->name_bytes = to->name_bytes;
        peer->owner = to->owner;
        peer->credential = to->credential;
        readiness_update(&e->readiness, 0, peer->is_closed ? 0 : EVENT_HANGUP);
    }
    spin_unlock(&e->channel->lock);
    return status;
}

static bool can_accept(void *argument)
{
    const struct channel_end *e = argument;
    return __atomic_load_n(&e->packets.next, __ATOMIC_ACQUIRE) != &e->packets;
}

enum status channel_accept(struct channel_end *e, uint32_t flags, struct channel_parcel *parcel)
{
    bool waits = !(flags & CHANNEL_NO_WAIT) && !(__atomic_load_n(&e->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK);
    for (;;) {
        if (e->role != CHANNEL_LISTENING)
            return ERR_INVALID;
        sleep_lock(&e->reading);
        bool some = can_accept(e);
        if (some) {
            struct packet *p = list_entry(e->packets.next, struct packet, link);
            channel_take_views(p, e, parcel);
            channel_take_off(e, p);
            spin_lock(&e->channel->lock);
            __atomic_store_n(&e->waiting, e->waiting - 1, __ATOMIC_SEQ_CST);
            spin_unlock(&e->channel->lock);
        }
        sleep_unlock(&e->reading);
        if (some) {
            wait_wake(&e->writers, UINT32_MAX);
            return OK;
        }
        if (!waits)
            return ERR_WOULD_BLOCK;
        TRY(wait_until(&e->readers, can_accept, e, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "channel, to accept"));
    }
}
