/* SPDX-License-Identifier: MIT
 * What the writing files of fs/redoxfs share.
 *
 * Changed blocks live in memory as buffers that already have their new place on the disk; the pointer above such a buffer has that
 * place and, instead of a checksum, UNHASHED. Pointers are followed from the header down, and a pointer whose target is made writable
 * is itself in a writable buffer, so whatever differs from the last commit is reached from the header through UNHASHED pointers.
 * A commit turns them into checksums, from the bottom up.
 *
 * Making a block writable changes nothing that anybody can see. So an operation first makes all it needs writable, takes the new
 * blocks it needs (each of these steps may fail, harmlessly), and then changes bytes, which cannot fail. No buffer is dropped from
 * memory inside an operation. */
#pragma once
#include "base/list.h"
#include "base/string.h"
#include "fs/redoxfs/format.h"
#include "redoxfs/write.h"

#define UNHASHED 0x6d656d6f72792121ull /* a hostile block may have it as its checksum; then its buffer is not dirty */

enum : uint32_t {
    NODE_MODE = 0, NODE_UID = 2, NODE_GID = 6, NODE_LINKS = 10, NODE_SIZE = 14, NODE_BLOCKS = 22, NODE_CREATE = 30, NODE_MODIFY = 42,
    NODE_ACCESS = 54, NODE_RECORD_LEVEL = 66, NODE_FLAGS = 70,
    INLINE_LIMIT = 3968,        /* inline data ends before this */
    HASH_DEPTH_MAX = 24,        /* four lists, a node, fifteen levels of a directory, a leaf, and some */
    CHUNK_BLOCKS = 32768, CHUNK_WORDS = CHUNK_BLOCKS / 64,
    OPERATION_BLOCKS = 24,      /* what an operation takes, but for records; one that needs more may find that it has not */
};

static inline void put16(uint8_t *at, uint16_t value) { memcpy(at, &value, sizeof value); }
static inline void put32(uint8_t *at, uint32_t value) { memcpy(at, &value, sizeof value); }
static inline void put64(uint8_t *at, uint64_t value) { memcpy(at, &value, sizeof value); }
static inline uint16_t get16(const uint8_t *at) { uint16_t value; memcpy(&value, at, sizeof value); return value; }
static inline uint32_t get32(const uint8_t *at) { uint32_t value; memcpy(&value, at, sizeof value); return value; }
static inline uint64_t get64(const uint8_t *at) { uint64_t value; memcpy(&value, at, sizeof value); return value; }
static inline struct redoxfs_pointer get_pointer(const uint8_t *at) { return (struct redoxfs_pointer){get64(at), get64(at + 8)}; }
static inline void put_pointer(uint8_t *at, struct redoxfs_pointer p) { put64(at, p.address); put64(at + 8, p.hash); }

/* -- space.c: each block is used, free, fresh (taken since the commit) or dying (used by the commit, free after the next) -------- */
struct space_chunk {
    uint64_t *free, *fresh, *dying; /* null: all free, or all used */
    uint32_t free_count, next_touched;
    uint32_t low, high;             /* the words that fresh and dying blocks are in, when touched */
    bool is_touched;                /* on the list of those that have fresh or dying blocks */
};
struct space {
    struct redoxfs_memory memory;
    struct space_chunk *chunks;
    uint64_t blocks, limit, chunk_count, free_blocks, dying_blocks; /* limit: from here on nothing is taken; blocks, but while shrinking */
    uint64_t near[3];               /* where to look next: for single blocks, short records, whole records */
    uint32_t touched;               /* the first, or UINT32_MAX */
    uint64_t steps;                 /* takes and releases since the commit: no fewer than the runs of fresh and dying blocks */
    uint8_t hopeless, scrapless;    /* bit L: no run of 2^L was found, or none between others, and none was freed since */
};
enum status space_init(struct space *s, struct redoxfs_memory memory, uint64_t blocks);
void space_fini(struct space *s);
/* An entry of the log. CORRUPT: frees what is free, takes what is not, or lies outside. */
enum status space_replay(struct space *s, uint64_t index, int64_t count);
/* 2^level blocks in a row, at a multiple of that. NO_SPACE. */
enum status space_take(struct space *s, uint32_t level, uint64_t *out_index);
/* CORRUPT: not all of them are used or all of them fresh. Fails before anything changes; never for fresh blocks. */
enum status space_release(struct space *s, uint64_t index, uint64_t count);
/* Now releasing blocks near this one needs no memory. */
enum status space_ready(struct space *s, uint64_t index);
void space_commit(struct space *s);
/* Only just after a commit. The new blocks are free. */
enum status space_grow(struct space *s, uint64_t blocks);
/* Are all blocks from `first` on free? Then, just after a commit, they can be cut off. */
bool space_is_free(const struct space *s, uint64_t first);
enum status space_cut(struct space *s, uint64_t blocks);
bool space_is_used(const struct space *s, uint64_t index, uint64_t count);
typedef void space_visit(void *context, uint64_t index, int64_t count);
void space_each_change(const struct space *s, space_visit *visit, void *context);  /* fresh runs negative, dying runs positive */
void space_each_free(const struct space *s, space_visit *visit, void *context);    /* runs that are free after the commit */

