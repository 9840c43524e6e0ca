/* SPDX-License-Identifier: MIT
 * The machine and the system as a program asks about them. */
#include "base/string.h"
#include "posix/core/call.h"
#include "sys/syscall.h"

/* What unmodified programs look for is Linux's name and a version they know; the version text says who answers. */
static const struct linux_utsname system_names = {
    .sysname = "Linux", .release = "6.1.0-macrohard", .version = "#1 MACROHARD OS", .machine = "x86_64",
};

/* The table's head: its names change while we read, or not. */
static void read_names(struct linux_utsname *out)
{
    const volatile struct process_table_head *head = (const volatile struct process_table_head *)process_current()->table_base;
    uint32_t before;
    do {
        /* acquire: the names are read after the sequence; the fence keeps them before the second look */
        before = __atomic_load_n(&head->sequence, __ATOMIC_ACQUIRE);
        memcpy(out->nodename, (const void *)head->host_name, sizeof out->nodename);
        memcpy(out->domain, (const void *)head->domain_name, sizeof out->domain);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (before & 1 || __atomic_load_n(&head->sequence, __ATOMIC_RELAXED) != before);
}

LINUX_CALL(uname, uint64_t out)
{
    struct linux_utsname names = system_names;
    read_names(&names);
    return PROGRAM_WRITE(out, &names);
}

static int64_t set_name(uint32_t which, uint64_t from, uint64_t length)
{
    char name[64];
    struct process *p = process_current();
    if (p->entry->euid != 0)
        return -LINUX_EPERM;
    if (length > sizeof name)
        return -LINUX_EINVAL;
    TRY_LINUX(program_read(name, from, length));
    const struct proc_set_host_name_in in = {.which = which, .name = {(const uint8_t *)name, length}};
    return linux_result(proc_set_host_name(p->proc, &in, nullptr));
}

LINUX_CALL(sethostname, uint64_t name, uint64_t length) { return set_name(0, name, length); }
LINUX_CALL(setdomainname, uint64_t name, uint64_t length) { return set_name(1, name, length); }

LINUX_CALL(sysinfo, uint64_t out)
{
    struct system_info info;
    TRY_LINUX(linux_result(sys_system_info(&info)));
    struct linux_sysinfo shown = {
        .uptime = (int64_t)(info.uptime_ns / 1000000000), .loads = {info.load_1, info.load_5, info.load_15},
        .total_ram = info.memory_bytes, .free_ram = info.free_bytes, .buffer_ram = 0,
        .processes = (uint16_t)MIN(info.processes, UINT16_MAX), .unit = 1,
    };
    return PROGRAM_WRITE(out, &shown);
}

#define RANDOM_CHUNK 256u
LINUX_CALL(getrandom, uint64_t to, uint64_t length, uint32_t flags)
{
    uint64_t done = 0;
    if (flags & ~7u)
        return -LINUX_EINVAL;
    length = MIN(length, (uint64_t)INT32_MAX);
    while (done < length) {
        uint64_t part = MIN(length - done, (uint64_t)RANDOM_CHUNK);
        enum status status = sys_random((struct span){(uint8_t *)(to + done), part});
        if (status != OK)
            return done ? (int64_t)done : linux_failure(status);
        done += part;
    }
    return (int64_t)done;
}

enum : uint32_t { REBOOT_MAGIC_1 = 0xfee1dead, REBOOT_RESTART = 0x01234567, REBOOT_HALT = 0xcdef0123, REBOOT_POWER_OFF = 0x4321fedc,
                  REBOOT_KEYS_ON = 0x89abcdef, REBOOT_KEYS_OFF = 0 };

static bool is_reboot_magic(uint32_t magic)
{
    return magic == 672274793 || magic == 85072278 || magic == 369367448 || magic == 537993216;
}

LINUX_CALL(reboot, uint32_t magic_1, uint32_t magic_2, uint32_t command)
{
    struct process *p = process_current();
    uint32_t how;
    if (p->entry->euid != 0)
        return -LINUX_EPERM;
    if (magic_1 != REBOOT_MAGIC_1 || !is_reboot_magic(magic_2))
        return -LINUX_EINVAL;
    switch (command) {
    case REBOOT_POWER_OFF: how = 0; break;
    case REBOOT_RESTART: how = 1; break;
    case REBOOT_HALT: how = 2; break;
    case REBOOT_KEYS_ON: case REBOOT_KEYS_OFF: return 0; /* there is no such key to catch */
    default: return -LINUX_EINVAL;
    }
    return linux_result(proc_power(p->proc, &(struct proc_power_in){.how = how}, nullptr));
}

/* -- scheduling ---------------------------------------------------------------------------------------------------- */

static int64_t all_cpus(uint64_t *out)
{
    struct system_info info;
    TRY_LINUX(linux_result(sys_system_info(&info)));
    *out = info.cpus >= 64 ? UINT64_MAX : (1ull << info.cpus) - 1;
    return 0;
}

static bool is_own(int32_t pid)
{
    struct thread *t = thread_current();
    return pid == 0 || pid == t->tid || pid == t->process->pid;
}

LINUX_CALL(sched_getaffinity, int32_t pid, uint64_t bytes, uint64_t mask)
{
    struct thread *t = thread_current();
    uint64_t cpus;
    if (bytes < sizeof cpus || bytes % sizeof cpus)
        return -LINUX_EINVAL;
    if (!is_own(pid))
        return -LINUX_ESRCH;
    TRY_LINUX(all_cpus(&cpus));
    if (t->affinity)
        cpus &= t->affinity;
    TRY_LINUX(program_write_u64(mask, cpus));
    return sizeof cpus;
}

LINUX_CALL(sched_setaffinity, int32_t pid, uint64_t bytes, uint64_t mask)
{
    struct thread *t = thread_current();
    uint64_t wanted = 0, cpus;
    if (!is_own(pid))
        return -LINUX_ESRCH;
    TRY_LINUX(program_read(&wanted, mask, MIN(bytes, sizeof wanted)));
    TRY_LINUX(all_cpus(&cpus));
    if (!(wanted & cpus))
        return -LINUX_EINVAL;
    TRY_LINUX(linux_result(sys_schedule_set(HANDLE_SELF_CONTEXT, PRIORITY_DEFAULT, wanted & cpus)));
    t->affinity = wanted & cpus;
    return 0;
}

/* Everything runs in the time-sharing class. */
LINUX_CALL(sched_getscheduler, int32_t pid) { return is_own(pid) ? 0 : -LINUX_ESRCH; }
LINUX_CALL(sched_getparam, int32_t pid, uint64_t out) { return is_own(pid) ? program_write_u32(out, 0) : -LINUX_ESRCH; }
LINUX_CALL(sched_setscheduler, int32_t pid, uint32_t policy)
{
    if (!is_own(pid))
        return -LINUX_ESRCH;
    return (policy & 0xffff) == 0 ? 0 : -LINUX_EPERM;
}
LINUX_CALL(sched_setparam, int32_t pid, uint64_t parameters)
{
    uint32_t priority;
    TRY_LINUX(program_read_u32(parameters, &priority));
    return !is_own(pid) ? -LINUX_ESRCH : priority ? -LINUX_EINVAL : 0;
}
LINUX_CALL(sched_get_priority_max, uint32_t policy) { return policy == 1 || policy == 2 ? 99 : policy <= 5 ? 0 : -LINUX_EINVAL; }
LINUX_CALL(sched_get_priority_min, uint32_t policy) { return policy == 1 || policy == 2 ? 1 : policy <= 5 ? 0 : -LINUX_EINVAL; }
LINUX_CALL(sched_rr_get_interval, int32_t pid, uint64_t out)
{
    struct linux_timespec slice = {0, 5000000};
    return is_own(pid) ? PROGRAM_WRITE(out, &slice) : -LINUX_ESRCH;
}

/* The processor is only known for sure when there is one. */
LINUX_CALL(getcpu, uint64_t cpu, uint64_t node)
{
    uint64_t cpus;
    TRY_LINUX(all_cpus(&cpus));
    if (cpus != 1)
        return -LINUX_ENOSYS;
    if (cpu)
        TRY_LINUX(program_write_u32(cpu, 0));
    return node ? program_write_u32(node, 0) : 0;
}

/* -- nice ---------------------------------------------------------------------------------------------------------- */

/* Answers 20 - nice, so that it is never negative. */
LINUX_CALL(getpriority, uint32_t which, int32_t who)
{
    if (which > 2)
        return -LINUX_EINVAL;
    return which == 0 && !is_own(who) ? -LINUX_ESRCH : 20 - (int64_t)thread_current()->nice;
}

/* Nice 0 is the default priority, 19 the lowest but one; only for oneself. */
LINUX_CALL(setpriority, uint32_t which, int32_t who, int32_t nice)
{
    struct thread *t = thread_current();
    if (which > 2)
        return -LINUX_EINVAL;
    if (which != 0 || !is_own(who))
        return -LINUX_ESRCH;
    nice = MAX(-20, MIN(nice, 19));
    if (nice < t->nice && t->process->entry->euid != 0)
        return -LINUX_EACCES;
    TRY_LINUX(linux_result(sys_schedule_set(HANDLE_SELF_CONTEXT, (uint32_t)(PRIORITY_DEFAULT - MAX(nice, -19)), 0)));
    t->nice = nice;
    return 0;
}
