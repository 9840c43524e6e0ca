/* SPDX-License-Identifier: MIT
 * The proc protocol: each operation finds its caller's slot, asks the model, and does what the kernel must know. */
#include "procd.h"
#include "scheduling.h"
#include "base/string.h"
#include "protocol/init.h"
#include "protocol/proc_server.h"
#include "protocol/vfs.h"
#include "sys/clock.h"
#include "sys/log.h"

static struct model *model(void) { return &procd.model; }

uint32_t caller_slot(const struct request *rq)
{
    if (rq->credential)
        return process_by_token(model(), rq->credential);
    for (uint32_t slot = 1; slot < model()->limit; slot++) /* a system process: known by its caller id; they ask seldom */
        if (entry_of(slot)->pid && entry_of(slot)->id == rq->caller)
            return slot;
    return 0;
}

/* The caller's slot as `name`, or the operation ends here. */
#define CALLER(name)                          \
    uint32_t name = caller_slot(rq);          \
    if (!name)                                \
        return ERR_NO_PROCESS

static bool is_system(const struct request *rq) { return rq->credential == 0; }

/* -- birth -- */

static enum status take_process(handle_t process, uint64_t *out_id)
{
    struct process_info info;
    TRY(sys_process_info(process, &info));
    if (info.state == PROCESS_ENDED)
        return ERR_NO_PROCESS;
    *out_id = info.id;
    return OK;
}

static enum status adopt(const struct proc_adopt_in *in, uint32_t *out_slot)
{
    uint64_t id;
    TRY(take_process(in->process, &id));
    bool system = in->flags & PROC_ADOPT_SYSTEM;
    struct view name, arguments;
    view_split(in->name, 0, &name, &arguments);
    bool is_init = system && in->parent == 0 && !tie_of(model()->init)->process &&
                   view_equal(name, VIEW_OF_LITERAL("init"));
    if (is_init) {
        *out_slot = model()->init;
        entry_begin(model(), *out_slot)->id = id;
        entry_end(model(), *out_slot);
        return tie_process(*out_slot, in->process);
    }
    TRY(process_adopt(model(), in->parent, id, system, (const char *)name.data, name.length, out_slot));
    TRY(tie_process(*out_slot, in->process));
    if (system)
        return OK;
    command_set(*out_slot, in->name);
    return limits_tell_kernel(*out_slot);
}

static enum status op_adopt(struct request *rq, const struct proc_adopt_in *in, struct proc_adopt_out *out)
{
    uint32_t slot = 0;
    enum status s = is_system(rq) ? adopt(in, &slot) : ERR_NOT_PERMITTED;
    if (s != OK) {
        if (in->process != HANDLE_NONE)
            IGNORE(sys_handle_close(in->process));
        return s;
    }
    out->pid = entry_of(slot)->pid;
    out->token = model()->processes[slot].system ? 0 : process_token(model(), slot);
    return OK;
}

static enum status fork_child(struct request *rq, const struct proc_fork_in *in, uint32_t *out_slot)
{
    CALLER(parent);
    uint64_t id;
    TRY(take_process(in->process, &id));
    uint32_t signal = in->exit_signal & PROC_FORK_NO_SIGNAL ? 0 : in->exit_signal;
    TRY(process_fork(model(), parent, id, signal, in->flags & 1, out_slot));
    TRY(tie_process(*out_slot, in->process));
    command_share(parent, *out_slot);
    limits_cpu_watch(*out_slot);
    procd.forks++;
    return OK;
}

static enum status op_fork(struct request *rq, const struct proc_fork_in *in, struct proc_fork_out *out)
{
    uint32_t slot = 0;
    enum status s = fork_child(rq, in, &slot);
    if (s != OK) {
        if (in->process != HANDLE_NONE)
            IGNORE(sys_handle_close(in->process));
        return s;
    }
    out->pid = entry_of(slot)->pid;
    out->token = process_token(model(), slot);
    return OK;
}

/* Set-id bits raise nobody: what the caller says about its image is only its word. They are honoured for callers that could take the
 * id anyway; the others need the image to be built here from its file. */
