/* SPDX-License-Identifier: MIT
 * What the files of fs/redoxfs share: the format's numbers, and how a pointer is followed. */
#pragma once
#include "base/string.h"
#include "redoxfs/redoxfs.h"

enum : uint32_t {
    RING_SLOTS = 256, VERSION = 8,
    HEADER_UUID = 16, HEADER_SIZE = 32, HEADER_GENERATION = 40, HEADER_TREE = 48, HEADER_ALLOC = 64, HEADER_SLOTS = 80,
    KEY_SLOT_BYTES = 48, HEADER_RELEASE = 3152,
    HEADER_CHECK = 4072, HEADER_HASH = 4088, HEADER_HASHED = 4072,
    TREE_FANOUT = 254, TREE_LEVELS = 4, TREE_BITMAP = 4064, POINTER_BYTES = 16,
    NODE_AREA = 128, NODE_PADDING = 74, NODE_FLAG_INLINE = 1,
    INDIRECT_FANOUT = 256, INDIRECT_HEIGHT_MAX = 4,
    LEAF_BYTES = 4092, LEAF_COUNT = 4092, LEAF_USED = 4094, ENTRY_HEAD = 5,
    HTREE_FANOUT = 204, HTREE_ENTRY_BYTES = 20,
    ALLOC_ENTRIES = 255, RELEASE_ENTRIES = 1020,
};

/* Little-endian numbers at offsets that the caller knows to be inside. Every machine of ours is little-endian. */
static inline uint32_t u16_at(struct view v, size_t at) { uint16_t value; memcpy(&value, v.data + at, sizeof value); return value; }
static inline uint32_t u32_at(struct view v, size_t at) { uint32_t value; memcpy(&value, v.data + at, sizeof value); return value; }
static inline uint64_t u64_at(struct view v, size_t at) { uint64_t value; memcpy(&value, v.data + at, sizeof value); return value; }
static inline struct redoxfs_pointer pointer_at(struct view v, size_t at)
{
    return (struct redoxfs_pointer){u64_at(v, at), u64_at(v, at + 8)};
}

static inline uint64_t pointer_index(struct redoxfs_pointer p) { return p.address >> 8; }
static inline uint32_t pointer_level(struct redoxfs_pointer p) { return p.address & 15; }
static inline uint32_t pointer_expanded_level(struct redoxfs_pointer p) { return p.address >> 4 & 15; } /* 0: not compressed */
static inline bool pointer_is_null(struct redoxfs_pointer p) { return pointer_index(p) == 0; }
static inline bool pointer_is_marker(struct redoxfs_pointer p) { return (p.address | 15) == UINT64_MAX && p.hash == UINT64_MAX; }
static inline bool pointer_equal(struct redoxfs_pointer a, struct redoxfs_pointer b) { return a.address == b.address && a.hash == b.hash; }

/* volume.c: the target's stored bytes, all 4096 << level of them. CORRUPT: outside the volume, or another checksum. */
enum status volume_read(struct redoxfs *fs, struct redoxfs_pointer pointer, struct span to);
/* One block of structure; valid until the next read of any kind. CORRUPT also for pointers to longer or compressed things. */
enum status volume_block(struct redoxfs *fs, struct redoxfs_pointer pointer, struct view *out);

/* Of a check's state bytes, what repairing needs. */
enum : uint8_t { CHECK_USED = 1, CHECK_LOG = 128 };

/* encrypt.c */
bool header_is_encrypted(struct view header);
/* What stands behind the checksum of a header; without a cipher the checksum itself. */
enum status header_check_value(const struct redoxfs_cipher *cipher, const struct redoxfs_keys *keys, uint64_t hash, uint64_t generation,
                               uint8_t out[16]);
/* NO_ACCESS: no slot opens with this password. */
enum status header_unlock(const struct redoxfs_secret *secret, struct view header, struct redoxfs_keys *out_keys, uint32_t *out_slot);
/* Encrypts or decrypts whole blocks in place, the first of which is the volume's block `index`; nothing in a volume that is in the clear. */
enum status volume_turn(const struct redoxfs *fs, bool encrypt, uint64_t index, struct span bytes);

/* tree.c */
enum status tree_lookup(struct redoxfs *fs, uint32_t id, struct redoxfs_pointer *out); /* of the node; NOT_FOUND */
bool node_is_sound(struct view block);
enum status node_decode(uint32_t id, struct view block, struct redoxfs_node *out);

/* record.c: pointers of a node's area by height (0: to records) and number. */
uint32_t area_slots(uint32_t height);
struct redoxfs_pointer area_pointer(const struct redoxfs_node *node, uint32_t height, uint32_t slot);
/* A record's bytes as far as they are stored, expanded; zeros stand behind them. Valid until the next read of any kind. */
enum status record_view(struct redoxfs *fs, uint32_t record_level, struct redoxfs_pointer pointer, struct view *out);
enum status record_expand(struct redoxfs *fs, struct redoxfs_pointer pointer, struct span to);

/* directory.c */
struct leaf { struct view entries; uint16_t start; uint32_t count; }; /* entries begin at byte `start` of the block */
/* Where a name is: the branch to follow at each level (0: just above the leaf), and its entry's place in the leaf. */
struct place { uint32_t id, levels; uint16_t offset; uint8_t slot[REDOXFS_DEPTH_MAX]; };
enum status directory_root(const struct redoxfs_node *directory, uint32_t *out_levels, struct redoxfs_pointer *out); /* NOT_FOUND: empty */
enum status levels_of(struct redoxfs_pointer marker, struct redoxfs_pointer root, uint32_t *out); /* NOT_FOUND: empty */
enum status leaf_open(struct view block, struct leaf *out);
enum status volume_leaf(struct redoxfs *fs, struct redoxfs_pointer pointer, struct leaf *out);
enum status directory_find(struct redoxfs *fs, uint32_t directory, struct view name, struct place *out);
enum status entry_read(struct reader *r, uint32_t *out_id, struct view *out_name);
bool name_is_valid(struct view name);
uint32_t name_hash(struct view name);
