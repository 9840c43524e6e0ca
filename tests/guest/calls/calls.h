/* SPDX-License-Identifier: MIT
 * Checks of the calls about files, terminals and readiness, in a static Linux program: it promises the same on Linux and here, and is
 * written and tried on Linux first. Each check_ function works in an empty folder of its own. */
#pragma once
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern int failures;         /* of the function that runs */
extern volatile int hits;    /* signals that `handle`'s handler has seen */
void failed_check(const char *file, int line, const char *what, long got);
void handle(int signal_number, int flags);
void make_file(const char *name); /* with a few bytes in it */

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            failed_check(__FILE__, __LINE__, #condition, 0);                                                           \
    } while (0)
/* The call answers -1 with this errno. */
#define REFUSED(call, wanted)                                                                                          \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long got_ = (long)(call);                                                                                      \
        if (got_ != -1 || errno != (wanted))                                                                           \
            failed_check(__FILE__, __LINE__, #call " is refused with " #wanted, got_);                                 \
    } while (0)

void check_fresh(void);
void check_descriptors(void);
void check_names(void);
void check_listing(void);
void check_readiness(void);
void check_copies(void);
void check_own(void);
void check_counters(void);
void check_sharing(void);
void check_interruption(void);
void check_terminals(void);
void check_threads(void);
