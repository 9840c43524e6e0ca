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
#include "fs/listing.h"
#include "redoxfs/redoxfs.h"
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

/* -- node.c: nodes of which somebody has a file object, or reads the names */
struct open_node {
    struct tree_node link;            /* by number */
    handle_t file;                    /* HANDLE_NONE: none yet */
    struct listing listing;           /* directory: its names as they were when somebody began to read them */
};
struct open_node *node_find(uint32_t id);               /* null: none */
enum status node_obtain(uint32_t id, struct open_node **out);
void node_drop(struct open_node *node);                  /* closes its file object */
/* Its file object, made with these facts when there is none. */
enum status node_need_file(struct open_node *node, const struct redoxfs_node *facts);
void attributes_of(const struct redoxfs_node *node, struct file_attributes *out);

/* -- pages.c */
void pages_in(uint32_t id, uint64_t offset, uint64_t length);
enum status pages_start(void);

/* -- jobs.c */
enum status jobs_start(void);
void jobs_schedule(void);             /* in the loop: the worker goes on if it can */
void worker_wait(void);               /* in the worker: until worker_wake */
void worker_wake(void);
extern const struct scheme_ops redoxfsd_scheme;

/* -- serve.c, names.c: the fs protocol, in the worker */
bool serve_protocol(struct request *rq);

struct redoxfsd {
    struct server server;
    struct redoxfs fs;                /* the worker's */
    enum status mount_status;         /* BUSY: nobody has looked at the volume yet */
    uint64_t device;
};
extern struct redoxfsd redoxfsd;
enum status volume_open(void);        /* in the worker */
