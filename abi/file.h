/* SPDX-License-Identifier: MIT
 * File objects and streams: what the kernel answers from cached pages, and what a filesystem server tells it.
 *
 * A file object is the only truth about size, times, mode and link count while it exists. A stream is
 * { file object, offset, flags }: dup, clone and passing share it.
 *
 * PAGE STATES of a paged file: absent, reading, clean, dirty, writing.
 *   absent  -> reading   a reader misses: KIND_PAGE_IN goes to the file's endpoint, the reader waits (killable)
 *   reading -> clean     file_supply; a status instead of pages fails the readers and the page is absent again
 *   clean   -> dirty     a write or first store; a file of a server without credit is read-only
 *   dirty   -> writing   KIND_PAGE_OUT (sync, pressure, age); write-protected everywhere, a store waits
 *   writing -> clean     file_written OK; with a status: dirty again, and the next sync of each stream reports it once
 * A sync of a stream writes out what is dirty and then has the server commit (KIND_FILE_COMMIT); a sync of the file object itself,
 * which is its server's, only writes out. A file that is made shorter tells its server (KIND_FILE_CUT) and does not wait.
 * A memory file (no endpoint) goes absent -> dirty with zeros and never leaves. */
#pragma once
#include <stdint.h>

enum file_type : uint32_t { /* values are our own; posix/ maps them */
    FILE_REGULAR = 1, FILE_DIRECTORY, FILE_SYMLINK, FILE_CHARACTER, FILE_BLOCK, FILE_FIFO, FILE_SOCKET,
};

struct file_attributes {
    uint64_t inode;
    uint64_t device;       /* which filesystem; chosen by vfsd at mount, 0 for kernel objects */
    uint64_t generation;
    uint64_t size_bytes;
    uint64_t blocks_512;
    int64_t  access_ns, modify_ns, change_ns, birth_ns; /* since 1970 */
    uint32_t type;         /* enum file_type */
    uint32_t mode;         /* permission bits and set-id, sticky: 07777 */
    uint32_t uid, gid;
    uint32_t links;
    uint32_t block_bytes;  /* preferred I/O size */
    uint64_t special;      /* device number of a character or block node */
};
static_assert(sizeof(struct file_attributes) == 104);

enum : uint32_t {
    ATTRIBUTE_SIZE = 1u << 0, ATTRIBUTE_MODE = 1u << 1, ATTRIBUTE_OWNER = 1u << 2, ATTRIBUTE_LINKS = 1u << 3,
    ATTRIBUTE_ACCESS = 1u << 4, ATTRIBUTE_MODIFY = 1u << 5, ATTRIBUTE_CHANGE = 1u << 6, ATTRIBUTE_BLOCKS = 1u << 7,
    ATTRIBUTE_LAST_WORD = 1u << 31, /* file_set: and then the handle is closed, whatever became of the rest */
};

enum : uint32_t { /* of a stream, pipe end or resource */
    STREAM_READ = 1u << 0, STREAM_WRITE = 1u << 1, STREAM_APPEND = 1u << 2, STREAM_NONBLOCK = 1u << 3,
    STREAM_SYNC = 1u << 4, STREAM_PATH = 1u << 5, STREAM_DIRECT = 1u << 6, STREAM_NO_ACCESS_TIME = 1u << 7,
};
enum : uint32_t { SEEK_SET_ = 0, SEEK_CUR_ = 1, SEEK_END_ = 2, SEEK_DATA_ = 3, SEEK_HOLE_ = 4 };
enum : uint32_t { SYNC_ALL = 0, SYNC_DATA = 1 };

/* open flags: OP_OPEN, the open call and the vfs protocol */
enum : uint32_t {
    OPEN_READ = 1u << 0, OPEN_WRITE = 1u << 1, OPEN_CREATE = 1u << 2, OPEN_EXCLUSIVE = 1u << 3, OPEN_TRUNCATE = 1u << 4,
    OPEN_APPEND = 1u << 5, OPEN_DIRECTORY = 1u << 6, OPEN_NO_FOLLOW = 1u << 7, OPEN_NONBLOCK = 1u << 8, OPEN_PATH = 1u << 9,
    OPEN_EXECUTE = 1u << 10, OPEN_SYNC = 1u << 11, OPEN_TEMPORARY = 1u << 12, OPEN_NO_TERMINAL = 1u << 13,
};

struct io_vector { uint64_t address, length; };

/* One entry of OP_READDIR's answer; records are packed, each padded to 8 bytes. The cookie of the last one resumes. */
struct directory_record {
    uint64_t inode;
    uint64_t cookie;       /* pass it to continue after this entry; never 0 */
    uint32_t type;         /* enum file_type, 0: unknown */
    uint16_t record_bytes; /* this header, the name, padding */
    uint16_t name_bytes;   /* no terminating zero; 1..255 */
    /* name follows */
};
static_assert(sizeof(struct directory_record) == 24);

/* resource_create flags */
enum : uint32_t {
    RESOURCE_RESTARTABLE    = 1u << 0, /* requests wait while init restarts the server */
    RESOURCE_FLUSH_ON_CLOSE = 1u << 1, /* the last close waits for the server */
    RESOURCE_ALWAYS_READY   = 1u << 2, /* readable and writable for ever */
    RESOURCE_REPLAYED       = 1u << 3, /* with RESTARTABLE: also requests that are not idempotent; what the dead server took is lost */
};