/* -- cache.c ---------------------------------------------------------------------------------------------------------------------- */
enum block_kind : uint8_t { BLOCK_PLAIN, BLOCK_LIST, BLOCK_NODE, BLOCK_INDIRECT, BLOCK_HTREE, BLOCK_RECORD };
struct buffer {
    struct buffer *next;            /* in its bucket */
    struct list_node place;         /* among the clean or the dirty */
    struct redoxfs_pointer self;    /* its hash counts when the buffer is clean or hashed */
    uint32_t bytes;                 /* of data, after expansion */
    enum block_kind kind;
    bool is_dirty, is_hashed, is_walked, is_leaf, is_used;
    uint8_t *stored;                /* of a changed record: compressed; null: as it is */
    uint32_t stored_bytes;
    uint8_t data[];
};

struct id_list { uint32_t *ids; uint32_t count, capacity; };
struct pointer_list { struct redoxfs_pointer *pointers; uint32_t count, capacity; };
struct held { struct held *next; uint32_t id, holds; };
enum { HELD_BUCKETS = 64 };

struct writer {
    struct redoxfs_memory memory;
    redoxfs_compressor *compressor; /* null: none */
    uint64_t cache_limit, dirty_limit, clean_bytes, dirty_bytes;
    struct buffer **buckets;
    uint32_t bucket_mask;
    struct list_node clean, dirty;
    struct space space;
    bool is_operating, is_broken, is_damaged, has_changed;
    /* the allocation log, oldest first; the last ones are those of the commit that is being made */
    struct pointer_list log;
    uint32_t log_kept, log_old;     /* the first log_kept stay, the first log_old are those of the last commit */
    uint32_t log_limit;             /* a longer one is replaced */
    bool log_is_lost;               /* the next one is written as a whole (repair.c) */
    /* nodes without a name, and the blocks of the disk's list of them */
    struct id_list orphans;
    struct pointer_list release;
    bool orphans_changed;
    struct held *held[HELD_BUCKETS];
    uint64_t sort[LEAF_BYTES / (ENTRY_HEAD + 1) + 2];  /* of a leaf that is cut: hash << 32 | place << 16 | length */
};

enum status cache_init(struct writer *w);
void cache_fini(struct writer *w);
void *memory_take(struct redoxfs_memory m, size_t bytes);
void memory_give(struct redoxfs_memory m, void *block, size_t bytes);
/* The buffer of a pointer, from memory or disk; for records expanded. `level_max` is the record level, 0 for structure. */
enum status buffer_get(struct redoxfs *fs, struct redoxfs_pointer pointer, uint32_t level_max, struct buffer **out);
struct buffer *buffer_find(const struct writer *w, uint64_t index);
/* A new dirty buffer at a new place: of zeros, but a record of anything. */
enum status block_new(struct redoxfs *fs, enum block_kind kind, uint32_t level, struct buffer **out);
static inline struct redoxfs_pointer block_pointer(const struct buffer *b) { return (struct redoxfs_pointer){b->self.address, UNHASHED}; }
/* Makes the block that the pointer at `slot` (in a writable block, or in the volume) names writable, and the slot say so. */
enum status block_modify(struct redoxfs *fs, uint8_t *slot, enum block_kind kind, struct buffer **out);
/* Gives the record that the pointer at `slot`, in a writable block, names another place, as it is stored. */
enum status record_move(struct redoxfs *fs, uint8_t *slot);
/* Forgets a block or record and frees its place. Fails before anything changes; never for dirty ones. */
enum status block_drop(struct redoxfs *fs, struct redoxfs_pointer pointer);
uint64_t block_hash(const struct buffer *b);
void buffer_rename(struct writer *w, struct buffer *b, uint64_t address);
void cache_settle(struct writer *w);    /* all dirty buffers are clean */
void cache_trim(struct writer *w);

/* -- log.c ------------------------------------------------------------------------------------------------------------------------ */
enum status log_open(struct redoxfs *fs);
uint64_t log_blocks_needed(const struct writer *w, uint64_t more_steps);
enum status log_build(struct redoxfs *fs);
void log_settle(struct redoxfs *fs);
enum status pointer_list_add(struct writer *w, struct pointer_list *list, struct redoxfs_pointer pointer);

