/* SPDX-License-Identifier: MIT
 * Between Linux's file structures and ours. Pure, so the build machine tests it. */
#include "posix/file/convert.h"
#include "base/string.h"
#include "base/try.h"

/* The bits move in groups; the asserts say which. */
static inline uint32_t open_bits(uint32_t flags)
{
#define SAME_DISTANCE(shift, linux_flag, open_flag) static_assert((linux_flag) >> (shift) == (open_flag))
    SAME_DISTANCE(4, LINUX_O_CREAT, OPEN_CREATE);
    SAME_DISTANCE(4, LINUX_O_EXCL, OPEN_EXCLUSIVE);
    SAME_DISTANCE(5, LINUX_O_TRUNC, OPEN_TRUNCATE);
    SAME_DISTANCE(5, LINUX_O_APPEND, OPEN_APPEND);
    SAME_DISTANCE(10, LINUX_O_DIRECTORY, OPEN_DIRECTORY);
    SAME_DISTANCE(10, LINUX_O_NOFOLLOW, OPEN_NO_FOLLOW);
    SAME_DISTANCE(3, LINUX_O_NONBLOCK, OPEN_NONBLOCK);
    SAME_DISTANCE(1, LINUX_O_DSYNC, OPEN_SYNC);
    static_assert(LINUX_O_NOCTTY << 5 == OPEN_NO_TERMINAL);
    return (flags >> 4 & (OPEN_CREATE | OPEN_EXCLUSIVE)) | (flags >> 5 & (OPEN_TRUNCATE | OPEN_APPEND)) |
           (flags >> 10 & (OPEN_DIRECTORY | OPEN_NO_FOLLOW)) | (flags >> 3 & OPEN_NONBLOCK) | (flags >> 1 & OPEN_SYNC) |
           (flags << 5 & OPEN_NO_TERMINAL);
}

enum status open_flags_from_linux(uint32_t flags, uint32_t *out_flags)
{
    if (flags & LINUX_O_PATH) { /* everything but these three is ignored then */
        *out_flags = OPEN_PATH | (flags & LINUX_O_DIRECTORY ? OPEN_DIRECTORY : 0u) | (flags & LINUX_O_NOFOLLOW ? OPEN_NO_FOLLOW : 0u);
        return OK;
    }
    uint32_t access = flags & LINUX_O_ACCMODE;
    uint32_t ours = access == LINUX_O_ACCMODE ? OPEN_READ | OPEN_WRITE : access + 1;
    static_assert(LINUX_O_RDONLY + 1 == OPEN_READ && LINUX_O_WRONLY + 1 == OPEN_WRITE && LINUX_O_RDWR + 1 == (OPEN_READ | OPEN_WRITE));
    bool temporary = (flags & LINUX_O_TMPFILE) == LINUX_O_TMPFILE;
    if (temporary) {
        if (!(ours & OPEN_WRITE) || (flags & LINUX_O_CREAT))
            return ERR_INVALID;
        ours |= OPEN_TEMPORARY | OPEN_CREATE;
    } else if ((flags & LINUX_O_CREAT) && (flags & LINUX_O_DIRECTORY)) {
        return ERR_INVALID;
    }
    ours |= open_bits(flags);
    if (temporary)
        ours &= ~OPEN_DIRECTORY; /* the path is the directory; what is opened is not */
    *out_flags = ours;
    return OK;
}

uint32_t status_flags_to_linux(uint32_t stream_flags)
{
    uint32_t access = stream_flags & (STREAM_READ | STREAM_WRITE);
    uint32_t flags = access == (STREAM_READ | STREAM_WRITE) ? LINUX_O_RDWR : access == STREAM_WRITE ? LINUX_O_WRONLY : LINUX_O_RDONLY;
    flags |= stream_flags & STREAM_APPEND ? LINUX_O_APPEND : 0u;
    flags |= stream_flags & STREAM_NONBLOCK ? LINUX_O_NONBLOCK : 0u;
    flags |= stream_flags & STREAM_SYNC ? LINUX_O_SYNC : 0u;
    flags |= stream_flags & STREAM_PATH ? LINUX_O_PATH : 0u;
    flags |= stream_flags & STREAM_DIRECT ? LINUX_O_DIRECT : 0u;
    flags |= stream_flags & STREAM_NO_ACCESS_TIME ? LINUX_O_NOATIME : 0u;
    return flags | (stream_flags & STREAM_PATH ? 0u : LINUX_O_LARGEFILE);
}

