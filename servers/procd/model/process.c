/* SPDX-License-Identifier: MIT
 * The tree of processes, their groups and sessions (see process.h). */
#include "process.h"
#include "base/string.h"
#include "base/try.h"

/* -- entries -- */

struct process_entry *entry_begin(struct model *m, uint32_t slot)
{
    struct process_entry *e = &m->table[slot];
    __atomic_store_n(&e->sequence, e->sequence + 1, __ATOMIC_RELAXED);
    /* release: a reader that sees a new field also sees the odd sequence */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return e;
}

void entry_end(struct model *m, uint32_t slot)
{
    struct process_entry *e = &m->table[slot];
    /* release: whoever sees the even sequence sees the fields */
    __atomic_store_n(&e->sequence, e->sequence + 1, __ATOMIC_RELEASE);
}

void model_init(struct model *m, struct process_entry *table, const struct effects *effects, void *owner)
{
    m->table = table;
    m->effects = effects;
    m->owner = owner;
    m->limit = m->waiter_limit = m->signal_limit = 1;
}

/* -- numbers -- */

static uint32_t *hash_of(struct model *m, int32_t pid) { return &m->hash[(uint32_t)pid % PROCESS_TABLE_SLOTS]; }

uint32_t process_by_pid(const struct model *m, int32_t pid)
{
    if (pid <= 0)
        return 0;
    uint32_t slot = m->hash[(uint32_t)pid % PROCESS_TABLE_SLOTS];
    while (slot && m->table[slot].pid != pid)
        slot = m->processes[slot].next_in_hash;
    return slot;
}

uint32_t process_by_token(const struct model *m, uint64_t token)
{
    uint32_t slot = (uint32_t)token;
    if (slot == 0 || slot >= m->limit || m->table[slot].generation != token >> 32 || m->table[slot].pid == 0)
        return 0;
    return slot;
}

static void hash_add(struct model *m, uint32_t slot)
{
    uint32_t *head = hash_of(m, m->table[slot].pid);
    m->processes[slot].next_in_hash = *head;
    *head = slot;
}

static void hash_remove(struct model *m, uint32_t slot)
{
    uint32_t *at = hash_of(m, m->table[slot].pid);
    while (*at != slot)
        at = &m->processes[*at].next_in_hash;
    *at = m->processes[slot].next_in_hash;
}

/* Groups and sessions outlive the process that they are named after. */
static bool number_in_use(const struct model *m, int32_t number)
{
    if (process_by_pid(m, number))
        return true;
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        const struct process_entry *e = &m->table[slot];
        if (e->pid && (e->pgid == number || e->sid == number))
            return true;
    }
    return false;
}

static int32_t take_pid(struct model *m)
{
    do {
        m->last_pid++;
        if (m->last_pid >= PID_LIMIT) {
            m->last_pid = PID_REUSE_FIRST;
            m->pids_wrapped = true;
        }
    } while (m->pids_wrapped && number_in_use(m, m->last_pid));
    return m->last_pid;
}

/* -- slots -- */

static enum status take_slot(struct model *m, bool root, uint32_t *out)
{
    uint32_t available = PROCESS_TABLE_SLOTS - 1 - (root ? 0 : SLOTS_FOR_ROOT);
    if (m->used >= available)
        return ERR_LIMIT;
    uint32_t slot = m->first_free_slot;
    if (slot)
        m->first_free_slot = m->next_free_slot[slot];
    else
        slot = m->limit++;
    m->used++;
    *out = slot;
    return OK;
}

static void link_child(struct model *m, uint32_t parent, uint32_t child)
{
    struct process *p = &m->processes[child];
    p->parent = parent;
    p->previous_sibling = 0;
    p->next_sibling = parent ? m->processes[parent].first_child : 0;
    if (p->next_sibling)
        m->processes[p->next_sibling].previous_sibling = child;
    if (parent)
        m->processes[parent].first_child = child;
}

