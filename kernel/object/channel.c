/* SPDX-License-Identifier: MIT
 * Channels. A writer makes a packet of what it has, bytes and handles, and hangs it on the end that it writes to; a reader copies out
 * and frees it. Copies are made under the sleeping locks of reader and writer, which order bytes; the spinlock orders the lists with
 * readiness, with shutting and with closing.
 *
 * A handle on its way counts as a handle of its object, so what is sent and closed by its sender is not closed. Ends of channels on
 * their way are counted under one lock for all channels, taken only for them: `under_way` and `inside` are never both set for an end,
 * so no ring can form (abi/channel.h). */
#include "kernel/object/channel_internal.h"
#include "abi/file.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/heap.h"

static struct cache channel_cache = CACHE_INIT("channel", struct channel);
static struct spinlock passing = SPINLOCK_INIT(RANK_PIPE);

#define PACKET_DATA_MAX (HEAP_SLAB_MAX - (uint32_t)sizeof(struct packet))

static uint64_t packet_charge(const struct packet *p) { return sizeof *p + p->length; }
static struct packet *first_packet(const struct channel_end *e)
{
    return list_is_empty(&e->packets) ? nullptr : list_entry(e->packets.next, struct packet, link);
}
static bool has_room(const struct channel_end *to) { return __atomic_load_n(&to->charge, __ATOMIC_ACQUIRE) < CHANNEL_BYTES; }

/* ---- Handles on their way ---------------------------------------------------------------------------------------------- */

static struct channel_end *end_in(const struct handle_view *v)
{
    return v->object->type->kind == OBJECT_CHANNEL ? end_of(v->object) : nullptr;
}

static void pass_end_locked(const struct handle_view *views, uint32_t count, struct channel_end *to)
{
    for (uint32_t i = 0; i < count; i++) {
        struct channel_end *sent = end_in(&views[i]);
        if (!sent)
            continue;
        sent->under_way--;
        to->inside--;
    }
}

enum status channel_pass_begin(const struct channel_parcel *parcel, struct channel_end *to)
{
    enum status status = OK;
    bool has_ends = false;
    for (uint32_t i = 0; i < parcel->count; i++)
        has_ends = has_ends || end_in(&parcel->views[i]);
    if (has_ends) {
        GUARD(&passing);
        for (uint32_t i = 0; i < parcel->count && status == OK; i++) {
            struct channel_end *sent = end_in(&parcel->views[i]);
            if (!sent)
                continue;
            if (sent == to || sent->inside || to->under_way) {
                pass_end_locked(parcel->views, i, to);
                status = ERR_LOOP;
                break;
            }
            sent->under_way++;
            to->inside++;
        }
    }
    for (uint32_t i = 0; i < parcel->count && status == OK; i++)
        object_handle_added(parcel->views[i].object);
    return status;
}

void channel_pass_end(const struct handle_view *views, uint32_t count, struct channel_end *to)
{
    for (uint32_t i = 0; i < count; i++)
        if (end_in(&views[i])) {
            GUARD(&passing);
            pass_end_locked(views, count, to);
            return;
        }
}

void channel_parcel_drop(struct channel_parcel *parcel)
{
    for (uint32_t i = 0; i < parcel->count; i++) {
        if (!parcel->views[i].object)
            continue;
        object_handle_removed(parcel->views[i].object);
        handle_view_put(&parcel->views[i]);
    }
    heap_free(parcel->views, parcel->count * sizeof *parcel->views);
    parcel->views = nullptr;
    parcel->count = 0;
}

/* ---- Life -------------------------------------------------------------------------------------------------------------- */

static void packet_free(struct packet *p) { heap_free(p, sizeof *p + p->length); }

/* A packet that nobody will read, off every list, and handles that nobody gets. */
static void packet_drop(struct packet *p, struct channel_end *to)
{
    struct channel_parcel parcel = {.views = p->views, .count = p->count};
    channel_pass_end(p->views, p->count, to);
    channel_parcel_drop(&parcel);
    packet_free(p);
}

static void list_drop(struct list_node *list, struct channel_end *to)
{
    for (struct list_node *n; (n = list_pop_front(list));) {
        packet_drop(list_entry(n, struct packet, link), to);
        preempt_point();
    }
}