uint32_t stream_flags_changeable(uint32_t linux_flags)
{
    return (linux_flags & LINUX_O_APPEND ? STREAM_APPEND : 0u) | (linux_flags & LINUX_O_NONBLOCK ? STREAM_NONBLOCK : 0u) |
           (linux_flags & LINUX_O_DIRECT ? STREAM_DIRECT : 0u) | (linux_flags & LINUX_O_NOATIME ? STREAM_NO_ACCESS_TIME : 0u);
}

/* Indexed by enum file_type. */
static const uint16_t MODES[] = {0, LINUX_S_IFREG, LINUX_S_IFDIR, LINUX_S_IFLNK, LINUX_S_IFCHR, LINUX_S_IFBLK, LINUX_S_IFIFO, LINUX_S_IFSOCK};
static const uint8_t DIRENT_TYPES[] = {LINUX_DT_UNKNOWN, LINUX_DT_REG, LINUX_DT_DIR, LINUX_DT_LNK, LINUX_DT_CHR, LINUX_DT_BLK,
                                       LINUX_DT_FIFO, LINUX_DT_SOCK};

uint32_t mode_to_linux(uint32_t type, uint32_t mode)
{
    return (mode & 07777u) | (type < ARRAY_LENGTH(MODES) ? MODES[type] : 0u);
}

enum status type_from_linux(uint32_t mode, uint32_t *out_type)
{
    uint32_t bits = mode & LINUX_S_IFMT;
    if (bits == 0)
        bits = LINUX_S_IFREG;
    for (uint32_t type = FILE_REGULAR; type < ARRAY_LENGTH(MODES); type++)
        if (MODES[type] == bits) {
            *out_type = type;
            return OK;
        }
    return ERR_INVALID;
}

uint8_t directory_type_to_linux(uint32_t type)
{
    return type < ARRAY_LENGTH(DIRENT_TYPES) ? DIRENT_TYPES[type] : (uint8_t)LINUX_DT_UNKNOWN;
}

struct linux_time time_to_linux(int64_t ns)
{
    if (likely(ns >= 0))
        return (struct linux_time){(int64_t)((uint64_t)ns / 1000000000), (int64_t)((uint64_t)ns % 1000000000)};
    int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
    return rest < 0 ? (struct linux_time){seconds - 1, rest + 1000000000} : (struct linux_time){seconds, rest};
}

int64_t time_from_linux(int64_t seconds, int64_t nanoseconds)
{
    int64_t ns;
    if (__builtin_mul_overflow(seconds, 1000000000, &ns) || __builtin_add_overflow(ns, nanoseconds, &ns))
        return seconds < 0 ? INT64_MIN + 1 : INT64_MAX;
    return ns;
}

enum status set_time_from_linux(struct linux_time t, int64_t now_ns, int64_t *out_ns)
{
    if (t.nanoseconds == LINUX_UTIME_OMIT)
        *out_ns = INT64_MIN;
    else if (t.nanoseconds == LINUX_UTIME_NOW)
        *out_ns = now_ns;
    else if (t.nanoseconds < 0 || t.nanoseconds >= 1000000000)
        return ERR_INVALID;
    else
        *out_ns = time_from_linux(t.seconds, t.nanoseconds);
    return OK;
}

/* A filesystem's number as a device number without a major: 20 bits of minor in Linux's two pieces. */
static uint64_t device_to_linux(uint64_t device)
{
    return (device & 0xff) | (device & 0xfff00) << 12;
}

/* Field by field: every byte is stored once. */
void stat_to_linux(const struct file_attributes *from, struct linux_stat *out)
{
    out->st_dev = device_to_linux(from->device);
    out->st_ino = from->inode;
    out->st_nlink = from->links;
    out->st_mode = mode_to_linux(from->type, from->mode);
    out->st_uid = from->uid;
    out->st_gid = from->gid;
    out->pad = 0;
    out->st_rdev = from->special;
    out->st_size = from->type == FILE_FIFO ? 0 : (int64_t)from->size_bytes; /* ours: what waits in it */
    out->st_blksize = from->block_bytes ? from->block_bytes : 4096;
    out->st_blocks = (int64_t)from->blocks_512;
    out->st_atime = time_to_linux(from->access_ns);
    out->st_mtime = time_to_linux(from->modify_ns);
    out->st_ctime = from->change_ns == from->modify_ns ? out->st_mtime : time_to_linux(from->change_ns);
    out->reserved[0] = out->reserved[1] = out->reserved[2] = 0;
}

