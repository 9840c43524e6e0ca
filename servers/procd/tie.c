/* SPDX-License-Identifier: MIT
 * Between the model of processes and the kernel: what the model wants done becomes calls on process handles, and the end of a
 * kernel process becomes process_ended. */
#include "procd.h"
#include "base/string.h"
#include "heap/heap.h"
#include "protocol/proc_server.h"
#include "sys/clock.h"
#include "sys/log.h"

struct procd procd;

/* -- effects -- */

static void do_notify(void *owner, uint32_t slot)
{
    (void)owner;
    if (tie_of(slot)->process)
        IGNORE(sys_notify(tie_of(slot)->process));
}

static void do_kill(void *owner, uint32_t slot, uint32_t signal)
{
    (void)owner;
    if (tie_of(slot)->process)
        IGNORE(sys_process_kill(tie_of(slot)->process, signal));
}

static void do_suspend(void *owner, uint32_t slot, bool suspended)
{
    (void)owner;
    if (!tie_of(slot)->process)
        return;
    enum status s = sys_process_suspend(tie_of(slot)->process, suspended);
    if (s != OK)
        log_warning("pid %d: cannot %s: %s", entry_of(slot)->pid, suspended ? "stop" : "continue", status_sentence(s));
}

static void do_answer_wait(void *owner, uint64_t request, enum status status, const struct wait_result *result)
{
    (void)owner;
    const struct proc_wait_out out = {
        .pid = result->pid,
        .status = result->status,
        .usage = {result->usage.user_ns, result->usage.kernel_ns, result->usage.faults, result->usage.peak_bytes},
    };
    IGNORE(proc_wait_reply(procd.server.endpoint, request, status, &out));
}

static void do_answer_stop(void *owner, uint64_t request)
{
    (void)owner;
    IGNORE(server_answer(&procd.server, request, OK));
}

static void do_session_ended(void *owner, int32_t sid)
{
    (void)owner;
    session_wait_end(sid);
}

static void command_drop(uint32_t slot)
{
    struct command *c = tie_of(slot)->command;
    tie_of(slot)->command = nullptr;
    if (c && --c->references == 0)
        heap_free(c);
}

static void do_freed(void *owner, uint32_t slot)
{
    (void)owner;
    struct tie *t = tie_of(slot);
    command_drop(slot);
    alarm_set(&procd.alarms, slot, (struct alarm){0});
    if (!t->process)
        return;
    IGNORE(sys_unbind(procd.server.endpoint, t->process));
    IGNORE(sys_handle_close(t->process));
    t->process = 0;
}

const struct effects procd_effects = {
    .notify = do_notify, .kill = do_kill, .suspend = do_suspend, .answer_wait = do_answer_wait, .answer_stop = do_answer_stop,
    .session_ended = do_session_ended, .freed = do_freed,
};

/* -- command lines -- */

void command_set(uint32_t slot, struct view text)
{
    command_drop(slot);
    size_t bytes = MIN(text.length, (size_t)COMMAND_BYTES_MAX);
    struct command *c = heap_allocate(sizeof *c + bytes);
    if (!c)
        return; /* /proc/PID/cmdline is empty then, as for a system process */
    c->references = 1;
    c->bytes = (uint32_t)bytes;
    memcpy(c->text, text.data, bytes);
    tie_of(slot)->command = c;
}

void command_share(uint32_t from, uint32_t to)
{
    struct command *c = tie_of(from)->command;
    tie_of(to)->command = c;
    if (c)
        c->references++;
}

/* -- the end of a process -- */

/* CPU exceptions that the personality did not survive to turn into a signal. */
static uint32_t signal_of_exception(uint32_t vector)
{
    static const uint8_t signals[32] = {[0] = 8, [1] = 5, [3] = 5, [4] = 11, [5] = 11, [6] = 4, [10] = 11, [11] = 7, [12] = 7,
                                        [13] = 11, [14] = 11, [16] = 8, [17] = 7, [19] = 8};
    return vector < ARRAY_LENGTH(signals) && signals[vector] ? signals[vector] : 11;
}

static uint32_t wait_status_of(uint64_t exit_status)
{
    if (exit_status & EXIT_NO_MEMORY)
        return SIGNAL_KILL;
    if (exit_status & EXIT_EXCEPTION)
        return signal_of_exception((uint32_t)exit_status);
    return (uint32_t)exit_status & 0xffff;
}

static void on_ended(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)count, (void)value;
    struct tie *t = container_of(self, struct tie, ended);
    uint32_t slot = (uint32_t)(t - procd.ties);
    struct process_info info = {0};
    if (!t->process || entry_of(slot)->pid == 0 || entry_of(slot)->state == 'Z')
        return;
    enum status status = sys_process_info(t->process, &info);
    if (status != OK)
        log_error("pid %d ended, but how is unknown: %s", entry_of(slot)->pid, status_sentence(status));
    const struct usage_sums usage = {
        .user_ns = info.user_ns, .kernel_ns = info.kernel_ns, .faults = info.faults, .peak_bytes = info.resident_bytes};
    procd.ended_user_ns += info.user_ns;
    /* The handle goes first: an ended process needs no signal, and the slot may be free when process_ended returns. */
    IGNORE(sys_unbind(procd.server.endpoint, t->process));
    IGNORE(sys_handle_close(t->process));
    t->process = 0;
    alarm_set(&procd.alarms, slot, (struct alarm){0});
    process_ended(&procd.model, slot, wait_status_of(info.exit_status), &usage);
}

enum status tie_process(uint32_t slot, handle_t process)
{
    struct tie *t = tie_of(slot);
    uint64_t token = procd.model.processes[slot].system ? 0 : process_token(&procd.model, slot);
    t->process = 0;
    t->ended = (struct event_handler){on_ended};
    enum status status = token ? sys_credential_set(procd.identity, process, token) : OK;
    if (status == OK)
        status = server_bind(&procd.server, process, &t->ended);
    if (status != OK) {
        process_forget(&procd.model, slot);
        return status;
    }
    t->process = process;
    return OK;
}

/* -- alarms -- */

void alarm_arm(void)
{
    uint64_t next = alarm_next(&procd.alarms);
    IGNORE(sys_status(sys_timer_set(procd.timer, next == UINT64_MAX ? 0 : next, 0)));
}
