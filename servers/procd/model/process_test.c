/* SPDX-License-Identifier: MIT
 * What procd promises about processes, waits, signals and ids. */
#include "process.h"
#include "alarm.h"
#include "unit/unit.h"
#include <string.h>

static struct process_entry table[PROCESS_TABLE_SLOTS];
static struct model m;
static struct alarms alarms;

/* What the effects did, last one and how many. */
static struct {
    uint32_t notified, notify_count, killed, suspended, resumed, freed;
    uint64_t wait_request, stop_request;
    enum status wait_status;
    struct wait_result wait;
    uint32_t waits, session_ends;
} seen;

static void on_notify(void *owner, uint32_t slot) { (void)owner; seen.notified = slot; seen.notify_count++; }
static void on_kill(void *owner, uint32_t slot, uint32_t signal) { (void)owner; (void)signal; seen.killed = slot; }
static void on_suspend(void *owner, uint32_t slot, bool suspended)
{
    (void)owner;
    *(suspended ? &seen.suspended : &seen.resumed) = slot;
}
static void on_wait(void *owner, uint64_t request, enum status s, const struct wait_result *result)
{
    (void)owner;
    seen.wait_request = request;
    seen.wait_status = s;
    seen.wait = *result;
    seen.waits++;
}
static void on_stop(void *owner, uint64_t request) { (void)owner; seen.stop_request = request; }
static void on_session(void *owner, int32_t sid) { (void)owner; (void)sid; seen.session_ends++; }
static void on_freed(void *owner, uint32_t slot) { (void)owner; seen.freed = slot; }
static const struct effects effects = {on_notify, on_kill, on_suspend, on_wait, on_stop, on_session, on_freed};
static const struct usage_sums no_usage;

static uint32_t init_slot, shell;

/* pid 1 is the system's init; `shell` is a session leader below it. */
static void start(void)
{
    memset(table, 0, sizeof table);
    memset(&seen, 0, sizeof seen);
    memset(&m, 0, sizeof m);
    model_init(&m, table, &effects, nullptr);
    CHECK_OK(process_adopt(&m, 0, 100, true, "init", 4, &init_slot));
    CHECK_OK(process_adopt(&m, 1, 101, false, "sh", 2, &shell));
}

static uint32_t fork_from(uint32_t parent)
{
    uint32_t child = 0;
    CHECK_OK(process_fork(&m, parent, 200, SIGNAL_CHLD, false, &child));
    return child;
}

static int32_t pid_of(uint32_t slot) { return table[slot].pid; }

static enum status wait_for(uint32_t parent, int32_t which, uint32_t options, struct wait_result *out, bool *waits)
{
    return process_wait(&m, parent, 77, which, options | WAITS_EXITED, out, waits);
}

static enum status kill_from(uint32_t sender, int32_t pid, uint32_t signal)
{
    return signal_kill(&m, sender, pid, &(struct signal_details){.signal = (int32_t)signal, .pid = pid_of(sender)});
}

TEST(the_first_process_is_pid_1)
{
    start();
    CHECK_EQUAL(pid_of(init_slot), 1);
    CHECK_EQUAL(pid_of(shell), 2);
    CHECK_EQUAL(table[shell].ppid, 1);
    CHECK_EQUAL(process_by_pid(&m, 2), shell);
}

TEST(a_child_inherits_group_session_and_ids)
{
    start();
    table[shell].uid = table[shell].euid = 7;
    uint32_t child = fork_from(shell);
    CHECK_EQUAL(table[child].ppid, 2);
    CHECK_EQUAL(table[child].sid, 2);
    CHECK_EQUAL(table[child].uid, 7u);
}

TEST(an_old_token_names_nobody)
{
    start();
    uint32_t child = fork_from(shell);
    uint64_t token = process_token(&m, child);
    CHECK_EQUAL(process_by_token(&m, token), child);
    process_ended(&m, child, 0, &no_usage);
    process_reap(&m, child);
    CHECK_EQUAL(process_by_token(&m, token), 0u);
    uint32_t next = fork_from(shell);
    CHECK_EQUAL(next, child);
    CHECK_EQUAL(process_by_token(&m, token), 0u);
    CHECK(process_token(&m, next) != token);
}