static void apply_set_ids(uint32_t slot, const struct proc_exec_in *in)
{
    if (entry_of(slot)->euid != 0)
        return;
    if (in->mode & 02000)
        IGNORE(identity_set(model(), slot, IDENTITY_GID, ID_KEEP, in->gid, in->gid));
    if (in->mode & 04000)
        IGNORE(identity_set(model(), slot, IDENTITY_UID, ID_KEEP, in->uid, in->uid));
}

static enum status op_exec(struct request *rq, const struct proc_exec_in *in, struct proc_exec_out *out)
{
    (void)out;
    CALLER(slot);
    struct view name, arguments;
    view_split(in->command, 0, &name, &arguments);
    for (size_t slash; (slash = view_find(name, '/')) < name.length;)
        name = (struct view){name.data + slash + 1, name.length - slash - 1};
    process_set_name(model(), slot, (const char *)name.data, name.length);
    process_mark_exec(model(), slot);
    command_set(slot, arguments);
    apply_set_ids(slot, in);
    return OK;
}

static enum status op_set_name(struct request *rq, const struct proc_set_name_in *in, struct proc_set_name_out *out)
{
    (void)out;
    CALLER(slot);
    struct view name, rest;
    view_split(in->name, 0, &name, &rest);
    process_set_name(model(), slot, (const char *)name.data, name.length);
    return OK;
}

/* -- waiting -- */

static enum status op_wait(struct request *rq, const struct proc_wait_in *in, struct proc_wait_out *out)
{
    CALLER(slot);
    struct wait_result result = {0};
    bool waits;
    enum status s = process_wait(model(), slot, rq->id, in->which, in->options, &result, &waits);
    if (waits) {
        request_defer(rq);
        return OK;
    }
    TRY(s);
    *out = (struct proc_wait_out){
        .pid = result.pid,
        .status = result.status,
        .usage = {result.usage.user_ns, result.usage.kernel_ns, result.usage.faults, result.usage.peak_bytes},
    };
    return OK;
}

static enum status op_usage(struct request *rq, const struct proc_usage_in *in, struct proc_usage_out *out)
{
    CALLER(slot);
    if (in->who > 1)
        return ERR_INVALID;
    if (in->who == 1) {
        const struct usage_sums *c = &model()->processes[slot].children;
        out->usage = (struct proc_usage){c->user_ns, c->kernel_ns, c->faults, c->peak_bytes};
        return OK;
    }
    struct process_info info;
    TRY(sys_process_info(tie_of(slot)->process, &info));
    out->usage = (struct proc_usage){info.user_ns, info.kernel_ns, info.faults, info.resident_bytes};
    return OK;
}

/* -- signals -- */

static enum status op_kill(struct request *rq, const struct proc_kill_in *in, struct proc_kill_out *out)
{
    (void)out;
    uint32_t sender = caller_slot(rq);
    if (!sender && !is_system(rq))
        return ERR_NO_PROCESS;
    /* Nobody but the system may say that a signal comes from the kernel. */
    if (in->code >= 0 && in->code != CODE_USER && !is_system(rq))
        return ERR_NOT_PERMITTED;
    const struct signal_details details = {
        .signal = (int32_t)in->signal, .code = in->code, .value = in->value,
        .pid = sender ? entry_of(sender)->pid : 0, .uid = sender ? entry_of(sender)->uid : 0};
    return signal_kill(model(), is_system(rq) ? 0 : sender, in->pid, &details);
}

static enum status op_take(struct request *rq, const struct proc_take_in *in, struct proc_take_out *out)
{
    CALLER(slot);
    struct signal_details d;
    TRY(signal_take(model(), slot, in->set, &d));
    out->info = (struct proc_signal_info){d.signal, d.code, d.pid, d.uid, d.status, d.timer, d.value, d.address};
    return OK;
}

static enum status op_stop(struct request *rq, const struct proc_stop_in *in, struct proc_stop_out *out)
{
    (void)out;
    CALLER(slot);
    if (in->signal == 0 || in->signal > SIGNAL_LAST || !(signal_bit(in->signal) & STOP_SIGNALS))
        return ERR_INVALID;
    if (signal_stop_self(model(), slot, in->signal, rq->id))
        request_defer(rq);
    return OK;
}

