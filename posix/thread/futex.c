/* SPDX-License-Identifier: MIT
 * futex: Linux's operations on the kernel's. The PRIVATE and REALTIME bits have the same numbers on both sides. */
#include "posix/time/time.h"
#include "sys/syscall.h"

enum : uint32_t {
    OP_WAIT = 0, OP_WAKE = 1, OP_REQUEUE = 3, OP_CMP_REQUEUE = 4, OP_WAKE_OP = 5, OP_WAIT_BITSET = 9, OP_WAKE_BITSET = 10,
    OP_LOCK_PI = 6, OP_UNLOCK_PI = 7, OP_TRYLOCK_PI = 8, OP_LOCK_PI2 = 13,
    OP_COMMAND = 0x7f, OP_PRIVATE = FUTEX_PRIVATE, OP_REALTIME = FUTEX_REALTIME,
};
static_assert(FUTEX_PRIVATE == 128 && FUTEX_REALTIME == 256);
#define MASK_ALL 0xffffffffull

static volatile uint32_t *word_at(uint64_t address)
{
    return (volatile uint32_t *)address;
}

int64_t futex_wait_until(const uint64_t arguments[4], uint64_t deadline)
{
    uint64_t address = arguments[0], value = arguments[2], mask = arguments[3];
    uint32_t operation = (uint32_t)arguments[1];
    int64_t result = sys_futex(word_at(address), operation, value, deadline, nullptr, mask);
    if (result >= 0)
        return 0;
    if (result != ERR_INTERRUPTED)
        return linux_failure(result);
    (void)linux_failure(result);
    if (deadline == DEADLINE_NEVER)
        return -LINUX_ERESTARTSYS;
    struct thread *t = thread_current();
    t->restart.kind = RESTART_FUTEX;
    t->restart.deadline = deadline;
    for (size_t i = 0; i < ARRAY_LENGTH(t->restart.arguments); i++)
        t->restart.arguments[i] = arguments[i];
    return -LINUX_ERESTART_RESTARTBLOCK;
}

static int64_t wait(uint64_t address, uint32_t operation, uint32_t value, uint64_t timeout, uint64_t mask)
{
    uint32_t command = operation & OP_COMMAND;
    uint32_t native = (command == OP_WAIT && mask == MASK_ALL ? FUTEX_WAIT : FUTEX_WAIT_MASK) | (operation & OP_PRIVATE);
    uint64_t deadline = DEADLINE_NEVER;
    if (!mask)
        return -LINUX_EINVAL;
    if (timeout && command == OP_WAIT_BITSET) { /* absolute */
        TRY_LINUX(timespec_from_program(timeout, &deadline));
        native |= operation & OP_REALTIME;
    } else if (timeout) {
        TRY_LINUX(deadline_from_program(timeout, &deadline));
    }
    return futex_wait_until((uint64_t[4]){address, native, value, mask}, deadline);
}

/* The operation word of WAKE_OP: op 4 bits (8: the argument is a shift), comparison 4, argument 12, compared value 12. */
static int64_t change_word(uint64_t address, uint32_t encoded, uint32_t *out_old)
{
    uint32_t argument = (uint32_t)((int32_t)(encoded << 8) >> 20), old, seen;
    if (encoded >> 28 & 8)
        argument = 1u << (argument & 31);
    TRY_LINUX(program_read_u32(address, &old));
    for (;;) {
        uint32_t changed;
        switch (encoded >> 28 & 7) {
        case 0: changed = argument; break;
        case 1: changed = (uint32_t)((uint64_t)old + argument); break;
        case 2: changed = old | argument; break;
        case 3: changed = old & ~argument; break;
        case 4: changed = old ^ argument; break;
        default: return -LINUX_ENOSYS;
        }
        TRY_LINUX(program_exchange_u32(address, old, changed, &seen));
        if (seen == old)
            break;
        old = seen;
    }
    *out_old = old;
    return 0;
}