static void unlink_child(struct model *m, uint32_t child)
{
    struct process *p = &m->processes[child];
    if (p->previous_sibling)
        m->processes[p->previous_sibling].next_sibling = p->next_sibling;
    else if (p->parent)
        m->processes[p->parent].first_child = p->next_sibling;
    if (p->next_sibling)
        m->processes[p->next_sibling].previous_sibling = p->previous_sibling;
    p->parent = p->next_sibling = p->previous_sibling = 0;
}

static void copy_name(struct process_entry *e, const char *name, size_t bytes)
{
    memset(e->name, 0, sizeof e->name);
    memcpy(e->name, name, MIN(bytes, sizeof e->name - 1));
}

/* Makes the entry like another (the parent's, or a fresh one) but with a pid and generation of its own. */
static void start_entry(struct model *m, uint32_t slot, const struct process_entry *like, uint32_t parent, uint64_t id)
{
    int32_t pid = take_pid(m);
    uint32_t sequence = m->table[slot].sequence, generation = m->table[slot].generation + 1;
    m->processes[slot] = (struct process){0};
    struct process_entry *e = entry_begin(m, slot);
    uint32_t odd = sequence + 1;
    *e = *like;
    e->sequence = odd;
    e->generation = generation ? generation : 1;
    e->pid = pid;
    e->ppid = parent ? m->table[parent].pid : 0;
    e->state = 'R';
    e->pending = 0;
    e->flags = 0;
    e->id = id;
    e->stops = 0;
    e->foreground = 0;
    entry_end(m, slot);
    hash_add(m, slot);
    link_child(m, parent, slot);
}

enum status process_adopt(struct model *m, int32_t parent_pid, uint64_t id, bool system, const char *name, size_t name_bytes,
                          uint32_t *out_slot)
{
    uint32_t parent = parent_pid ? process_by_pid(m, parent_pid) : 0;
    if (parent_pid && !parent)
        return ERR_NO_PROCESS;
    uint32_t slot;
    TRY(take_slot(m, true, &slot));
    struct process_entry fresh = {.terminal = -1};
    copy_name(&fresh, name, name_bytes);
    start_entry(m, slot, &fresh, parent, id);
    struct process_entry *e = entry_begin(m, slot);
    e->pgid = e->sid = e->pid;
    entry_end(m, slot);
    m->processes[slot].system = system;
    limits_default(&m->processes[slot]);
    if (!m->init)
        m->init = slot;
    *out_slot = slot;
    return OK;
}

enum status process_fork(struct model *m, uint32_t parent, uint64_t id, uint32_t exit_signal, bool to_grandparent,
                         uint32_t *out_slot)
{
    const struct process_entry *like = &m->table[parent];
    if (exit_signal > SIGNAL_LAST)
        return ERR_INVALID;
    if (limit_processes_reached(m, parent))
        return ERR_LIMIT;
    uint32_t slot, real_parent = to_grandparent ? m->processes[parent].parent : parent;
    TRY(take_slot(m, like->euid == 0, &slot));
    start_entry(m, slot, like, real_parent, id);
    struct process *p = &m->processes[slot];
    p->exit_signal = exit_signal;
    memcpy(p->limits, m->processes[parent].limits, sizeof p->limits);
    uint64_t seconds = p->limits[LIMIT_CPU].current; /* its time starts at zero */
    p->cpu_next_ns = UNLIMITED;
    if (seconds != UNLIMITED)
        IGNORE(limit_set(m, slot, slot, LIMIT_CPU, &(struct limit_pair){seconds, p->limits[LIMIT_CPU].maximum}));
    *out_slot = slot;
    return OK;
}

static void free_slot(struct model *m, uint32_t slot)
{
    m->effects->freed(m->owner, slot);
    signal_drop_all(m, slot);
    unlink_child(m, slot);
    hash_remove(m, slot);
    struct process_entry *e = entry_begin(m, slot);
    e->pid = 0;
    e->state = 0;
    e->id = 0;
    entry_end(m, slot);
    m->next_free_slot[slot] = m->first_free_slot;
    m->first_free_slot = slot;
    m->used--;
}

