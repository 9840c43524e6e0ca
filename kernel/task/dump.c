/* SPDX-License-Identifier: MIT
 * The dump of all contexts. Runs in NMI and panic: reads without locks, and stops following a list that does not end. */
#include "kernel/task/dump.h"
#include "arch/machine.h"
#include "arch/trap.h"
#include "kernel/core/log.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/task/context.h"
#include "kernel/task/process.h"

static const char *const state_names[] = {"created", "ready", "running", "blocked", "zombie"};

static void dump_context(struct context *c, void *argument)
{
    (void)argument;
    uint64_t id = 0;
    const char *waits_for = c->state == CONTEXT_BLOCKED ? context_waits_for(c, &id) : "";
    uint32_t state = c->state < 5 ? c->state : 4;
    const struct trap_frame *f = c->process ? arch_context_frame(&c->arch) : nullptr;
    log_error("context %lu %s/%lu cpu %u%s %s prio %u%s%s%s attention %x rip 0x%lx rsp 0x%lx rax 0x%lx", c->object.id,
              c->process ? c->process->name : "idle", c->process ? c->process->object.id : 0, c->cpu, c->arch.on_cpu ? "*" : "",
              state_names[state], c->schedule ? c->schedule->priority : 0, state == CONTEXT_BLOCKED ? " waits for " : "",
              waits_for, c->serving ? " serving" : "", c->attention, f ? f->rip : 0,
              f ? f->rsp : 0, f ? f->rax : 0);
    if (state == CONTEXT_BLOCKED)
        log_error("    id %lu", id);
    const struct endpoint *e = c->attached;
    if (e)
        log_error("    serves endpoint %lu instance %u of %u%s%s%s%s, waits on cpus %lx%s", e->object.id, e->instance, e->attached,
                  e->dead ? " dead" : "", list_is_empty(&e->queue) ? "" : " queued", list_is_empty(&e->open) ? "" : " open",
                  list_is_empty(&e->notices) ? "" : " notices", e->waiting_cpus, list_is_empty(&c->receive_link) ? "" : " listed");
}

void dump_contexts(void)
{
    log_error("== contexts ==");
    context_for_each_unlocked(dump_context, nullptr);
    requests_dump();
    for (uint32_t i = 0; i < cpu_count; i++)
        log_error("cpu %u runs context %lu, work %x, switches %lu calls %lu interrupts %lu", i,
                  cpus[i]->current ? cpus[i]->current->object.id : 0, cpus[i]->arch.work, cpus[i]->switches, cpus[i]->calls,
                  cpus[i]->interrupts);
    log_error("== end of dump ==");
}

void trap_dump(void) { dump_contexts(); }
