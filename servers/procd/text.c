/* SPDX-License-Identifier: MIT
 * What the files of /proc say (see text.h). Times are in hundredths of a second, memory in pages or KiB, as their readers
 * expect. What this system does not count stands as 0. */
#include "text.h"
#include "base/string.h"
#include "procd.h"
#include "sys/clock.h"

#define TICK_NS 10000000ul
#define CONTEXTS_LOOKED_AT 64u
#define RELEASE "6.1.0-macrohard"
#define BUILD_NAME "#1 SMP"

void text_add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t needed = fmt_v(t->data + t->used, t->size - t->used, format, arguments);
    va_end(arguments);
    t->used += MIN(needed, t->size - t->used - 1);
}

static struct system_info system_numbers(void)
{
    struct system_info info = {0};
    IGNORE(sys_system_info(&info));
    info.cpus = MAX(info.cpus, 1u);
    return info;
}

/* -- one process -- */

struct process_numbers {
    struct process_info info;
    char state;
};

/* R when a context of it runs or wants to, else S; a stopped or ended process says so in the table. */
static char state_letter(uint32_t slot)
{
    struct context_info contexts[CONTEXTS_LOOKED_AT];
    const struct process_entry *e = entry_of(slot);
    if (e->state != 'R')
        return (char)e->state;
    int64_t count = sys_context_list(tie_of(slot)->process, contexts, CONTEXTS_LOOKED_AT);
    for (int64_t i = 0; i < MIN(count, (int64_t)CONTEXTS_LOOKED_AT); i++)
        if (contexts[i].state == CONTEXT_READY || contexts[i].state == CONTEXT_RUNNING)
            return 'R';
    return 'S';
}

static struct process_numbers numbers_of(uint32_t slot)
{
    struct process_numbers n = {.state = 'Z'};
    if (!tie_of(slot)->process)
        return n;
    IGNORE(sys_process_info(tie_of(slot)->process, &n.info));
    n.state = state_letter(slot);
    return n;
}

/* The foreground group of its terminal. */
static int32_t terminal_group(const struct process_entry *e)
{
    uint32_t leader = e->terminal >= 0 ? process_by_pid(&procd.model, e->sid) : 0;
    return leader && entry_of(leader)->foreground ? entry_of(leader)->foreground : -1;
}

void text_process_stat(struct text *t, uint32_t slot)
{
    const struct process_entry *e = entry_of(slot);
    const struct process *p = &procd.model.processes[slot];
    struct process_numbers n = numbers_of(slot);
    text_add(t, "%d (%s) %c %d %d %d %d %d 0 ", e->pid, e->name, n.state, e->ppid, e->pgid, e->sid, MAX(e->terminal, 0),
             terminal_group(e));
    text_add(t, "%lu 0 0 0 %lu %lu %lu %lu ", n.info.faults, n.info.user_ns / TICK_NS, n.info.kernel_ns / TICK_NS,
             p->children.user_ns / TICK_NS, p->children.kernel_ns / TICK_NS);
    text_add(t, "20 0 %u 0 %lu %lu %lu 18446744073709551615 ", MAX(n.info.contexts, 1u), n.info.start_ns / TICK_NS,
             n.info.mapped_bytes, n.info.resident_bytes / PAGE_SIZE_BYTES);
    text_add(t, "0 0 0 0 0 %lu 0 0 0 0 0 0 %u 0 0 0 0 0 0 0 0 0 0 0 0 0 %u\n", e->pending & 0x7fffffff, p->exit_signal,
             e->state == 'Z' ? p->status : 0);
}

static const char *state_word(char state)
{
    switch (state) {
    case 'R': return "running";
    case 'T': return "stopped";
    case 'Z': return "zombie";
    default: return "sleeping";
    }
}

