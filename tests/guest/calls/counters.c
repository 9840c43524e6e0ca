/* SPDX-License-Identifier: MIT
 * timerfd and eventfd. */
#include "calls.h"

void check_counters(void)
{
    uint64_t v;
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(t >= 0);
    if (t >= 0) {
        REFUSED(read(t, &v, 8), EAGAIN);
        struct itimerspec s = {{0, 0}, {0, 10000000}};
        CHECK(timerfd_settime(t, 0, &s, 0) == 0);
        struct pollfd p = {t, POLLIN, 0};
        CHECK(poll(&p, 1, 1000) == 1);
        CHECK(read(t, &v, 8) == 8 && v == 1);
        close(t);
    }
    t = timerfd_create(CLOCK_MONOTONIC, 0);
    if (t >= 0) {
        struct itimerspec s = {{0, 5000000}, {0, 5000000}};
        CHECK(timerfd_settime(t, 0, &s, 0) == 0);
        CHECK(read(t, &v, 8) == 8 && v >= 1);
        close(t);
    }
    int e = eventfd(3, EFD_NONBLOCK);
    CHECK(e >= 0);
    if (e >= 0) {
        CHECK(read(e, &v, 8) == 8 && v == 3);
        REFUSED(read(e, &v, 8), EAGAIN);
        v = 7;
        CHECK(write(e, &v, 8) == 8);
        v = 1;
        CHECK(write(e, &v, 8) == 8);
        struct pollfd p = {e, POLLIN | POLLOUT, 0};
        CHECK(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT));
        CHECK(read(e, &v, 8) == 8 && v == 8);
        close(e);
    }
}