void process_forget(struct model *m, uint32_t slot)
{
    if (slot == m->init)
        m->init = 0;
    free_slot(m, slot);
}

void process_reap(struct model *m, uint32_t slot)
{
    const struct process *p = &m->processes[slot];
    if (p->parent) {
        struct usage_sums *sums = &m->processes[p->parent].children;
        sums->user_ns += p->own.user_ns + p->children.user_ns;
        sums->kernel_ns += p->own.kernel_ns + p->children.kernel_ns;
        sums->faults += p->own.faults + p->children.faults;
        uint64_t peak = MAX(p->own.peak_bytes, p->children.peak_bytes);
        sums->peak_bytes = MAX(sums->peak_bytes, peak);
    }
    free_slot(m, slot);
}

/* -- the end -- */

bool group_is_orphaned(const struct model *m, int32_t pgid, uint32_t ignored_slot)
{
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        const struct process_entry *e = &m->table[slot];
        if (!e->pid || e->pgid != pgid || slot == ignored_slot || e->state == 'Z')
            continue;
        uint32_t parent = m->processes[slot].parent;
        if (parent && parent != ignored_slot && parent != m->init && m->table[parent].pgid != pgid && m->table[parent].sid == e->sid)
            return false;
    }
    return true;
}

static bool group_has_stopped(const struct model *m, int32_t pgid)
{
    for (uint32_t slot = 1; slot < m->limit; slot++)
        if (m->table[slot].pid && m->table[slot].pgid == pgid && m->table[slot].state == 'T')
            return true;
    return false;
}

/* Stopped jobs that nobody is left to continue are told so; `ended` no longer counts as a parent. */
static void wake_orphaned_group(struct model *m, int32_t pgid, uint32_t ended)
{
    if (m->stopped == 0 || !group_has_stopped(m, pgid) || !group_is_orphaned(m, pgid, ended))
        return;
    IGNORE(signal_group(m, pgid, SIGNAL_HUP));
    IGNORE(signal_group(m, pgid, SIGNAL_CONT));
}

static void release_children(struct model *m, uint32_t slot)
{
    uint32_t child;
    while ((child = m->processes[slot].first_child) != 0) {
        unlink_child(m, child);
        uint32_t heir = slot == m->init ? 0 : m->init;
        link_child(m, heir, child);
        struct process_entry *e = entry_begin(m, child);
        e->ppid = heir ? m->table[heir].pid : 0;
        entry_end(m, child);
        m->processes[child].exit_signal = SIGNAL_CHLD;
        if (e->state == 'Z')
            wait_child_changed(m, child);
        else if (e->pgid != m->table[slot].pgid && e->sid == m->table[slot].sid)
            wake_orphaned_group(m, e->pgid, slot);
    }
}

static void end_session(struct model *m, uint32_t leader)
{
    int32_t sid = m->table[leader].sid;
    bool had_terminal = m->table[leader].terminal >= 0;
    m->effects->session_ended(m->owner, sid);
    if (had_terminal)
        session_set_terminal(m, sid, -1, 0);
}

/* What the parent hears about the end of `slot`; signal 0: nothing. */
static struct signal_details end_details(const struct model *m, uint32_t slot)
{
    const struct process *p = &m->processes[slot];
    const struct process_entry *e = &m->table[slot];
    uint32_t killed_by = p->status & 0x7f;
    return (struct signal_details){
        .signal = (int32_t)p->exit_signal,
        .code = !killed_by ? CHILD_EXITED : p->status & 0x80 ? CHILD_DUMPED : CHILD_KILLED,
        .pid = e->pid, .uid = e->uid,
        .status = killed_by ? (int32_t)killed_by : (int32_t)(p->status >> 8 & 0xff),
    };
}

