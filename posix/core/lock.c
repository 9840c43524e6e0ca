/* SPDX-License-Identifier: MIT
 * The slow sides of the library's mutex. */
#include "posix/core/lock.h"
#include "sys/syscall.h"

/* Interruption only makes it look again: a lock is held for a few instructions. */
void lock_wait(struct lock *l)
{
    while (__c11_atomic_exchange(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        (void)sys_futex((volatile uint32_t *)&l->word, FUTEX_WAIT | FUTEX_PRIVATE, 2, DEADLINE_NEVER, nullptr, 0);
}

void lock_wake(struct lock *l)
{
    (void)sys_futex((volatile uint32_t *)&l->word, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0);
}