TEST(a_zombie_is_reported_once)
{
    start();
    uint32_t child = fork_from(shell);
    int32_t pid = pid_of(child);
    process_ended(&m, child, 3 << 8, &no_usage);
    struct wait_result r;
    bool waits;
    CHECK_OK(wait_for(shell, -1, 0, &r, &waits));
    CHECK_EQUAL(r.pid, pid);
    CHECK_EQUAL(r.status, 3u << 8);
    CHECK_EQUAL(wait_for(shell, -1, 0, &r, &waits), ERR_NO_CHILD);
}

TEST(a_wait_is_answered_when_the_child_ends_and_the_parent_is_signalled)
{
    start();
    uint32_t child = fork_from(shell);
    struct wait_result r;
    bool waits;
    CHECK_EQUAL(wait_for(shell, pid_of(child), 0, &r, &waits), ERR_WOULD_BLOCK);
    CHECK(waits);
    process_ended(&m, child, 9, &no_usage);
    CHECK_EQUAL(seen.waits, 1u);
    CHECK_EQUAL(seen.wait_request, 77u);
    CHECK_EQUAL(seen.wait.status, 9u);
    struct signal_details d;
    CHECK_OK(signal_take(&m, shell, UINT64_MAX, &d));
    CHECK_EQUAL(d.signal, (int32_t)SIGNAL_CHLD);
    CHECK_EQUAL(d.code, CHILD_KILLED);
    CHECK_EQUAL(d.status, 9);
}

TEST(no_hang_does_not_wait)
{
    start();
    fork_from(shell);
    struct wait_result r;
    bool waits;
    CHECK_EQUAL(wait_for(shell, -1, WAITS_NO_HANG, &r, &waits), ERR_WOULD_BLOCK);
    CHECK(!waits);
}

TEST(a_second_waiter_hears_that_no_child_is_left)
{
    start();
    uint32_t child = fork_from(shell);
    struct wait_result r;
    bool waits;
    CHECK_EQUAL(wait_for(shell, -1, 0, &r, &waits), ERR_WOULD_BLOCK);
    CHECK_EQUAL(process_wait(&m, shell, 78, -1, WAITS_EXITED, &r, &waits), ERR_WOULD_BLOCK);
    process_ended(&m, child, 0, &no_usage);
    CHECK_EQUAL(seen.waits, 2u);
    CHECK_EQUAL(seen.wait_request, 78u);
    CHECK_EQUAL(seen.wait_status, ERR_NO_CHILD);
}

TEST(a_cancelled_wait_is_interrupted)
{
    start();
    fork_from(shell);
    struct wait_result r;
    bool waits;
    CHECK_EQUAL(wait_for(shell, -1, 0, &r, &waits), ERR_WOULD_BLOCK);
    CHECK(process_wait_cancel(&m, 77));
    CHECK_EQUAL(seen.wait_status, ERR_INTERRUPTED);
    CHECK(!process_wait_cancel(&m, 77));
}

TEST(waits_choose_by_group)
{
    start();
    uint32_t a = fork_from(shell), b = fork_from(shell);
    CHECK_OK(process_set_group(&m, shell, pid_of(b), 0));
    process_ended(&m, a, 0, &no_usage);
    struct wait_result r;
    bool waits;
    CHECK_EQUAL(wait_for(shell, -pid_of(b), WAITS_NO_HANG, &r, &waits), ERR_WOULD_BLOCK);
    CHECK_OK(wait_for(shell, 0, WAITS_NO_HANG, &r, &waits));
}

TEST(orphans_go_to_pid_1_and_vanish_when_they_end)
{
    start();
    uint32_t child = fork_from(shell), grandchild = fork_from(child);
    int32_t pid = pid_of(grandchild);
    process_ended(&m, child, 0, &no_usage);
    CHECK_EQUAL(table[grandchild].ppid, 1);
    process_ended(&m, grandchild, 0, &no_usage);
    CHECK_EQUAL(process_by_pid(&m, pid), 0u);
}

TEST(usage_of_a_waited_child_is_added)
{
    start();
    uint32_t child = fork_from(shell);
    process_ended(&m, child, 0, &(struct usage_sums){.user_ns = 5, .peak_bytes = 4096});
    struct wait_result r;
    bool waits;
    CHECK_OK(wait_for(shell, -1, 0, &r, &waits));
    CHECK_EQUAL(r.usage.user_ns, 5u);
    CHECK_EQUAL(m.processes[shell].children.user_ns, 5u);
}

