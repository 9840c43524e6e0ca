/* SPDX-License-Identifier: MIT
 * Settings of the process that live in the library: umask, prctl, personality; and limits, which procd keeps. */
#include "base/string.h"
#include "posix/core/call.h"
#include "posix/process/limit.h"
#include "sys/syscall.h"

LINUX_CALL(umask, uint32_t mask)
{
    return __atomic_exchange_n(&process_current()->umask, mask & 0777, __ATOMIC_RELAXED);
}

#define PERSONALITY_ASK 0xffffffffu
LINUX_CALL(personality, uint32_t flags)
{
    struct process *p = process_current();
    uint32_t old = p->personality_flags;
    if (flags == PERSONALITY_ASK)
        return old;
    if (flags & 0xff)
        return -LINUX_EINVAL; /* only PER_LINUX; ADDR_NO_RANDOMIZE and the like are kept for the next exec */
    p->personality_flags = flags;
    return old;
}

enum : uint32_t {
    PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_GET_KEEPCAPS = 7, PR_SET_KEEPCAPS = 8,
    PR_SET_NAME = 15, PR_GET_NAME = 16, PR_CAPBSET_READ = 23, PR_SET_TIMERSLACK = 29, PR_GET_TIMERSLACK = 30,
    PR_SET_CHILD_SUBREAPER = 36, PR_GET_CHILD_SUBREAPER = 37, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39,
    CAPABILITY_LAST = 40,
};

static int64_t set_name(struct process *p, uint64_t address)
{
    char name[16] = {};
    int64_t length = program_string_length(address, sizeof name - 1);
    TRY_LINUX(length);
    TRY_LINUX(program_read(name, address, (uint64_t)length));
    memcpy(p->name, name, sizeof name);
    struct proc_set_name_in in = {.name = {(const uint8_t *)name, (size_t)length}};
    return linux_result(proc_set_name(p->proc, &in, nullptr));
}

static int64_t set_flag(uint32_t *flag, uint64_t value)
{
    if (value > 1)
        return -LINUX_EINVAL;
    *flag = (uint32_t)value;
    return 0;
}

LINUX_CALL(prctl, uint32_t option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct process *p = process_current();
    (void)b, (void)c, (void)d;
    switch (option) {
    case PR_SET_PDEATHSIG:
        if (a > LINUX_NSIG)
            return -LINUX_EINVAL;
        p->parent_death_signal = (uint32_t)a;
        return 0;
    case PR_GET_PDEATHSIG: return program_write_u32(a, p->parent_death_signal);
    case PR_GET_DUMPABLE: return p->dumpable;
    case PR_SET_DUMPABLE: return set_flag(&p->dumpable, a);
    case PR_GET_KEEPCAPS: return p->keep_capabilities;
    case PR_SET_KEEPCAPS: return set_flag(&p->keep_capabilities, a);
    case PR_SET_NAME: return set_name(p, a);
    case PR_GET_NAME: return program_write(a, p->name, sizeof p->name);
    case PR_CAPBSET_READ: return a <= CAPABILITY_LAST ? 1 : -LINUX_EINVAL;
    case PR_GET_TIMERSLACK: return 50000;
    case PR_SET_TIMERSLACK: return 0;
    case PR_GET_CHILD_SUBREAPER: return program_write_u32(a, p->child_subreaper);
    case PR_GET_NO_NEW_PRIVS: return p->no_new_privileges;
    case PR_SET_NO_NEW_PRIVS: return a == 1 ? set_flag(&p->no_new_privileges, a) : -LINUX_EINVAL;
    default: return -LINUX_EINVAL;
    }
}

/* -- limits -------------------------------------------------------------------------------------------------------- */

/* procd keeps them: other processes may ask for ours and change them, and a process's word about itself binds nobody. */
int64_t limit_exchange(int32_t pid, uint32_t which, const struct linux_rlimit *next, struct linux_rlimit *out_old)
{
    struct proc_limit_in in = {.pid = pid, .which = which};
    struct proc_limit_out out;
    if (next) {
        in.which |= PROC_LIMIT_SET;
        in.current = next->current;
        in.maximum = next->maximum;
    }
    enum status status = proc_limit(process_current()->proc, &in, &out);
    if (status != OK)
        return linux_failure(status);
    *out_old = (struct linux_rlimit){out.current, out.maximum};
    return 0;
}

uint64_t limit_current(uint32_t which)
{
    struct linux_rlimit limit;
    return limit_exchange(0, which, nullptr, &limit) == 0 ? limit.current : LINUX_RLIM_INFINITY;
}

LINUX_CALL(prlimit64, int32_t pid, uint32_t which, uint64_t new_address, uint64_t old_address)
{
    struct linux_rlimit next, old;
    if (which >= LINUX_RLIMIT_COUNT)
        return -LINUX_EINVAL;
    if (new_address)
        TRY_LINUX(PROGRAM_READ(&next, new_address));
    if (pid < 0)
        return -LINUX_ESRCH;
    TRY_LINUX(limit_exchange(pid, which, new_address ? &next : nullptr, &old));
    return old_address ? PROGRAM_WRITE(old_address, &old) : 0;
}

LINUX_CALL(getrlimit, uint32_t which, uint64_t out) { return linux_prlimit64(0, which, 0, out); }
LINUX_CALL(setrlimit, uint32_t which, uint64_t limit)
{
    return limit ? linux_prlimit64(0, which, limit, 0) : -LINUX_EFAULT;
}
