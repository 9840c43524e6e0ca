/* SPDX-License-Identifier: MIT
 * Pages and sleeping for the heap: from this system's calls, or from the C library where the heap is tested on the build machine. */
#include "heap/pages.h"
#include "heap/lock.h"
#ifdef MH_HOST
#include <sched.h>
#include <stdlib.h>
#include <string.h>

void *pages_map(size_t bytes)
{
    void *pages = aligned_alloc(PAGES_UNIT, align_up(bytes, PAGES_UNIT));
    return pages ? memset(pages, 0, bytes) : nullptr;
}

void pages_unmap(void *pages, size_t bytes)
{
    (void)bytes;
    free(pages);
}

void heap_lock_wait(struct heap_lock *l)
{
    while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        sched_yield();
}

void heap_lock_wake(struct heap_lock *l)
{
    (void)l;
}
#else
#include "sys/syscall.h"

void *pages_map(size_t bytes)
{
    void *pages;
    return sys_map_anonymous(align_up(bytes, PAGES_UNIT), 0, &pages) == OK ? pages : nullptr;
}

void pages_unmap(void *pages, size_t bytes)
{
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, sys_address(pages), bytes));
}

void heap_lock_wait(struct heap_lock *l)
{
    /* From here on the word says 2 until it is free, so that whoever gives it wakes somebody. */
    while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        sys_futex(&l->word, FUTEX_WAIT | FUTEX_PRIVATE, 2, DEADLINE_NEVER, nullptr, 0);
}

void heap_lock_wake(struct heap_lock *l)
{
    sys_futex(&l->word, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0);
}
#endif