/* -- commit.c --------------------------------------------------------------------------------------------------------------------- */
enum status volume_write(struct redoxfs *fs, uint64_t index, struct view from);
/* Every change is between these two. `blocks`: how many it may take; `grows`: leaves alone what is kept back for deleting. */
enum status operation_begin(struct redoxfs *fs, uint64_t blocks, bool grows);
enum status operation_end(struct redoxfs *fs, enum status status);
/* Puts the roots, the generation and the checksums into fs->header. */
enum status header_seal(struct redoxfs *fs, uint64_t generation);
/* A writer without log and orphans; redoxfs_close ends it, also when this fails. */
enum status writer_start(struct redoxfs *fs, const struct redoxfs_write_options *options);
uint64_t space_kept_back(const struct writer *w);

/* -- compress.c ------------------------------------------------------------------------------------------------------------------- */
/* Gives a changed record a shorter place, if there is a compressor and it pays; its node, writable, counts it. */
void record_compress(struct redoxfs *fs, struct buffer *node, struct buffer *b);
struct view stored_bytes(const struct buffer *b);
void record_forget_stored(struct writer *w, struct buffer *b);

/* -- orphan.c --------------------------------------------------------------------------------------------------------------------- */
enum status orphans_open(struct redoxfs *fs);
enum status orphans_build(struct redoxfs *fs);
enum status id_list_add(struct writer *w, struct id_list *list, uint32_t id);
enum status orphan_add_prepare(struct writer *w);
void orphan_add(struct writer *w, uint32_t id);
bool is_held(const struct writer *w, uint32_t id);
/* Deletes the orphans that nobody holds. */
enum status orphans_reap(struct redoxfs *fs);
void orphans_fini(struct writer *w);

/* -- node_write.c ----------------------------------------------------------------------------------------------------------------- */
enum status node_modify(struct redoxfs *fs, uint32_t id, struct buffer **out);
enum status node_new(struct redoxfs *fs, uint32_t *out_id, struct buffer **out);
/* Takes a node without contents out of the tree; after node_remove_prepare or node_modify it cannot fail. */
enum status node_remove_prepare(struct redoxfs *fs, uint32_t id);
enum status node_remove(struct redoxfs *fs, uint32_t id);
static inline uint16_t node_type(const struct buffer *node) { return get16(node->data + NODE_MODE) & REDOXFS_TYPE; }
static inline uint64_t record_bytes(const struct buffer *node) { return (uint64_t)REDOXFS_BLOCK_BYTES << get32(node->data + NODE_RECORD_LEVEL); }
static inline void put_time(uint8_t *at, struct redoxfs_time t) { put64(at, t.seconds); put32(at + 8, t.ns); }

/* -- directory_write.c ------------------------------------------------------------------------------------------------------------ */
struct directory_change {
    struct buffer *node, *leaf, *spare[REDOXFS_DEPTH_MAX + 2];
    struct { struct buffer *block; uint32_t slot; } path[REDOXFS_DEPTH_MAX]; /* [0] is just above the leaf */
    uint32_t levels, spares, hash, id;
    uint16_t offset;                /* of the entry, in the leaf */
    struct view name;
};
enum status directory_insert_prepare(struct redoxfs *fs, uint32_t directory, struct view name, struct directory_change *out);
void directory_insert(struct redoxfs *fs, struct directory_change *c, uint32_t id, struct redoxfs_time now);
void directory_insert_cancel(struct redoxfs *fs, struct directory_change *c);
enum status directory_remove_prepare(struct redoxfs *fs, uint32_t directory, struct view name, struct directory_change *out);
void directory_remove(struct redoxfs *fs, struct directory_change *c, struct redoxfs_time now);
void directory_replace(struct directory_change *c, uint32_t id, struct redoxfs_time now); /* another node under the same name */

/* -- record_write.c --------------------------------------------------------------------------------------------------------------- */
enum status record_buffer(struct redoxfs *fs, uint32_t record_level, struct redoxfs_pointer pointer, struct buffer **out);
enum status file_write_part(struct redoxfs *fs, struct buffer *node, uint64_t offset, struct view data, size_t *out_bytes);
/* Frees the records from number `first` on, the last ones first, at most `budget`; *out_first: from here on none is left. */
enum status records_drop(struct redoxfs *fs, struct buffer *node, uint64_t first, uint64_t budget, uint64_t *out_first);
/* Frees the records of a node that goes, and has no blocks of pointers. After the first, the second cannot fail. */
enum status records_forget_prepare(struct redoxfs *fs, const struct buffer *node);
void records_forget(struct redoxfs *fs, const struct buffer *node);
enum : uint64_t { DROP_BUDGET = 4096 };
