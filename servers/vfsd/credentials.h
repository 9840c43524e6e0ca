/* SPDX-License-Identifier: MIT
 * Who asks: the identity behind a credential token, and what the permission bits allow it. The process table (abi/credential.h) is
 * written by procd while we read; a read that meets a change is made again. */
#pragma once
#include "abi/credential.h"
#include "abi/file.h"
#include "abi/status.h"
#include "base/types.h"

struct credentials {
    uint32_t uid, gid;       /* whose permissions count: the filesystem ids, or the real ones for access() */
    uint32_t real_uid, real_gid, effective_uid, effective_gid;
    int32_t pid;             /* 0: a system process */
    uint32_t group_count, groups[PROCESS_GROUPS_MAX];
};

#define UID_NOBODY 65534u

/* Token 0 is uid 0. A token that the table does not know (or no table yet) is nobody's: only what others may is allowed. */
void credentials_read(const volatile struct process_entry *table, uint64_t token, struct credentials *out);
/* The same person, judged by the real ids. */
void credentials_use_real(struct credentials *c);
void credentials_use_effective(struct credentials *c);

enum : uint32_t { MAY_EXECUTE = 1, MAY_WRITE = 2, MAY_READ = 4 };
/* OK, or ERR_NO_ACCESS. */
enum status credentials_may(const struct credentials *c, const struct file_attributes *a, uint32_t wanted);
bool credentials_in_group(const struct credentials *c, uint32_t gid);
static inline bool credentials_is_root(const struct credentials *c) { return c->uid == 0; }
static inline bool credentials_owns(const struct credentials *c, const struct file_attributes *a)
{
    return c->uid == 0 || c->uid == a->uid;
}
/* May a name of `victim` be taken out of `directory`? ERR_NO_ACCESS, or ERR_NOT_PERMITTED for a sticky one. */
enum status credentials_may_remove(const struct credentials *c, const struct file_attributes *directory,
                                   const struct file_attributes *victim);
