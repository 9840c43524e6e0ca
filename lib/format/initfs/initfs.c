/* SPDX-License-Identifier: MIT
 * Reading the initfs. Record: path offset u32, path bytes u32, type u32, mode u32, uid u32, gid u32, modify_ns i64, data offset u64,
 * data bytes u64, reserved u64. Header: magic u64, count u32, zero u32, archive bytes u64, zero u64. */
#include "initfs/initfs.h"
#include "base/string.h"
#include "base/try.h"

static enum status read_header(struct view head, uint32_t *out_count, uint64_t *out_bytes)
{
    struct reader r = reader_of(head);
    uint64_t magic, zero_2;
    uint32_t zero;
    TRY(read_u64le(&r, &magic));
    TRY(read_u32le(&r, out_count));
    TRY(read_u32le(&r, &zero));
    TRY(read_u64le(&r, out_bytes));
    TRY(read_u64le(&r, &zero_2));
    return magic == INITFS_MAGIC && zero == 0 && zero_2 == 0 ? OK : ERR_CORRUPT;
}

enum status initfs_length(struct view head, uint64_t *out_bytes)
{
    uint32_t count;
    return read_header(head, &count, out_bytes);
}

enum status initfs_open(struct view archive, struct initfs *out)
{
    uint32_t count;
    uint64_t bytes;
    TRY(read_header(archive, &count, &bytes));
    if (bytes > archive.length)
        return ERR_TRUNCATED;
    if (bytes < INITFS_HEADER_BYTES || count > (bytes - INITFS_HEADER_BYTES) / INITFS_RECORD_BYTES)
        return ERR_CORRUPT;
    out->archive = (struct view){archive.data, bytes};
    out->count = count;
    return OK;
}

enum status initfs_entry_at(const struct initfs *fs, uint32_t index, struct initfs_entry *out)
{
    if (index >= fs->count)
        return ERR_NOT_FOUND;
    struct view record;
    TRY(view_part(fs->archive, INITFS_HEADER_BYTES + (uint64_t)index * INITFS_RECORD_BYTES, INITFS_RECORD_BYTES, &record));
    struct reader r = reader_of(record);
    struct initfs_entry e;
    uint32_t path_offset, path_bytes;
    uint64_t modify_ns, data_bytes;
    TRY(read_u32le(&r, &path_offset));
    TRY(read_u32le(&r, &path_bytes));
    TRY(read_u32le(&r, &e.type));
    TRY(read_u32le(&r, &e.mode));
    TRY(read_u32le(&r, &e.uid));
    TRY(read_u32le(&r, &e.gid));
    TRY(read_u64le(&r, &modify_ns));
    TRY(read_u64le(&r, &e.offset));
    TRY(read_u64le(&r, &data_bytes));
    if (path_bytes > INITFS_PATH_MAX || view_part(fs->archive, path_offset, path_bytes, &e.path) != OK ||
        view_part(fs->archive, e.offset, data_bytes, &e.data) != OK)
        return ERR_CORRUPT;
    if (e.type < FILE_REGULAR || e.type > FILE_SYMLINK || e.mode > 07777)
        return ERR_CORRUPT;
    if (e.type == FILE_REGULAR && !is_aligned(e.offset, INITFS_ALIGNMENT))
        return ERR_CORRUPT;
    e.modify_ns = (int64_t)modify_ns;
    *out = e;
    return OK;
}

static int compare_paths(struct view a, struct view b)
{
    size_t common = MIN(a.length, b.length);
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return a.length < b.length ? -1 : a.length > b.length;
}

enum status initfs_find(const struct initfs *fs, struct view path, struct initfs_entry *out)
{
    uint32_t low = 0, high = fs->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct initfs_entry e;
        TRY(initfs_entry_at(fs, middle, &e));
        int order = compare_paths(path, e.path);
        if (order == 0) {
            *out = e;
            return OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return ERR_NOT_FOUND;
}
