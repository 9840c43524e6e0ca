/* SPDX-License-Identifier: MIT
 * 9P2000.L: how messages are written and read. Numbers little endian, strings with a 16-bit length, every message begins with
 * size[4] type[1] tag[2]. What comes from the other side is believed in nothing. Pure. */
#pragma once
#include "abi/file.h"
#include "base/span.h"

enum p9_type : uint8_t { /* of requests; the answer is one more, or P9_ERROR */
    P9_ERROR = 7, P9_STATFS = 8, P9_LOPEN = 12, P9_LCREATE = 14, P9_SYMLINK = 16, P9_MKNOD = 18, P9_READLINK = 22, P9_GETATTR = 24,
    P9_SETATTR = 26, P9_READDIR = 40, P9_FSYNC = 50, P9_LINK = 70, P9_MKDIR = 72, P9_RENAMEAT = 74, P9_UNLINKAT = 76,
    P9_VERSION = 100, P9_ATTACH = 104, P9_WALK = 110, P9_READ = 116, P9_WRITE = 118, P9_CLUNK = 120,
};
#define P9_VERSION_NAME "9P2000.L"
#define P9_NO_TAG 0xffffu
#define P9_NO_FID UINT32_MAX
#define P9_HEADER_BYTES 7u
#define P9_READ_HEADER_BYTES 11u   /* of the answers to READ and READDIR, before the data */
#define P9_WRITE_HEADER_BYTES 23u  /* of a WRITE, before the data */
enum : uint32_t { P9_OPEN_READ = 0, P9_OPEN_WRITE = 1, P9_OPEN_BOTH = 2, P9_OPEN_CREATE = 0100, P9_OPEN_EXCLUSIVE = 0200,
                  P9_OPEN_DIRECTORY = 0200000 };
enum : uint32_t { P9_UNLINK_DIRECTORY = 0x200 };
enum : uint32_t { P9_SET_MODE = 1, P9_SET_UID = 2, P9_SET_GID = 4, P9_SET_SIZE = 8, P9_SET_ATIME = 16, P9_SET_MTIME = 32,
                  P9_SET_ATIME_VALUE = 128, P9_SET_MTIME_VALUE = 256 };
#define P9_GETATTR_BASIC 0x7ffull

struct p9_writer { struct span space; size_t used; bool is_full; };
/* Begins a message; the size is filled in by p9_end, which answers the message, or TOO_BIG. */
struct p9_writer p9_begin(struct span space, enum p9_type type, uint16_t tag);
void p9_u8(struct p9_writer *w, uint8_t value);
void p9_u16(struct p9_writer *w, uint16_t value);
void p9_u32(struct p9_writer *w, uint32_t value);
void p9_u64(struct p9_writer *w, uint64_t value);
void p9_string(struct p9_writer *w, struct view text);
/* `data_bytes`: how much follows behind what was written (WRITE). */
enum status p9_end(struct p9_writer *w, uint32_t data_bytes, struct view *out);

/* Checks that `message` answers `type` and `tag`; *out_body is what follows the header. A reported error becomes its status. */
enum status p9_answer(struct view message, enum p9_type type, uint16_t tag, struct reader *out_body);
enum status p9_read_string(struct reader *r, struct view *out);
struct p9_qid { uint8_t type; uint32_t version; uint64_t path; };
enum status p9_read_qid(struct reader *r, struct p9_qid *out);
/* The body of a GETATTR's answer. inode = qid path; device and generation stay 0. */
enum status p9_read_attributes(struct reader *r, struct file_attributes *out);
struct p9_entry { struct p9_qid qid; uint64_t offset; uint8_t type; struct view name; };
/* TRUNCATED at the end; names that a directory cannot have (empty, with a slash or a zero, longer than 255) are CORRUPT. */
enum status p9_read_entry(struct reader *r, struct p9_entry *out);
/* FILE_* of a directory entry's type and of a mode's; 0: unknown. */
uint32_t p9_type_of_entry(uint8_t type);
uint32_t p9_type_of_mode(uint32_t mode);
uint32_t p9_mode_of_type(uint32_t type);
enum status p9_status_of_error(uint32_t error);