TEST(keep_leaves_the_child_waitable)
{
    start();
    process_ended(&m, fork_from(shell), 0, &no_usage);
    struct wait_result r;
    bool waits;
    CHECK_OK(wait_for(shell, -1, WAITS_KEEP, &r, &waits));
    CHECK_OK(wait_for(shell, -1, 0, &r, &waits));
}

TEST(signals_are_taken_lowest_first_with_what_they_came_with)
{
    start();
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = 15, .pid = 9}));
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = 2, .pid = 8}));
    CHECK_EQUAL(seen.notified, shell);
    struct signal_details d;
    CHECK_EQUAL(signal_take(&m, shell, signal_bit(1), &d), ERR_WOULD_BLOCK);
    CHECK_OK(signal_take(&m, shell, UINT64_MAX, &d));
    CHECK_EQUAL(d.signal, 2);
    CHECK_EQUAL(d.pid, 8);
    CHECK_OK(signal_take(&m, shell, UINT64_MAX, &d));
    CHECK_EQUAL(d.signal, 15);
    CHECK_EQUAL(table[shell].pending, 0u);
}

TEST(a_standard_signal_is_pending_once_a_realtime_one_as_often_as_sent)
{
    start();
    for (int i = 0; i < 3; i++) {
        CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = 10}));
        CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = 40, .value = (uint64_t)i}));
    }
    struct signal_details d;
    CHECK_OK(signal_take(&m, shell, UINT64_MAX, &d));
    for (uint64_t i = 0; i < 3; i++) {
        CHECK_OK(signal_take(&m, shell, UINT64_MAX, &d));
        CHECK_EQUAL(d.signal, 40);
        CHECK_EQUAL(d.value, i);
    }
    CHECK_EQUAL(signal_take(&m, shell, UINT64_MAX, &d), ERR_WOULD_BLOCK);
}

TEST(a_full_queue_refuses_values_but_keeps_plain_signals)
{
    start();
    enum status s = OK;
    for (uint32_t i = 0; i <= SIGNALS_PER_PROCESS && s == OK; i++)
        s = signal_send(&m, shell, &(struct signal_details){.signal = 40, .code = CODE_QUEUE});
    CHECK_EQUAL(s, ERR_WOULD_BLOCK);
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = 15}));
    CHECK(table[shell].pending & signal_bit(15));
}

TEST(kill_checks_who_may)
{
    start();
    uint32_t a = fork_from(shell), b = fork_from(shell);
    CHECK_OK(identity_set(&m, a, IDENTITY_UID, 5, 5, 5));
    CHECK_OK(identity_set(&m, b, IDENTITY_UID, 6, 6, 6));
    CHECK_EQUAL(kill_from(a, pid_of(b), 15), ERR_NOT_PERMITTED);
    CHECK_OK(kill_from(a, pid_of(b), SIGNAL_CONT)); /* same session */
    CHECK_OK(kill_from(shell, pid_of(b), 15));
    CHECK_EQUAL(kill_from(shell, 4000, 15), ERR_NO_PROCESS);
    CHECK_EQUAL(kill_from(shell, pid_of(b), 65), ERR_INVALID);
    CHECK_EQUAL(kill_from(shell, 1, 15), ERR_NOT_PERMITTED);
}

TEST(kill_of_a_group_reaches_all_and_only_its_members)
{
    start();
    uint32_t a = fork_from(shell), b = fork_from(shell), c = fork_from(shell);
    CHECK_OK(process_set_group(&m, shell, pid_of(a), 0));
    CHECK_OK(process_set_group(&m, shell, pid_of(b), pid_of(a)));
    CHECK_OK(kill_from(shell, -pid_of(a), 15));
    CHECK(table[a].pending && table[b].pending && !table[c].pending);
}

TEST(sigkill_never_waits_in_a_queue)
{
    start();
    uint32_t child = fork_from(shell);
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_KILL));
    CHECK_EQUAL(seen.killed, child);
    CHECK_EQUAL(table[child].pending, 0u);
}