static struct linux_statx_time statx_time(int64_t ns)
{
    struct linux_time t = time_to_linux(ns);
    return (struct linux_statx_time){t.seconds, (uint32_t)t.nanoseconds, 0};
}

static uint32_t device_major(uint64_t device) { return (uint32_t)(device >> 8 & 0xfff); }
static uint32_t device_minor(uint64_t device) { return (uint32_t)((device & 0xff) | (device >> 12 & 0xfff00)); }

void statx_to_linux(const struct file_attributes *from, struct linux_statx *out)
{
    uint64_t device = device_to_linux(from->device);
    *out = (struct linux_statx){
        .stx_mask = LINUX_STATX_BASIC_STATS | (from->birth_ns ? (uint32_t)LINUX_STATX_BTIME : 0u),
        .stx_blksize = from->block_bytes ? from->block_bytes : 4096, .stx_nlink = from->links, .stx_uid = from->uid,
        .stx_gid = from->gid, .stx_mode = (uint16_t)mode_to_linux(from->type, from->mode), .stx_ino = from->inode,
        .stx_size = from->size_bytes, .stx_blocks = from->blocks_512, .stx_atime = statx_time(from->access_ns),
        .stx_btime = statx_time(from->birth_ns), .stx_ctime = statx_time(from->change_ns), .stx_mtime = statx_time(from->modify_ns),
        .stx_rdev_major = device_major(from->special), .stx_rdev_minor = device_minor(from->special),
        .stx_dev_major = device_major(device), .stx_dev_minor = device_minor(device),
    };
}

/* Whether a record lies within `room` bytes: the header's numbers agree with each other and with what is left. */
static inline bool record_is_sound(const struct directory_record *r, size_t room)
{
    return r->record_bytes <= room && r->name_bytes != 0 && r->name_bytes <= 255 && r->record_bytes % 8 == 0 &&
           r->record_bytes >= sizeof *r + r->name_bytes;
}

static inline uint64_t word_at(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}
static inline void word_put(uint8_t *to, uint64_t word) { memcpy(to, &word, sizeof word); }

/* Writes one record at `to`, at or before where it was read from. The name moves down by at least five bytes, in whole words and
 * from its front, so that each word is read before it is written over; the last word's rest stays within the old record. */
static inline void put_dirent(uint8_t *to, const struct directory_record *record, const uint8_t *name, enum dirent_format format, size_t bytes)
{
    size_t name_at = format == DIRENT_64 ? LINUX_DIRENT64_NAME : LINUX_DIRENT_NAME, length = record->name_bytes;
    uint8_t type = directory_type_to_linux(record->type);
    for (size_t i = 0; i < length; i += 8)
        word_put(to + name_at + i, word_at(name + i));
    to[name_at + length] = 0;
    word_put(to, record->inode);
    word_put(to + 8, record->cookie);
    to[16] = (uint8_t)bytes;
    to[17] = (uint8_t)(bytes >> 8);
    to[format == DIRENT_64 ? 18 : bytes - 1] = type;
}

/* Every offset is compared with the length before it is used, so the compiler's own check of each sum would find nothing: it is left
 * out here, because it costs more than the rest (a listing is a thousand times this loop). */
__attribute__((no_sanitize("pointer-overflow"))) enum status
records_to_dirents(struct span records, enum dirent_format format, size_t limit, size_t *out_bytes, uint64_t *out_resume, bool *out_all)
{
    size_t used = 0, at = 0;
    uint64_t resume = 0;
    while (records.length - at >= sizeof(struct directory_record)) {
        struct directory_record record;
        memcpy(&record, records.data + at, sizeof record);
        if (!record_is_sound(&record, records.length - at))
            return ERR_PROTOCOL;
        size_t bytes = align_up(20 + (size_t)record.name_bytes, 8);
        if (used + bytes > limit)
            break;
        put_dirent(records.data + used, &record, records.data + at + sizeof record, format, bytes);
        used += bytes;
        at += record.record_bytes;
        resume = record.cookie;
    }
    bool all = at == records.length;
    if (!all && records.length - at < sizeof(struct directory_record))
        return ERR_PROTOCOL; /* the last one is cut off */
    *out_bytes = used;
    *out_resume = resume;
    *out_all = all;
    return OK;
}
