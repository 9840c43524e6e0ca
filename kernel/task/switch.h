/* SPDX-License-Identifier: MIT
 * What the rest of kernel/task and the shortest way of a message need of a switch; everybody else: kernel/task/context.h. */
#pragma once
#include "kernel/mm/address_space.h"
#include "kernel/task/context.h"
#include "kernel/task/process.h"

/* First thing on the new stack: the old context's registers are saved now, so others may run it, or free it. */
void switch_finish(void);
void switch_charge(struct context *c);             /* the current one: its time until now goes to the entity that it runs on */

/* What the CPU's entry code and page tables must know of the context that it goes on with. */
static inline void switch_load(struct cpu *cpu, struct context *to)
{
    const struct process *p = to->process;
    cpu->arch.block = to->block;
    cpu->arch.block_user = to->block_user;
    cpu->arch.personality_entry = p->personality.entry; /* 0: it has none */
    if (unlikely(__atomic_load_n(&to->attention, __ATOMIC_SEQ_CST)))
        __atomic_or_fetch(&cpu->arch.work, WORK_NOTIFY, __ATOMIC_RELAXED);
    if (likely(p->space))
        space_activate(cpu, p->space);
    else /* it takes its process apart: no other's space may vanish under it */
        space_deactivate();
}

/* The current context `from` falls asleep and the CPU is `to`'s, which was claimed; switch_load and the switch of registers must follow.
 * False: something wants from's attention; it is the running one again, and `to` is claimed still. The time goes on for the entity that
 * moves with the message, so nothing is accounted. */
static inline bool switch_block_for(struct cpu *cpu, struct context *from, struct context *to, uint32_t wait_flags)
{
    from->wait_flags = wait_flags;
    to->switched_in_tsc = from->switched_in_tsc;
    to->arch.on_cpu = 1;
    to->cpu = cpu->number;
    cpu->current = to;
    cpu->leaving = from;
    cpu->switches++;
    __atomic_store_n(&to->state, CONTEXT_RUNNING, __ATOMIC_RELAXED);
    /* An exchange is a full barrier, for context_attention: either we see the attention of `from`, or its giver sees it BLOCKED; either
     * switch_load sees that of `to`, or its giver finds it current here. */
    __atomic_exchange_n(&from->state, CONTEXT_BLOCKED, __ATOMIC_SEQ_CST);
    if (likely(!from->attention && !(from->block && from->block->pending)) || !context_block_undo_now(from))
        return true;
    cpu->current = from;
    to->arch.on_cpu = 0;
    __atomic_store_n(&to->state, CONTEXT_READY, __ATOMIC_SEQ_CST);
    return false;
}
