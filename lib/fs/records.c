/* SPDX-License-Identifier: MIT
 * Directory records. A record starts at a multiple of 8, its header is copied in and out, so alignment never matters. */
#include "fs/records.h"
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"
#include "base/types.h"

bool record_append(struct record_writer *w, uint64_t inode, uint64_t cookie, uint32_t type, struct view name)
{
    size_t bytes = align_up(sizeof(struct directory_record) + name.length, 8);
    if (bytes > w->space.length - w->used)
        return false;
    uint8_t *to = w->space.data + w->used;
    const uint64_t padding = 0;
    memcpy(to + bytes - sizeof padding, &padding, sizeof padding); /* under the name's end */
    const struct directory_record record = {.inode = inode, .cookie = cookie, .type = type, .record_bytes = (uint16_t)bytes,
                                            .name_bytes = (uint16_t)name.length};
    memcpy(to, &record, sizeof record);
    memcpy(to + sizeof record, name.data, name.length);
    w->used += bytes;
    return true;
}

enum status record_next(struct view records, size_t *position, struct directory_record *out, struct view *out_name)
{
    size_t left = records.length - *position;
    if (left == 0)
        return ERR_TRUNCATED;
    struct directory_record record;
    if (left < sizeof record)
        return ERR_CORRUPT;
    memcpy(&record, records.data + *position, sizeof record);
    if (record.record_bytes > left || record.record_bytes < sizeof record + record.name_bytes || record.record_bytes % 8 != 0)
        return ERR_CORRUPT;
    *out = record;
    *out_name = (struct view){records.data + *position + sizeof record, record.name_bytes};
    *position += record.record_bytes;
    return OK;
}

enum status records_shift_cookies(struct span records, uint64_t offset)
{
    struct directory_record record;
    struct view name;
    for (size_t position = 0; position < records.length;) {
        uint8_t *at = records.data + position;
        TRY(record_next(view_of_span(records), &position, &record, &name));
        record.cookie += offset;
        memcpy(at, &record, sizeof record);
    }
    return OK;
}

size_t records_fit(struct view records, size_t room, uint64_t *out_cookie)
{
    struct directory_record record;
    struct view name;
    size_t fitting = 0, position = 0;
    while (record_next(records, &position, &record, &name) == OK && position <= room) {
        fitting = position;
        *out_cookie = record.cookie;
    }
    return fitting;
}
