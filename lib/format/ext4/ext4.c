/* SPDX-License-Identifier: MIT
 * ext4, reading: superblock, inodes, extent trees and block maps, directories, links. */
#include "ext4/ext4.h"
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"

#define SUPER_MAGIC 0xef53u
#define EXTENT_MAGIC 0xf30au
#define EXTENT_DEPTH_MAX 5u
#define EXTENT_LENGTH_MAX 32768u       /* larger: allocated but never written, so a hole to readers */
#define DIRECT_BLOCKS 12u
#define INODE_FLAG_EXTENTS 0x80000u
#define INODE_FLAG_INLINE 0x10000000u
#define TYPE_MASK 0xf000u
enum : uint32_t { /* incompatible features */
    FEATURE_FILETYPE = 0x2, FEATURE_RECOVER = 0x4, FEATURE_EXTENTS = 0x40, FEATURE_64BIT = 0x80, FEATURE_FLEX_BG = 0x200,
    FEATURE_CSUM_SEED = 0x2000, FEATURE_LARGE_DIRECTORY = 0x4000,
    FEATURES_KNOWN = FEATURE_FILETYPE | FEATURE_EXTENTS | FEATURE_64BIT | FEATURE_FLEX_BG | FEATURE_CSUM_SEED | FEATURE_LARGE_DIRECTORY,
};

/* Little-endian numbers at offsets that the caller has checked against the view's length. */
static uint32_t u16_at(struct view v, size_t at)
{
    return (uint32_t)v.data[at] | (uint32_t)v.data[at + 1] << 8;
}
static uint32_t u32_at(struct view v, size_t at)
{
    return u16_at(v, at) | u16_at(v, at + 2) << 16;
}

enum status ext4_open(struct view s, struct ext4 *out)
{
    if (s.length < EXT4_SUPER_BYTES)
        return ERR_TRUNCATED;
    if (u16_at(s, 56) != SUPER_MAGIC)
        return ERR_BAD_FORMAT;
    uint32_t log_block = u32_at(s, 24), incompatible = u32_at(s, 96), revision = u32_at(s, 76);
    if (incompatible & FEATURE_RECOVER)
        return ERR_NOT_SUPPORTED; /* its journal holds changes that only a replay would show */
    if (log_block > 6 || incompatible & ~(uint32_t)FEATURES_KNOWN)
        return ERR_NOT_SUPPORTED;
    struct ext4 fs = {
        .block_bytes = 1024u << log_block, .inode_bytes = revision ? u16_at(s, 88) : 128, .inodes_per_group = u32_at(s, 40),
        .blocks_per_group = u32_at(s, 32), .first_data_block = u32_at(s, 20), .has_64bit = incompatible & FEATURE_64BIT,
        .inode_count = u32_at(s, 0), .block_count = u32_at(s, 4), .free_blocks = u32_at(s, 12), .free_inodes = u32_at(s, 16),
    };
    fs.descriptor_bytes = fs.has_64bit ? u16_at(s, 254) : 32;
    if (fs.has_64bit) {
        fs.block_count |= (uint64_t)u32_at(s, 336) << 32;
        fs.free_blocks |= (uint64_t)u32_at(s, 344) << 32;
    }
    bool sane = fs.inode_bytes >= 128 && fs.inode_bytes <= fs.block_bytes && is_power_of_two(fs.inode_bytes) && fs.inodes_per_group &&
                fs.blocks_per_group && fs.first_data_block <= 1 && fs.block_count > fs.first_data_block && fs.block_count >> 48 == 0 &&
                fs.descriptor_bytes >= (fs.has_64bit ? 64u : 32u) && fs.descriptor_bytes <= fs.block_bytes &&
                is_power_of_two(fs.descriptor_bytes);
    if (!sane)
        return ERR_CORRUPT;
    uint64_t groups = (fs.block_count - fs.first_data_block + fs.blocks_per_group - 1) / fs.blocks_per_group;
    if (groups > UINT32_MAX || groups * fs.inodes_per_group < fs.inode_count)
        return ERR_CORRUPT;
    fs.group_count = (uint32_t)groups;
    memcpy(fs.label, s.data + 120, 16);
    *out = fs;
    return OK;
}

static enum status read_block(const struct ext4 *fs, uint64_t number, struct view *out)
{
    if (number == 0 || number >= fs->block_count)
        return ERR_CORRUPT;
    TRY(fs->block(fs->context, number, out));
    return out->length == fs->block_bytes ? OK : ERR_IO;
}

/* Seconds since 1970 with two more bits, and nanoseconds, in the extra word. Times after 2262 do not fit into 64 bits of nanoseconds and
 * become the last one that does. */