TEST(a_stopped_child_is_reported_and_continued)
{
    start();
    uint32_t child = fork_from(shell);
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_STOP));
    CHECK_EQUAL(table[child].state, (uint32_t)'T');
    CHECK_EQUAL(seen.suspended, child);
    struct wait_result r;
    bool waits;
    CHECK_OK(wait_for(shell, -1, WAITS_STOPPED, &r, &waits));
    CHECK_EQUAL(r.status, SIGNAL_STOP << 8 | 0x7f);
    CHECK_EQUAL(wait_for(shell, -1, WAITS_STOPPED | WAITS_NO_HANG, &r, &waits), ERR_WOULD_BLOCK);
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_CONT));
    CHECK_EQUAL(seen.resumed, child);
    CHECK_OK(wait_for(shell, -1, WAITS_CONTINUED, &r, &waits));
    CHECK_EQUAL(r.status, 0xffffu);
}

TEST(a_process_that_stops_itself_is_answered_by_cont)
{
    start();
    uint32_t child = fork_from(shell);
    CHECK_OK(process_set_group(&m, shell, pid_of(child), 0));
    CHECK(signal_stop_self(&m, child, SIGNAL_TSTP, 55));
    CHECK_EQUAL(seen.stop_request, 0u);
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_CONT));
    CHECK_EQUAL(seen.stop_request, 55u);
}

TEST(cont_between_take_and_stop_wins)
{
    start();
    uint32_t child = fork_from(shell);
    CHECK_OK(process_set_group(&m, shell, pid_of(child), 0));
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_TSTP));
    struct signal_details d;
    CHECK_OK(signal_take(&m, child, UINT64_MAX, &d));
    CHECK_OK(kill_from(shell, pid_of(child), SIGNAL_CONT));
    CHECK(!signal_stop_self(&m, child, SIGNAL_TSTP, 55));
    CHECK(signal_stop_self(&m, child, SIGNAL_TSTP, 56));
}

TEST(cont_removes_pending_stops_and_stops_remove_pending_cont)
{
    start();
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = SIGNAL_TSTP}));
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = SIGNAL_CONT}));
    CHECK_EQUAL(table[shell].pending, signal_bit(SIGNAL_CONT));
    CHECK_OK(signal_send(&m, shell, &(struct signal_details){.signal = SIGNAL_TTIN}));
    CHECK_EQUAL(table[shell].pending, signal_bit(SIGNAL_TTIN));
}

TEST(an_orphaned_group_does_not_stop_by_keyboard)
{
    start();
    CHECK(group_is_orphaned(&m, pid_of(shell), 0)); /* its parent is init */
    CHECK(!signal_stop_self(&m, shell, SIGNAL_TSTP, 55));
    CHECK(signal_stop_self(&m, shell, SIGNAL_STOP, 56));
}

TEST(a_stopped_group_that_becomes_orphaned_is_hung_up_and_continued)
{
    start();
    uint32_t child = fork_from(shell), job = fork_from(child);
    CHECK_OK(process_set_group(&m, child, pid_of(job), 0));
    CHECK_OK(kill_from(shell, pid_of(job), SIGNAL_STOP));
    process_ended(&m, child, 0, &no_usage);
    CHECK_EQUAL(table[job].state, (uint32_t)'R');
    CHECK_EQUAL(m.stopped, 0u);
    CHECK_EQUAL(table[job].pending, signal_bit(SIGNAL_HUP) | signal_bit(SIGNAL_CONT));
}

TEST(an_end_inside_an_orphaned_group_hangs_nobody_up)
{
    start();
    uint32_t stopped = fork_from(shell), other = fork_from(shell);
    CHECK_OK(kill_from(shell, pid_of(stopped), SIGNAL_STOP));
    process_ended(&m, other, 0, &no_usage);
    CHECK_EQUAL(table[stopped].state, (uint32_t)'T');
    CHECK_EQUAL(table[shell].pending & signal_bit(SIGNAL_HUP), 0);
}

