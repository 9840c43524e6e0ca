/* SPDX-License-Identifier: MIT
 * Identities and permission bits, with Linux's rules. */
#include "credentials.h"
#include "base/try.h"

#define MODE_STICKY 01000u
#define READ_TRIES 1000

static void credentials_nobody(struct credentials *c)
{
    *c = (struct credentials){.uid = UID_NOBODY, .gid = UID_NOBODY, .real_uid = UID_NOBODY, .real_gid = UID_NOBODY,
                              .effective_uid = UID_NOBODY, .effective_gid = UID_NOBODY};
}

static bool entry_read(const volatile struct process_entry *entry, uint32_t generation, struct credentials *out)
{
    /* acquire: the fields are read after this look at the sequence, and before the second (the fence below) */
    uint32_t before = __atomic_load_n(&entry->sequence, __ATOMIC_ACQUIRE);
    out->uid = entry->fsuid;
    out->gid = entry->fsgid;
    out->real_uid = entry->uid;
    out->real_gid = entry->gid;
    out->effective_uid = entry->euid;
    out->effective_gid = entry->egid;
    out->pid = entry->pid;
    out->group_count = MIN(entry->group_count, PROCESS_GROUPS_MAX);
    for (uint32_t i = 0; i < out->group_count; i++)
        out->groups[i] = entry->groups[i];
    bool is_current = entry->generation == generation && out->pid != 0;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if ((before & 1) || __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != before)
        return false;
    if (!is_current)
        credentials_nobody(out);
    return true;
}

void credentials_read(const volatile struct process_entry *table, uint64_t token, struct credentials *out)
{
    if (token == 0) {
        out->uid = out->gid = out->real_uid = out->real_gid = out->effective_uid = out->effective_gid = 0;
        out->pid = 0;
        out->group_count = 0;
        return;
    }
    uint32_t slot = (uint32_t)token, generation = (uint32_t)(token >> 32);
    if (table && slot < PROCESS_TABLE_SLOTS)
        for (int tries = 0; tries < READ_TRIES; tries++)
            if (entry_read(&table[slot], generation, out))
                return;
    credentials_nobody(out);
}

void credentials_use_real(struct credentials *c)
{
    c->uid = c->real_uid;
    c->gid = c->real_gid;
}

void credentials_use_effective(struct credentials *c)
{
    c->uid = c->effective_uid;
    c->gid = c->effective_gid;
}

bool credentials_in_group(const struct credentials *c, uint32_t gid)
{
    if (c->gid == gid)
        return true;
    for (uint32_t i = 0; i < c->group_count; i++)
        if (c->groups[i] == gid)
            return true;
    return false;
}

enum status credentials_may(const struct credentials *c, const struct file_attributes *a, uint32_t wanted)
{
    if (c->uid == 0) {
        bool is_runnable = a->type == FILE_DIRECTORY || (a->mode & 0111);
        return (wanted & MAY_EXECUTE) && !is_runnable ? ERR_NO_ACCESS : OK;
    }
    uint32_t bits = a->mode;
    if (c->uid == a->uid)
        bits >>= 6;
    else if (credentials_in_group(c, a->gid))
        bits >>= 3;
    return (bits & wanted) == wanted ? OK : ERR_NO_ACCESS;
}

enum status credentials_may_remove(const struct credentials *c, const struct file_attributes *directory,
                                   const struct file_attributes *victim)
{
    TRY(credentials_may(c, directory, MAY_WRITE | MAY_EXECUTE));
    bool is_held = (directory->mode & MODE_STICKY) && c->uid != 0 && c->uid != victim->uid && c->uid != directory->uid;
    return is_held ? ERR_NOT_PERMITTED : OK;
}
