/* SPDX-License-Identifier: MIT
 * Limits of processes (model/limit.c) where they touch the kernel: what it enforces it is told, and CPU time is looked at on a timer
 * that runs only while somebody has a limit on it. */
#include "procd.h"
#include "protocol/proc_server.h"
#include "sys/clock.h"
#include "sys/log.h"

#define CPU_LOOK_MIN_NS 2000000ull

static const struct { enum limit which; uint32_t native; } native_limits[] = {
    {LIMIT_NOFILE, LIMIT_HANDLES_LOW}, {LIMIT_AS, LIMIT_MAPPED_BYTES}, {LIMIT_DATA, LIMIT_DATA_BYTES}, {LIMIT_FSIZE, LIMIT_FILE_BYTES},
};

static enum status tell_kernel(uint32_t slot, enum limit which)
{
    for (size_t i = 0; i < ARRAY_LENGTH(native_limits); i++)
        if (native_limits[i].which == which && tie_of(slot)->process)
            return sys_process_limit(procd.identity, tie_of(slot)->process, native_limits[i].native,
                                     procd.model.processes[slot].limits[which].current);
    return OK;
}

enum status limits_tell_kernel(uint32_t slot)
{
    for (size_t i = 0; i < ARRAY_LENGTH(native_limits); i++)
        TRY(tell_kernel(slot, native_limits[i].which));
    return OK;
}

/* -- CPU time -- */

/* How long it takes at least until `slot` may have used what it may. */
static uint64_t cpu_rest_ns(uint32_t slot, uint32_t cpus)
{
    struct process *p = &procd.model.processes[slot];
    struct process_info info;
    if (p->cpu_next_ns == UNLIMITED || !tie_of(slot)->process || sys_process_info(tie_of(slot)->process, &info) != OK)
        return UINT64_MAX;
    uint32_t signal = limit_cpu_signal(p, info.user_ns + info.kernel_ns);
    if (signal) {
        const struct signal_details details = {.signal = (int32_t)signal, .code = CODE_KERNEL};
        IGNORE(signal_send(&procd.model, slot, &details));
    }
    return p->cpu_next_ns == UNLIMITED ? UINT64_MAX : MAX((p->cpu_next_ns - MIN(info.user_ns, p->cpu_next_ns)) / cpus, CPU_LOOK_MIN_NS);
}

static void look_at_cpu_time(void)
{
    struct system_info system = {.cpus = 1};
    uint64_t rest = UINT64_MAX;
    IGNORE(sys_system_info(&system));
    for (uint32_t slot = 1; slot < procd.model.limit; slot++)
        if (entry_of(slot)->pid)
            rest = MIN(rest, cpu_rest_ns(slot, MAX(system.cpus, 1u)));
    procd.cpu_watched = rest != UINT64_MAX;
    IGNORE(sys_status(sys_timer_set(procd.cpu_timer, procd.cpu_watched ? clock_monotonic_ns() + rest : 0, 0)));
}

static void on_cpu_timer(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    look_at_cpu_time();
}

void limits_cpu_watch(uint32_t slot)
{
    if (procd.model.processes[slot].cpu_next_ns != UNLIMITED && !procd.cpu_watched)
        look_at_cpu_time();
}

enum status limits_start(void)
{
    TRY(sys_timer_create(PLACE_HIGH, &procd.cpu_timer));
    procd.cpu_timer_fired.happened = on_cpu_timer;
    return server_bind(&procd.server, procd.cpu_timer, &procd.cpu_timer_fired);
}

/* -- the operation -- */

enum status limits_exchange(uint32_t caller, uint32_t target, uint32_t which, const struct limit_pair *next, struct limit_pair *out_old)
{
    if (which >= LIMIT_COUNT)
        return ERR_INVALID;
    if (!limit_may(&procd.model, caller, target))
        return ERR_NOT_PERMITTED;
    struct limit_pair old = procd.model.processes[target].limits[which];
    if (next) {
        TRY(limit_set(&procd.model, caller, target, which, next));
        TRY(tell_kernel(target, which));
        if (which == LIMIT_CPU)
            look_at_cpu_time();
    }
    *out_old = old;
    return OK;
}