static int64_t time_of(uint32_t seconds, uint32_t extra)
{
    int64_t whole = (int64_t)(int32_t)seconds + ((int64_t)(extra & 3) << 32);
    int64_t ns;
    if (ckd_mul(&ns, whole, 1000000000ll) || ckd_add(&ns, ns, (int64_t)MIN(extra >> 2, 999999999u)))
        return INT64_MAX;
    return ns;
}

static void decode_inode(struct view v, uint64_t number, struct ext4_inode *out)
{
    uint32_t extra_bytes = v.length >= 132 ? u16_at(v, 128) : 0;
    bool has_extra = v.length >= 160 && extra_bytes >= 28;
    *out = (struct ext4_inode){
        .number = (uint32_t)number, .mode = (uint16_t)u16_at(v, 0), .uid = u16_at(v, 2) | u16_at(v, 120) << 16,
        .gid = u16_at(v, 24) | u16_at(v, 122) << 16, .links = u16_at(v, 26), .flags = u32_at(v, 32), .generation = u32_at(v, 100),
        .size_bytes = u32_at(v, 4) | (uint64_t)u32_at(v, 108) << 32, .blocks_512 = u32_at(v, 28) | (uint64_t)u16_at(v, 116) << 32,
        .change_ns = time_of(u32_at(v, 12), has_extra ? u32_at(v, 132) : 0),
        .modify_ns = time_of(u32_at(v, 16), has_extra ? u32_at(v, 136) : 0),
        .access_ns = time_of(u32_at(v, 8), has_extra ? u32_at(v, 140) : 0),
        .birth_ns = has_extra ? time_of(u32_at(v, 144), u32_at(v, 148)) : 0,
    };
    memcpy(out->map, v.data + 40, sizeof out->map);
}

enum status ext4_read_inode(const struct ext4 *fs, uint64_t number, struct ext4_inode *out)
{
    if (number == 0 || number > fs->inode_count)
        return ERR_CORRUPT;
    uint32_t group = (uint32_t)((number - 1) / fs->inodes_per_group), index = (uint32_t)((number - 1) % fs->inodes_per_group);
    uint32_t per_block = fs->block_bytes / fs->descriptor_bytes;
    struct view block, descriptor, inode;
    TRY(read_block(fs, (uint64_t)fs->first_data_block + 1 + group / per_block, &block));
    TRY(view_part(block, (uint64_t)(group % per_block) * fs->descriptor_bytes, fs->descriptor_bytes, &descriptor));
    uint64_t table = u32_at(descriptor, 8) | (fs->has_64bit ? (uint64_t)u32_at(descriptor, 40) << 32 : 0);
    uint64_t offset = (uint64_t)index * fs->inode_bytes;
    TRY(read_block(fs, table + offset / fs->block_bytes, &block));
    TRY(view_part(block, offset % fs->block_bytes, fs->inode_bytes, &inode));
    decode_inode(inode, number, out);
    if (!out->mode || !out->links)
        return ERR_NOT_FOUND; /* free */
    if (out->flags & INODE_FLAG_INLINE)
        return ERR_NOT_SUPPORTED;
    return out->size_bytes >> 62 ? ERR_CORRUPT : OK;
}

static uint32_t type_of_mode(uint32_t mode)
{
    switch (mode & TYPE_MASK) {
    case 0x8000:
        return FILE_REGULAR;
    case 0x4000:
        return FILE_DIRECTORY;
    case 0xa000:
        return FILE_SYMLINK;
    case 0x2000:
        return FILE_CHARACTER;
    case 0x6000:
        return FILE_BLOCK;
    case 0x1000:
        return FILE_FIFO;
    case 0xc000:
        return FILE_SOCKET;
    default:
        return 0;
    }
}

void ext4_attributes(const struct ext4_inode *inode, uint32_t block_bytes, struct file_attributes *out)
{
    *out = (struct file_attributes){
        .inode = inode->number, .generation = inode->generation, .size_bytes = inode->size_bytes, .blocks_512 = inode->blocks_512,
        .access_ns = inode->access_ns, .modify_ns = inode->modify_ns, .change_ns = inode->change_ns, .birth_ns = inode->birth_ns,
        .type = type_of_mode(inode->mode), .mode = inode->mode & 07777, .uid = inode->uid, .gid = inode->gid, .links = inode->links,
        .block_bytes = block_bytes,
    };
}

/* ---- Where a file's blocks lie ------------------------------------------------------------------------------------------ */

struct extent_node { struct view entries; uint32_t count, depth; };

static enum status decode_node(struct view v, uint32_t depth_limit, struct extent_node *out)
{
    if (v.length < 12 || u16_at(v, 0) != EXTENT_MAGIC)
        return ERR_CORRUPT;
    *out = (struct extent_node){.count = u16_at(v, 2), .depth = u16_at(v, 6)};
    if (out->depth > depth_limit || (uint64_t)out->count * 12 > v.length - 12)
        return ERR_CORRUPT;
    return view_part(v, 12, (uint64_t)out->count * 12, &out->entries);
}

