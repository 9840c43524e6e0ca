/* SPDX-License-Identifier: MIT
 * vfsd's state, and what its files offer each other. One loop owns all of it: there is no lock anywhere in vfsd. */
#pragma once
#include "name_cache.h"
#include "node.h"
#include "path_cache.h"
#include "abi/start.h"
#include "server/server.h"

struct operation;

/* What a token of ours stands for. */
enum opened_kind { OPENED_VIEW, OPENED_DIRECTORY, OPENED_PATH, OPENED_RANDOM, OPENED_FULL };
struct opened {
    struct list_node link;      /* all of them: for finding one by object id */
    enum opened_kind kind;
    uint32_t references;        /* the token, and operations in progress */
    uint64_t object_id;         /* the kernel's number of the resource */
    struct node *root, *node;   /* node: current directory of a view, or what was opened; with references */
    uint64_t position;          /* directory: cookie of the last entry that was read */
    uint8_t *listing;           /* directory: records that come after `position`, read ahead; own memory, nullptr: none */
    size_t listing_start, listing_end;
};

struct device {
    handle_t target;            /* duplicated (kernel device) or forwarded to; HANDLE_NONE: served here */
    bool is_duplicated;
    enum opened_kind own_kind;  /* when served here */
};

struct vfsd {
    struct server server;
    struct node_table nodes;
    struct name_cache names;
    struct path_cache paths;
    struct list_node filesystems, openeds;
    struct node *root;          /* of the system */
    struct filesystem *dev;
    const volatile struct process_entry *table; /* nullptr: not known yet */
    uint64_t next_device;
    handle_t init;              /* asked for the servers of disks; HANDLE_NONE: there are none */
    handle_t memory_filesystems; /* opening "new" there makes an empty one; HANDLE_NONE: cannot */
};
extern struct vfsd vfsd;

/* serve.c */
enum status vfsd_start(const struct start_block *block);

/* opened.c */
enum status opened_create(enum opened_kind kind, struct node *root, struct node *node, uint32_t open_flags, handle_t *out_handle);
void opened_put(struct opened *o);
/* The opened thing behind a handle that a client sent along; without a reference. */
struct opened *opened_of_handle(handle_t handle);
static inline struct node *opened_root(const struct opened *o) { return o ? o->root : vfsd.root; }
static inline struct node *opened_node(const struct opened *o) { return o ? o->node : vfsd.root; }

/* listing.c: what was read ahead is of no use any more */
void listing_drop(struct opened *o);

/* devices.c */
enum status devices_init(const struct start_block *block);
enum status devices_add(struct view name, uint32_t type, uint32_t mode, uint64_t special, struct device device);
/* The node in /dev of a device number, or nullptr. */
struct node *devices_find(uint32_t type, uint64_t special);
enum status device_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data);
enum status device_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken);

/* mounts.c */
/* Hangs a filesystem of ours over a directory of the root, made when it is missing. */
enum status mount_own(struct view path, struct filesystem *fs);
void filesystem_init(struct filesystem *fs, handle_t server, const char *name);
/* Takes it off the directory that it covers, and frees it; nobody uses it. */
void filesystem_detach(struct filesystem *fs);
