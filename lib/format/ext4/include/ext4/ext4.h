/* SPDX-License-Identifier: MIT
 * ext4 on disk (kernel documentation "ext4 Data Structures and Algorithms"), reading only. Pure: blocks come from the caller, and every
 * number in them is hostile. A function that needs a block which the caller does not have yet passes on the caller's
 * ERR_WOULD_BLOCK; called again later it gets further. Supported: 1..64 KiB blocks, extents and block maps, 64-bit, flexible groups,
 * hashed directories (read in their linear form), fast and slow symbolic links. Refused: a journal that must be replayed, inline data,
 * encryption, meta block groups, a big-endian or corrupt superblock. Checksums are not verified. */
#pragma once
#include "abi/file.h"
#include "base/span.h"

#define EXT4_SUPER_OFFSET 1024u
#define EXT4_SUPER_BYTES 1024u
#define EXT4_ROOT_INODE 2u
#define EXT4_NAME_MAX 255u

struct ext4 {
    uint32_t block_bytes, inode_bytes, inodes_per_group, blocks_per_group, first_data_block, descriptor_bytes, group_count;
    uint32_t inode_count;
    uint64_t block_count, free_blocks, free_inodes;
    bool has_64bit;
    char label[17];
    /* block `number`, all block_bytes of it; valid until the next call. WOULD_BLOCK: not here yet */
    enum status (*block)(void *context, uint64_t number, struct view *out);
    void *context;
};
/* From the superblock's 1024 bytes; the caller sets block and context afterwards. BAD_FORMAT: not ext2/3/4. */
enum status ext4_open(struct view superblock, struct ext4 *out);

struct ext4_inode {
    uint32_t number;
    uint16_t mode;             /* as stored: type and permissions */
    uint32_t uid, gid, links, flags, generation;
    uint64_t size_bytes, blocks_512;
    int64_t access_ns, modify_ns, change_ns, birth_ns;
    uint8_t map[60];           /* extents, block map, or a short link's target */
};
enum status ext4_read_inode(const struct ext4 *fs, uint64_t number, struct ext4_inode *out);
void ext4_attributes(const struct ext4_inode *inode, uint32_t block_bytes, struct file_attributes *out);
/* Where logical block `logical` lies: *out_physical 0: a hole. *out_run: how many logical blocks from there go on the same way (>= 1). */
enum status ext4_map(const struct ext4 *fs, const struct ext4_inode *inode, uint64_t logical, uint64_t *out_physical, uint64_t *out_run);
enum status ext4_lookup(const struct ext4 *fs, const struct ext4_inode *directory, struct view name, uint32_t *out_inode);
/* Fills `to` with records of abi/file.h from `cookie` on (0: the start), without . and ..; *out_bytes 0: the end. */
enum status ext4_read_directory(const struct ext4 *fs, const struct ext4_inode *directory, uint64_t cookie, struct span to,
                                size_t *out_bytes);
/* The target, at most to.length bytes. */
enum status ext4_read_link(const struct ext4 *fs, const struct ext4_inode *inode, struct span to, size_t *out_bytes);
