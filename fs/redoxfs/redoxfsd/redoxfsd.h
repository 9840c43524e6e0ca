/* SPDX-License-Identifier: MIT
 * redoxfsd: the native filesystem's server.
 *
 * The format's library (redoxfs/redoxfs.h) is written as if the disk answered at once, and does one thing at a time. So one fiber, the
 * worker, does everything that touches a volume, in the order in which it came: requests, pages, commits, each a job. It waits for the disk in disk.c
 * and nowhere else; the loop goes on meanwhile. What must wait for pages of our own files (sync, truncation) is the helper's
 * (fs/helper.h), since the loop and the worker have to bring and take those pages. All else belongs to the loop. */
#pragma once
#include "base/list.h"
#include "base/tree.h"
#include "block/client.h"
#include "fiber/fiber.h"
#include "fs/helper.h"
#include "fs/job.h"
#include "fs/listing.h"
#include "protocol/fs_server.h"
#include "redoxfs/write.h"
#include "server/server.h"

#define TRANSFER_BYTES REDOXFS_RECORD_BYTES_MAX   /* the most that one request to the disk, or one answer to the kernel, carries */

/* -- disk.c: blocks for the library, from the worker alone */
struct disk {
    struct block_client client;
    uint64_t blocks;                  /* of REDOXFS_BLOCK_BYTES */
    bool is_known, is_read_only;      /* known: the driver has answered, with `status` */
    enum status status;
};
extern struct disk disk;
enum status disk_start(struct server *server, handle_t device);
enum status disk_read(void *context, uint64_t block, struct span to);
/* Returns when the bytes are on their way. What fails on the way is the next flush's answer, and that of all after it: what the library
 * believes written is not there, so nothing may be committed on it. */
enum status disk_write(void *context, uint64_t block, struct view from);
enum status disk_flush(void *context);
void disk_expect(void *context, uint64_t block, uint64_t count);

/* -- node.c: nodes of which somebody has a file object, or reads the names */
struct open_node {
    struct tree_node link;            /* by number */
    handle_t file;                    /* HANDLE_NONE: none yet */
    struct listing listing;           /* directory: its names as they were when somebody began to read them */
    bool is_held;                     /* by the library: it lost its last name, and somebody may use it */
    bool is_doomed;                   /* forgotten by name: it goes when its file is idle */
};
struct open_node *node_find(uint32_t id);               /* null: none */
enum status node_obtain(uint32_t id, struct open_node **out);
void node_drop(struct open_node *node);                  /* closes its file object */
/* Nobody names it any more: it goes now, or when nobody has its file open. */
void node_forget(struct open_node *node);
struct open_node *node_from(uint32_t id);                    /* the first with this number or a greater one */
struct open_node *node_after(const struct open_node *node);  /* in order of numbers; of null the first */
static inline uint32_t node_number(const struct open_node *node) { return (uint32_t)node->link.key; }
/* Its file object, made with these facts when there is none. */
enum status node_need_file(struct open_node *node, const struct redoxfs_node *facts);
void attributes_of(const struct redoxfs_node *node, struct file_attributes *out);

/* -- pages.c */
void pages_in(uint32_t id, uint64_t offset, uint64_t length);
void pages_out(uint32_t id, uint64_t offset, uint64_t length);
/* The volume's size and times of a file become the kernel's. */
enum status node_push(struct open_node *node);
enum status pages_start(void);

/* -- commit.c */
enum status commit_start(void);
/* All nodes' sizes and times, then the library's commit. */
enum status volume_commit(void);
void commit_soon(void);               /* something changed: within some seconds it will last */
/* Pages of all files first; answers the request when that is done. */
enum status sync_begin(struct request *rq);

/* -- jobs.c */
enum : uint32_t { JOB_COMMIT_ALL = JOB_OWN, JOB_SYNCED }; /* synced: offset is the request */
enum status jobs_start(void);
void jobs_schedule(void);             /* in the loop: the worker goes on if it can */
void worker_wait(void);               /* in the worker: until worker_wake */
void worker_wake(void);
extern const struct scheme_ops redoxfsd_scheme;

/* -- serve.c, names.c: the fs protocol, in the worker */
bool serve_protocol(struct request *rq);
enum status facts_read(uint64_t number, struct redoxfs_node *out);   /* numbers that no volume has are NOT_FOUND */
enum status on_set_attributes(struct request *rq, const struct fs_set_attributes_in *in, struct fs_set_attributes_out *out);
enum status on_create(struct request *rq, const struct fs_create_in *in, struct fs_create_out *out);
enum status on_symlink(struct request *rq, const struct fs_symlink_in *in, struct fs_symlink_out *out);
enum status on_link(struct request *rq, const struct fs_link_in *in, struct fs_link_out *out);
enum status on_unlink(struct request *rq, const struct fs_unlink_in *in, struct fs_unlink_out *out);
enum status on_rename(struct request *rq, const struct fs_rename_in *in, struct fs_rename_out *out);
enum status on_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out);
struct redoxfs_time time_now(void);
struct redoxfs_time time_of_ns(int64_t ns);

struct redoxfsd {
    struct server server;
    struct redoxfs fs;                /* the worker's */
    enum status mount_status;         /* BUSY: nobody has looked at the volume yet */
    uint64_t device;
    bool is_read_only;
};
extern struct redoxfsd redoxfsd;
enum status volume_open(void);        /* in the worker */
bool volume_holds_system(void);       /* system.c */
