/* SPDX-License-Identifier: MIT
 * The initfs: a read-only archive of files, directories and symbolic links that the loader puts into memory before the kernel starts.
 * Layout, little endian: struct initfs_header; `count` records of INITFS_RECORD_BYTES, sorted by path bytes; path bytes and link
 * targets; then the files' data, each from a page boundary, so that a file can be mapped in place.
 * Paths have no leading slash ("sbin/init"); every directory has a record of its own; the root may have one, with an empty path.
 *
 * The reader trusts nothing: each access checks that what it returns lies in the archive. Pure; no memory but the caller's. */
#pragma once
#include "abi/file.h"
#include "base/span.h"

#define INITFS_MAGIC 0x31304653494e484dull /* "MHNISF01" */
#define INITFS_HEADER_BYTES 32u
#define INITFS_RECORD_BYTES 56u
#define INITFS_ALIGNMENT 4096u
#define INITFS_PATH_MAX 1024u

struct initfs { struct view archive; uint32_t count; };

struct initfs_entry {
    struct view path;
    uint32_t type;       /* FILE_REGULAR, FILE_DIRECTORY or FILE_SYMLINK of abi/file.h */
    uint32_t mode;       /* 07777 */
    uint32_t uid, gid;
    int64_t  modify_ns;
    uint64_t offset;     /* of data in the archive; page aligned for files */
    struct view data;    /* file contents, link target; empty for a directory */
};

/* How long the archive is that begins with these bytes (at least INITFS_HEADER_BYTES): for those who map it. */
enum status initfs_length(struct view head, uint64_t *out_bytes);
/* CORRUPT, or TRUNCATED: not an archive. The view may be longer than the archive. */
enum status initfs_open(struct view archive, struct initfs *out);
enum status initfs_entry_at(const struct initfs *fs, uint32_t index, struct initfs_entry *out);
/* By exact path; does not follow links. NOT_FOUND. */
enum status initfs_find(const struct initfs *fs, struct view path, struct initfs_entry *out);

/* -- writing: for the build machine ------------------------------------------------------------------------------ */
struct initfs_source {
    struct view path, data;
    uint32_t type, mode, uid, gid;
    int64_t  modify_ns;
};
/* Sorts `sources` by path; EXISTS when two have the same, INVALID for a bad path or type. Answers how large the archive will be. */
enum status initfs_plan(struct initfs_source *sources, uint32_t count, uint64_t *out_bytes);
/* Writes what initfs_plan accepted into a span of exactly that size. */
enum status initfs_write(const struct initfs_source *sources, uint32_t count, struct span to);
