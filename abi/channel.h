/* SPDX-License-Identifier: MIT
 * Channels: two ends, each of which reads what the other writes. A stream of bytes, or (CHANNEL_MESSAGES) messages that keep their
 * boundaries. Handles travel beside the bytes, where the sender may grant them; they arrive with the first byte that was sent with
 * them, and one read never goes past the next bytes that have some. read and write work on a channel too, and drop handles.
 *
 * An end of a channel can itself be sent, but not while such ends wait inside it, nor into one that is under way itself
 * (ERR_LOOP): so no ring of channels can keep itself alive. */
#pragma once
#include "abi/handle.h"

#define CHANNEL_BYTES 212992u      /* what may wait in one direction, bookkeeping included */
#define CHANNEL_HANDLES_MAX 253u   /* with one message */

enum : uint32_t { /* channel_create, beside STREAM_NONBLOCK */
    CHANNEL_MESSAGES = 1u << 16,   /* keep the boundaries; a message of no bytes is a message */
    CHANNEL_DATAGRAM = 1u << 17,   /* messages that many senders may send; the end of one of them ends nothing */
    CHANNEL_ALONE = 1u << 18,      /* one end, without another yet: see below */
};

/* Meeting. An end that was made alone has its other end in store. It becomes a listener (channel_listen) whose other end, the connector
 * (channel_connector), is given to those who may connect; or it connects: through a connector its own other end goes to that listener,
 * which accepts it (channel_accept). Datagrams need no connection: they are sent through a connector, and channel_connect only says
 * through which. Nothing but the kinds of both ends must agree: CHANNEL_MESSAGES, CHANNEL_DATAGRAM. */
#define CHANNEL_BACKLOG_MAX 4096u
#define CHANNEL_NAME_BYTES 108u    /* an end's name, as its owner calls it: bytes that the kernel only keeps */

enum : uint32_t { /* channel_send, channel_receive */
    CHANNEL_NO_WAIT = 1u << 0,
    CHANNEL_PEEK = 1u << 1,        /* receive: leaves everything where it is, handles are not given */
    /* out, in channel_message.flags */
    CHANNEL_CUT = 1u << 8,         /* the message was longer than the room for it */
    CHANNEL_HANDLES_CUT = 1u << 9, /* there were more handles than could be taken; the others are closed */
};

struct channel_message {
    uint64_t vectors;              /* ptr<struct io_vector> */
    uint32_t vector_count;         /* at most 1024 */
    uint32_t handle_count;         /* send: how many; receive: in room, out how many came */
    uint64_t handles;              /* ptr<handle_t> */
    placement_t place;             /* receive: where the handles go */
    uint32_t flags;                /* in and out: CHANNEL_* */
    uint32_t reserved;             /* 0 */
    uint64_t length;               /* receive, out: the whole length of the message (CHANNEL_MESSAGES) */
    uint64_t sender, credential;   /* receive, out: caller id and credential token of who sent it */
};
static_assert(sizeof(struct channel_message) == 64);

enum : uint32_t { CHANNEL_SHUT_READ = 1, CHANNEL_SHUT_WRITE = 2 };

struct channel_info {
    uint64_t peer_owner, peer_credential; /* who made the other end, or listened for it */
    uint64_t peer_id;              /* object id of the other end */
    uint64_t waiting_bytes;        /* to be read: all (stream), or those of the first message */
    uint64_t unread_bytes;         /* written here, not read there */
    uint32_t flags;                /* CHANNEL_MESSAGES, CHANNEL_DATAGRAM; CHANNEL_ALONE while it has no other end */
    uint32_t is_listening;
    uint32_t is_peer_closed;       /* 1: no handle of the other end is left */
    uint16_t name_bytes, peer_name_bytes;
    uint8_t name[CHANNEL_NAME_BYTES], peer_name[CHANNEL_NAME_BYTES];
};
static_assert(sizeof(struct channel_info) == 272);