TEST(setpgid_follows_the_rules)
{
    start();
    uint32_t child = fork_from(shell), other = fork_from(child);
    CHECK_EQUAL(process_set_group(&m, shell, 0, 0), ERR_NOT_PERMITTED);                /* session leader */
    CHECK_EQUAL(process_set_group(&m, shell, pid_of(other), 0), ERR_NO_PROCESS);       /* not its child */
    CHECK_EQUAL(process_set_group(&m, shell, pid_of(child), 999), ERR_NOT_PERMITTED);  /* no such group */
    CHECK_EQUAL(process_set_group(&m, shell, pid_of(child), -1), ERR_INVALID);
    CHECK_OK(process_set_group(&m, shell, pid_of(child), 0));
    process_mark_exec(&m, child);
    CHECK_EQUAL(process_set_group(&m, shell, pid_of(child), pid_of(shell)), ERR_NO_ACCESS);
    CHECK_OK(process_set_group(&m, child, 0, pid_of(shell)));
}

TEST(setsid_leaves_group_session_and_terminal)
{
    start();
    session_set_terminal(&m, pid_of(shell), 1088, pid_of(shell));
    uint32_t child = fork_from(shell);
    CHECK_EQUAL(table[child].terminal, 1088);
    CHECK_EQUAL(table[shell].foreground, pid_of(shell));
    CHECK_EQUAL(table[child].foreground, 0);
    CHECK_EQUAL(process_set_session(&m, shell), ERR_NOT_PERMITTED);
    CHECK_OK(process_set_session(&m, child));
    CHECK_EQUAL(table[child].sid, pid_of(child));
    CHECK_EQUAL(table[child].terminal, -1);
}

TEST(the_end_of_a_session_leader_takes_the_terminal_from_all)
{
    start();
    session_set_terminal(&m, pid_of(shell), 1088, pid_of(shell));
    uint32_t child = fork_from(shell);
    process_ended(&m, shell, 0, &no_usage);
    CHECK_EQUAL(seen.session_ends, 1u);
    CHECK_EQUAL(table[child].terminal, -1);
}

TEST(ids_move_only_between_those_one_has)
{
    start();
    CHECK_OK(identity_set(&m, shell, IDENTITY_UID, 5, 6, 7));
    CHECK_EQUAL(table[shell].fsuid, 6u);
    CHECK_EQUAL(identity_set(&m, shell, IDENTITY_UID, 8, ID_KEEP, ID_KEEP), ERR_NOT_PERMITTED);
    CHECK_OK(identity_set(&m, shell, IDENTITY_UID, ID_KEEP, 7, ID_KEEP));
    CHECK_EQUAL(table[shell].euid, 7u);
    CHECK_EQUAL(table[shell].uid, 5u);
    CHECK_EQUAL(identity_set_groups(&m, shell, nullptr, 0), ERR_NOT_PERMITTED);
    CHECK_EQUAL(identity_set(&m, shell, IDENTITY_FSUID, 0, 9, 0), ERR_NOT_PERMITTED);
    CHECK_OK(identity_set(&m, shell, IDENTITY_FSUID, 0, 5, 0));
}

TEST(pids_are_not_reused_early)
{
    start();
    int32_t before = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t child = fork_from(shell);
        CHECK(pid_of(child) > before);
        before = pid_of(child);
        process_ended(&m, child, 0, &no_usage);
        process_reap(&m, child);
    }
    m.last_pid = PID_LIMIT - 1;
    uint32_t child = fork_from(shell);
    CHECK_EQUAL(pid_of(child), PID_REUSE_FIRST);
}

TEST(the_last_slots_are_root_s)
{
    start();
    CHECK_OK(identity_set(&m, shell, IDENTITY_UID, 5, 5, 5));
    uint32_t child;
    enum status s = OK;
    for (uint32_t i = 0; i < 2049 && s == OK; i++)
        s = process_fork(&m, shell, 1, SIGNAL_CHLD, false, &child);
    CHECK_EQUAL(s, ERR_LIMIT);
}

static enum status set_limit(uint32_t slot, enum limit which, uint64_t current, uint64_t maximum)
{
    return limit_set(&m, slot, slot, which, &(struct limit_pair){current, maximum});
}

