/* SPDX-License-Identifier: MIT
 * Job control: which session a terminal belongs to, which group may read it, and what happens to those who may not.
 *
 * procd sends the signals; it is asked by errands, and the client's request waits until the signal is on its way. Nobody
 * here knows who ignores or blocks a signal. So a background process is signalled and told INTERRUPTED; when it asks again
 * without having been stopped in between (entry.stops), it does not take the signal: it is withdrawn where it is still
 * pending, and a read fails while a write or a change goes on, as POSIX has it. */
#include "ttyd.h"
#include "protocol/proc.h"
#include "sys/log.h"

#define ERRANDS 256u

enum errand_kind : uint8_t { ERRAND_FREE, ERRAND_SIGNAL, ERRAND_STOP, ERRAND_ATTACH, ERRAND_SESSION };
struct errand {
    struct completion done;
    struct terminal *terminal;
    uint64_t request;            /* the client that waits for it; 0: none (any more) */
    handle_t handle;             /* attach: goes to the client with the answer */
    int32_t sid;
    uint32_t signal;             /* stop */
    enum errand_kind kind;
};
static struct errand errands[ERRANDS];

/* -- who asks -- */

struct caller caller_of(const struct request *rq)
{
    struct caller c = {.token = rq->credential, .terminal = -1, .is_system = rq->credential == 0};
    uint32_t slot = (uint32_t)rq->credential;
    if (c.is_system || slot >= PROCESS_TABLE_SLOTS)
        return c;
    const volatile struct process_entry *e = &ttyd.table[slot];
    uint32_t before, generation;
    do {
        /* acquire: the fields are read after the sequence; the fence keeps them before the second look */
        before = __atomic_load_n(&e->sequence, __ATOMIC_ACQUIRE);
        generation = e->generation;
        c.pid = e->pid;
        c.pgid = e->pgid;
        c.sid = e->sid;
        c.terminal = e->terminal;
        c.euid = e->euid;
        c.stops = e->stops;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (before & 1 || __atomic_load_n(&e->sequence, __ATOMIC_RELAXED) != before);
    if (generation != rq->credential >> 32)
        c.pid = c.pgid = c.sid = 0;
    return c;
}

bool caller_controls(const struct caller *c, const struct terminal *t)
{
    return c->sid && c->sid == t->session && c->terminal == t->number;
}

/* Slots are used from the first on, so the first that never was ends the table. */
enum status job_group_in(int32_t pgid, int32_t sid)
{
    for (uint32_t slot = 1; slot < PROCESS_TABLE_SLOTS && ttyd.table[slot].generation; slot++)
        if (ttyd.table[slot].pid && ttyd.table[slot].pgid == pgid)
            return ttyd.table[slot].sid == sid ? OK : ERR_NOT_PERMITTED;
    return ERR_NO_PROCESS;
}

/* Its leader lives. The news of its end may still be on the way when the next session wants the terminal. */
bool job_session_lives(int32_t sid)
{
    for (uint32_t slot = 1; slot < PROCESS_TABLE_SLOTS && ttyd.table[slot].generation; slot++)
        if (ttyd.table[slot].pid == sid)
            return ttyd.table[slot].state != 'Z';
    return false;
}

/* -- errands -- */

static void on_done(struct server *s, struct completion *self, const struct message *reply);

static struct errand *errand_take(enum errand_kind kind, struct terminal *t)
{
    for (size_t i = 0; i < ERRANDS; i++) {
        if (errands[i].kind != ERRAND_FREE)
            continue;
        errands[i] = (struct errand){.done = {.done = on_done}, .terminal = t, .kind = kind, .handle = HANDLE_NONE};
        return &errands[i];
    }
    return nullptr;
}

static uint64_t tag_of(struct errand *e) { return server_completion_tag(&e->done); }

static enum status submit_signal(struct errand *e, int32_t pgid, uint32_t signal)
{
    const struct proc_signal_group_in in = {.pgid = pgid, .signal = signal};
    enum status s = proc_signal_group_submit(ttyd.proc, &in, ttyd.server.endpoint, tag_of(e));
    if (s != OK)
        e->kind = ERRAND_FREE;
    return s;
}

void errand_signal_group(int32_t pgid, uint32_t signal)
{
    struct errand *e = pgid > 0 ? errand_take(ERRAND_SIGNAL, nullptr) : nullptr;
    if (pgid > 0 && (!e || submit_signal(e, pgid, signal) != OK))
        log_warning("signal %u to group %d is lost: too many on the way", signal, pgid);
}

void job_signal(struct terminal *t, uint32_t signal) { errand_signal_group(t->foreground, signal); }

/* -- sessions -- */

static enum status tell_session(struct errand *e, int32_t sid, int32_t terminal, int32_t foreground)
{
    const struct proc_session_terminal_in in = {.sid = sid, .terminal = terminal, .foreground = foreground};
    enum status s = proc_session_terminal_submit(ttyd.proc, &in, ttyd.server.endpoint, tag_of(e));
    if (s != OK)
        e->kind = ERRAND_FREE;
    return s;
}

static void watch_session(struct terminal *t, int32_t sid)
{
    struct errand *e = errand_take(ERRAND_SESSION, t);
    if (!e)
        return;
    e->sid = sid;
    if (proc_session_wait_submit(ttyd.proc, &(struct proc_session_wait_in){.sid = sid}, ttyd.server.endpoint, tag_of(e)) != OK)
        e->kind = ERRAND_FREE;
}

enum status job_attach(struct terminal *t, const struct caller *c, uint64_t request, handle_t handle)
{
    struct errand *e = errand_take(ERRAND_ATTACH, t);
    if (!e)
        return ERR_LIMIT;
    e->handle = handle;
    TRY(tell_session(e, c->sid, t->number, c->pgid));
    e->request = request;
    t->session = c->sid;
    t->foreground = c->pgid;
    watch_session(t, c->sid);
    return OK;
}

enum status job_detach(struct terminal *t, const struct caller *c)
{
    struct errand *e = errand_take(ERRAND_SIGNAL, t);
    if (!e)
        return ERR_LIMIT;
    bool leader = c->pid == c->sid;
    TRY(tell_session(e, leader ? c->sid : -c->pid, -1, 0));
    if (!leader)
        return OK;
    job_signal(t, SIGNAL_HUP);
    job_signal(t, SIGNAL_CONT);
    t->session = t->foreground = 0;
    return OK;
}

void job_set_foreground(struct terminal *t, int32_t pgid)
{
    t->foreground = pgid;
    struct errand *e = errand_take(ERRAND_SIGNAL, nullptr);
    if (!e || tell_session(e, t->session, t->number, pgid) != OK)
        log_warning("procd does not know that group %d has the terminal: too much on the way", pgid);
}

/* A new instance finds in the table what the one before it knew. */
void job_recover(struct terminal *t)
{
    for (uint32_t slot = 1; slot < PROCESS_TABLE_SLOTS && ttyd.table[slot].generation; slot++) {
        const volatile struct process_entry *e = &ttyd.table[slot];
        if (e->pid == 0 || e->pid != e->sid || e->terminal != t->number || e->state == 'Z')
            continue;
        t->session = e->sid;
        t->foreground = e->foreground;
        watch_session(t, e->sid);
        return;
    }
}

struct terminal *job_terminal_of(const struct caller *c)
{
    if (caller_controls(c, &ttyd.console))
        return &ttyd.console;
    for (size_t i = 0; i < PSEUDO_MAX; i++)
        if (ttyd.pseudos[i] && caller_controls(c, ttyd.pseudos[i]))
            return ttyd.pseudos[i];
    return nullptr;
}

/* The terminal may be another one's by now, or none. */
static void session_over(struct terminal *t, int32_t sid)
{
    bool is_known = t == &ttyd.console;
    for (size_t i = 0; i < PSEUDO_MAX; i++)
        is_known |= ttyd.pseudos[i] == t;
    if (!is_known || t->session != sid)
        return;
    job_signal(t, SIGNAL_HUP);
    job_signal(t, SIGNAL_CONT);
    t->session = t->foreground = 0;
}

static void answer_attach(struct errand *e, int64_t result)
{
    struct message m = {.words = {[0] = FILE_CHARACTER, [3] = (uint64_t)(uint32_t)e->handle}};
    bool gives = e->handle != HANDLE_NONE;
    if (e->request)
        IGNORE(sys_reply(ttyd.server.endpoint, e->request, gives ? OK : result, gives ? REPLY_HANDLE | REPLY_HANDLE_MOVE : 0, &m));
}

static void on_done(struct server *s, struct completion *self, const struct message *reply)
{
    struct errand e = *container_of(self, struct errand, done);
    container_of(self, struct errand, done)->kind = ERRAND_FREE;
    switch (e.kind) {
    case ERRAND_STOP:
        /* Of an orphaned group a read fails. A change may be from one who ignores the signal (a login shell): it asks again. */
        if (e.request)
            IGNORE(server_answer(s, e.request, reply->result == ERR_NOT_PERMITTED && e.signal == SIGNAL_TTIN ? ERR_IO : ERR_INTERRUPTED));
        return;
    case ERRAND_ATTACH: answer_attach(&e, reply->result); return;
    case ERRAND_SESSION: session_over(e.terminal, e.sid); return;
    default: return;
    }
}

bool job_cancel(uint64_t request)
{
    for (size_t i = 0; i < ERRANDS; i++) {
        struct errand *e = &errands[i];
        if (e->kind != ERRAND_STOP || e->request != request)
            continue;
        e->request = 0;
        IGNORE(server_answer(&ttyd.server, request, ERR_INTERRUPTED));
        return true;
    }
    return false;
}

/* -- background -- */

/* Was the caller signalled for this before, and not stopped since? Uses the memory up. */
static bool was_warned(struct terminal *t, const struct caller *c, uint32_t signal)
{
    for (size_t i = 0; i < WARNINGS; i++) {
        struct warning *w = &t->warnings[i];
        if (w->token != c->token || w->signal != signal)
            continue;
        w->token = 0;
        return w->stops == c->stops;
    }
    return false;
}

static void remember_warning(struct terminal *t, const struct caller *c, uint32_t signal)
{
    t->warnings[t->next_warning++ % WARNINGS] = (struct warning){c->token, c->stops, signal};
}

enum status job_check(struct request *rq, struct terminal *t, uint32_t signal, bool *out_waits)
{
    *out_waits = false;
    struct caller c = caller_of(rq);
    if (c.is_system || !caller_controls(&c, t) || t->foreground == 0 || c.pgid == t->foreground)
        return OK;
    if (was_warned(t, &c, signal)) {
        errand_signal_group(c.pgid, signal | PROC_GROUP_WITHDRAW);
        return signal == SIGNAL_TTIN ? ERR_IO : OK;
    }
    struct errand *e = errand_take(ERRAND_STOP, t);
    if (!e)
        return ERR_IO;
    TRY(submit_signal(e, c.pgid, signal));
    remember_warning(t, &c, signal);
    e->signal = signal;
    e->request = request_defer(rq);
    *out_waits = true;
    return OK;
}
