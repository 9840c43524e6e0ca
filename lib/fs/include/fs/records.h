/* SPDX-License-Identifier: MIT
 * Directory records (abi/file.h): how a server writes them, and how a receiver walks them without trusting them.
 * Works on its caller's memory alone. */
#pragma once
#include "abi/file.h"
#include "base/span.h"

#define FS_NAME_MAX 255u
#define FS_COOKIE_MAX (1ull << 62)

struct record_writer { struct span space; size_t used; };

/* Appends one entry; false when it does not fit, and nothing was written then. Name is 1..255 bytes. */
bool record_append(struct record_writer *w, uint64_t inode, uint64_t cookie, uint32_t type, struct view name);

/* Takes the record at *position and moves it behind; ERR_TRUNCATED at the end, ERR_CORRUPT when it lies about its size. */
enum status record_next(struct view records, size_t *position, struct directory_record *out, struct view *out_name);

/* Adds `offset` to the cookies of all records; ERR_CORRUPT when they are malformed. */
enum status records_shift_cookies(struct span records, uint64_t offset);

/* How many bytes of (well-formed) records fit into `room`, whole ones only; *out_cookie: of the last that does, if any. */
size_t records_fit(struct view records, size_t room, uint64_t *out_cookie);
