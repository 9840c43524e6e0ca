/* SPDX-License-Identifier: MIT
 * RedoxFS on disk, version 8, reading. Pure: blocks come from the caller's disk, memory is inside struct redoxfs (about 350 KiB:
 * static or from the heap, never on a stack), and every number on the disk is hostile. Each block is believed only after its
 * checksum, which stands in the pointer to it. A disk that answers WOULD_BLOCK has that passed on; the same call made again later
 * starts over and changes nothing before it succeeds. Changing a volume is redoxfs/write.h.
 * One thread at a time per struct redoxfs. */
#pragma once
#include "base/span.h"
#include "redoxfs/encrypt.h"

#define REDOXFS_BLOCK_BYTES 4096u
#define REDOXFS_LEVEL_MAX 5u                                            /* a record is at most 2^5 blocks */
#define REDOXFS_RECORD_BYTES_MAX (REDOXFS_BLOCK_BYTES << REDOXFS_LEVEL_MAX)
#define REDOXFS_ROOT 1u                                                 /* node of the root directory */
#define REDOXFS_NAME_MAX 252u
#define REDOXFS_AREA_BYTES 3968u                                        /* of a node: its pointers, or its data */
#define REDOXFS_DEPTH_MAX 15u                                           /* levels above a directory's leaves */
#define REDOXFS_CACHE_BLOCKS 16u

struct redoxfs_disk {
    /* to.length / 4096 blocks from `block` on; the library asks only inside block_count. */
    enum status (*read)(void *context, uint64_t block, struct span to);
    void *context;
    uint64_t block_count;
    /* Only for writing. flush: everything written before is on the disk for good. discard may be null. */
    enum status (*write)(void *context, uint64_t block, struct view from);
    enum status (*flush)(void *context);
    enum status (*discard)(void *context, uint64_t block, uint64_t count);
    /* May be null. Behind what is read next, these will probably be wanted: a file is read from its front to its end. */
    void (*expect)(void *context, uint64_t block, uint64_t count);
};

/* Where a block or record is, and the checksum of what is there. Index 0: nothing. */
struct redoxfs_pointer { uint64_t address, hash; };

struct writer;
struct redoxfs {
    /* set by redoxfs_open */
    struct redoxfs_disk disk;
    uint64_t base, block_count, generation; /* base: the disk block of the volume's block 0 */
    uint8_t uuid[16];
    struct redoxfs_pointer tree, alloc, release;
    const struct redoxfs_cipher *cipher;    /* of an encrypted volume; null: in the clear */
    struct redoxfs_keys keys;
    uint32_t key_slot;                      /* that the password opened */
    bool is_older;                          /* the newest header led nowhere, and an older one is used */
    bool is_cut;                            /* the disk is smaller than the header says; block_count ends with the disk */
    /* what was read last; each under the pointer that named it, null while nothing is held */
    struct { struct redoxfs_pointer of; uint8_t bytes[REDOXFS_BLOCK_BYTES]; } cache[REDOXFS_CACHE_BLOCKS];
    struct redoxfs_pointer record_of;
    struct { uint32_t id; uint64_t next; } reading; /* the file that was read last, and the record behind what was read */
    uint8_t header[REDOXFS_BLOCK_BYTES];
    struct writer *writer;                  /* null: opened for reading */
    uint8_t record[REDOXFS_RECORD_BYTES_MAX], stored[REDOXFS_RECORD_BYTES_MAX];
};

/* Finds the volume on the disk and chooses its newest header that leads to a root directory (at most one generation back: older ones
 * may be overwritten). BAD_FORMAT: no header; NOT_SUPPORTED: encrypted; CORRUPT: no root directory under the headers. */
enum status redoxfs_open(struct redoxfs_disk disk, struct redoxfs *out);
/* The same with a password for an encrypted volume (one in the clear does not look at it). NO_ACCESS: it opens no slot. */
enum status redoxfs_open_secret(struct redoxfs_disk disk, const struct redoxfs_secret *secret, struct redoxfs *out);

enum : uint16_t { REDOXFS_TYPE = 0xf000, REDOXFS_FILE = 0x8000, REDOXFS_DIRECTORY = 0x4000, REDOXFS_LINK = 0xa000, REDOXFS_SOCKET = 0xc000 };

struct redoxfs_time { uint64_t seconds; uint32_t ns; }; /* ns < 10^9 is the writer's promise, not checked */

struct redoxfs_node {
    uint32_t id;
    uint16_t mode;                  /* type and permissions */
    uint32_t uid, gid, links;
    uint64_t size_bytes, blocks;    /* blocks include the node's own */
    struct redoxfs_time create, modify, access;
    uint32_t record_level;          /* <= REDOXFS_LEVEL_MAX */
    bool is_inline;                 /* area holds the data itself; never for a directory */
    uint8_t area[REDOXFS_AREA_BYTES];
};
/* NOT_FOUND: no such node. */
enum status redoxfs_node_read(struct redoxfs *fs, uint32_t id, struct redoxfs_node *out);

/* Contents of a file or a link's target, from `offset` on; fewer bytes than asked only at the end. */
enum status redoxfs_read(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t offset, struct span to, size_t *out_bytes);
/* The first place at or after `offset` that is stored (the start of a record, or `offset` itself); size_bytes when the rest is a hole. */
enum status redoxfs_find_data(struct redoxfs *fs, const struct redoxfs_node *node, uint64_t offset, uint64_t *out_offset);

/* Names are 1..252 bytes without '/' and zero, and not . or ..: others are CORRUPT. */
enum status redoxfs_lookup(struct redoxfs *fs, const struct redoxfs_node *directory, struct view name, uint32_t *out_id);

/* A place in a directory; all zero is the start. It is good for the same state of the directory only. */
struct redoxfs_cursor {
    uint8_t slot[REDOXFS_DEPTH_MAX];
    uint16_t offset, end;           /* in the leaf; end 0: not entered yet */
    bool is_done;
    uint64_t blocks_seen;           /* at most as many as the directory says it has, whatever its blocks say */
};
struct redoxfs_entry { uint32_t id; uint8_t name_length; uint8_t name[REDOXFS_NAME_MAX]; };
/* The entry at the cursor, and moves it on. NOT_FOUND: no more. */
enum status redoxfs_directory_next(struct redoxfs *fs, const struct redoxfs_node *directory, struct redoxfs_cursor *cursor,
                                   struct redoxfs_entry *out);