TEST(only_root_raises_a_maximum)
{
    start();
    CHECK_OK(identity_set(&m, shell, IDENTITY_UID, 5, 5, 5));
    CHECK_OK(set_limit(shell, LIMIT_AS, 100, 200));
    CHECK_OK(set_limit(shell, LIMIT_AS, 200, 200));
    CHECK_EQUAL(set_limit(shell, LIMIT_AS, 200, 201), ERR_NOT_PERMITTED);
    CHECK_EQUAL(set_limit(shell, LIMIT_AS, 101, 100), ERR_INVALID);
    CHECK_EQUAL(set_limit(shell, LIMIT_NOFILE, 1, 2ull << 20), ERR_NOT_PERMITTED);
    CHECK_EQUAL(m.processes[shell].limits[LIMIT_AS].maximum, 200u);
    uint32_t root = fork_from(init_slot);
    CHECK_OK(limit_set(&m, root, shell, LIMIT_AS, &(struct limit_pair){300, 300}));
    CHECK(limit_may(&m, root, shell));
    CHECK(!limit_may(&m, shell, root));
}

TEST(a_user_has_as_many_processes_as_its_limit)
{
    start();
    CHECK_OK(identity_set(&m, shell, IDENTITY_UID, 5, 5, 5));
    CHECK_OK(set_limit(shell, LIMIT_NPROC, 3, 3));
    uint32_t child = fork_from(shell), grandchild = 0;
    CHECK_OK(process_fork(&m, child, 1, SIGNAL_CHLD, false, &grandchild));
    CHECK_EQUAL(process_fork(&m, child, 1, SIGNAL_CHLD, false, &child), ERR_LIMIT);
    process_ended(&m, grandchild, 0, &no_usage);
    CHECK_EQUAL(process_fork(&m, shell, 1, SIGNAL_CHLD, false, &child), ERR_LIMIT); /* a zombie counts */
    process_reap(&m, grandchild);
    CHECK_OK(process_fork(&m, shell, 1, SIGNAL_CHLD, false, &child));
}

TEST(root_has_as_many_processes_as_it_likes)
{
    start();
    CHECK_OK(set_limit(shell, LIMIT_NPROC, 0, 0));
    fork_from(shell);
}

TEST(cpu_time_over_the_limit_is_told_each_second_until_the_end)
{
    start();
    struct process *p = &m.processes[shell];
    CHECK_EQUAL(limit_cpu_signal(p, 1ull << 60), 0u);
    CHECK_OK(set_limit(shell, LIMIT_CPU, 2, 4));
    CHECK_EQUAL(limit_cpu_signal(p, 1999999999), 0u);
    CHECK_EQUAL(limit_cpu_signal(p, 2000000000), SIGNAL_XCPU);
    CHECK_EQUAL(limit_cpu_signal(p, 2500000000), 0u);
    CHECK_EQUAL(limit_cpu_signal(p, 3100000000), SIGNAL_XCPU);
    CHECK_EQUAL(limit_cpu_signal(p, 4000000000), SIGNAL_KILL);
    uint32_t child = fork_from(shell);
    CHECK_EQUAL(m.processes[child].cpu_next_ns, 2000000000u);
}

TEST(readers_see_an_even_sequence_between_changes)
{
    start();
    process_set_name(&m, shell, "a-very-long-name-indeed", 23);
    CHECK_EQUAL(table[shell].sequence & 1, 0u);
    CHECK_TEXT(table[shell].name, "a-very-long-nam");
}

TEST(alarms_fire_in_order_and_repeat)
{
    memset(&alarms, 0, sizeof alarms);
    alarm_set(&alarms, 3, (struct alarm){30, 0});
    alarm_set(&alarms, 1, (struct alarm){10, 100});
    alarm_set(&alarms, 2, (struct alarm){20, 0});
    CHECK_EQUAL(alarm_next(&alarms), 10u);
    CHECK_EQUAL(alarm_due(&alarms, 5), 0u);
    CHECK_EQUAL(alarm_due(&alarms, 25), 1u);
    CHECK_EQUAL(alarm_due(&alarms, 25), 2u);
    CHECK_EQUAL(alarm_due(&alarms, 25), 0u);
    CHECK_EQUAL(alarm_set(&alarms, 3, (struct alarm){0}).deadline_ns, 30u);
    CHECK_EQUAL(alarm_next(&alarms), 110u);
    CHECK_EQUAL(alarm_due(&alarms, 350), 1u);
    CHECK_EQUAL(alarm_next(&alarms), 410u);
}