void text_process_status(struct text *t, uint32_t slot)
{
    const struct process_entry *e = entry_of(slot);
    struct process_numbers n = numbers_of(slot);
    text_add(t, "Name:\t%s\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", e->name, n.state,
             state_word(n.state), e->pid, e->pid, e->ppid);
    text_add(t, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t", e->uid, e->euid, e->suid, e->fsuid, e->gid, e->egid,
             e->sgid, e->fsgid);
    for (uint32_t i = 0; i < MIN(e->group_count, PROCESS_GROUPS_MAX); i++)
        text_add(t, "%u ", e->groups[i]);
    text_add(t, "\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n", n.info.mapped_bytes / 1024, n.info.resident_bytes / 1024,
             MAX(n.info.contexts, 1u));
    text_add(t, "ShdPnd:\t%016lx\n", e->pending);
}

void text_process_cmdline(struct text *t, uint32_t slot)
{
    const struct command *c = tie_of(slot)->command;
    if (!c || entry_of(slot)->state == 'Z')
        return;
    for (uint32_t i = 0; i < c->bytes && t->used < t->size; i++)
        t->data[t->used++] = c->text[i];
}

void text_process_comm(struct text *t, uint32_t slot) { text_add(t, "%s\n", entry_of(slot)->name); }

void text_process_statm(struct text *t, uint32_t slot)
{
    struct process_numbers n = numbers_of(slot);
    text_add(t, "%lu %lu 0 0 0 %lu 0\n", n.info.mapped_bytes / PAGE_SIZE_BYTES, n.info.resident_bytes / PAGE_SIZE_BYTES,
             n.info.resident_bytes / PAGE_SIZE_BYTES);
}

static void add_limit(struct text *t, uint64_t value)
{
    if (value == UNLIMITED)
        text_add(t, "%-20s ", "unlimited");
    else
        text_add(t, "%-20lu ", value);
}