static bool is_keyboard_stop(uint32_t signal)
{
    return signal == SIGNAL_TSTP || signal == SIGNAL_TTIN || signal == SIGNAL_TTOU;
}

static enum status op_signal_group(struct request *rq, const struct proc_signal_group_in *in, struct proc_signal_group_out *out)
{
    (void)out;
    if (!is_system(rq))
        return ERR_NOT_PERMITTED;
    uint32_t signal = in->signal & ~PROC_GROUP_WITHDRAW;
    if (in->signal & PROC_GROUP_WITHDRAW) {
        signal_withdraw(model(), in->pgid, signal);
        return OK;
    }
    if (is_keyboard_stop(signal) && group_is_orphaned(model(), in->pgid, 0))
        return ERR_NOT_PERMITTED;
    return signal_group(model(), in->pgid, signal);
}

/* -- groups, sessions, ids -- */

static enum status op_set_group(struct request *rq, const struct proc_set_group_in *in, struct proc_set_group_out *out)
{
    (void)out;
    CALLER(slot);
    return process_set_group(model(), slot, in->pid, in->pgid);
}

static enum status op_set_session(struct request *rq, const struct proc_set_session_in *in, struct proc_set_session_out *out)
{
    (void)in;
    CALLER(slot);
    TRY(process_set_session(model(), slot));
    out->sid = entry_of(slot)->sid;
    return OK;
}

static enum status op_session_terminal(struct request *rq, const struct proc_session_terminal_in *in,
                                       struct proc_session_terminal_out *out)
{
    (void)out;
    if (!is_system(rq))
        return ERR_NOT_PERMITTED;
    session_set_terminal(model(), in->sid, in->terminal, in->foreground);
    return OK;
}

static enum status op_session_wait(struct request *rq, const struct proc_session_wait_in *in, struct proc_session_wait_out *out)
{
    (void)out;
    if (!is_system(rq))
        return ERR_NOT_PERMITTED;
    uint32_t leader = process_by_pid(model(), in->sid);
    if (!leader || entry_of(leader)->sid != in->sid || entry_of(leader)->state == 'Z')
        return OK;
    for (size_t i = 0; i < SESSION_WAITERS; i++) {
        struct session_waiter *w = &procd.session_waiters[i];
        if (w->request)
            continue;
        *w = (struct session_waiter){request_defer(rq), in->sid};
        return OK;
    }
    return ERR_LIMIT;
}

void session_wait_end(int32_t sid)
{
    for (size_t i = 0; i < SESSION_WAITERS; i++) {
        struct session_waiter *w = &procd.session_waiters[i];
        if (w->request && w->sid == sid)
            IGNORE(server_answer(&procd.server, take_request(&w->request), OK));
    }
}

void procd_cancel(struct server *s, uint64_t request)
{
    if (process_wait_cancel(model(), request))
        return;
    for (size_t i = 0; i < SESSION_WAITERS; i++)
        if (procd.session_waiters[i].request == request)
            IGNORE(server_answer(s, take_request(&procd.session_waiters[i].request), ERR_INTERRUPTED));
}

static enum status op_set_ids(struct request *rq, const struct proc_set_ids_in *in, struct proc_set_ids_out *out)
{
    (void)out;
    CALLER(slot);
    return identity_set(model(), slot, in->which, in->real, in->effective, in->saved);
}

static enum status op_set_groups(struct request *rq, const struct proc_set_groups_in *in, struct proc_set_groups_out *out)
{
    (void)out;
    CALLER(slot);
    uint32_t groups[PROCESS_GROUPS_MAX];
    if (in->groups.length % sizeof *groups || in->groups.length > sizeof groups)
        return ERR_INVALID;
    memcpy(groups, in->groups.data, in->groups.length);
    return identity_set_groups(model(), slot, groups, in->groups.length / sizeof *groups);
}

static enum status op_limit(struct request *rq, const struct proc_limit_in *in, struct proc_limit_out *out)
{
    CALLER(slot);
    uint32_t target = in->pid ? process_by_pid(model(), in->pid) : slot;
    if (!target)
        return ERR_NO_PROCESS;
    const struct limit_pair next = {in->current, in->maximum};
    struct limit_pair old;
    TRY(limits_exchange(slot, target, in->which & ~PROC_LIMIT_SET, in->which & PROC_LIMIT_SET ? &next : nullptr, &old));
    *out = (struct proc_limit_out){old.current, old.maximum};
    return OK;
}

