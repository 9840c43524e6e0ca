/* SPDX-License-Identifier: MIT
 * Promises of signal sets and queues. */
#include "posix/linux/signal_set.h"
#include "unit/unit.h"

#define SLOTS 3
static uint64_t set;
static struct proc_signal_info queue[SLOTS];

static void reset(void)
{
    set = 0;
    for (size_t i = 0; i < SLOTS; i++)
        queue[i] = (struct proc_signal_info){};
}

static bool add(int32_t signal, uint64_t value)
{
    struct proc_signal_info info = {.signal = signal, .value = value};
    return signal_queue_add(&set, queue, SLOTS, &info);
}

static uint64_t take_value(uint32_t signal)
{
    struct proc_signal_info info;
    signal_queue_take(&set, queue, SLOTS, signal, &info);
    CHECK_EQUAL(info.signal, (int32_t)signal);
    return info.value;
}

TEST(faults_come_before_lower_signals)
{
    CHECK_EQUAL(signal_first(LINUX_SIGNAL_BIT(LINUX_SIGHUP) | LINUX_SIGNAL_BIT(LINUX_SIGSEGV)), LINUX_SIGSEGV);
    CHECK_EQUAL(signal_first(LINUX_SIGNAL_BIT(LINUX_SIGTERM) | LINUX_SIGNAL_BIT(64)), LINUX_SIGTERM);
    CHECK_EQUAL(signal_first(LINUX_SIGNAL_BIT(64)), 64);
    CHECK_EQUAL(signal_first(0), 0);
}

TEST(a_standard_signal_is_pending_once_with_its_first_details)
{
    reset();
    CHECK(add(10, 1));
    CHECK(add(10, 2));
    CHECK_EQUAL(take_value(10), 1);
    CHECK_EQUAL(set, 0);
}

TEST(real_time_signals_queue_in_order)
{
    reset();
    CHECK(add(40, 1));
    CHECK(add(41, 7));
    CHECK(add(40, 2));
    CHECK_EQUAL(take_value(40), 1);
    CHECK(set & LINUX_SIGNAL_BIT(40));
    CHECK_EQUAL(take_value(40), 2);
    CHECK(!(set & LINUX_SIGNAL_BIT(40)));
    CHECK_EQUAL(take_value(41), 7);
}

TEST(a_full_queue_refuses_real_time_signals_and_keeps_standard_ones_pending)
{
    reset();
    for (uint64_t i = 0; i < SLOTS; i++)
        CHECK(add(50, i));
    CHECK(!add(50, 9));
    CHECK(add(2, 9));
    CHECK(set & LINUX_SIGNAL_BIT(2));
    CHECK_EQUAL(take_value(2), 0);
}

TEST(dropping_leaves_the_others)
{
    reset();
    add(20, 1);
    add(15, 2);
    add(21, 3);
    signal_queue_drop(&set, queue, SLOTS, LINUX_SIGNAL_BIT(20) | LINUX_SIGNAL_BIT(21));
    CHECK_EQUAL(set, LINUX_SIGNAL_BIT(15));
    CHECK_EQUAL(take_value(15), 2);
}

TEST(siginfo_says_who_where_or_which_child)
{
    struct linux_siginfo out;
    signal_info_to_linux(&(struct proc_signal_info){.signal = LINUX_SIGSEGV, .code = LINUX_SEGV_MAPERR, .address = 0x1000}, &out);
    CHECK_EQUAL(out.fault.address, 0x1000);
    signal_info_to_linux(&(struct proc_signal_info){.signal = LINUX_SIGCHLD, .code = LINUX_CLD_EXITED, .pid = 5, .status = 3}, &out);
    CHECK_EQUAL(out.child.pid, 5);
    CHECK_EQUAL(out.child.status, 3);
    signal_info_to_linux(&(struct proc_signal_info){.signal = LINUX_SIGSEGV, .code = LINUX_SI_USER, .pid = 9}, &out);
    CHECK_EQUAL(out.sender.pid, 9);
}
