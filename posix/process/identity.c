/* SPDX-License-Identifier: MIT
 * Who we are: read from our line of the process table, one load for a number; changed only by procd. */
#include "posix/core/call.h"

static const volatile struct process_entry *self(void)
{
    return process_current()->entry;
}

LINUX_CALL(getpid, void) { return process_current()->pid; }
LINUX_CALL(getppid, void) { return self()->ppid; }
LINUX_CALL(getuid, void) { return self()->uid; }
LINUX_CALL(geteuid, void) { return self()->euid; }
LINUX_CALL(getgid, void) { return self()->gid; }
LINUX_CALL(getegid, void) { return self()->egid; }
LINUX_CALL(getpgrp, void) { return self()->pgid; }

/* -- groups and sessions of others: a search through the table ------------------------------------------------------ */

/* acquire, and again: procd may be writing this line */
static bool read_entry(const volatile struct process_entry *e, int32_t pid, int32_t *out_pgid, int32_t *out_sid)
{
    uint32_t sequence;
    bool found;
    do {
        sequence = __atomic_load_n(&e->sequence, __ATOMIC_ACQUIRE);
        found = e->pid == pid;
        *out_pgid = e->pgid;
        *out_sid = e->sid;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (sequence & 1 || __atomic_load_n(&e->sequence, __ATOMIC_RELAXED) != sequence);
    return found;
}

static int64_t find(int32_t pid, int32_t *out_pgid, int32_t *out_sid)
{
    const struct process *p = process_current();
    if (pid == 0)
        pid = p->pid;
    if (pid < 0)
        return -LINUX_ESRCH;
    if (read_entry(p->entry, pid, out_pgid, out_sid))
        return 0;
    for (uint32_t i = 0; i < PROCESS_TABLE_SLOTS; i++)
        if (read_entry(p->table_base + i, pid, out_pgid, out_sid))
            return 0;
    return -LINUX_ESRCH;
}

LINUX_CALL(getpgid, int32_t pid)
{
    int32_t pgid, sid;
    TRY_LINUX(find(pid, &pgid, &sid));
    return pgid;
}

LINUX_CALL(getsid, int32_t pid)
{
    int32_t pgid, sid;
    TRY_LINUX(find(pid, &pgid, &sid));
    return sid;
}

LINUX_CALL(setpgid, int32_t pid, int32_t pgid)
{
    if (pgid < 0)
        return -LINUX_EINVAL;
    return linux_result(proc_set_group(process_current()->proc, &(struct proc_set_group_in){.pid = pid, .pgid = pgid}, nullptr));
}

LINUX_CALL(setsid, void)
{
    struct proc_set_session_out out;
    TRY_LINUX(linux_result(proc_set_session(process_current()->proc, &(struct proc_set_session_in){}, &out)));
    return out.sid;
}

/* -- user and group ids ------------------------------------------------------------------------------------------- */

#define KEEP UINT32_MAX

static int64_t set_ids(uint32_t which, uint32_t real, uint32_t effective, uint32_t saved)
{
    struct proc_set_ids_in in = {.which = which, .real = real, .effective = effective, .saved = saved};
    return linux_result(proc_set_ids(process_current()->proc, &in, nullptr));
}

LINUX_CALL(setresuid, uint32_t real, uint32_t effective, uint32_t saved) { return set_ids(PROC_ID_UID, real, effective, saved); }
LINUX_CALL(setresgid, uint32_t real, uint32_t effective, uint32_t saved) { return set_ids(PROC_ID_GID, real, effective, saved); }

LINUX_CALL(setuid, uint32_t uid)
{
    bool all = self()->euid == 0;
    return uid == KEEP ? -LINUX_EINVAL : set_ids(PROC_ID_UID, all ? uid : KEEP, uid, all ? uid : KEEP);
}

LINUX_CALL(setgid, uint32_t gid)
{
    bool all = self()->euid == 0;
    return gid == KEEP ? -LINUX_EINVAL : set_ids(PROC_ID_GID, all ? gid : KEEP, gid, all ? gid : KEEP);
}

/* The saved id follows the effective one when the real id is set, or the effective one becomes something else than the real one. */
static int64_t set_real_effective(uint32_t which, uint32_t real, uint32_t effective, uint32_t old_real, uint32_t old_effective)
{
    bool follow = real != KEEP || (effective != KEEP && effective != old_real);
    uint32_t saved = effective != KEEP ? effective : old_effective;
    return set_ids(which, real, effective, follow ? saved : KEEP);
}

LINUX_CALL(setreuid, uint32_t real, uint32_t effective)
{
    return set_real_effective(PROC_ID_UID, real, effective, self()->uid, self()->euid);
}

LINUX_CALL(setregid, uint32_t real, uint32_t effective)
{
    return set_real_effective(PROC_ID_GID, real, effective, self()->gid, self()->egid);
}

static int64_t write_three(uint64_t a, uint32_t x, uint64_t b, uint32_t y, uint64_t c, uint32_t z)
{
    TRY_LINUX(program_write_u32(a, x));
    TRY_LINUX(program_write_u32(b, y));
    return program_write_u32(c, z);
}

LINUX_CALL(getresuid, uint64_t real, uint64_t effective, uint64_t saved)
{
    return write_three(real, self()->uid, effective, self()->euid, saved, self()->suid);
}

LINUX_CALL(getresgid, uint64_t real, uint64_t effective, uint64_t saved)
{
    return write_three(real, self()->gid, effective, self()->egid, saved, self()->sgid);
}

/* These two answer the old id, also when they fail. */
LINUX_CALL(setfsuid, uint32_t uid)
{
    uint32_t old = self()->fsuid;
    (void)set_ids(PROC_ID_FSUID, KEEP, uid, KEEP);
    return old;
}

LINUX_CALL(setfsgid, uint32_t gid)
{
    uint32_t old = self()->fsgid;
    (void)set_ids(PROC_ID_FSGID, KEEP, gid, KEEP);
    return old;
}

LINUX_CALL(getgroups, int32_t space, uint64_t list)
{
    const volatile struct process_entry *e = self();
    uint32_t count = MIN(e->group_count, PROCESS_GROUPS_MAX), groups[PROCESS_GROUPS_MAX];
    if (space == 0)
        return count;
    if (space < (int32_t)count)
        return -LINUX_EINVAL;
    for (uint32_t i = 0; i < count; i++)
        groups[i] = e->groups[i];
    TRY_LINUX(program_write(list, groups, count * sizeof *groups));
    return count;
}

LINUX_CALL(setgroups, uint64_t count, uint64_t list)
{
    uint32_t groups[PROCESS_GROUPS_MAX];
    if (count > PROCESS_GROUPS_MAX)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read(groups, list, count * sizeof *groups));
    struct proc_set_groups_in in = {.groups = {(const uint8_t *)groups, count * sizeof *groups}};
    return linux_result(proc_set_groups(process_current()->proc, &in, nullptr));
}

/* -- capabilities: all of them with effective id 0, none otherwise --------------------------------------------------- */

#define CAPABILITY_VERSION_3 0x20080522u
#define CAPABILITIES_ALL 0x1ffffffffffull
struct capability_header { uint32_t version; int32_t pid; };
struct capability_data { uint32_t effective, permitted, inheritable; };

LINUX_CALL(capget, uint64_t header_address, uint64_t data_address)
{
    struct capability_header header;
    TRY_LINUX(PROGRAM_READ(&header, header_address));
    if (header.version != CAPABILITY_VERSION_3) {
        header.version = CAPABILITY_VERSION_3;
        TRY_LINUX(PROGRAM_WRITE(header_address, &header));
        return data_address ? -LINUX_EINVAL : 0;
    }
    uint64_t set = self()->euid == 0 ? CAPABILITIES_ALL : 0;
    struct capability_data data[2] = {{(uint32_t)set, (uint32_t)set, 0}, {(uint32_t)(set >> 32), (uint32_t)(set >> 32), 0}};
    return data_address ? PROGRAM_WRITE(data_address, &data) : 0;
}
