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
    CHECK_EQUAL(events_to_epoll(EVENT_READ | EVENT_HANGUP), LINUX_POLLIN | LINUX_POLLHUP);
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
