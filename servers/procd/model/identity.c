/* SPDX-License-Identifier: MIT
 * Who a process acts for: changes of user and group ids by the rules that programs rely on (see process.h). Effective uid 0 may
 * take any id; others only move between those that they have. Everything is checked before anything is changed. */
#include "process.h"
#include "base/string.h"
#include "base/try.h"

struct id_triple { uint32_t real, effective, saved; };

static bool has(const struct id_triple *ids, uint32_t id)
{
    return id == ID_KEEP || id == ids->real || id == ids->effective || id == ids->saved;
}

static enum status change(const struct id_triple *wanted, bool privileged, struct id_triple *ids)
{
    if (!privileged && !(has(ids, wanted->real) && has(ids, wanted->effective) && has(ids, wanted->saved)))
        return ERR_NOT_PERMITTED;
    if (wanted->real != ID_KEEP)
        ids->real = wanted->real;
    if (wanted->effective != ID_KEEP)
        ids->effective = wanted->effective;
    if (wanted->saved != ID_KEEP)
        ids->saved = wanted->saved;
    return OK;
}

static enum status set_filesystem_id(struct model *m, uint32_t slot, bool group, uint32_t id)
{
    const struct process_entry *e = &m->table[slot];
    const struct id_triple ids = group ? (struct id_triple){e->gid, e->egid, e->sgid} : (struct id_triple){e->uid, e->euid, e->suid};
    if (id == ID_KEEP)
        return OK;
    if (e->euid != 0 && !has(&ids, id) && id != (group ? e->fsgid : e->fsuid))
        return ERR_NOT_PERMITTED;
    struct process_entry *changed = entry_begin(m, slot);
    *(group ? &changed->fsgid : &changed->fsuid) = id;
    entry_end(m, slot);
    return OK;
}

enum status identity_set(struct model *m, uint32_t slot, enum identity which, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (which > IDENTITY_FSGID)
        return ERR_INVALID;
    if (which == IDENTITY_FSUID || which == IDENTITY_FSGID)
        return set_filesystem_id(m, slot, which == IDENTITY_FSGID, effective);
    const struct process_entry *e = &m->table[slot];
    bool group = which == IDENTITY_GID;
    struct id_triple ids = group ? (struct id_triple){e->gid, e->egid, e->sgid} : (struct id_triple){e->uid, e->euid, e->suid};
    TRY(change(&(struct id_triple){real, effective, saved}, e->euid == 0, &ids));
    struct process_entry *changed = entry_begin(m, slot);
    if (group) {
        changed->gid = ids.real;
        changed->egid = changed->fsgid = ids.effective;
        changed->sgid = ids.saved;
    } else {
        changed->uid = ids.real;
        changed->euid = changed->fsuid = ids.effective;
        changed->suid = ids.saved;
    }
    entry_end(m, slot);
    return OK;
}

enum status identity_set_groups(struct model *m, uint32_t slot, const uint32_t *groups, size_t count)
{
    if (m->table[slot].euid != 0)
        return ERR_NOT_PERMITTED;
    if (count > PROCESS_GROUPS_MAX)
        return ERR_INVALID;
    struct process_entry *e = entry_begin(m, slot);
    e->group_count = (uint32_t)count;
    memset(e->groups, 0, sizeof e->groups);
    memcpy(e->groups, groups, count * sizeof *groups);
    entry_end(m, slot);
    return OK;
}