static void end_destroy(struct object *o)
{
    struct channel_end *e = end_of(o);
    struct channel *c = e->channel;
    if (e->target)
        object_put(&e->target->object);
    if (e->role == CHANNEL_LONELY)
        object_put(&peer_of(e)->object); /* nobody ever saw it */
    spin_lock(&c->lock);
    bool last = --c->ends == 0;
    spin_unlock(&c->lock);
    if (!last)
        return;
    ASSERT(list_is_empty(&c->end[0].packets) && list_is_empty(&c->end[1].packets));
    cache_free(&channel_cache, c);
}

/* Drops what waits at e, whose last handle is gone, so that nothing more comes. A reader in the middle of a copy does it at its end. */
static void purge(struct channel_end *e)
{
    while (!list_is_empty(&e->packets) && sleep_lock_try(&e->reading)) {
        struct list_node dropped;
        list_init(&dropped);
        spin_lock(&e->channel->lock);
        for (struct list_node *n; (n = list_pop_front(&e->packets));)
            list_push_back(&dropped, n);
        e->charge = e->bytes = 0;
        spin_unlock(&e->channel->lock);
        sleep_unlock(&e->reading);
        list_drop(&dropped, e);
    }
}

/* Nobody reads at e any more, and who writes learns it. */
static void close_reading(struct channel_end *e)
{
    struct channel *c = e->channel;
    spin_lock(&c->lock);
    __atomic_store_n(&e->is_closed, true, __ATOMIC_RELEASE);
    readiness_update(&e->readiness, EVENT_READ | EVENT_READ_HANGUP, 0);
    readiness_update(&peer_of(e)->readiness, EVENT_WRITE | (peer_of(e)->is_over ? EVENT_HANGUP : 0), 0);
    spin_unlock(&c->lock);
    wait_wake(&e->writers, UINT32_MAX);
    wait_wake(&e->readers, UINT32_MAX);
}

/* Nobody writes at e any more. */
static void close_writing(struct channel_end *e)
{
    struct channel_end *peer = peer_of(e);
    spin_lock(&e->channel->lock);
    __atomic_store_n(&peer->is_over, true, __ATOMIC_RELEASE);
    readiness_update(&peer->readiness, EVENT_READ | EVENT_READ_HANGUP | (e->is_closed ? EVENT_HANGUP : 0), 0);
    if (e->is_over && peer->is_closed)
        readiness_update(&e->readiness, EVENT_HANGUP, 0);
    spin_unlock(&e->channel->lock);
    wait_wake(&peer->readers, UINT32_MAX);
}

static void end_closed(struct object *o)
{
    struct channel_end *e = end_of(o);
    spin_lock(&e->channel->lock);
    __atomic_store_n(&e->has_handles, false, __ATOMIC_RELEASE);
    spin_unlock(&e->channel->lock);
    close_reading(e);
    if (peer_of(e)->role == CHANNEL_PEER && !(e->channel->flags & CHANNEL_DATAGRAM))
        close_writing(e);
    purge(e);
}

static struct readiness *end_readiness(struct object *o) { return &end_of(o)->readiness; }

static const struct object_type channel_type = {
    .kind = OBJECT_CHANNEL, .name = "channel", .destroy = end_destroy, .handle_closed = end_closed, .readiness = end_readiness,
};

enum status channel_create(uint32_t flags, uint64_t owner, uint64_t credential, struct channel_end **out_first, struct channel_end **out_second)
{
    struct channel *c;
    TRY(cache_allocate(&channel_cache, &c));
    *c = (struct channel){.ends = 2, .flags = flags & (CHANNEL_MESSAGES | CHANNEL_DATAGRAM)};
    spinlock_init(&c->lock, RANK_PIPE);
    for (uint32_t i = 0; i < 2; i++) {
        struct channel_end *e = &c->end[i];
        object_init(&e->object, &channel_type);
        e->channel = c;
        e->flags = (flags & STREAM_NONBLOCK) | STREAM_READ | STREAM_WRITE;
        e->has_handles = true;
        e->owner = owner;
        e->credential = credential;
        readiness_init(&e->readiness, EVENT_WRITE);
        wait_queue_init(&e->readers);
        wait_queue_init(&e->writers);
        sleep_lock_init(&e->reading);
        sleep_lock_init(&e->writing);
        list_init(&e->packets);
    }
    *out_first = &c->end[0];
    *out_second = &c->end[1];
    if (flags & CHANNEL_ALONE) {
        c->end[0].role = CHANNEL_LONELY;
        c->end[1].has_handles = false;
        readiness_update(&c->end[0].readiness, flags & CHANNEL_DATAGRAM ? 0 : EVENT_HANGUP, 0);
        *out_second = nullptr;
    }
    return OK;
}

