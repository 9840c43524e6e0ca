/* SPDX-License-Identifier: MIT
 * Terminals: a line discipline (line/line.h) between a device and the programs that have it open, and who of them may use it.
 *
 * A terminal's device is the serial port or the master of a pseudo-terminal. Requests that cannot be answered yet stand in its
 * queues as struct pending: readers and writers in the order of arrival. One loop owns everything; other servers are asked by
 * errands (submitted, never called), so that a signal to a group cannot block a terminal. */
#pragma once
#include "abi/credential.h"
#include "base/list.h"
#include "line/line.h"
#include "protocol/tty_server.h"
#include "server/server.h"

#define PSEUDO_MAX 64u
#define DEVICE_NUMBER(major, minor) ((major) << 8 | (minor))
#define NUMBER_SERIAL DEVICE_NUMBER(4, 64)
#define NUMBER_CONSOLE DEVICE_NUMBER(5, 1)
#define NUMBER_TTY DEVICE_NUMBER(5, 0)
#define NUMBER_MASTER DEVICE_NUMBER(5, 2)
#define NUMBER_SLAVE(index) DEVICE_NUMBER(136, index)

/* Tokens of the resources that devices are registered with: what is opened through them. */
enum device : uint64_t { DEVICE_ROOT = 0, DEVICE_CONSOLE, DEVICE_SERIAL, DEVICE_TTY, DEVICE_MASTER, DEVICE_SLAVE_FIRST = 64 };

/* An open of the console has the token TOKEN_CONSOLE | index, and IS_CONSOLE when opened as /dev/console: a new instance finds
 * those of the old one by asking for each index, and goes on serving them. Pseudo-terminals end with the instance. */
#define TOKEN_CONSOLE (1ull << 32)
#define TOKEN_IS_CONSOLE (1ull << 16)
#define CONSOLE_OPENS 256u

enum : uint32_t { SIGNAL_HUP = 1, SIGNAL_INT = 2, SIGNAL_QUIT = 3, SIGNAL_CONT = 18, SIGNAL_TSTP = 20, SIGNAL_TTIN = 21,
                  SIGNAL_TTOU = 22, SIGNAL_WINCH = 28 };

struct terminal;

/* One open resource. */
struct opened {
    struct list_node link;          /* in terminal->slaves or ->masters */
    struct terminal *terminal;
    uint64_t token;
    uint32_t ready;                 /* what poll was told: EVENT_* */
    bool is_master, is_console;
};

enum pending_kind : uint8_t { PENDING_READ, PENDING_WRITE, PENDING_DRAIN };
/* A request that waits in a terminal. */
struct pending {
    struct list_node link;
    struct terminal *terminal;
    uint64_t request;
    uint64_t length, done;          /* read: capacity; write: all of it, and how much is taken */
    uint64_t deadline_ns;           /* reads with a time limit; 0: none */
    enum pending_kind kind;
    bool is_master;
    bool applies, flushes;          /* drain: then these settings hold */
    struct line_settings settings;
};

/* What a background process was signalled for: asking again without having been stopped means that it ignores the signal. */
struct warning { uint64_t token; uint32_t stops, signal; };
#define WARNINGS 8u

struct terminal {
    struct line line;
    int32_t number;                 /* device number, as in struct process_entry.terminal */
    int32_t session, foreground;    /* 0: none */
    uint32_t rows, columns, width, height;
    struct list_node slaves, masters;          /* struct opened */
    struct list_node readers, writers, drains; /* struct pending of the slave side */
    struct list_node master_readers, master_writers;
    struct warning warnings[WARNINGS];
    uint32_t next_warning;
    bool is_pseudo, is_locked, is_hung, was_opened;
    /* Output is waiting: the device takes what it can. */
    void (*push)(struct terminal *t);
    bool (*is_idle)(const struct terminal *t); /* has the device sent all that it took? */
};