static bool compare_old(uint32_t encoded, uint32_t old_word)
{
    int32_t old = (int32_t)old_word, value = (int32_t)(encoded << 20) >> 20;
    switch (encoded >> 24 & 15) {
    case 0: return old == value;
    case 1: return old != value;
    case 2: return old < value;
    case 3: return old <= value;
    case 4: return old > value;
    case 5: return old >= value;
    default: return false;
    }
}

static int64_t wake(uint64_t address, uint32_t flags, uint64_t count, uint64_t mask)
{
    uint32_t operation = (mask == MASK_ALL ? FUTEX_WAKE : FUTEX_WAKE_MASK) | flags;
    return linux_result(sys_futex(word_at(address), operation, count, 0, nullptr, mask));
}

static int64_t wake_operation(uint64_t address, uint32_t flags, uint32_t count, uint64_t other, uint32_t other_count, uint32_t encoded)
{
    uint32_t old;
    TRY_LINUX(change_word(other, encoded, &old));
    int64_t woken = wake(address, flags, count, MASK_ALL);
    TRY_LINUX(woken);
    if (!compare_old(encoded, old))
        return woken;
    int64_t more = wake(other, flags, other_count, MASK_ALL);
    return more < 0 ? more : woken + more;
}

/* Locks with an owner: the deadline is absolute, on the real-time clock but for LOCK_PI2 without the bit. Interrupted: done again. */
static int64_t own_lock(uint64_t address, uint32_t operation, uint64_t timeout)
{
    uint32_t command = operation & OP_COMMAND;
    uint32_t native = (command == OP_TRYLOCK_PI ? FUTEX_TRY_LOCK : command == OP_UNLOCK_PI ? FUTEX_UNLOCK : FUTEX_LOCK) | (operation & OP_PRIVATE);
    uint64_t deadline = DEADLINE_NEVER;
    if (timeout && (command == OP_LOCK_PI || command == OP_LOCK_PI2)) {
        TRY_LINUX(timespec_from_program(timeout, &deadline));
        native |= command == OP_LOCK_PI || operation & OP_REALTIME ? OP_REALTIME : 0;
    }
    int64_t result = sys_futex(word_at(address), native, 0, deadline, nullptr, 0);
    switch (result) {
    case ERR_BUSY: return -LINUX_EDEADLK;
    case ERR_NO_PROCESS: return -LINUX_ESRCH;
    case ERR_NOT_PERMITTED: return -LINUX_EPERM;
    default: return linux_result((enum status)result);
    }
}

LINUX_CALL(futex, uint64_t address, uint32_t operation, uint32_t value, uint64_t timeout, uint64_t other, uint32_t value_3)
{
    uint32_t flags = operation & OP_PRIVATE, seen;
    if (address & 3)
        return -LINUX_EINVAL;
    switch (operation & OP_COMMAND) {
    case OP_WAIT:
        return wait(address, operation, value, timeout, MASK_ALL);
    case OP_WAIT_BITSET:
        return wait(address, operation, value, timeout, value_3);
    case OP_WAKE:
        return wake(address, flags, value, MASK_ALL);
    case OP_WAKE_BITSET:
        return value_3 ? wake(address, flags, value, value_3) : -LINUX_EINVAL;
    case OP_CMP_REQUEUE:
        TRY_LINUX(program_read_u32(address, &seen));
        if (seen != value_3)
            return -LINUX_EAGAIN;
        [[fallthrough]];
    case OP_REQUEUE: /* `timeout` is the number to move */
        return linux_result(sys_futex(word_at(address), FUTEX_REQUEUE | flags, value, 0, word_at(other), (uint32_t)timeout));
    case OP_LOCK_PI: case OP_LOCK_PI2: case OP_TRYLOCK_PI: case OP_UNLOCK_PI:
        return own_lock(address, operation, timeout);
    case OP_WAKE_OP:
        return wake_operation(address, flags, value, other, (uint32_t)timeout, value_3);
    default:
        return -LINUX_ENOSYS;
    }
}