/* ---- Sending ----------------------------------------------------------------------------------------------------------- */

static enum status packet_make(struct user_io *io, size_t length, struct packet **out)
{
    struct packet *p = heap_allocate(sizeof *p + length);
    size_t done = 0;
    if (!p)
        return ERR_NO_MEMORY;
    *p = (struct packet){.length = (uint32_t)length};
    list_init(&p->link);
    enum status status = length ? user_io_take(io, p->data, length, &done) : OK;
    if (status == OK) {
        *out = p;
        return OK;
    }
    packet_free(p);
    return status;
}

bool channel_hang_locked(struct channel_end *to, struct list_node *list, uint64_t charge, uint64_t bytes)
{
    if (to->is_closed)
        return false;
    for (struct list_node *n; (n = list_pop_front(list));)
        list_push_back(&to->packets, n);
    to->bytes += bytes;
    __atomic_store_n(&to->charge, to->charge + charge, __ATOMIC_RELEASE);
    readiness_update(&to->readiness, EVENT_READ, 0);
    if (!has_room(to))
        readiness_update(&peer_of(to)->readiness, 0, EVENT_WRITE);
    return true;
}

/* The packets of `list` hang on `to`, or nobody reads there. */
static bool hang(struct channel_end *to, struct list_node *list, uint64_t charge, uint64_t bytes)
{
    spin_lock(&to->channel->lock);
    bool is_read = channel_hang_locked(to, list, charge, bytes);
    spin_unlock(&to->channel->lock);
    if (is_read && !wait_queue_is_empty(&to->readers))
        wait_wake(&to->readers, UINT32_MAX);
    return is_read;
}

/* With `to->writing` held: the next `length` bytes, as one message or as part of a stream. */
static enum status send_part(struct channel_end *to, struct user_io *io, size_t length, struct channel_parcel *parcel)
{
    struct list_node list;
    struct packet *p = nullptr;
    uint64_t charge = 0;
    enum status status;
    list_init(&list);
    size_t left = length;
    do {
        size_t part = MIN(left, PACKET_DATA_MAX);
        status = packet_make(io, part, &p);
        if (status != OK)
            break;
        list_push_back(&list, &p->link);
        charge += packet_charge(p);
        left -= part;
    } while (left);
    if (status == OK && parcel->count)
        status = channel_pass_begin(parcel, to);
    if (status != OK) {
        list_drop(&list, to);
        return status;
    }
    p->ends_message = true;
    struct packet *first = list_entry(list.next, struct packet, link);
    first->sender = parcel->sender;
    first->credential = parcel->credential;
    first->views = parcel->views;
    first->count = parcel->count;
    parcel->views = nullptr;
    parcel->count = 0;
    if (hang(to, &list, charge, length))
        return OK;
    list_drop(&list, to);
    return to->channel->flags & CHANNEL_DATAGRAM ? ERR_REFUSED : ERR_BROKEN_PIPE;
}

static bool can_send(void *argument)
{
    const struct channel_end *to = argument;
    return has_room(to) || __atomic_load_n(&to->is_closed, __ATOMIC_ACQUIRE);
}

/* Where e's messages go: *out with a reference. */
static enum status destination(struct channel_end *e, struct channel_end **out)
{
    GUARD(&e->channel->lock);
    struct channel_end *to = peer_of(e->target ? e->target : e);
    bool is_datagram = e->channel->flags & CHANNEL_DATAGRAM;
    if (!e->target && e->role != CHANNEL_PEER)
        return ERR_NOT_CONNECTED;
    if (to->role != CHANNEL_PEER && !is_datagram)
        return ERR_REFUSED; /* e is a connector: one connects through it */
    object_get(&to->object);
    *out = to;
    return OK;
}

