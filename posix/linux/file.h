/* SPDX-License-Identifier: MIT
 * Linux's x86_64 numbers and structures for files: what programs pass and what they read back. Only posix/ includes this. */
#pragma once
#include <stdint.h>

enum : uint32_t {
    LINUX_O_ACCMODE = 3, LINUX_O_RDONLY = 0, LINUX_O_WRONLY = 1, LINUX_O_RDWR = 2,
    LINUX_O_CREAT = 0100, LINUX_O_EXCL = 0200, LINUX_O_NOCTTY = 0400, LINUX_O_TRUNC = 01000, LINUX_O_APPEND = 02000,
    LINUX_O_NONBLOCK = 04000, LINUX_O_DSYNC = 010000, LINUX_O_ASYNC = 020000, LINUX_O_DIRECT = 040000,
    LINUX_O_LARGEFILE = 0100000, LINUX_O_DIRECTORY = 0200000, LINUX_O_NOFOLLOW = 0400000, LINUX_O_NOATIME = 01000000,
    LINUX_O_CLOEXEC = 02000000, LINUX_O_SYNC = 04010000, LINUX_O_PATH = 010000000, LINUX_O_TMPFILE = 020200000,
};

#define LINUX_AT_FDCWD (-100)
enum : uint32_t {
    LINUX_AT_SYMLINK_NOFOLLOW = 0x100, LINUX_AT_EACCESS = 0x200, LINUX_AT_REMOVEDIR = 0x200, LINUX_AT_SYMLINK_FOLLOW = 0x400,
    LINUX_AT_NO_AUTOMOUNT = 0x800, LINUX_AT_EMPTY_PATH = 0x1000, LINUX_AT_STATX_SYNC_TYPE = 0x6000,
};
enum : uint32_t { LINUX_RENAME_NOREPLACE = 1, LINUX_RENAME_EXCHANGE = 2, LINUX_RENAME_WHITEOUT = 4 };
enum : uint32_t { LINUX_R_OK = 4, LINUX_W_OK = 2, LINUX_X_OK = 1 };
enum : uint32_t { LINUX_SEEK_SET = 0, LINUX_SEEK_CUR = 1, LINUX_SEEK_END = 2, LINUX_SEEK_DATA = 3, LINUX_SEEK_HOLE = 4 };

enum : uint32_t {
    LINUX_F_DUPFD = 0, LINUX_F_GETFD = 1, LINUX_F_SETFD = 2, LINUX_F_GETFL = 3, LINUX_F_SETFL = 4, LINUX_F_GETLK = 5,
    LINUX_F_SETLK = 6, LINUX_F_SETLKW = 7, LINUX_F_SETOWN = 8, LINUX_F_GETOWN = 9, LINUX_F_SETSIG = 10, LINUX_F_GETSIG = 11,
    LINUX_F_OFD_GETLK = 36, LINUX_F_OFD_SETLK = 37, LINUX_F_OFD_SETLKW = 38, LINUX_F_DUPFD_CLOEXEC = 1030,
    LINUX_F_SETPIPE_SZ = 1031, LINUX_F_GETPIPE_SZ = 1032, LINUX_F_ADD_SEALS = 1033, LINUX_F_GET_SEALS = 1034,
    LINUX_FD_CLOEXEC = 1,
};
enum : uint32_t { LINUX_CLOSE_RANGE_UNSHARE = 2, LINUX_CLOSE_RANGE_CLOEXEC = 4 };
enum : uint32_t { LINUX_RWF_HIPRI = 1, LINUX_RWF_DSYNC = 2, LINUX_RWF_SYNC = 4, LINUX_RWF_NOWAIT = 8, LINUX_RWF_APPEND = 16 };
enum : uint32_t { LINUX_MFD_CLOEXEC = 1, LINUX_MFD_ALLOW_SEALING = 2, LINUX_MFD_HUGETLB = 4, LINUX_MFD_NOEXEC_SEAL = 8, LINUX_MFD_EXEC = 16 };

enum : uint32_t {
    LINUX_S_IFMT = 0170000, LINUX_S_IFSOCK = 0140000, LINUX_S_IFLNK = 0120000, LINUX_S_IFREG = 0100000, LINUX_S_IFBLK = 0060000,
    LINUX_S_IFDIR = 0040000, LINUX_S_IFCHR = 0020000, LINUX_S_IFIFO = 0010000,
};
enum : uint8_t {
    LINUX_DT_UNKNOWN = 0, LINUX_DT_FIFO = 1, LINUX_DT_CHR = 2, LINUX_DT_DIR = 4, LINUX_DT_BLK = 6, LINUX_DT_REG = 8,
    LINUX_DT_LNK = 10, LINUX_DT_SOCK = 12,
};

#define LINUX_PATH_MAX 4096u /* with the terminating zero */
#define LINUX_IOV_MAX 1024u
#define LINUX_RW_MAX 0x7ffff000ull /* what one read or write moves at most */
#define LINUX_UTIME_NOW 0x3fffffffl
#define LINUX_UTIME_OMIT 0x3ffffffel

struct linux_time { int64_t seconds, nanoseconds; };       /* struct timespec */
struct linux_microtime { int64_t seconds, microseconds; }; /* struct timeval */
struct linux_iovec { uint64_t base, length; };
static_assert(sizeof(struct linux_iovec) == 16);

struct linux_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    struct linux_time st_atime, st_mtime, st_ctime;
    int64_t reserved[3];
};
static_assert(sizeof(struct linux_stat) == 144);

enum : uint32_t { LINUX_STATX_BASIC_STATS = 0x7ff, LINUX_STATX_BTIME = 0x800, LINUX_STATX_RESERVED = 0x80000000u };
struct linux_statx_time { int64_t seconds; uint32_t nanoseconds; int32_t reserved; };
struct linux_statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, pad;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct linux_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id;
    uint64_t reserved[13];
};
static_assert(sizeof(struct linux_statx) == 256);

struct linux_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(struct linux_statfs) == 120);
enum : uint32_t { LINUX_ST_RDONLY = 1, LINUX_ST_VALID = 0x20 };

/* getdents64: header of 19 bytes, the name, a zero, padding to 8. */
#define LINUX_DIRENT64_NAME 19u
/* getdents: header of 18 bytes, the name, a zero, padding; the last byte of the record is the type. */
#define LINUX_DIRENT_NAME 18u

struct linux_flock { int16_t l_type, l_whence; int32_t pad; int64_t l_start, l_len; int32_t l_pid, pad2; };
static_assert(sizeof(struct linux_flock) == 32);
enum : uint32_t { LINUX_F_RDLCK = 0, LINUX_F_WRLCK = 1, LINUX_F_UNLCK = 2 };
enum : uint32_t { LINUX_LOCK_SH = 1, LINUX_LOCK_EX = 2, LINUX_LOCK_NB = 4, LINUX_LOCK_UN = 8 };

enum : uint32_t { LINUX_MS_RDONLY = 1, LINUX_MS_REMOUNT = 32, LINUX_MS_BIND = 4096 };
enum : uint32_t { LINUX_FALLOC_FL_KEEP_SIZE = 1, LINUX_FALLOC_FL_PUNCH_HOLE = 2 };
