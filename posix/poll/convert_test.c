/* SPDX-License-Identifier: MIT
 * Promises of the readiness conversions. */
#include "posix/poll/convert.h"
#include "unit/unit.h"

TEST(poll_reports_only_what_was_asked_for_and_errors)
{
    CHECK_EQUAL(events_from_poll(LINUX_POLLIN | LINUX_POLLRDNORM), EVENT_READ);
    CHECK_EQUAL(events_to_poll(EVENT_READ | EVENT_WRITE, LINUX_POLLOUT), LINUX_POLLOUT);
    CHECK_EQUAL(events_to_poll(EVENT_HANGUP, LINUX_POLLIN), LINUX_POLLHUP);
    CHECK_EQUAL(events_to_poll(EVENT_INVALID, 0), LINUX_POLLNVAL);
    CHECK_EQUAL(events_to_poll(EVENT_READ, LINUX_POLLIN | LINUX_POLLRDNORM), LINUX_POLLIN | LINUX_POLLRDNORM);
}

TEST(epoll_modes_become_queue_flags)
{
    CHECK_EQUAL(events_from_epoll(LINUX_POLLIN | LINUX_EPOLLET), EVENT_READ | QUEUE_EDGE);
    CHECK_EQUAL(events_from_epoll(LINUX_POLLOUT | LINUX_EPOLLONESHOT), EVENT_WRITE | QUEUE_ONE_SHOT);
    CHECK_EQUAL(POLL_ANSWERS[EVENT_READ | EVENT_HANGUP], LINUX_POLLIN | LINUX_POLLHUP);
}

TEST(select_marks_readable_on_hangup_and_counts_bits)
{
    struct select_word asked = {.set = {2, 2, 0}}, out = {};
    CHECK_EQUAL(select_wanted(&asked, 1), EVENT_READ | EVENT_WRITE);
    CHECK_EQUAL(select_wanted(&asked, 0), 0);
    CHECK_EQUAL(select_mark(&out, &asked, 1, EVENT_HANGUP), 1u);
    CHECK_EQUAL(out.set[SELECT_READ], 2u);
    CHECK_EQUAL(select_mark(&out, &asked, 1, EVENT_READ | EVENT_WRITE), 2u);
    CHECK_EQUAL(out.set[SELECT_WRITE], 2u);
}

TEST(an_array_is_turned_in_place_and_says_when_answers_need_a_second_look)
{
    union { struct linux_pollfd fd[3]; struct poll_entry entry[3]; } a = {
        .fd = {{5, LINUX_POLLIN | LINUX_POLLRDHUP, 9}, {-1, LINUX_POLLOUT | LINUX_POLLPRI, 0}, {HANDLE_HIGH_BASE + 3, LINUX_POLLIN, 0}}};
    CHECK(pollfds_to_entries(a.entry, 3));
    CHECK_EQUAL(a.entry[0].handle, 5);
    CHECK_EQUAL(a.entry[0].wanted, EVENT_READ | EVENT_READ_HANGUP);
    CHECK_EQUAL(a.entry[1].handle, HANDLE_NONE);
    CHECK_EQUAL(a.entry[1].wanted, EVENT_WRITE | EVENT_PRIORITY);
    CHECK_EQUAL(a.entry[2].handle, HANDLE_HIGH_BASE - 1);
    a.fd[0] = (struct linux_pollfd){5, LINUX_POLLWRNORM, 0};
    CHECK(!pollfds_to_entries(a.entry, 1));
    CHECK_EQUAL(a.entry[0].wanted, EVENT_WRITE);
}

TEST(the_table_of_answers_agrees_with_the_exact_way)
{
    for (uint32_t ready = 0; ready < 128; ready++)
        CHECK_EQUAL(POLL_ANSWERS[ready], events_to_poll(ready, LINUX_POLLIN | LINUX_POLLOUT | LINUX_POLLPRI | LINUX_POLLRDHUP));
}