/* -- the rest -- */

static enum status op_timer(struct request *rq, const struct proc_timer_in *in, struct proc_timer_out *out)
{
    CALLER(slot);
    uint64_t now = clock_monotonic_ns(), deadline = 0;
    if (in->first_ns && __builtin_add_overflow(now, in->first_ns, &deadline))
        deadline = UINT64_MAX - 1;
    struct alarm old = alarm_set(&procd.alarms, slot, (struct alarm){deadline, deadline ? in->period_ns : 0});
    out->left_ns = old.deadline_ns > now ? old.deadline_ns - now : old.deadline_ns ? 1 : 0;
    out->old_period_ns = old.period_ns;
    alarm_arm();
    return OK;
}

static enum status op_table(struct request *rq, const struct proc_table_in *in, struct proc_table_out *out)
{
    (void)in, (void)rq;
    return sys_handle_dup(procd.table, PLACE_HIGH, RIGHT_READ | RIGHT_GRANT, 0, 0, &out->table);
}

struct process_table_head *table_head(void) { return (struct process_table_head *)(void *)entry_of(0); }

enum status set_system_name(bool domain, struct view name)
{
    if (name.length > 64 || view_find(name, 0) < name.length)
        return ERR_INVALID;
    entry_begin(model(), 0);
    char *to = domain ? table_head()->domain_name : table_head()->host_name;
    memset(to, 0, sizeof table_head()->host_name);
    memcpy(to, name.data, name.length);
    entry_end(model(), 0);
    return OK;
}

static enum status op_set_host_name(struct request *rq, const struct proc_set_host_name_in *in, struct proc_set_host_name_out *out)
{
    (void)out;
    uint32_t slot = caller_slot(rq);
    if (!is_system(rq) && (!slot || entry_of(slot)->euid != 0))
        return ERR_NOT_PERMITTED;
    return in->which > 1 ? ERR_INVALID : set_system_name(in->which == 1, in->name);
}

/* One at a time; who asks later hears BUSY, since the system is already going down. */
static struct { struct completion done; uint64_t request; } power;

static void power_done(struct server *s, struct completion *self, const struct message *reply)
{
    (void)self;
    IGNORE(server_answer(s, take_request(&power.request), reply->result));
}

static enum status op_power(struct request *rq, const struct proc_power_in *in, struct proc_power_out *out)
{
    (void)out;
    uint32_t slot = caller_slot(rq);
    if (!is_system(rq) && (!slot || entry_of(slot)->euid != 0))
        return ERR_NOT_PERMITTED;
    if (procd.init == HANDLE_NONE)
        return ERR_NOT_SUPPORTED;
    if (power.request)
        return ERR_BUSY;
    power.done.done = power_done;
    TRY(init_power_submit(procd.init, &(struct init_power_in){.how = in->how}, procd.server.endpoint,
                          server_completion_tag(&power.done)));
    power.request = request_defer(rq);
    return OK;
}

static const struct proc_ops operations = {
    .adopt = op_adopt, .fork = op_fork, .exec = op_exec, .wait = op_wait, .kill = op_kill, .take = op_take,
    .set_group = op_set_group, .set_session = op_set_session, .set_ids = op_set_ids, .set_groups = op_set_groups,
    .timer = op_timer, .stop = op_stop, .table = op_table, .signal_group = op_signal_group,
    .session_terminal = op_session_terminal, .set_name = op_set_name, .usage = op_usage, .power = op_power,
    .session_wait = op_session_wait, .set_host_name = op_set_host_name,
    .limit = op_limit,
    .schedule = op_schedule, .schedule_info = op_schedule_info,
};

bool procd_protocol(struct request *rq)
{
    if (rq->token == TOKEN_PROCESSES)
        return proc_dispatch(&operations, rq);
    return rq->token == TOKEN_FILESYSTEM && filesystem_protocol(rq);
}
