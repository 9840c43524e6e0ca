/* SPDX-License-Identifier: MIT
 * 9P2000.L on bytes. */
#include "p9/p9.h"
#include "base/string.h"
#include "base/try.h"

#define NANOSECONDS 1000000000ll
#define NAME_MAX_BYTES 255u

static uint8_t *room(struct p9_writer *w, size_t bytes)
{
    if (w->is_full || bytes > w->space.length - w->used) {
        w->is_full = true;
        return nullptr;
    }
    w->used += bytes;
    return w->space.data + w->used - bytes;
}

static void put(struct p9_writer *w, const void *value, size_t bytes)
{
    uint8_t *at = room(w, bytes);
    if (at)
        memcpy(at, value, bytes);
}

void p9_u8(struct p9_writer *w, uint8_t value) { put(w, &value, 1); }
void p9_u16(struct p9_writer *w, uint16_t value) { put(w, &value, 2); }
void p9_u32(struct p9_writer *w, uint32_t value) { put(w, &value, 4); }
void p9_u64(struct p9_writer *w, uint64_t value) { put(w, &value, 8); }

void p9_string(struct p9_writer *w, struct view text)
{
    if (text.length > UINT16_MAX) {
        w->is_full = true;
        return;
    }
    p9_u16(w, (uint16_t)text.length);
    put(w, text.data, text.length);
}

struct p9_writer p9_begin(struct span space, enum p9_type type, uint16_t tag)
{
    struct p9_writer w = {.space = space};
    p9_u32(&w, 0);
    p9_u8(&w, type);
    p9_u16(&w, tag);
    return w;
}

enum status p9_end(struct p9_writer *w, uint32_t data_bytes, struct view *out)
{
    if (w->is_full)
        return ERR_TOO_BIG;
    uint32_t size = (uint32_t)w->used + data_bytes;
    memcpy(w->space.data, &size, 4);
    *out = (struct view){w->space.data, w->used};
    return OK;
}

enum status p9_status_of_error(uint32_t error)
{
    static const struct { uint32_t error; enum status status; } table[] = {
        {1, ERR_NOT_PERMITTED}, {2, ERR_NOT_FOUND}, {5, ERR_IO}, {6, ERR_NO_DEVICE}, {12, ERR_NO_MEMORY}, {13, ERR_NO_ACCESS},
        {16, ERR_BUSY}, {17, ERR_EXISTS}, {18, ERR_CROSS_DEVICE}, {19, ERR_NO_DEVICE}, {20, ERR_NOT_DIRECTORY},
        {21, ERR_IS_DIRECTORY}, {22, ERR_INVALID}, {23, ERR_LIMIT}, {24, ERR_LIMIT}, {26, ERR_BUSY}, {27, ERR_FILE_TOO_BIG},
        {28, ERR_NO_SPACE}, {30, ERR_READ_ONLY}, {31, ERR_TOO_MANY_LINKS}, {36, ERR_NAME_TOO_LONG}, {38, ERR_NOT_SUPPORTED},
        {39, ERR_NOT_EMPTY}, {40, ERR_LOOP}, {95, ERR_NOT_SUPPORTED}, {116, ERR_NOT_FOUND}, {122, ERR_NO_SPACE}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].error == error)
            return table[i].status;
    return ERR_IO;
}

enum status p9_answer(struct view message, enum p9_type type, uint16_t tag, struct reader *out_body)
{
    struct reader r = reader_of(message);
    uint32_t size, error;
    uint8_t answer;
    uint16_t its_tag;
    TRY(read_u32le(&r, &size));
    TRY(read_u8(&r, &answer));
    TRY(read_u16le(&r, &its_tag));
    if (size < P9_HEADER_BYTES || size > message.length || its_tag != tag)
        return ERR_PROTOCOL;
    r.rest.length = size - P9_HEADER_BYTES;
    if (answer == P9_ERROR) {
        TRY(read_u32le(&r, &error));
        return p9_status_of_error(error);
    }
    if (answer != type + 1)
        return ERR_PROTOCOL;
    *out_body = r;
    return OK;
}

