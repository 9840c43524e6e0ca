/* SPDX-License-Identifier: MIT
 * Channels: abi/channel.h. Each end is an object; what waits for it is its own, in packets of kernel memory made by the writer and
 * freed by the reader. */
#pragma once
#include "abi/channel.h"
#include "base/list.h"
#include "kernel/core/object.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/handle_table.h"
#include "kernel/task/wait.h"

enum channel_role : uint32_t {
    CHANNEL_PEER,                  /* has another end */
    CHANNEL_LONELY,                /* its other end is in store */
    CHANNEL_NAMED,                 /* its other end is a connector */
    CHANNEL_LISTENING,             /* the same, and it accepts */
};

struct channel;
struct channel_end {
    struct object object;          /* OBJECT_CHANNEL */
    struct channel *channel;       /* constant; counted by its two ends */
    uint32_t flags;                /* atomic; STREAM_NONBLOCK */
    struct readiness readiness;
    struct wait_queue readers, writers; /* writers wait at the end that they write to */
    struct sleep_lock reading, writing; /* one reader and one writer at a time; the writer's belongs to the end written to */
    /* channel.lock: what waits to be read here */
    struct list_node packets;
    uint64_t charge, bytes;
    bool is_closed;                /* nobody reads: no handle, or shut */
    bool is_over;                  /* nobody writes any more */
    bool has_handles;              /* false: the last one is gone */
    enum channel_role role;
    uint32_t backlog, waiting;     /* listening: how many may wait to be accepted, and do */
    struct channel_end *target;    /* datagrams go through this connector, a reference; null: to the other end */
    uint64_t owner, credential;
    uint8_t name[CHANNEL_NAME_BYTES];
    uint16_t name_bytes;
    /* the passing lock's */
    uint32_t under_way;            /* how often this end waits inside another */
    uint32_t inside;               /* how many ends wait inside this one */
};

struct channel_parcel {            /* what goes beside the bytes */
    struct handle_view *views;     /* heap; taken over when the send succeeds */
    uint32_t count;
    uint64_t sender, credential;
    uint64_t length;               /* receive: of the whole message */
    bool is_cut;
};

/* Two references, one each. flags: STREAM_NONBLOCK, CHANNEL_*; with CHANNEL_ALONE there is no second. */
enum status channel_create(uint32_t flags, uint64_t owner, uint64_t credential, struct channel_end **out_first, struct channel_end **out_second);
/* ERR_BROKEN_PIPE: nobody reads; ERR_NOT_CONNECTED; ERR_REFUSED: a datagram's receiver is gone; ERR_TOO_BIG: a message larger than
 * CHANNEL_BYTES; ERR_LOOP. */
enum status channel_send(struct channel_end *e, struct user_io *io, uint32_t flags, struct channel_parcel *parcel, uint64_t *out_done);
/* *out_done 0 with OK: the other side has ended. The parcel's views are the caller's to install or drop. */
enum status channel_receive(struct channel_end *e, struct user_io *io, uint32_t flags, struct channel_parcel *parcel, uint64_t *out_done);
/* Closes views that nobody took, and frees the array. */
void channel_parcel_drop(struct channel_parcel *parcel);
enum status channel_shut(struct channel_end *e, uint32_t what);
void channel_fill_info(struct channel_end *e, struct channel_info *out);
uint64_t channel_id(const struct channel_end *e);

/* ---- kernel/object/channel_meet.c --------------------------------------------------------------------------------------- */
/* The other end, with a reference: a connector from now on. ERR_BUSY: it was given already, or was never in store. */
enum status channel_connector(struct channel_end *e, const void *name, uint32_t name_bytes, struct channel_end **out);
enum status channel_listen(struct channel_end *e, uint32_t backlog);
/* ERR_REFUSED: the connector's end does not listen, or is no connector; ERR_WRONG_TYPE: the kinds differ; ERR_BUSY: e is connected. */
enum status channel_connect(struct channel_end *e, struct channel_end *connector, uint32_t flags);
enum status channel_accept(struct channel_end *e, uint32_t flags, struct channel_parcel *parcel);
