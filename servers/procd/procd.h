/* SPDX-License-Identifier: MIT
 * What procd's files share: the model of processes, and for each slot what ties it to a kernel process. One loop owns all of it;
 * procd never waits for another server: what it asks (power, the mount table) it submits. */
#pragma once
#include "abi/boot.h"
#include "base/span.h"
#include "model/alarm.h"
#include "model/process.h"
#include "server/server.h"

#define COMMAND_BYTES_MAX 4096u
#define SESSION_WAITERS 256u

/* Name and arguments as given to exec, shared by forks until they exec themselves. */
struct command {
    uint32_t references, bytes;
    char text[];
};

/* The kernel's side of a slot. */
struct tie {
    handle_t process;              /* 0: free slot, or it ended (ours are HIGH; so that unused ties stay untouched zeros) */
    struct event_handler ended;
    struct command *command;       /* nullptr: a system process */
};

struct session_waiter { uint64_t request; int32_t sid; };

struct procd {
    struct server server;
    struct model model;
    struct alarms alarms;
    struct tie ties[PROCESS_TABLE_SLOTS];
    handle_t identity, table, timer, init, vfs, realtime;
    struct event_handler timer_fired, cpu_timer_fired;
    handle_t cpu_timer;
    bool cpu_watched;              /* somebody has a limit on CPU time: the timer runs */
    struct session_waiter session_waiters[SESSION_WAITERS]; /* request 0: free */
    const struct boot_info *boot;  /* nullptr: not given */
    uint64_t ended_user_ns;        /* of processes that are gone */
    uint64_t forks;
    char boot_id[40];
};
extern struct procd procd;

static inline struct tie *tie_of(uint32_t slot) { return &procd.ties[slot]; }
static inline struct process_entry *entry_of(uint32_t slot) { return &procd.model.table[slot]; }

/* -- tie.c: effects of the model, and the life of a process as the kernel tells it -- */
extern const struct effects procd_effects;
/* Takes over `process`, sets its token, listens for its end. On failure the slot is free again; the handle stays the caller's. */
enum status tie_process(uint32_t slot, handle_t process);
void command_set(uint32_t slot, struct view text);
void command_share(uint32_t from, uint32_t to);
void alarm_arm(void);

/* -- limits.c -- */
enum status limits_start(void);
/* What the kernel enforces of a process that is new to us. */
enum status limits_tell_kernel(uint32_t slot);
/* A process begins with a limit on CPU time that it may have inherited. */
void limits_cpu_watch(uint32_t slot);
/* next: null to look only. */
enum status limits_exchange(uint32_t caller, uint32_t target, uint32_t which, const struct limit_pair *next, struct limit_pair *out_old);

/* -- protocol.c: the proc protocol -- */
bool procd_protocol(struct request *rq);
void procd_cancel(struct server *s, uint64_t request);
void session_wait_end(int32_t sid);
struct process_table_head *table_head(void);
/* INVALID: longer than 64 bytes, or with a zero byte. */
enum status set_system_name(bool domain, struct view name);
/* The slot of a caller, 0 when it has none. */
uint32_t caller_slot(const struct request *rq);

/* -- filesystem.c: /proc by the fs protocol, and reads of its files -- */
#define TOKEN_PROCESSES 0ull   /* the proc protocol */
#define TOKEN_FILESYSTEM 1ull  /* the fs protocol */
bool filesystem_protocol(struct request *rq);
enum status file_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data);
enum status file_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken);
enum status file_seek(struct request *rq, int64_t offset, uint32_t whence, uint64_t *out_offset);
enum status file_stat(struct request *rq, struct file_attributes *out);
void file_closed(struct server *s, uint64_t token, void *object);