static void end_put(struct channel_end *e) { object_put(&e->object); }
DEFINE_CLEANUP(end_put, struct channel_end *)

enum status channel_send(struct channel_end *e, struct user_io *io, uint32_t flags, struct channel_parcel *parcel, uint64_t *out_done)
{
    CLEANUP(end_put) struct channel_end *to = nullptr;
    *out_done = 0;
    TRY(destination(e, &to));
    bool is_message = e->channel->flags & CHANNEL_MESSAGES;
    bool waits = !(flags & CHANNEL_NO_WAIT) && !(__atomic_load_n(&e->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK);
    if (is_message && io->left > CHANNEL_BYTES - CHANNEL_BYTES / 8)
        return ERR_TOO_BIG;
    while (io->left || is_message) {
        enum status status = OK;
        size_t part = is_message ? io->left : MIN(io->left, PACKET_DATA_MAX);
        sleep_lock(&to->writing);
        bool goes = can_send(to);
        if (goes)
            status = send_part(to, io, part, parcel);
        sleep_unlock(&to->writing);
        if (goes && status == OK)
            *out_done += part;
        if (goes && status == OK && is_message)
            return OK;
        if (!goes)
            status = !waits ? ERR_WOULD_BLOCK : wait_until(&to->writers, can_send, to, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "channel, to write");
        if (status != OK)
            return *out_done ? OK : status;
    }
    return OK;
}

/* ---- Receiving --------------------------------------------------------------------------------------------------------- */

static bool can_receive(void *argument)
{
    const struct channel_end *e = argument;
    return __atomic_load_n(&e->packets.next, __ATOMIC_ACQUIRE) != &e->packets || __atomic_load_n(&e->is_over, __ATOMIC_ACQUIRE) ||
           __atomic_load_n(&e->is_closed, __ATOMIC_ACQUIRE);
}

void channel_take_off(struct channel_end *e, struct packet *p)
{
    struct channel *c = e->channel;
    spin_lock(&c->lock);
    list_remove(&p->link);
    bool was_full = !has_room(e);
    e->bytes -= p->length - p->taken;
    __atomic_store_n(&e->charge, e->charge - packet_charge(p), __ATOMIC_SEQ_CST);
    if (list_is_empty(&e->packets) && !e->is_over)
        readiness_update(&e->readiness, 0, EVENT_READ);
    if (was_full && has_room(e))
        readiness_update(&peer_of(e)->readiness, EVENT_WRITE, 0);
    spin_unlock(&c->lock);
    packet_free(p);
    if (!wait_queue_is_empty(&e->writers))
        wait_wake(&e->writers, UINT32_MAX);
}

void channel_take_views(struct packet *p, struct channel_end *e, struct channel_parcel *parcel)
{
    parcel->sender = p->sender;
    parcel->credential = p->credential;
    if (!p->count)
        return;
    channel_pass_end(p->views, p->count, e);
    parcel->views = p->views;
    parcel->count = p->count;
    p->views = nullptr;
    p->count = 0;
}

/* Copies from p as much as fits. */
static enum status take_bytes(struct channel_end *e, struct packet *p, struct user_io *io, bool peek, uint64_t *in_out_done)
{
    size_t part = MIN(io->left, p->length - p->taken), done = 0;
    enum status status = part ? user_io_put(io, p->data + p->taken, part, &done) : OK;
    *in_out_done += done;
    if (peek || !done)
        return status;
    spin_lock(&e->channel->lock);
    p->taken += (uint32_t)done;
    e->bytes -= done;
    spin_unlock(&e->channel->lock);
    return status;
}

/* With `reading` held and something there: as much as the buffer takes, up to the next handles. */
static enum status receive_stream(struct channel_end *e, struct user_io *io, bool peek, struct channel_parcel *parcel, uint64_t *out_done)
{
    enum status status = OK;
    bool has_views = false;
    struct list_node *next = e->packets.next;
    while (next != &e->packets && io->left && status == OK) {
        struct packet *p = list_entry(next, struct packet, link);
        if (p->count && *out_done)
            break;
        if (!peek && !has_views) {
            has_views = p->count;
            channel_take_views(p, e, parcel);
        }
        status = take_bytes(e, p, io, peek, out_done);
        next = __atomic_load_n(&p->link.next, __ATOMIC_ACQUIRE); /* a writer may be hanging the next one there */
        if (!peek && p->taken == p->length)
            channel_take_off(e, p);
    }
    return *out_done ? OK : status;
}

/* With `reading` held and something there: one message; what does not fit is lost. */
static enum status receive_message(struct channel_end *e, struct user_io *io, bool peek, struct channel_parcel *parcel, uint64_t *out_done)
{
    enum status status = OK;
    struct list_node *next = e->packets.next;
    if (!peek)
        channel_take_views(list_entry(next, struct packet, link), e, parcel);
    for (bool ends = false; !ends;) {
        struct packet *p = list_entry(next, struct packet, link);
        next = __atomic_load_n(&p->link.next, __ATOMIC_ACQUIRE);
        ends = p->ends_message;
        parcel->length += p->length;
        if (status == OK)
            status = take_bytes(e, p, io, peek, out_done);
        if (!peek)
            channel_take_off(e, p);
    }
    parcel->is_cut = parcel->length > *out_done;
    return status;
}

enum status channel_receive(struct channel_end *e, struct user_io *io, uint32_t flags, struct channel_parcel *parcel, uint64_t *out_done)
{
    bool is_message = e->channel->flags & CHANNEL_MESSAGES, peek = flags & CHANNEL_PEEK;
    bool waits = !(flags & CHANNEL_NO_WAIT) && !(__atomic_load_n(&e->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK);
    *out_done = 0;
    if (e->role != CHANNEL_PEER && !(e->channel->flags & CHANNEL_DATAGRAM))
        return ERR_NOT_CONNECTED;
    for (;;) {
        sleep_lock(&e->reading);
        bool over = __atomic_load_n(&e->is_over, __ATOMIC_ACQUIRE) || __atomic_load_n(&e->is_closed, __ATOMIC_ACQUIRE);
        bool some = first_packet(e);
        enum status status = !some ? OK
                             : is_message ? receive_message(e, io, peek, parcel, out_done)
                                          : receive_stream(e, io, peek, parcel, out_done);
        sleep_unlock(&e->reading);
        if (unlikely(!__atomic_load_n(&e->has_handles, __ATOMIC_ACQUIRE)))
            purge(e);
        if (some || over)
            return status;
        if (!io->left && !is_message)
            return OK;
        if (!waits)
            return ERR_WOULD_BLOCK;
        TRY(wait_until(&e->readers, can_receive, e, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "channel, to read"));
    }
}

/* ---- The rest ---------------------------------------------------------------------------------------------------------- */

enum status channel_shut(struct channel_end *e, uint32_t what)
{
    if (!what || what & ~(CHANNEL_SHUT_READ | CHANNEL_SHUT_WRITE))
        return ERR_INVALID;
    if (what & CHANNEL_SHUT_READ)
        close_reading(e);
    if (what & CHANNEL_SHUT_WRITE)
        close_writing(e);
    return OK;
}

void channel_fill_info(struct channel_end *e, struct channel_info *out)
{
    const struct channel_end *peer = peer_of(e);
    GUARD(&e->channel->lock);
    uint64_t waiting = e->bytes;
    if (e->channel->flags & CHANNEL_MESSAGES) {
        waiting = 0;
        list_for_each(node, &e->packets) {
            const struct packet *p = list_entry(node, struct packet, link);
            waiting += p->length - p->taken;
            if (p->ends_message)
                break;
        }
    }
    *out = (struct channel_info){.peer_owner = peer->owner, .peer_credential = peer->credential, .peer_id = peer->object.id,
                                 .waiting_bytes = waiting, .unread_bytes = peer->bytes, .is_listening = e->role == CHANNEL_LISTENING,
                                 .flags = e->channel->flags | (e->role == CHANNEL_PEER ? 0 : CHANNEL_ALONE),
                                 .is_peer_closed = !peer->has_handles, .name_bytes = e->name_bytes, .peer_name_bytes = peer->name_bytes};
    memcpy(out->name, e->name, e->name_bytes);
    memcpy(out->peer_name, peer->name, peer->name_bytes);
}

uint64_t channel_id(const struct channel_end *e) { return e->object.id; }
