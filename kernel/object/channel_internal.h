/* SPDX-License-Identifier: MIT
 * What the files of a channel share. */
#pragma once
#include "kernel/object/channel.h"

struct channel {
    struct spinlock lock;              /* RANK_PIPE */
    uint32_t ends;                     /* that exist; the last frees the channel */
    uint32_t flags;                    /* constant */
    struct channel_end end[2];
};

struct packet {                        /* part of a message, or some bytes of a stream; the writer's until it hangs, then the reader's */
    struct list_node link;             /* channel.lock */
    uint32_t length, taken;            /* bytes here, and how many of them were read */
    bool ends_message;
    uint32_t count;
    struct handle_view *views;         /* heap: `count` of them; with the first packet of a message */
    uint64_t sender, credential;
    uint8_t data[];
};

static inline struct channel_end *end_of(struct object *o) { return container_of(o, struct channel_end, object); }
static inline struct channel_end *peer_of(const struct channel_end *e)
{
    struct channel_end *ends = e->channel->end;
    return e == &ends[0] ? &ends[1] : &ends[0];
}

/* The views go into `to`, or none does: ERR_LOOP. */
enum status channel_pass_begin(const struct channel_parcel *parcel, struct channel_end *to);
/* They left `to`; each view keeps its handle's count until it is installed or dropped. */
void channel_pass_end(const struct handle_view *views, uint32_t count, struct channel_end *to);
/* With to's lock: the packets of `list` hang there; false: nobody reads. */
bool channel_hang_locked(struct channel_end *to, struct list_node *list, uint64_t charge, uint64_t bytes);
/* With `reading` held: the first packet's handles go into the parcel; and the reader has done with it, it is freed. */
void channel_take_views(struct packet *p, struct channel_end *e, struct channel_parcel *parcel);
void channel_take_off(struct channel_end *e, struct packet *p);
