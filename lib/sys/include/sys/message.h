/* SPDX-License-Identifier: MIT
 * Messages as C sees them: a structure of eight words, and the calls that move it through registers (abi/message.h gives
 * the register of every word). A stub loads the words, makes the call and stores the answer's words back, nothing else.
 * Each works on memory of its caller alone: no lock, no globals; usable in the personality too. */
#pragma once
#include "abi/message.h"
#include "abi/status.h"
#include "base/types.h"

struct message {
    uint64_t words[MESSAGE_WORDS];
    uint32_t kind;        /* received: operation and KIND_* flags, or one of the kernel's own */
    uint32_t reserved;
    uint64_t request;     /* received: what reply, request_read and forward take; KIND_COMPLETION: the result */
    uint64_t token;       /* received: the resource's, or the tag of an event or completion */
    uint64_t caller;      /* received: object id of the calling process */
    uint64_t credential;  /* received: the calling process's credential token */
    int64_t  result;      /* KIND_COMPLETION: what the call answered; otherwise what the stub returned */
};
/* The assembly stubs know these offsets. */
static_assert(offsetof(struct message, kind) == 64 && offsetof(struct message, request) == 72);
static_assert(offsetof(struct message, token) == 80 && offsetof(struct message, caller) == 88);
static_assert(offsetof(struct message, credential) == 96 && offsetof(struct message, result) == 104);

/* Asks and waits: the words go out, the reply's words come back. Answers the reply's result (>= 0) or a status. */
int64_t sys_call(handle_t handle, uint32_t kind, struct message *in_out);
/* Asks without waiting; the reply arrives on `endpoint` as KIND_COMPLETION with `tag`. */
enum status sys_submit(handle_t handle, uint32_t kind, const struct message *m, handle_t endpoint, uint64_t tag);
/* The same, and then takes the next message of `endpoint`. An error: nothing was submitted, or the receive was interrupted or its
 * endpoint died (ERR_INTERRUPTED, ERR_PEER_GONE), which a submit never answers. */
enum status sys_submit_receive(handle_t handle, uint32_t kind, struct message *in_out, handle_t endpoint, uint64_t tag);
/* Hands an open request on: the client's answer comes from `handle`'s server. `data_offset`: where in the client's sent bytes the
 * next server's begin. */
enum status sys_forward(handle_t handle, uint32_t kind, uint64_t request, uint64_t data_offset, const struct message *m);

enum : uint64_t { RECEIVE_WAIT = 0, RECEIVE_NO_WAIT = 1 }; /* deadlines of sys_receive; others are monotonic ns */
enum status sys_receive(handle_t endpoint, uint64_t deadline_ns, struct message *out);
/* Answers `request` with result, flags (REPLY_*) and in_out's words, then takes the next message into in_out. */
enum status sys_reply_receive(handle_t endpoint, uint64_t request, int64_t result, uint64_t flags, struct message *in_out);
enum status sys_reply(handle_t endpoint, uint64_t request, int64_t result, uint64_t flags, const struct message *m);
