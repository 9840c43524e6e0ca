/* SPDX-License-Identifier: MIT
 * Readiness masks between Linux's poll, select and epoll and ours. Pure, so the build machine tests it. */
#include "posix/poll/convert.h"

uint16_t events_from_poll(uint32_t bits)
{
    return (uint16_t)((bits & (LINUX_POLLIN | LINUX_POLLRDNORM) ? EVENT_READ : 0u) |
                      (bits & (LINUX_POLLOUT | LINUX_POLLWRNORM | LINUX_POLLWRBAND) ? EVENT_WRITE : 0u) |
                      (bits & (LINUX_POLLPRI | LINUX_POLLRDBAND) ? EVENT_PRIORITY : 0u) |
                      (bits & LINUX_POLLRDHUP ? EVENT_READ_HANGUP : 0u));
}

uint16_t events_to_poll(uint32_t events, uint32_t wanted)
{
    uint32_t bits = (events & EVENT_READ ? LINUX_POLLIN | LINUX_POLLRDNORM : 0u) |
                    (events & EVENT_WRITE ? LINUX_POLLOUT | LINUX_POLLWRNORM : 0u) | (events & EVENT_PRIORITY ? LINUX_POLLPRI : 0u) |
                    (events & EVENT_READ_HANGUP ? LINUX_POLLRDHUP : 0u);
    uint32_t always = (events & EVENT_HANGUP ? LINUX_POLLHUP : 0u) | (events & EVENT_ERROR ? LINUX_POLLERR : 0u) |
                      (events & EVENT_INVALID ? LINUX_POLLNVAL : 0u);
    return (uint16_t)((bits & wanted) | always);
}

#define PLAIN_BITS (LINUX_POLLIN | LINUX_POLLPRI | LINUX_POLLOUT | LINUX_POLLRDHUP | LINUX_POLLERR | LINUX_POLLHUP | LINUX_POLLNVAL)
#define COMMON_BITS (LINUX_POLLIN | LINUX_POLLOUT)

/* The entry that is not just a number with POLLIN and POLLOUT. False as in pollfds_to_entries. */
[[gnu::noinline]] static bool entry_turn(struct poll_entry *e)
{
    uint32_t asked = e->wanted;
    e->wanted = events_from_poll(asked);
    if (e->handle >= HANDLE_HIGH_BASE)
        e->handle = HANDLE_HIGH_BASE - 1;
    return !(asked & ~PLAIN_BITS);
}

bool pollfds_to_entries(struct poll_entry *in_out, uint64_t count)
{
    static_assert(offsetof(struct poll_entry, wanted) == offsetof(struct linux_pollfd, events) && (int)EVENT_READ == LINUX_POLLIN &&
                  EVENT_WRITE == LINUX_POLLOUT >> 1);
    bool is_plain = true;
    for (struct poll_entry *e = in_out, *end = in_out + count; e != end; e++) {
        uint32_t asked = e->wanted;
        if (likely(!(asked & ~COMMON_BITS) && e->handle < HANDLE_HIGH_BASE))
            e->wanted = (uint16_t)((asked & LINUX_POLLIN) | asked >> 1);
        else
            is_plain &= entry_turn(e);
    }
    return is_plain;
}

#define ANSWER(ready)                                                                                                        \
    (((ready) & EVENT_READ ? LINUX_POLLIN : 0u) | ((ready) & EVENT_WRITE ? LINUX_POLLOUT : 0u) |                            \
     ((ready) & EVENT_PRIORITY ? LINUX_POLLPRI : 0u) | ((ready) & EVENT_READ_HANGUP ? LINUX_POLLRDHUP : 0u) |               \
     ((ready) & EVENT_HANGUP ? LINUX_POLLHUP : 0u) | ((ready) & EVENT_ERROR ? LINUX_POLLERR : 0u) |                         \
     ((ready) & EVENT_INVALID ? LINUX_POLLNVAL : 0u))
#define ANSWERS_8(r) ANSWER(r), ANSWER(r + 1), ANSWER(r + 2), ANSWER(r + 3), ANSWER(r + 4), ANSWER(r + 5), ANSWER(r + 6), ANSWER(r + 7)
#define ANSWERS_32(r) ANSWERS_8(r), ANSWERS_8(r + 8), ANSWERS_8(r + 16), ANSWERS_8(r + 24)
const uint16_t POLL_ANSWERS[128] = {ANSWERS_32(0), ANSWERS_32(32), ANSWERS_32(64), ANSWERS_32(96)};

uint32_t events_from_epoll(uint32_t bits)
{
    return events_from_poll(bits) | (bits & LINUX_EPOLLET ? QUEUE_EDGE : 0u) | (bits & LINUX_EPOLLONESHOT ? QUEUE_ONE_SHOT : 0u) |
           (bits & LINUX_EPOLLEXCLUSIVE ? QUEUE_EXCLUSIVE : 0u);
}

uint16_t select_wanted(const struct select_word *sets, uint32_t bit)
{
    return (uint16_t)((sets->set[SELECT_READ] >> bit & 1 ? EVENT_READ : 0u) | (sets->set[SELECT_WRITE] >> bit & 1 ? EVENT_WRITE : 0u) |
                      (sets->set[SELECT_EXCEPT] >> bit & 1 ? EVENT_PRIORITY : 0u));
}

uint32_t select_mark(struct select_word *out, const struct select_word *asked, uint32_t bit, uint32_t ready)
{
    uint64_t mark = 1ull << bit;
    uint32_t count = 0;
    if ((ready & (EVENT_READ | EVENT_HANGUP | EVENT_ERROR)) && (asked->set[SELECT_READ] & mark))
        out->set[SELECT_READ] |= mark, count++;
    if ((ready & (EVENT_WRITE | EVENT_ERROR)) && (asked->set[SELECT_WRITE] & mark))
        out->set[SELECT_WRITE] |= mark, count++;
    if ((ready & EVENT_PRIORITY) && (asked->set[SELECT_EXCEPT] & mark))
        out->set[SELECT_EXCEPT] |= mark, count++;
    return count;
}