void process_ended(struct model *m, uint32_t slot, uint32_t status, const struct usage_sums *usage)
{
    struct process *p = &m->processes[slot];
    p->own = *usage;
    p->status = status;
    p->stop_unreported = p->continue_unreported = false;
    wait_abandon(m, slot);
    signal_drop_all(m, slot);
    if (p->stop_request)
        m->effects->answer_stop(m->owner, take_request(&p->stop_request));
    struct process_entry *e = entry_begin(m, slot);
    m->stopped -= e->state == 'T';
    e->state = 'Z';
    entry_end(m, slot);
    release_children(m, slot);
    /* Only an end that leaves the group orphaned: the link to a parent of another group in the session was what kept it. */
    if (p->parent && m->table[p->parent].pgid != e->pgid && m->table[p->parent].sid == e->sid)
        wake_orphaned_group(m, e->pgid, slot);
    if (e->sid == e->pid)
        end_session(m, slot);
    /* The signal first: whoever returns from the wait finds it pending. A wait that the signal interrupts is still answered here, and
     * its cancel notice then names a request that is gone. */
    const struct signal_details details = end_details(m, slot);
    uint32_t parent = p->parent;
    if (parent && details.signal && !m->processes[parent].system)
        IGNORE(signal_send(m, parent, &details));
    wait_child_changed(m, slot);
    if (slot == m->init)
        m->init = 0;
}

/* -- names, groups, sessions -- */

void process_set_name(struct model *m, uint32_t slot, const char *name, size_t name_bytes)
{
    copy_name(entry_begin(m, slot), name, name_bytes);
    entry_end(m, slot);
}

void process_mark_exec(struct model *m, uint32_t slot)
{
    entry_begin(m, slot)->flags |= PROCESS_EXECED;
    entry_end(m, slot);
}

static bool group_exists_in(const struct model *m, int32_t pgid, int32_t sid)
{
    for (uint32_t slot = 1; slot < m->limit; slot++)
        if (m->table[slot].pid && m->table[slot].pgid == pgid && m->table[slot].sid == sid)
            return true;
    return false;
}

enum status process_set_group(struct model *m, uint32_t caller, int32_t pid, int32_t pgid)
{
    uint32_t target = pid ? process_by_pid(m, pid) : caller;
    if (pid < 0 || pgid < 0)
        return ERR_INVALID;
    if (!target || (target != caller && m->processes[target].parent != caller))
        return ERR_NO_PROCESS;
    const struct process_entry *e = &m->table[target];
    if (target != caller && e->sid != m->table[caller].sid)
        return ERR_NOT_PERMITTED;
    if (target != caller && e->flags & PROCESS_EXECED)
        return ERR_NO_ACCESS;
    if (e->sid == e->pid)
        return ERR_NOT_PERMITTED;
    if (pgid == 0)
        pgid = e->pid;
    if (pgid != e->pid && !group_exists_in(m, pgid, e->sid))
        return ERR_NOT_PERMITTED;
    entry_begin(m, target)->pgid = pgid;
    entry_end(m, target);
    return OK;
}

enum status process_set_session(struct model *m, uint32_t caller)
{
    int32_t pid = m->table[caller].pid;
    for (uint32_t slot = 1; slot < m->limit; slot++)
        if (m->table[slot].pid && m->table[slot].pgid == pid)
            return ERR_NOT_PERMITTED;
    struct process_entry *e = entry_begin(m, caller);
    e->sid = e->pgid = pid;
    e->terminal = -1;
    e->foreground = 0;
    entry_end(m, caller);
    return OK;
}

void session_set_terminal(struct model *m, int32_t sid, int32_t terminal, int32_t foreground)
{
    for (uint32_t slot = 1; slot < m->limit; slot++) {
        const struct process_entry *e = &m->table[slot];
        if (!e->pid || (sid < 0 ? e->pid != -sid : e->sid != sid))
            continue;
        struct process_entry *changed = entry_begin(m, slot);
        changed->terminal = terminal;
        changed->foreground = changed->pid == sid ? foreground : 0;
        entry_end(m, slot);
    }
}
