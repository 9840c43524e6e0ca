/* SPDX-License-Identifier: MIT
 * The credential token, and the table that gives it meaning.
 *
 * Each process carries a 64-bit token that only the holder of its identity domain (procd) sets. The kernel puts it into every
 * request and never interprets it. For processes that procd knows, token = (generation << 32) | slot, and slot indexes
 * the process table: a memory object that procd writes and everybody else may map read-only ("proc:table").
 * Token 0: a system process without a table entry; servers treat it as uid 0.
 * Readers: load sequence (acquire), read, load again; odd or changed = again. The entry is the caller's own only if its
 * generation equals the token's. */
#pragma once
#include <stdint.h>

#define PROCESS_TABLE_SLOTS 8192u
#define PROCESS_GROUPS_MAX 32u
struct process_entry {
    uint32_t sequence, generation;
    int32_t  pid, ppid, pgid, sid;       /* Linux's meaning; pid 0: slot free */
    uint32_t uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
    uint32_t group_count, groups[PROCESS_GROUPS_MAX];
    uint32_t state;                      /* 'R' running or sleeping, 'T' stopped, 'Z' zombie */
    uint64_t pending;                    /* process-directed signals, bit n-1 = signal n */
    int32_t  terminal;                   /* number of the controlling terminal, -1: none */
    uint32_t flags;                      /* PROCESS_EXECED: has exec'ed since fork */
    uint64_t id;                         /* the kernel's process id */
    char     name[16];
    uint32_t stops;                      /* how often it was stopped by a signal; ttyd tells a new attempt from an old one by it */
    int32_t  foreground;                 /* of a session's leader: its terminal's foreground group, 0: none */
    uint8_t  reserved[12];
};
static_assert(sizeof(struct process_entry) == 256);
#define PROCESS_EXECED 1u

/* Entry 0 is no process; it tells the system's names. The same sequence rule holds. */
struct process_table_head {
    uint32_t sequence, generation;       /* generation 0: no token is its */
    int32_t  pid, ppid, pgid, sid;       /* 0 */
    char     host_name[65], domain_name[65]; /* zero-terminated */
    uint8_t  reserved[102];
};
static_assert(sizeof(struct process_table_head) == sizeof(struct process_entry));
