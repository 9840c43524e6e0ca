/* SPDX-License-Identifier: MIT
 * Changing a RedoxFS volume. Changes collect in memory and reach the disk together: redoxfs_commit writes what changed to blocks that
 * nothing uses, flushes, writes one header, flushes. A crash before that header leaves the state of the commit before, whole; after
 * it, this one, whole. So a thousand creates and one commit cost one commit, and fsync and fdatasync are redoxfs_commit.
 *
 * Each operation either happens or leaves everything as it was, whatever it answers, but for two that work in steps and say how far
 * they came: redoxfs_write (out_bytes) and redoxfs_truncate of a file of more than 128 records (the size then tells).
 * An operation may commit by itself: before too much waits in memory, and when space that was freed is needed again.
 * WOULD_BLOCK and IO from the disk are passed on; the same call may be made again. After a header could not be written nobody knows
 * which state the disk has: from then on changes answer READ_ONLY, and what was committed is still there.
 *
 * What the reading functions of redoxfs.h give shows every change at once. A struct redoxfs_node is a copy: read it again after any
 * change or commit. One thread at a time per struct redoxfs. */
#pragma once
#include "redoxfs/redoxfs.h"

struct redoxfs_memory {
    void *(*allocate)(void *context, size_t bytes);     /* aligned to 16, of any contents; null: there is none */
    void (*release)(void *context, void *block, size_t bytes);
    void *context;
};

/* Makes one raw LZ4 block of at most to.length bytes; 0: it would be longer. lz4_encode of lz4/lz4.h is one. */
typedef size_t redoxfs_compressor(struct view from, struct span to);

struct redoxfs_write_options {
    struct redoxfs_memory memory;
    const struct redoxfs_secret *secret; /* for an encrypted volume; null: none */
    redoxfs_compressor *compressor; /* for records of more than a block; null: they are stored as they are */
    uint64_t cache_bytes;   /* of blocks kept that could be read again; 0: 8 MiB */
    uint64_t dirty_bytes;   /* a commit is made when more than this waits; 0: 16 MiB */
};

/* Like redoxfs_open, on a disk that has write and flush too; reads the allocation log. CORRUPT also for a log that contradicts itself,
 * and for a volume that is larger than its disk. Files that were unlinked while open are deleted. redoxfs_close gives the memory back. */
enum status redoxfs_open_writable(struct redoxfs_disk disk, const struct redoxfs_write_options *options, struct redoxfs *out);
/* Makes everything so far last. With nothing to do it writes nothing. */
enum status redoxfs_commit(struct redoxfs *fs);
/* Gives all memory back. What was not committed is lost. */
void redoxfs_close(struct redoxfs *fs);

struct redoxfs_attributes { uint16_t mode; uint32_t uid, gid; struct redoxfs_time now; }; /* mode: with its type */

/* Names: 1 to 252 bytes of UTF-8 without '/' and zero, not . or .. : INVALID, NAME_TOO_LONG, BAD_SEQUENCE. */
enum status redoxfs_create(struct redoxfs *fs, uint32_t directory, struct view name, const struct redoxfs_attributes *attributes,
                           uint32_t *out_id); /* a file, directory or socket; EXISTS */
enum status redoxfs_symlink(struct redoxfs *fs, uint32_t directory, struct view name, struct view target,
                            const struct redoxfs_attributes *attributes, uint32_t *out_id);
enum status redoxfs_link(struct redoxfs *fs, uint32_t directory, struct view name, uint32_t id, struct redoxfs_time now);
/* The last name of a node that is held leaves the node until the hold ends. */
enum status redoxfs_unlink(struct redoxfs *fs, uint32_t directory, struct view name, struct redoxfs_time now); /* IS_DIRECTORY */
enum status redoxfs_rmdir(struct redoxfs *fs, uint32_t directory, struct view name, struct redoxfs_time now);  /* NOT_EMPTY */

enum redoxfs_rename : uint8_t { REDOXFS_REPLACE, REDOXFS_NO_REPLACE, REDOXFS_EXCHANGE };
/* One step for whoever looks, and for a crash. INVALID: a directory below itself. */
enum status redoxfs_rename(struct redoxfs *fs, uint32_t from, struct view from_name, uint32_t to, struct view to_name,
                           enum redoxfs_rename how, struct redoxfs_time now);

/* A hold keeps a node that loses its last name, as an open file does. Each hold is ended once. */
enum status redoxfs_hold(struct redoxfs *fs, uint32_t id);
enum status redoxfs_unhold(struct redoxfs *fs, uint32_t id);
/* Has it lost its last name? Its link count on disk stays 1. */
bool redoxfs_is_orphan(const struct redoxfs *fs, uint32_t id);

/* Writes and, behind the end, makes longer, with zeros between. Fewer bytes than given with OK: the next ones had an error, which
 * another call answers. */
enum status redoxfs_write(struct redoxfs *fs, uint32_t id, uint64_t offset, struct view data, struct redoxfs_time now, size_t *out_bytes);
enum status redoxfs_truncate(struct redoxfs *fs, uint32_t id, uint64_t size_bytes, struct redoxfs_time now);

enum redoxfs_what : uint8_t { REDOXFS_SET_MODE = 1, REDOXFS_SET_OWNER = 2, REDOXFS_SET_GROUP = 4, REDOXFS_SET_MODIFY = 8,
                              REDOXFS_SET_ACCESS = 16, REDOXFS_SET_CREATE = 32 };
/* The attributes of `from` that `what` (a sum) names; of the mode its permissions, never the type. INVALID: 10^9 ns and more. */
enum status redoxfs_set(struct redoxfs *fs, uint32_t id, unsigned what, const struct redoxfs_node *from);

struct redoxfs_statistics {
    uint64_t blocks, free_blocks;   /* free: after the next commit */
    uint64_t available_blocks;      /* without what is kept back so that deleting always works */
    uint64_t waiting_bytes;         /* changed, and not yet committed */
};
void redoxfs_statistics(const struct redoxfs *fs, struct redoxfs_statistics *out);

struct redoxfs_format_options {
    uint8_t uuid[16];               /* of chance, from the caller */
    uint64_t base;                  /* blocks in front that are left alone, but for headers of older volumes */
    uint64_t block_count;           /* of the volume; 0: to the end of the disk */
    uint32_t uid, gid;              /* of the root directory */
    uint16_t permissions;           /* 0: 0755 */
    struct redoxfs_time now;
    /* encrypted, unless cipher is null: with these keys, of chance too, which the first slot holds under a password */
    const struct redoxfs_cipher *cipher;
    struct redoxfs_keys keys;
    struct redoxfs_key_slot slot;
};
#define REDOXFS_BLOCKS_MIN 265u     /* the ring and the root; a few dozen more are kept back before anything can be made */
/* Makes an empty volume; what was there is lost. `fs` is working memory only. INVALID: too small, or outside the disk. */
enum status redoxfs_format(struct redoxfs_disk disk, const struct redoxfs_format_options *options, struct redoxfs *fs);
