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
