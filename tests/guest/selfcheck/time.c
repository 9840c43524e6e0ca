/* SPDX-License-Identifier: MIT
 * What clocks, sleeping, timers and futexes promise. */
#include "check.h"
#include "sys/clock.h"
#include "sys/context.h"

#define MS 1000000ull

static bool clock_page_agrees_with_the_kernel(void)
{
    EXPECT(check_block->clock_page != 0);
    uint64_t kernel, before = clock_monotonic_ns();
    EXPECT_STATUS(sys_clock_get(CLOCK_MONOTONIC_, &kernel), OK);
    uint64_t after = clock_monotonic_ns();
    EXPECT(before <= kernel && kernel <= after);
    uint64_t real;
    EXPECT_STATUS(sys_clock_get(CLOCK_REALTIME_, &real), OK);
    EXPECT(real > 1600000000ull * 1000 * MS);
    return true;
}

static bool sleep_is_not_early(void)
{
    uint64_t until = clock_monotonic_ns() + 5 * MS;
    EXPECT_STATUS(sys_sleep(until), OK);
    EXPECT(clock_monotonic_ns() >= until);
    return true;
}

static volatile uint32_t word;

static void wake_later(void *argument)
{
    (void)argument;
    IGNORE(sys_sleep(clock_monotonic_ns() + 2 * MS));
    word = 1;
    sys_futex(&word, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0);
}

static bool futex_wakes_another_context(void)
{
    handle_t other;
    word = 0;
    EXPECT_STATUS(sys_futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 1, DEADLINE_NEVER, nullptr, 0), ERR_WOULD_BLOCK);
    EXPECT_STATUS(sys_futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, clock_monotonic_ns() + MS, nullptr, 0), ERR_TIMED_OUT);
    EXPECT_STATUS(context_start(wake_later, nullptr, 0, &other), OK);
    uint64_t limit = clock_monotonic_ns() + 5000 * MS;
    while (word == 0)
        EXPECT(sys_futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, limit, nullptr, 0) != ERR_TIMED_OUT);
    EXPECT_STATUS(sys_handle_close(other), OK);
    return true;
}

static bool timer_becomes_readable(void)
{
    handle_t timer;
    EXPECT_STATUS(sys_timer_create(PLACE_HIGH, &timer), OK);
    struct poll_entry entry = {.handle = timer, .wanted = EVENT_READ};
    EXPECT_STATUS(sys_poll(&entry, 1, DEADLINE_NOW), 0);
    EXPECT(sys_timer_set(timer, clock_monotonic_ns() + 2 * MS, 0) >= 0);
    EXPECT_STATUS(sys_poll(&entry, 1, clock_monotonic_ns() + 5000 * MS), 1);
    EXPECT(entry.ready & EVENT_READ);
    EXPECT_STATUS(sys_handle_close(timer), OK);
    return true;
}

const struct check time_checks[] = {
    {"the clock page agrees with the kernel's clock", clock_page_agrees_with_the_kernel},
    {"sleep does not end early", sleep_is_not_early},
    {"a futex wakes another context, refuses a stale value, times out", futex_wakes_another_context},
    {"a timer that fired is readable", timer_becomes_readable},
    {}};
