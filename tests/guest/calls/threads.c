/* SPDX-License-Identifier: MIT
 * A thread that waits in a call while another goes on. */
#include "calls.h"

static void *reader(void *a)
{
    char b;
    read(*(int *)a, &b, 1);
    return (void *)(long)b;
}

void check_threads(void)
{
    int p[2];
    pipe(p);
    pthread_t t;
    CHECK(pthread_create(&t, 0, reader, &p[0]) == 0);
    usleep(50000);
    CHECK(write(p[1], "t", 1) == 1);
    void *r;
    pthread_join(t, &r);
    CHECK((long)r == 't');
    CHECK(chdir("/") == 0 && access("bin", F_OK) == 0);
    close(p[0]);
    close(p[1]);
}