void text_process_limits(struct text *t, uint32_t slot)
{
    static const struct { const char *name, *unit; } rows[LIMIT_COUNT] = {
        [LIMIT_CPU] = {"Max cpu time", "seconds"}, [LIMIT_FSIZE] = {"Max file size", "bytes"}, [LIMIT_DATA] = {"Max data size", "bytes"},
        [LIMIT_STACK] = {"Max stack size", "bytes"}, [LIMIT_CORE] = {"Max core file size", "bytes"},
        [LIMIT_RSS] = {"Max resident set", "bytes"}, [LIMIT_NPROC] = {"Max processes", "processes"},
        [LIMIT_NOFILE] = {"Max open files", "files"}, [LIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
        [LIMIT_AS] = {"Max address space", "bytes"}, [LIMIT_LOCKS] = {"Max file locks", "locks"},
        [LIMIT_SIGPENDING] = {"Max pending signals", "signals"}, [LIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
        [LIMIT_NICE] = {"Max nice priority", ""}, [LIMIT_RTPRIO] = {"Max realtime priority", ""},
        [LIMIT_RTTIME] = {"Max realtime timeout", "us"},
    };
    text_add(t, "Limit                     Soft Limit           Hard Limit           Units     \n");
    for (uint32_t i = 0; i < LIMIT_COUNT; i++) {
        text_add(t, "%-25s ", rows[i].name);
        add_limit(t, procd.model.processes[slot].limits[i].current);
        add_limit(t, procd.model.processes[slot].limits[i].maximum);
        text_add(t, "%-10s\n", rows[i].unit);
    }
}

/* Mappings are the address space's, and procd holds none of another process. */
void text_process_maps(struct text *t, uint32_t slot) { (void)t, (void)slot; }

/* What its first context waits for, in the kernel's words: "reply from vfsd", "pipe". */
void text_process_wchan(struct text *t, uint32_t slot)
{
    struct context_info contexts[CONTEXTS_LOOKED_AT];
    bool blocked = tie_of(slot)->process && sys_context_list(tie_of(slot)->process, contexts, CONTEXTS_LOOKED_AT) > 0 &&
                   contexts[0].state == CONTEXT_BLOCKED;
    text_add(t, "%.48s", blocked ? contexts[0].waits_for : "0");
}

/* -- the system -- */

void text_command_line(struct text *t, uint32_t slot)
{
    (void)slot;
    if (procd.boot)
        text_add(t, "%.*s\n", (int)string_length(procd.boot->command, BOOT_COMMAND_BYTES), procd.boot->command);
}

void text_meminfo(struct text *t, uint32_t slot)
{
    (void)slot;
    struct system_info i = system_numbers();
    uint64_t available = MIN(i.free_bytes + i.cached_bytes, i.memory_bytes);
    text_add(t, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu kB\nBuffers:        %8u kB\nCached:         %8lu kB\n",
             i.memory_bytes / 1024, i.free_bytes / 1024, available / 1024, 0u, i.cached_bytes / 1024);
    text_add(t, "SwapCached:     %8u kB\nShmem:          %8u kB\nSlab:           %8lu kB\nSReclaimable:   %8u kB\nSwapTotal:      %8u kB\nSwapFree:       %8u kB\n",
             0u, 0u, i.kernel_bytes / 1024, 0u, 0u, 0u);
}

struct cpu_name { char vendor[13], brand[49]; uint32_t family, model, stepping, features_d, features_c; };

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
}

static void put_word(char *to, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(word >> (8 * i));
}

static struct cpu_name read_cpu(void)
{
    struct cpu_name cpu = {0};
    uint32_t r[4];
    cpuid(0, r);
    put_word(cpu.vendor, r[1]);
    put_word(cpu.vendor + 4, r[3]);
    put_word(cpu.vendor + 8, r[2]);
    cpuid(1, r);
    cpu.stepping = r[0] & 15;
    cpu.model = (r[0] >> 4 & 15) | (r[0] >> 12 & 0xf0);
    cpu.family = (r[0] >> 8 & 15) + (r[0] >> 20 & 0xff);
    cpu.features_c = r[2];
    cpu.features_d = r[3];
    cpuid(0x80000000, r);
    if (r[0] < 0x80000004)
        return cpu;
    for (uint32_t leaf = 0; leaf < 3; leaf++) {
        cpuid(0x80000002 + leaf, r);
        for (uint32_t i = 0; i < 4; i++)
            put_word(cpu.brand + leaf * 16 + i * 4, r[i]);
    }
    return cpu;
}

static const char *const features_d[32] = {
    "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", nullptr, "sep", "mtrr", "pge", "mca", "cmov",
    "pat", "pse36", "pn", "clflush", nullptr, "dts", "acpi", "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe"};
static const char *const features_c[32] = {
    "pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr",
    "pdcm", nullptr, "pcid", "dca", "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave",
    nullptr, "avx", "f16c", "rdrand", "hypervisor"};

static void add_features(struct text *t, uint32_t bits, const char *const names[32])
{
    for (uint32_t i = 0; i < 32; i++)
        if (bits >> i & 1 && names[i])
            text_add(t, " %s", names[i]);
}

void text_cpuinfo(struct text *t, uint32_t slot)
{
    (void)slot;
    uint32_t cpus = system_numbers().cpus;
    struct cpu_name cpu = read_cpu();
    for (uint32_t i = 0; i < cpus; i++) {
        text_add(t, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n", i, cpu.vendor,
                 cpu.family, cpu.model, cpu.brand, cpu.stepping);
        text_add(t, "flags\t\t:");
        add_features(t, cpu.features_d, features_d);
        add_features(t, cpu.features_c, features_c);
        text_add(t, " syscall nx lm\n\n");
    }
}

void text_uptime(struct text *t, uint32_t slot)
{
    (void)slot;
    struct system_info i = system_numbers();
    uint64_t up = clock_monotonic_ns() / TICK_NS, idle = i.idle_ns / TICK_NS;
    text_add(t, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
}

static void add_load(struct text *t, uint64_t load)
{
    uint64_t hundredths = (load * 100) >> 16;
    text_add(t, "%lu.%02lu ", hundredths / 100, hundredths % 100);
}

void text_loadavg(struct text *t, uint32_t slot)
{
    (void)slot;
    struct system_info i = system_numbers();
    add_load(t, i.load_1);
    add_load(t, i.load_5);
    add_load(t, i.load_15);
    text_add(t, "%u/%u %d\n", MAX(i.runnable, 1u), i.contexts, procd.model.last_pid);
}

/* Time in user mode, of all processes that there are and were. */
static uint64_t user_ns(void)
{
    uint64_t sum = procd.ended_user_ns;
    for (uint32_t slot = 1; slot < procd.model.limit; slot++) {
        struct process_info info;
        if (entry_of(slot)->pid && tie_of(slot)->process && sys_process_info(tie_of(slot)->process, &info) == OK)
            sum += info.user_ns;
    }
    return sum;
}

void text_stat(struct text *t, uint32_t slot)
{
    (void)slot;
    struct system_info i = system_numbers();
    uint64_t all = clock_monotonic_ns() * i.cpus, idle = MIN(i.idle_ns, all), user = user_ns();
    user = MIN(user, all - idle);
    uint64_t kernel = all - idle - user;
    text_add(t, "cpu  %lu 0 %lu %lu 0 0 0 0 0 0\n", user / TICK_NS, kernel / TICK_NS, idle / TICK_NS);
    for (uint32_t c = 0; c < i.cpus; c++) /* counted together; each gets its share */
        text_add(t, "cpu%u %lu 0 %lu %lu 0 0 0 0 0 0\n", c, user / i.cpus / TICK_NS, kernel / i.cpus / TICK_NS, idle / i.cpus / TICK_NS);
    text_add(t, "intr %lu\nctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n", i.interrupts, i.switches,
             i.boot_realtime_ns / 1000000000, procd.forks, MAX(i.runnable, 1u));
}

void text_version(struct text *t, uint32_t slot)
{
    (void)slot;
    text_add(t, "Linux version " RELEASE " (MACROHARD OS) " BUILD_NAME "\n");
}

void text_filesystems(struct text *t, uint32_t slot)
{
    (void)slot;
    text_add(t, "nodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\tramfs\n");
}

void text_swaps(struct text *t, uint32_t slot)
{
    (void)slot;
    text_add(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

void text_devices(struct text *t, uint32_t slot)
{
    (void)slot;
    text_add(t, "Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n");
}

void text_hostname(struct text *t, uint32_t slot) { (void)slot; text_add(t, "%s\n", table_head()->host_name); }
void text_domain(struct text *t, uint32_t slot) { (void)slot; text_add(t, "%s\n", table_head()->domain_name); }
void text_osrelease(struct text *t, uint32_t slot) { (void)slot; text_add(t, RELEASE "\n"); }
void text_ostype(struct text *t, uint32_t slot) { (void)slot; text_add(t, "Linux\n"); }
void text_system_version(struct text *t, uint32_t slot) { (void)slot; text_add(t, BUILD_NAME "\n"); }
void text_pid_max(struct text *t, uint32_t slot) { (void)slot; text_add(t, "%d\n", PID_LIMIT); }
void text_boot_id(struct text *t, uint32_t slot) { (void)slot; text_add(t, "%s\n", procd.boot_id); }
void text_overcommit(struct text *t, uint32_t slot) { (void)slot; text_add(t, "0\n"); }
void text_max_map_count(struct text *t, uint32_t slot) { (void)slot; text_add(t, "65530\n"); }

void text_uuid(struct text *t, uint32_t slot)
{
    (void)slot;
    uint8_t b[16];
    if (sys_random(SPAN_OF_ARRAY(b)) != OK)
        return;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof b; i++)
        text_add(t, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
    text_add(t, "\n");
}