/* The last entry whose first logical block is not after `logical`; count when there is none. */
static uint32_t find_entry(const struct extent_node *n, uint64_t logical)
{
    uint32_t low = 0, high = n->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (u32_at(n->entries, (size_t)middle * 12) <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : n->count;
}

static enum status map_leaf(const struct ext4 *fs, const struct extent_node *n, uint64_t logical, uint64_t next_leaf,
                            uint64_t *out_physical, uint64_t *out_run)
{
    uint32_t i = find_entry(n, logical);
    uint64_t hole_end = next_leaf;
    if (i < n->count) {
        size_t at = (size_t)i * 12;
        uint64_t first = u32_at(n->entries, at), length = u16_at(n->entries, at + 4);
        bool unwritten = length > EXTENT_LENGTH_MAX;
        uint64_t physical = u32_at(n->entries, at + 8) | (uint64_t)u16_at(n->entries, at + 6) << 32;
        length -= unwritten ? EXTENT_LENGTH_MAX : 0;
        if (logical < first + length) {
            if (physical >= fs->block_count || length > fs->block_count - physical)
                return ERR_CORRUPT;
            *out_physical = unwritten ? 0 : physical + (logical - first);
            *out_run = first + length - logical;
            return OK;
        }
    }
    uint32_t next = i < n->count ? i + 1 : 0;
    if (next < n->count)
        hole_end = u32_at(n->entries, (size_t)next * 12);
    *out_physical = 0;
    *out_run = hole_end > logical ? hole_end - logical : 1;
    return OK;
}

static enum status map_extents(const struct ext4 *fs, const struct ext4_inode *inode, uint64_t logical, uint64_t *out_physical,
                               uint64_t *out_run)
{
    struct extent_node n;
    struct view block;
    uint64_t next_leaf = (uint64_t)UINT32_MAX + 1;
    TRY(decode_node((struct view){inode->map, sizeof inode->map}, EXTENT_DEPTH_MAX, &n));
    while (n.depth) {
        uint32_t i = find_entry(&n, logical), depth = n.depth;
        if (i == n.count) { /* before the first entry, or no entries */
            *out_physical = 0;
            *out_run = n.count && u32_at(n.entries, 0) > logical ? u32_at(n.entries, 0) - logical : 1;
            return OK;
        }
        if (i + 1 < n.count)
            next_leaf = u32_at(n.entries, (size_t)(i + 1) * 12);
        TRY(read_block(fs, u32_at(n.entries, (size_t)i * 12 + 4) | (uint64_t)u16_at(n.entries, (size_t)i * 12 + 8) << 32, &block));
        TRY(decode_node(block, depth - 1, &n));
        if (n.depth != depth - 1)
            return ERR_CORRUPT;
    }
    return map_leaf(fs, &n, logical, next_leaf, out_physical, out_run);
}

/* ext2's way: 12 direct blocks, then one, two and three levels of tables. */
static enum status map_tables(const struct ext4 *fs, const struct ext4_inode *inode, uint64_t logical, uint64_t *out_physical,
                              uint64_t *out_run)
{
    struct view map = {inode->map, sizeof inode->map}, block;
    uint64_t per_block = fs->block_bytes / 4, number;
    *out_run = 1;
    if (logical < DIRECT_BLOCKS) {
        number = u32_at(map, (size_t)logical * 4);
    } else {
        uint64_t rest = logical - DIRECT_BLOCKS, reach = per_block;
        uint32_t levels = 1;
        for (; levels <= 3 && rest >= reach; levels++) {
            rest -= reach;
            reach *= per_block;
        }
        if (levels > 3)
            return ERR_CORRUPT;
        number = u32_at(map, (size_t)(DIRECT_BLOCKS + levels - 1) * 4);
        for (; levels && number; levels--) {
            reach /= per_block;
            TRY(read_block(fs, number, &block));
            number = u32_at(block, (size_t)(rest / reach % per_block) * 4);
        }
    }
    if (number >= fs->block_count)
        return ERR_CORRUPT;
    *out_physical = number;
    return OK;
}

enum status ext4_map(const struct ext4 *fs, const struct ext4_inode *inode, uint64_t logical, uint64_t *out_physical, uint64_t *out_run)
{
    return inode->flags & INODE_FLAG_EXTENTS ? map_extents(fs, inode, logical, out_physical, out_run)
                                             : map_tables(fs, inode, logical, out_physical, out_run);
}

/* ---- Directories and links ---------------------------------------------------------------------------------------------- */

struct entry { uint32_t inode, bytes; struct view name; };

/* The entry at `at` of a directory block. Index blocks of hashed directories and checksum tails look like entries without an inode. */
static enum status entry_at(struct view block, size_t at, struct entry *out)
{
    if (block.length - at < 8)
        return ERR_CORRUPT;
    uint32_t bytes = u16_at(block, at + 4), name_bytes = block.data[at + 6];
    if (bytes == 65535 || bytes == 0) /* how 64 KiB blocks write their whole length */
        bytes = block.length == 65536 ? 65536 : bytes;
    if (bytes < 8 || bytes % 4 || bytes > block.length - at || name_bytes + 8 > bytes)
        return ERR_CORRUPT;
    *out = (struct entry){.inode = u32_at(block, at), .bytes = bytes, .name = {block.data + at + 8, name_bytes}};
    return OK;
}

static enum status directory_block(const struct ext4 *fs, const struct ext4_inode *directory, uint64_t logical, struct view *out)
{
    uint64_t physical, run;
    TRY(ext4_map(fs, directory, logical, &physical, &run));
    return physical ? read_block(fs, physical, out) : ERR_CORRUPT;
}

static bool is_dot(struct view name)
{
    return (name.length == 1 || (name.length == 2 && name.data[1] == '.')) && name.data[0] == '.';
}

enum status ext4_lookup(const struct ext4 *fs, const struct ext4_inode *directory, struct view name, uint32_t *out_inode)
{
    for (uint64_t logical = 0; logical < directory->size_bytes / fs->block_bytes; logical++) {
        struct view block;
        struct entry e;
        TRY(directory_block(fs, directory, logical, &block));
        for (size_t at = 0; at < block.length; at += e.bytes) {
            TRY(entry_at(block, at, &e));
            if (e.inode && view_equal(e.name, name)) {
                *out_inode = e.inode;
                return OK;
            }
        }
    }
    return ERR_NOT_FOUND;
}

static const uint32_t types[] = {0, FILE_REGULAR, FILE_DIRECTORY, FILE_CHARACTER, FILE_BLOCK, FILE_FIFO, FILE_SOCKET, FILE_SYMLINK};

static bool put_record(struct span to, size_t *used, const struct entry *e, uint32_t type, uint64_t cookie)
{
    size_t bytes = align_up(sizeof(struct directory_record) + e->name.length, 8);
    if (bytes > to.length - *used)
        return false;
    struct directory_record r = {.inode = e->inode, .cookie = cookie, .type = type, .record_bytes = (uint16_t)bytes,
                                 .name_bytes = (uint16_t)e->name.length};
    memset(to.data + *used, 0, bytes);
    memcpy(to.data + *used, &r, sizeof r);
    memcpy(to.data + *used + sizeof r, e->name.data, e->name.length);
    *used += bytes;
    return true;
}

/* A cookie is the position after the entry: a byte offset in the directory. One that no entry ends at is moved on to the next that does. */
enum status ext4_read_directory(const struct ext4 *fs, const struct ext4_inode *directory, uint64_t cookie, struct span to,
                                size_t *out_bytes)
{
    size_t used = 0;
    for (uint64_t logical = cookie / fs->block_bytes; logical < directory->size_bytes / fs->block_bytes; logical++) {
        struct view block;
        struct entry e;
        enum status status = directory_block(fs, directory, logical, &block);
        if (status == ERR_WOULD_BLOCK && used)
            break; /* what there is so far is an answer */
        TRY(status);
        for (size_t at = 0; at < block.length; at += e.bytes) {
            TRY(entry_at(block, at, &e));
            uint64_t end = logical * fs->block_bytes + at + e.bytes;
            if (end <= cookie || !e.inode || !e.name.length || is_dot(e.name))
                continue;
            uint32_t kind = block.data[at + 7];
            if (!put_record(to, &used, &e, kind < ARRAY_LENGTH(types) ? types[kind] : 0, end)) {
                *out_bytes = used;
                return used ? OK : ERR_TOO_BIG;
            }
        }
    }
    *out_bytes = used;
    return OK;
}

enum status ext4_read_link(const struct ext4 *fs, const struct ext4_inode *inode, struct span to, size_t *out_bytes)
{
    struct view target;
    if ((inode->mode & TYPE_MASK) != 0xa000)
        return ERR_INVALID;
    if (inode->size_bytes < sizeof inode->map && !(inode->flags & INODE_FLAG_EXTENTS)) {
        target = (struct view){inode->map, inode->size_bytes};
    } else {
        struct view block;
        TRY(directory_block(fs, inode, 0, &block));
        TRY(view_part(block, 0, inode->size_bytes, &target));
    }
    *out_bytes = span_copy(to, target);
    return OK;
}