enum status p9_read_string(struct reader *r, struct view *out)
{
    uint16_t length;
    struct reader at = *r;
    TRY(read_u16le(&at, &length));
    TRY(read_view(&at, length, out));
    *r = at;
    return OK;
}

enum status p9_read_qid(struct reader *r, struct p9_qid *out)
{
    TRY(read_u8(r, &out->type));
    TRY(read_u32le(r, &out->version));
    return read_u64le(r, &out->path);
}

static enum status read_time(struct reader *r, int64_t *out_ns)
{
    uint64_t seconds, nanoseconds;
    int64_t ns;
    TRY(read_u64le(r, &seconds));
    TRY(read_u64le(r, &nanoseconds));
    if (nanoseconds >= (uint64_t)NANOSECONDS || __builtin_mul_overflow((int64_t)seconds, NANOSECONDS, &ns) ||
        __builtin_add_overflow(ns, (int64_t)nanoseconds, &ns))
        ns = 0; /* a time that we cannot tell is no reason to hide the file */
    *out_ns = ns;
    return OK;
}

uint32_t p9_type_of_mode(uint32_t mode)
{
    return p9_type_of_entry((uint8_t)(mode >> 12 & 15));
}

uint32_t p9_type_of_entry(uint8_t type)
{
    static const uint8_t types[16] = {[1] = FILE_FIFO, [2] = FILE_CHARACTER, [4] = FILE_DIRECTORY, [6] = FILE_BLOCK,
                                      [8] = FILE_REGULAR, [10] = FILE_SYMLINK, [12] = FILE_SOCKET};
    return type < sizeof types ? types[type] : 0;
}

uint32_t p9_mode_of_type(uint32_t type)
{
    for (uint8_t i = 1; i < 16; i++)
        if (p9_type_of_entry(i) == type)
            return (uint32_t)i << 12;
    return 0;
}

enum status p9_read_attributes(struct reader *r, struct file_attributes *out)
{
    struct file_attributes a = {};
    struct p9_qid qid;
    uint32_t mode;
    uint64_t links, block_bytes;
    TRY(read_skip(r, 8)); /* valid */
    TRY(p9_read_qid(r, &qid));
    TRY(read_u32le(r, &mode));
    TRY(read_u32le(r, &a.uid));
    TRY(read_u32le(r, &a.gid));
    TRY(read_u64le(r, &links));
    TRY(read_u64le(r, &a.special));
    TRY(read_u64le(r, &a.size_bytes));
    TRY(read_u64le(r, &block_bytes));
    TRY(read_u64le(r, &a.blocks_512));
    TRY(read_time(r, &a.access_ns));
    TRY(read_time(r, &a.modify_ns));
    TRY(read_time(r, &a.change_ns));
    a.inode = qid.path;
    a.type = p9_type_of_mode(mode);
    a.mode = mode & 07777;
    a.links = links > UINT32_MAX ? UINT32_MAX : (uint32_t)links;
    a.block_bytes = 4096;
    if (a.type == 0 || a.inode == 0 || a.size_bytes > INT64_MAX)
        return ERR_CORRUPT;
    *out = a;
    return OK;
}

enum status p9_read_entry(struct reader *r, struct p9_entry *out)
{
    struct reader at = *r;
    if (at.rest.length == 0)
        return ERR_TRUNCATED;
    if (p9_read_qid(&at, &out->qid) != OK || read_u64le(&at, &out->offset) != OK || read_u8(&at, &out->type) != OK ||
        p9_read_string(&at, &out->name) != OK)
        return ERR_CORRUPT;
    struct view n = out->name;
    if (n.length == 0 || n.length > NAME_MAX_BYTES || view_find(n, '/') < n.length || view_find(n, 0) < n.length)
        return ERR_CORRUPT;
    *r = at;
    return OK;
}
