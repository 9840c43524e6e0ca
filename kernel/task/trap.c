/* SPDX-License-Identifier: MIT
 * What came in from user mode and is not a system call: page faults, other exceptions, and the look that is taken on the way back.
 * A fault that memory cannot answer goes to the personality, if it may be interrupted now; otherwise the process ends with the
 * exception as its status. The kernel itself never faults but in user copies.
 *
 * Model: tests/models/gate.pml. */
#include "abi/memory.h"
#include "arch/trap.h"
#include "arch/context.h"
#include "base/string.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/exhaustion.h"
#include "kernel/task/process.h"
#include "kernel/task/share.h"

#define VECTOR_PAGE_FAULT 14
enum : uint64_t { FAULT_WRITE = 1u << 1, FAULT_FETCH = 1u << 4 }; /* error code, SDM 3A 4.7 */

static void save_registers(struct context *c, const struct trap_frame *f) { arch_frame_save(f, &c->arch, &c->block->saved); }

/* The library runs next, masked, on its own stack; where the program was stands in the block. */
static void upcall(struct context *c, struct trap_frame *f, uint64_t reason)
{
    save_registers(c, f);
    c->block->masked = 1;
    c->block->reason = reason;
    f->rip = c->process->personality.upcall;
    f->rsp = c->block_user;
    f->rflags = (f->rflags & ~0x40500ull) | 0x200; /* no TF, DF, AC; interrupts on */
}

[[noreturn]] static void end_by_exception(struct trap_frame *f, uint64_t address)
{
    struct process *p = current()->process;
    log_warning("process %lu %s: exception %lu error 0x%lx at rip 0x%lx address 0x%lx rsp 0x%lx", p->object.id, p->name, f->vector, f->error,
                f->rip, address, f->rsp);
    process_exit_current(EXIT_EXCEPTION | f->vector);
}

static void exception_to_user(struct trap_frame *f, uint64_t address)
{
    struct context *c = current();
    struct process *p = c->process;
    if (c->block && p->has_personality) {
        const struct personality *l = &p->personality;
        if (f->rip >= l->fault_start && f->rip < l->fault_end) {
            f->rip = l->fault_landing;
            return;
        }
        if (!c->block->masked) {
            c->block->exception_vector = f->vector;
            c->block->exception_error = f->error;
            c->block->exception_address = address;
            upcall(c, f, UPCALL_EXCEPTION);
            return;
        }
    }
    end_by_exception(f, address);
}

void trap_page_fault(struct trap_frame *f, uint64_t address)
{
    if (trap_from_user(f))
        count_closed_begin();
    if (!trap_from_user(f)) {
        if (user_copy_fixup(f, address))
            return;
        panic_at(f, "page fault in the kernel at address 0x%lx, error 0x%lx", address, f->error);
    }
    this_cpu()->faults++;
    uint32_t access = f->error & FAULT_FETCH ? PROT_EXECUTE_ : f->error & FAULT_WRITE ? PROT_WRITE_ : PROT_READ_;
    enum status status = space_fault(current()->process->space, address, access);
    while (unlikely(status == ERR_LIMIT || status == ERR_NO_MEMORY)) {
        if (!exhaustion_resolve(status, address))
            process_exit_current(EXIT_NO_MEMORY);
        if (context_is_killed(current()))
            return;
        status = space_fault(current()->process->space, address, access);
    }
    if (unlikely(status != OK) && !context_is_killed(current()))
        exception_to_user(f, address);
    count_closed_end(trap_page_fault);
}

void trap_exception(struct trap_frame *f)
{
    if (!trap_from_user(f))
        panic_at(f, "exception %lu in the kernel, error 0x%lx", f->vector, f->error);
    exception_to_user(f, 0);
}

static bool may_go_on(void *argument)
{
    struct context *c = argument;
    return !__atomic_load_n(&c->process->suspended, __ATOMIC_SEQ_CST);
}

static void stay_suspended(struct context *c)
{
    while (!may_go_on(c) && !context_is_killed(c))
        IGNORE(wait_until(&c->process->changed, may_go_on, c, DEADLINE_NEVER, WAIT_KILLABLE, "being resumed"));
    __atomic_and_fetch(&c->attention, ~ATTENTION_SUSPEND, __ATOMIC_SEQ_CST);
    if (!may_go_on(c)) /* suspended again meanwhile */
        __atomic_or_fetch(&c->attention, ATTENTION_SUSPEND, __ATOMIC_SEQ_CST);
}

static void look_at_attention(struct context *c, struct trap_frame *f)
{
    uint32_t attention = __atomic_load_n(&c->attention, __ATOMIC_SEQ_CST);
    if (attention & ATTENTION_KILLED)
        context_finish();
    if (attention & ATTENTION_SUSPEND) {
        stay_suspended(c);
        return; /* and look again: it may have been killed meanwhile */
    }
    if (attention & ATTENTION_SHARE) {
        share_wait(c);
        return;
    }
    if (attention & ATTENTION_NOTIFY) {
        __atomic_and_fetch(&c->attention, ~ATTENTION_NOTIFY, __ATOMIC_SEQ_CST);
        if (c->block && c->process->has_personality && !c->block->masked && c->block->pending)
            upcall(c, f, UPCALL_PENDING);
    }
}

void trap_return_to_user(struct trap_frame *f)
{
    for (;;) {
        struct context *c = current();
        if (this_cpu()->arch.work & WORK_RESCHEDULE)
            schedule();
        struct cpu *cpu = this_cpu(); /* may be another one now */
        __atomic_and_fetch(&cpu->arch.work, ~WORK_NOTIFY, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&c->attention, __ATOMIC_SEQ_CST)) {
            if (!(cpu->arch.work & WORK_RESCHEDULE)) {
                count_closed_end(trap_return_to_user);
                return;
            }
            continue;
        }
        look_at_attention(c, f);
    }
}
