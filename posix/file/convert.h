/* SPDX-License-Identifier: MIT
 * Between Linux's file structures and ours. Pure: nothing here touches program memory or makes a call. */
#pragma once
#include "abi/file.h"
#include "abi/status.h"
#include "base/span.h"
#include "posix/linux/file.h"

/* What open(2)'s flags ask of vfsd; ERR_INVALID for combinations that Linux refuses. Close-on-exec is not among them. */
enum status open_flags_from_linux(uint32_t flags, uint32_t *out_flags);
/* F_GETFL's answer from a handle's STREAM_* flags, and F_SETFL's the other way (only what may change later). */
uint32_t status_flags_to_linux(uint32_t stream_flags);
uint32_t stream_flags_changeable(uint32_t linux_flags);
#define STREAM_FLAGS_CHANGEABLE (STREAM_APPEND | STREAM_NONBLOCK | STREAM_DIRECT | STREAM_NO_ACCESS_TIME)

uint32_t mode_to_linux(uint32_t type, uint32_t mode);
/* The file type in a mode that mknod was given; 0 in the type bits means a regular file. */
enum status type_from_linux(uint32_t mode, uint32_t *out_type);
uint8_t directory_type_to_linux(uint32_t type);

void stat_to_linux(const struct file_attributes *from, struct linux_stat *out);
void statx_to_linux(const struct file_attributes *from, struct linux_statx *out);

/* Rewrites directory records as Linux's, in the same memory: a Linux record is never longer than ours. Stops before the
 * first record that would pass `limit` bytes. *out_resume: the cookie after the last record that fitted (0: none did).
 * *out_all: every record fitted. ERR_PROTOCOL when the server's bytes are not records. */
enum dirent_format { DIRENT_64, DIRENT_OLD };
enum status records_to_dirents(struct span records, enum dirent_format format, size_t limit, size_t *out_bytes, uint64_t *out_resume,
                               bool *out_all);

/* Nanoseconds since 1970 as seconds and a remainder that is never negative, and back, clamped to what fits. */
struct linux_time time_to_linux(int64_t ns);
int64_t time_from_linux(int64_t seconds, int64_t nanoseconds);
/* One time of utimensat: ERR_INVALID for a bad nanosecond count; INT64_MIN keeps the old one. */
enum status set_time_from_linux(struct linux_time t, int64_t now_ns, int64_t *out_ns);
