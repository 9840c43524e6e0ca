/* SPDX-License-Identifier: MIT
 * File objects: one for each inode in use; the only truth about its size, times, mode and links while it exists (abi/file.h tells the
 * page states). A memory file has no endpoint and keeps its pages; a paged file asks its server.
 *
 * Locks: `pages.lock` guards pages, attributes and the slots; `writers` (sleeping) makes each write and truncation one.
 * file_object.c: life, attributes, faults. file_pager.c: the server's side. file_io.c: reads, writes, truncation, sync. */
#pragma once
#include "abi/file.h"
#include "kernel/ipc/notice.h"
#include "kernel/mm/page_entry.h"
#include "kernel/mm/pageable.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/wait.h"

#define FILE_SLOTS 4u
#define FILE_RUN_PAGES 32u       /* 128 KiB: the most that one question covers */

struct endpoint;
struct memory_object;

struct file_slot {               /* one question to the server that is under way */
    struct notice notice;
    uint64_t page, count;        /* the range; count 0: free */
    uint64_t left;               /* pages that wait for the answer */
};

struct file_object {
    struct pageable pages;       /* first: struct object */
    /* set at creation */
    struct object *endpoint_object; /* holds a reference; null: memory file */
    struct endpoint *endpoint;
    uint64_t token;
    /* sleeping */
    struct sleep_lock writers;
    /* atomic */
    uint32_t users;              /* streams and mappings; at 0, and clean, the server gets KIND_FILE_IDLE */
    uint64_t changes;            /* counts the wake-ups of `changed` */
    /* under pages.lock */
    struct file_attributes attributes;
    struct file_slot reading[FILE_SLOTS], writing[FILE_SLOTS];
    struct notice idle, cut, commit;
    uint64_t commits_asked, commits_done;   /* numbers; asked >= done */
    enum status commit_status;   /* of the last that was done */
    struct wait_queue changed;   /* a page left `reading` or `writing`, or a slot became free */
    uint64_t dirty_pages, writing_pages;
    uint64_t next_read_page, read_window;   /* where a sequential reader will miss next; how much to ask then */
    uint64_t failed_page, failed_count, failed_change; /* the last failed page-in, and `changes` after it */
    enum status failed_status;
    enum status write_error;     /* of the last failed write-back */
    uint32_t write_error_count;  /* each stream reports each value once */
    bool endpoint_dead;
};

/* endpoint null: memory file. Takes its own reference on the endpoint's object. */
enum status file_create(struct endpoint *endpoint, struct object *endpoint_object, uint64_t token,
                        const struct file_attributes *attributes, struct file_object **out);
static inline struct object *file_as_object(struct file_object *f) { return &f->pages.object; }
static inline struct file_object *file_from_object(struct object *o) { return (struct file_object *)(void *)o; }
static inline bool file_is_paged(const struct file_object *f) { return f->endpoint; }
void file_user_added(struct file_object *f);
void file_user_gone(struct file_object *f);

/* The server's side (system calls of the same names). */
enum status file_set(struct file_object *f, uint32_t mask, const struct file_attributes *in);
enum status file_supply(struct file_object *f, uint64_t offset, uint64_t length, struct memory_object *from, uint64_t from_offset);
enum status file_supply_status(struct file_object *f, uint64_t offset, enum status status); /* fails the readers of that question */
void file_committed(struct file_object *f, uint64_t number, enum status status);
enum status file_written(struct file_object *f, uint64_t offset, uint64_t length, enum status status);
/* Cached pages as they are; stops at the first absent one and at the end. */
enum status file_read_cached(struct file_object *f, uint64_t offset, struct user_io *io, uint64_t *out_done);
void file_endpoint_died(struct file_object *f); /* readers get ERR_PEER_GONE from now on */

/* The clients' side. STREAM_* flags matter for append, sync, access time. */
enum status file_read(struct file_object *f, uint64_t offset, struct user_io *io, uint32_t flags, uint64_t *out_done);
/* *offset moves to where an appending write really began. */
enum status file_write(struct file_object *f, uint64_t *offset, struct user_io *io, uint32_t flags, uint64_t *out_done);
enum status file_truncate(struct file_object *f, uint64_t size);
/* Writes out what is dirty; with `commit`, its server then makes everything last. */
enum status file_sync(struct file_object *f, bool commit, uint32_t *error_seen);
void file_stat(struct file_object *f, struct file_attributes *out);
/* First offset from `offset` on with data (SEEK_DATA_) or without (SEEK_HOLE_). */
enum status file_find(struct file_object *f, uint64_t offset, uint32_t whence, uint64_t *out_offset);

/* For faults, with pages.lock held (pageable.h tells what they promise). */
enum status file_page_locked(struct file_object *f, uint64_t page, bool store, struct page_answer *out);
enum status file_page_wait(struct file_object *f, uint64_t page, bool store);
/* Gives a clean page back to the frames, or asks for a dirty one to be written; for reclaim. True: a frame came free. */
bool file_reclaim_page(struct file_object *f, uint64_t page);

/* Among the three files. All with pages.lock held where the name says so. */
int64_t file_now(void);                                            /* ns since 1970 */
void file_mark_dirty_locked(struct file_object *f, uint64_t *entry);
enum status file_page_make_locked(struct file_object *f, uint64_t page, phys_addr_t frame, enum page_state state);
void file_wake(struct file_object *f);                             /* without the lock */
/* Marks up to FILE_RUN_PAGES dirty pages from `from` on as being written and asks the server. *out_next: where to look next.
 * ERR_WOULD_BLOCK: no slot is free; ERR_NOT_FOUND: nothing dirty there. */
enum status file_write_out(struct file_object *f, uint64_t from, uint64_t *out_next);
/* A paged file without users: what is dirty is written out, and when nothing is any more its server learns that it is idle. */
void file_settle(struct file_object *f);
/* Sleeps until `changes` is not `seen` any more. */
enum status file_wait_change(struct file_object *f, uint64_t seen, const char *what);
void file_dirty_less(uint64_t pages);
uint64_t file_dirty_total(void);                                   /* pages, all files */
extern uint64_t file_pages_total;                                  /* atomic; pages of paged files: cached_bytes */
