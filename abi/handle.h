/* SPDX-License-Identifier: MIT
 * Handles: small integers that name capabilities, and where a new one goes.
 *
 * A handle is { object, rights, expiry }. Linux file descriptors are the LOW handles of a process.
 * Every call that makes a handle takes a placement; the slot is taken when the call succeeds. */
#pragma once
#include <stdint.h>

typedef int32_t handle_t;
#define HANDLE_NONE ((handle_t)-1)
#define HANDLE_HIGH_BASE (1 << 30)  /* HIGH handles start here; fork and exec copy none unless named */
#define HANDLE_LOW_LIMIT (1 << 20)  /* LOW handles are below this, and below the process's limit; EXACT may name a HIGH number as well */

/* Pseudo handles: accepted where a call says so, never stored. */
#define HANDLE_SELF_PROCESS ((handle_t)-2)
#define HANDLE_SELF_SPACE   ((handle_t)-3)
#define HANDLE_SELF_CONTEXT ((handle_t)-4)

typedef uint64_t placement_t;
#define PLACE_LOW(minimum) ((placement_t)(uint32_t)(minimum))                       /* lowest free, from minimum */
#define PLACE_EXACT(number) (((placement_t)1 << 60) | (placement_t)(uint32_t)(number)) /* replaces atomically */
#define PLACE_HIGH ((placement_t)2 << 60)
#define PLACE_CLOSE_ON_EXEC ((placement_t)1 << 32)                                   /* may be or-ed to any */

/* Rights of a handle. A duplicate has the same or fewer. */
enum : uint32_t {
    RIGHT_NONE    = 0,
    RIGHT_READ    = 1u << 0,
    RIGHT_WRITE   = 1u << 1,
    RIGHT_EXECUTE = 1u << 2,   /* map executable; start (process) */
    RIGHT_GRANT   = 1u << 3,   /* may be passed to another process */
    RIGHT_DEBUG   = 1u << 4,   /* process: suspend, registers, memory */
    RIGHT_MANAGE  = 1u << 5,   /* process: kill, notify, credentials; endpoint: receive, create resources */
    RIGHT_ALL     = 0x3f,
};

enum object_kind : uint32_t {
    OBJECT_ANY, /* no object: where a kind is asked for */
    OBJECT_PROCESS, OBJECT_CONTEXT, OBJECT_GROUP, OBJECT_SPACE, OBJECT_MEMORY, OBJECT_FILE, OBJECT_STREAM,
    OBJECT_PIPE_READER, OBJECT_PIPE_WRITER, OBJECT_ENDPOINT, OBJECT_RESOURCE, OBJECT_QUEUE, OBJECT_TIMER,
    OBJECT_INTERRUPT, OBJECT_PORTS, OBJECT_HARDWARE, OBJECT_NAMESPACE, OBJECT_DOORBELL, OBJECT_IDENTITY,
    OBJECT_NULL_DEVICE, OBJECT_ZERO_DEVICE, OBJECT_CHANNEL, OBJECT_LOG, OBJECT_REALTIME,
};

/* handle_info */
struct handle_info {
    uint32_t kind;        /* enum object_kind */
    uint32_t rights;
    uint32_t flags;       /* HANDLE_CLOSE_ON_EXEC */
    uint32_t stream_flags;/* STREAM_* of a stream, pipe end, channel or resource */
    uint64_t object_id;   /* never reused; equal for two handles of the same object */
    uint64_t expires_ns;  /* 0: never */
};
static_assert(sizeof(struct handle_info) == 32);
#define HANDLE_CLOSE_ON_EXEC 1u

/* handle_dup flags */
#define DUP_REVOCABLE 1u   /* the copy, and all made from it, can be ended with handle_revoke on this copy */
