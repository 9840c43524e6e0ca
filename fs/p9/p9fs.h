/* SPDX-License-Identifier: MIT
 * p9: a folder of the other side (a host, a hypervisor) as a filesystem, by 9P2000.L over virtio.
 *
 * Each request and each question of the kernel about pages is a job, and runs in a fiber of its own: a slot, which has one tag of the
 * protocol and memory for one exchange. Fibers wait in p9_exchange, node_lock and helper_run and nowhere else. What must wait for pages of
 * our own files (sync, dropping pages) is done by a helper context, since the loop has to answer meanwhile; some slots take
 * nothing but pages, so that those answers always get through. All else belongs to the loop. */
#pragma once
#include "base/list.h"
#include "fiber/fiber.h"
#include "fs/job.h"
#include "fs/helper.h"
#include "fs/listing.h"
#include "p9/p9.h"
#include "virtio/virtio.h"

#define SLOTS 10u
#define REQUEST_SLOTS 7u                       /* the first ones; the others are for pages alone */
#define DATA_BYTES (128u << 10)
#define MESSAGE_BYTES (DATA_BYTES + 24u)       /* msize: data and the largest header before it */
#define REQUEST_AREA_BYTES 8192u               /* of a slot: small messages; then a page whose end is a header; then data */
#define DATA_OFFSET (REQUEST_AREA_BYTES + 4096u)
#define ROOT_FID 0u

struct p9_node {
    struct p9_node *next;                      /* in its bucket */
    uint64_t inode;
    uint32_t type, references;                 /* references: fibers that use it */
    uint32_t fid;
    uint32_t read_fid, write_fid;              /* opened there when pages are moved; P9_NO_FID: not open. write_fid reads, too */
    uint32_t open_users;                       /* exchanges under way on these two */
    bool is_forgotten, is_locked, is_removed;  /* removed: its last name is gone */
    bool is_doomed;                            /* forgotten by name: it goes when its file is idle */
    bool has_written;                          /* pages went out since `known` was taken */
    handle_t file;                             /* the file object, or HANDLE_NONE */
    struct file_attributes known;              /* what the other side said last, when pages and it agreed */
    struct listing listing;                     /* directory: the names as they were when somebody began to read them */
    uint64_t sync_epoch;
};

struct slot {
    struct fiber fiber;                        /* first */
    uint16_t tag;
    struct dma_memory memory;
    struct job *job;
    bool is_ready;                             /* what it waited for has happened */
    uint32_t written;                          /* bytes of the answer */
    struct p9_node *wants;                     /* waits for this node's lock */
};

struct p9 {
    struct driver driver;
    struct virtio virtio;
    struct virtio_queue queue;
    struct slot slots[SLOTS];
    struct list_node requests, pages;          /* jobs that wait for a slot */
    struct p9_node **buckets;
    uint64_t bucket_count, node_count;
    struct p9_node *root;
    uint64_t device, epoch;
    uint32_t next_fid;
    char tag[64];
    struct view mount_tag;                     /* serve this one only; empty: any */
};
extern struct p9 p9;

/* -- client.c: exchanges; from a fiber, or before the loop runs */
struct slot *slot_current(void);
/* Begins a small message in the current slot. */
struct p9_writer p9_message(enum p9_type type);
/* Sends it and waits for its answer; *out_body is valid until the next message. */
enum status p9_exchange(struct p9_writer *w, enum p9_type type, struct reader *out_body);
/* At most `length` bytes (<= DATA_BYTES - at) into the slot's data at `at`; 0 at the end of the file. */
enum status p9_read(uint32_t fid, uint64_t offset, uint32_t at, uint32_t length, uint32_t *out_bytes);
/* `length` bytes of the slot's data. */
enum status p9_write(uint32_t fid, uint64_t offset, uint32_t at, uint32_t length, uint32_t *out_bytes);
struct span slot_data(void);
/* A new fid for `name` below `from`; an empty name: for the same node. */
enum status p9_walk(uint32_t from, struct view name, uint32_t *out_fid, struct p9_qid *out_qid);
void p9_clunk(uint32_t fid);
enum status p9_getattr(uint32_t fid, struct file_attributes *out);
enum status p9_lopen(uint32_t fid, uint32_t flags);
enum status p9_start(void);
void p9_take_answers(void);                                    /* marks the slots whose answers came */

/* -- node.c */
enum status node_find(uint64_t inode, struct p9_node **out);   /* with a reference */
/* The node of these attributes; takes the fid, which becomes the node's. With a reference. */
enum status node_obtain(const struct file_attributes *attributes, uint32_t fid, struct p9_node **out);
void node_put(struct p9_node *node);
DEFINE_CLEANUP(node_put, struct p9_node *)
void node_lock(struct p9_node *node);
void node_unlock(struct p9_node *node);
void node_forget(struct p9_node *node);                        /* now, or when nobody has its file open any more */
void node_drop(struct p9_node *node);                          /* now */
enum status node_need_file(struct p9_node *node);
/* An open fid for an exchange, for both directions when it `writes`; node_close_use when that is over. */
enum status node_open_use(struct p9_node *node, bool writes, uint32_t *out_fid);
void node_close_use(struct p9_node *node);
void node_close(struct p9_node *node);                         /* if nobody uses it */
struct p9_node *node_with_file(uint64_t epoch);                /* one whose sync_epoch differs; with a reference */

/* -- pages.c */
void pages_in(struct p9_node *node, uint64_t offset, uint64_t length);
void pages_out(struct p9_node *node, uint64_t offset, uint64_t length);
/* Everything dirty goes out, then size and times: both sides agree afterwards. */
enum status file_push(struct p9_node *node);
void file_idle(struct p9_node *node);
/* What was written is on the other side's disk. */
enum status file_commit(struct p9_node *node);
/* The other side's attributes are these now: if somebody there changed the file, its pages go. */
enum status file_revalidate(struct p9_node *node, const struct file_attributes *theirs);

/* -- helper.c */
enum status helper_start(void);
enum status helper_run(enum file_work_kind work, handle_t file, const struct file_attributes *attributes);

/* -- serve.c, jobs.c */
extern const struct job_owner p9_jobs;
extern const struct scheme_ops p9_scheme;
bool p9_protocol(struct request *rq);                          /* in a fiber */
void jobs_schedule(void);                                      /* in the loop: runs whatever can go on */