/* Who asks, from the process table. */
struct caller {
    uint64_t token;
    int32_t pid, pgid, sid, terminal;
    uint32_t euid, stops;
    bool is_system;
};

struct ttyd {
    struct server server;
    const volatile struct process_entry *table;
    handle_t proc, vfs;
    struct terminal console;
    struct terminal *pseudos[PSEUDO_MAX]; /* nullptr: free number */
    handle_t timer;
    struct event_handler timer_fired;
};
extern struct ttyd ttyd;

/* -- terminal.c: data -- */
void terminal_init(struct terminal *t, int32_t number, void (*push)(struct terminal *), bool (*is_idle)(const struct terminal *));
/* After input came or settings changed: answers readers, delivers signals, sends echoes, tells poll. */
void terminal_input_done(struct terminal *t);
/* After output was taken by the device: answers writers and drains, tells poll. */
void terminal_output_done(struct terminal *t);
void terminal_ready(struct terminal *t);
enum status terminal_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data);
enum status terminal_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken);
enum status terminal_drain(struct request *rq, struct terminal *t, const struct line_settings *settings, bool flush);
void terminal_set(struct terminal *t, const struct line_settings *settings, bool flush);
void terminal_cancel(struct server *s, uint64_t request);
void on_read_timer(struct server *s, struct event_handler *self, uint64_t count, uint64_t value);
/* Ends every wait of the slave side: the device is gone. */
void terminal_hang_up(struct terminal *t);
/* What a request's resource is, or nullptr: a device. */
struct opened *opened_of(const struct request *rq);
struct opened *opened_by_token(uint64_t token, void *object);
void terminal_closed(struct opened *o);
void console_adopt(void);
enum status terminal_open(struct terminal *t, bool is_master, bool is_console, uint32_t open_flags, handle_t *out_handle);
struct pending *pending_add(struct list_node *queue, struct terminal *t, enum pending_kind kind, struct request *rq);
/* Takes it off its queue and answers; negative: a status. */
void pending_answer(struct pending *p, int64_t result);
void pending_answer_data(struct pending *p, struct view data);

/* -- job.c: sessions, groups, signals -- */
struct caller caller_of(const struct request *rq);
bool caller_controls(const struct caller *c, const struct terminal *t);
/* May the caller go on? OK: yes. Otherwise rq is deferred or failed; the caller returns what it gets. `*out_waits`: deferred. */
enum status job_check(struct request *rq, struct terminal *t, uint32_t signal, bool *out_waits);
void job_signal(struct terminal *t, uint32_t signal);
/* Does the group live in the session? NO_PROCESS: nowhere; NOT_PERMITTED: in another one. */
enum status job_group_in(int32_t pgid, int32_t sid);
bool job_session_lives(int32_t sid);
/* The terminal becomes the session's; the request (0: none) is answered with `result`, and `handle` if there is one, once procd knows. */
enum status job_attach(struct terminal *t, const struct caller *c, uint64_t request, handle_t handle);
enum status job_detach(struct terminal *t, const struct caller *c);
void job_set_foreground(struct terminal *t, int32_t pgid);
void job_recover(struct terminal *t);
struct terminal *job_terminal_of(const struct caller *c);
/* False: no such request here. */
bool job_cancel(uint64_t request);
void errand_signal_group(int32_t pgid, uint32_t signal);

/* -- protocol.c, serial.c, pseudo.c -- */
bool ttyd_protocol(struct request *rq);
enum status serial_init(handle_t ports, handle_t interrupt);
enum status pseudo_open_master(handle_t *out_handle, uint32_t open_flags);
enum status pseudo_find(uint32_t index, struct terminal **out);
enum status master_read(struct request *rq, struct terminal *t, uint64_t capacity, uint32_t stream_flags, struct view *out_data);
enum status master_write(struct request *rq, struct terminal *t, struct view data, uint32_t stream_flags, uint64_t *out_taken);
void master_serve(struct terminal *t);
void pseudo_closed(struct terminal *t, bool is_master);
