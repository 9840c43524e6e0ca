/* SPDX-License-Identifier: MIT
 * The signal frame on the program's stack, as Linux lays it out for x86_64, and the way back from it. The library never touches vector
 * registers, so they are still the program's when they are saved here. */
#include "base/string.h"
#include "posix/signal/signal.h"

#define FXSAVE_BYTES 512u
#define XSAVE_HEADER_BYTES 64u
#define RED_ZONE_BYTES 128u
#define FLAGS_FROM_FRAME 0x50dd5ull /* AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF */

static bool on_alternate(const struct thread *t, uint64_t rsp)
{
    return !(t->alternate.flags & LINUX_SS_DISABLE) && rsp > t->alternate.address && rsp - t->alternate.address <= t->alternate.size;
}

static uint64_t stack_for(const struct thread *t, const struct linux_sigaction *action)
{
    uint64_t rsp = t->block.saved.rsp;
    if (action->flags & LINUX_SA_ONSTACK && !(t->alternate.flags & LINUX_SS_DISABLE) && !on_alternate(t, rsp))
        return t->alternate.address + t->alternate.size;
    return rsp - RED_ZONE_BYTES;
}

static int64_t save_vectors(const struct process *p, uint64_t at)
{
    if (!p->xsave_mask)
        return program_save_vectors(at, 0);
    TRY_LINUX(program_clear(at + FXSAVE_BYTES, XSAVE_HEADER_BYTES));
    TRY_LINUX(program_save_vectors(at, p->xsave_mask));
    struct linux_xstate_note note = {
        .magic = LINUX_XSTATE_MAGIC_1, .bytes = p->xsave_bytes + 4, .features = p->xsave_mask, .xsave_bytes = p->xsave_bytes,
    };
    TRY_LINUX(PROGRAM_WRITE(at + FXSAVE_BYTES - sizeof note, &note));
    return program_write_u32(at + p->xsave_bytes, LINUX_XSTATE_MAGIC_2);
}

static void fill_registers(const struct thread *t, struct linux_sigcontext *c, bool is_exception)
{
    const struct user_registers *r = &t->block.saved;
    *c = (struct linux_sigcontext){
        .r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11, .r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
        .rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx, .rdx = r->rdx, .rax = r->rax, .rcx = r->rcx,
        .rsp = r->rsp, .rip = r->rip, .rflags = r->rflags, .cs = 0x33, .ss = 0x2b, /* Linux's selectors: what programs expect to read */
    };
    if (is_exception) {
        c->error = t->block.exception_error;
        c->vector = t->block.exception_vector;
        c->cr2 = t->block.exception_address;
    }
}

bool signal_frame_push(struct thread *t, const struct linux_sigaction *action, const struct proc_signal_info *info, bool is_exception)
{
    struct process *p = t->process;
    struct user_registers *r = &t->block.saved;
    uint64_t vector_bytes = p->xsave_mask ? p->xsave_bytes + 4 : FXSAVE_BYTES;
    uint64_t vectors = align_down(stack_for(t, action) - vector_bytes, 64);
    uint64_t at = align_down(vectors - sizeof(struct linux_signal_frame), 16) - 8;
    struct linux_signal_frame frame = {.return_address = action->restorer};
    frame.context.flags = (p->xsave_mask ? LINUX_UC_FP_XSTATE : 0) | LINUX_UC_SIGCONTEXT_SS | LINUX_UC_STRICT_RESTORE_SS;
    frame.context.stack = t->alternate;
    if (on_alternate(t, r->rsp))
        frame.context.stack.flags |= LINUX_SS_ONSTACK;
    frame.context.mask = t->restore_mask ? t->saved_mask : t->mask;
    fill_registers(t, &frame.context.registers, is_exception);
    frame.context.registers.old_mask = frame.context.mask;
    frame.context.registers.vectors = vectors;
    signal_info_to_linux(info, &frame.info);
    if (!(action->flags & LINUX_SA_RESTORER) || save_vectors(p, vectors) < 0 || PROGRAM_WRITE(at, &frame) < 0)
        return false;
    r->rdi = (uint64_t)info->signal;
    r->rsi = at + offsetof(struct linux_signal_frame, info);
    r->rdx = at + offsetof(struct linux_signal_frame, context);
    r->rax = 0;
    r->rip = action->handler;
    r->rsp = at;
    r->rflags &= ~0x10500ull; /* DF, TF, RF */
    return true;
}

static void take_registers(struct thread *t, const struct linux_sigcontext *c)
{
    struct user_registers *r = &t->block.saved;
    r->r8 = c->r8, r->r9 = c->r9, r->r10 = c->r10, r->r11 = c->r11, r->r12 = c->r12, r->r13 = c->r13, r->r14 = c->r14, r->r15 = c->r15;
    r->rdi = c->rdi, r->rsi = c->rsi, r->rbp = c->rbp, r->rbx = c->rbx, r->rdx = c->rdx, r->rax = c->rax, r->rcx = c->rcx;
    r->rsp = c->rsp, r->rip = c->rip;
    r->rflags = (t->block.user_rflags & ~FLAGS_FROM_FRAME) | (c->rflags & FLAGS_FROM_FRAME);
}

/* The handler's `ret` took the return address: the program's rsp points at the ucontext. */
LINUX_CALL(rt_sigreturn, void)
{
    struct thread *t = thread_current();
    struct linux_ucontext context;
    if (PROGRAM_READ(&context, t->block.user_rsp) < 0)
        process_end_by_signal(t->process, LINUX_SIGSEGV);
    uint64_t vectors = context.registers.vectors;
    if (vectors && (vectors & 63 || program_restore_vectors(vectors, t->process->xsave_mask) < 0))
        process_end_by_signal(t->process, LINUX_SIGSEGV);
    take_registers(t, &context.registers);
    t->mask = context.mask & ~LINUX_SIGNALS_UNBLOCKABLE;
    t->alternate = context.stack;
    t->alternate.flags &= LINUX_SS_DISABLE | LINUX_SS_AUTODISARM;
    signals_check(t);
    thread_resume(t);
}
